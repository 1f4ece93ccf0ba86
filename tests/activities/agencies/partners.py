"""The vocabulary of the agency tests: an agency, a handover, and somebody else's FHIR server."""

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from activities.agencies.book import Agency, Office
from activities.agencies.fhir.channel import Fhir
from activities.agencies.port import Handover, Person
from workflows.core.episode.consent.notice import NOTICE

SOMEBODY = Person("Ada", "Example", date(1980, 2, 3), "555-0101", "ada@home.example", "es")
SENT_AT = datetime(2026, 3, 2, 15, 4, 5, tzinfo=UTC)
SCOPE = "Disclosed with the patient's written consent c1: contact, identity, service need; to pantry-1."
FOLDER = Path(__file__).parents[2] / "fhir_server"


def agency(**channel: Any) -> Agency:
    """A pantry; by default with a FHIR server."""
    return Agency.model_validate(
        {
            "id": "pantry-1",
            "name": "Example Pantry",
            "address": "12 Market Street, Anytown",
            "channel": {"type": "fhir", "url": "https://pantry.example/fhir", **channel},
        }
    )


def handover(key: str = "r1:sending", **changes: Any) -> Handover:
    """A referral for food, under a consent that covers the usual content."""
    given: dict[str, Any] = {
        "key": key, "what": "referral", "referral_id": "r1", "service": "food_bank", "person": SOMEBODY,
        "content": {"service_need": "food_bank"}, "consent_id": "c1", "notice": NOTICE, "scope": SCOPE,
        "sent_at": SENT_AT, "answer_url": "https://answers.example/r/token.signature",
    }  # fmt: skip
    return Handover(**{**given, **changes})


def fhir(url: str, **options: Any) -> Fhir:
    """The channel to a FHIR server."""
    return Fhir(agency(), Office(), url, **{"within": 5, **options})


@contextmanager
def medplum() -> Iterator[str]:
    """Medplum's FHIR server in memory, which is not ours; its address."""
    node = shutil.which("node")
    if node is None:
        pytest.skip("Node.js is not installed, which the second FHIR server needs")
    if not (FOLDER / "node_modules" / "@medplum").is_dir():
        pytest.skip("the second FHIR server is not installed: make fhir")
    version = subprocess.run([node, "--version"], capture_output=True, text=True, check=True).stdout.strip()
    if int(version.lstrip("v").partition(".")[0]) < 20:
        pytest.skip(f"the second FHIR server needs Node.js 20, and this is {version}")
    server = subprocess.Popen([node, "server.mjs"], cwd=FOLDER, stdout=subprocess.PIPE, text=True)
    try:
        assert server.stdout is not None
        port = server.stdout.readline().strip()
        assert port, "the second FHIR server did not start"
        yield f"http://127.0.0.1:{port}/fhir"
    finally:
        server.terminate()
        server.wait()
        server.stdout.close()  # type: ignore[union-attr]
