"""Running the sample agencies, by themselves or inside `carepath up`."""

import os
import re
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from worker.sample_agencies.fhir_server import FhirAgency
from worker.sample_agencies.pace import Pace
from worker.sample_agencies.webhook_receiver import WebhookAgency
from worker.serving import serving

FHIR_PORT, WEBHOOK_PORT = 8241, 8242
"""As deploy/example/agencies.yaml has them."""

TOKEN, SECRET = "CAREPATH_SAMPLE_TOKEN", "CAREPATH_SAMPLE_SECRET"
"""The variables that deploy/example/agencies.yaml names for the two."""


@dataclass(frozen=True, slots=True)
class SampleAgencies:
    """Both, while they run."""

    fhir: FhirAgency
    webhook: WebhookAgency


def make_up_secrets() -> None:
    """Secrets for this process where the environment has none: clinic and agencies then share them."""
    for variable in (TOKEN, SECRET):
        os.environ.setdefault(variable, secrets.token_urlsafe(24))


def point_to(file: Path, fhir_port: int, webhook_port: int) -> None:
    """Let the example's agencies file say where the two listen."""
    for path, port in (("fhir", fhir_port), ("referrals", webhook_port)):
        text = file.read_text("utf-8")
        file.write_text(
            re.sub(rf"(url: http://127\.0\.0\.1:)\d+(/{path})\b", rf"\g<1>{port}\2", text), "utf-8"
        )


@asynccontextmanager
async def sample_agencies(
    *, pace: Pace | None = None, fhir_port: int = FHIR_PORT, webhook_port: int = WEBHOOK_PORT
) -> AsyncIterator[SampleAgencies]:
    """Run both on this machine until the block ends, with the token and the secret of the environment, or made-up ones.

    Raises:
        worker.errors.CannotDo: a port is taken.
    """
    pace = pace or Pace()
    make_up_secrets()
    both = SampleAgencies(FhirAgency(pace, os.environ[TOKEN]), WebhookAgency(pace, os.environ[SECRET]))
    async with serving(both.fhir.app, fhir_port), serving(both.webhook.app, webhook_port):
        yield both
