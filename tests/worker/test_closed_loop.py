"""A referral from need to first visit with nothing stood in for: directory, ledger, both sample agencies, gateway."""

import shutil
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from temporalio.testing import WorkflowEnvironment

from activities.clinic_database import ClinicDatabase, Crosswalk
from activities.clinic_database.ledger import Ledger
from activities.clinic_database.patients import Patient, Patients
from tests.servers import EXAMPLE, free_port
from tests.waiting import eventually
from tests.workflows.linkage import Linking
from tests.workflows.story import Story
from worker.directories import directories
from worker.gateway.running import gateway
from worker.mailbox import Mailbox
from worker.run import running_worker
from worker.sample_agencies.pace import Pace
from worker.sample_agencies.run import SampleAgencies, sample_agencies
from worker.settings import Settings

HOME = (38.63, -90.2)


@dataclass
class Clinic:
    """A clinic with one admitted patient, and the agencies beside it."""

    story: Story
    ledger: Ledger
    agencies: SampleAgencies

    async def consents(self, agency: str) -> None:
        await self.story.record(
            "consent", consent_id=f"c-{agency}", recipient=agency, purpose="referral", content=["referral"],
            signed_on=await self.story.today(), expires_event="end_of_treatment",
        )  # fmt: skip

    async def chooses(self, service: str, agency: str) -> Linking:
        await self.story.record("need", service=service)
        referral = await Linking.of(self.story)
        await referral.reaches("choosing")
        shown = await referral.shown()
        (place,) = [one["listing_id"] for one in shown["offered"] if one["agency"] == agency][:1]
        await referral.record("choice", listing_id=place)
        return referral

    async def accounted(self) -> list[tuple[str, str]]:
        return [(one.recipient, one.state) for one in await self.ledger.accounting("MRN-1")]


@pytest.fixture
async def clinic(
    dev_server: WorkflowEnvironment, clinic_settings: Settings, mailbox: Mailbox, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> AsyncIterator[Clinic]:  # fmt: skip
    gate, fhir, hook = free_port(), free_port(), free_port()
    book = tmp_path / "agencies.yaml"
    text = (EXAMPLE / "agencies.yaml").read_text("utf-8")
    book.write_text(text.replace(":8241/", f":{fhir}/").replace(":8242/", f":{hook}/"), "utf-8")
    shutil.copytree(EXAMPLE / "directories", tmp_path / "directories")
    for name in ("CAREPATH_SAMPLE_TOKEN", "CAREPATH_SAMPLE_SECRET"):
        monkeypatch.setenv(name, "made-up")
    settings = clinic_settings.model_copy(
        update={
            "agencies": book, "directories": tmp_path / "directories" / "feeds.yaml", "gateway_secret": "ours",
            "gateway_url": f"http://127.0.0.1:{gate}", "letters": tmp_path / "letters",
        }
    )  # fmt: skip
    async with AsyncExitStack() as stack:
        async with directories(settings) as here:
            await here.take_all()
        database = ClinicDatabase(settings.database)
        stack.push_async_callback(database.close)
        await Crosswalk(database).open_episode("MRN-1", "e1", date(2026, 1, 5))
        await Patients(database).save(
            Patient("MRN-1", given_name="Ada", family_name="Example", latitude=HOME[0], longitude=HOME[1])
        )
        both = await stack.enter_async_context(
            sample_agencies(pace=Pace(timedelta(seconds=0.3)), fhir_port=fhir, webhook_port=hook)
        )
        await stack.enter_async_context(gateway(dev_server.client, settings, gate))
        await stack.enter_async_context(running_worker(dev_server.client, settings, versioned=False))
        story = await Story.begin(dev_server, "e1")
        await story.admit()
        yield Clinic(story, Ledger(database), both)


async def _visited(referral: Linking) -> dict[str, Any]:
    async def after_the_visit() -> dict[str, Any] | None:
        shown = await referral.shown()
        return shown if shown["first_visit_on"] else None

    visited = await eventually(after_the_visit)
    assert visited
    return visited


@pytest.mark.parametrize(
    ("service", "agency", "reference"),
    [("food_bank", "pantry-1", "Task/"), ("job_training", "careers-1", "here-")],
)
async def test_C5_a_referral_travels_from_need_to_first_visit(
    clinic: Clinic, service: str, agency: str, reference: str
) -> None:
    await clinic.consents(agency)
    referral = await clinic.chooses(service, agency)
    shown = await _visited(referral)
    assert shown["current"]["reference"].startswith(reference)
    assert shown["fhir"]["business_status"] == "5.1.4"
    assert await clinic.accounted() == [(agency, "sent")]


async def test_P4_revoking_a_consent_in_the_middle_stops_the_next_sending(clinic: Clinic) -> None:
    await clinic.consents("pantry-1")
    await clinic.story.record("revocation", consent_id="c-pantry-1")
    referral = await clinic.chooses("food_bank", "pantry-1")
    await referral.reaches("waiting_for_consent")
    assert await clinic.accounted() == []
    assert clinic.agencies.fhir.store.search("Task", "") == []
    await clinic.story.record(
        "consent", consent_id="c2", recipient="pantry-1", purpose="referral", content=["referral"],
        signed_on=await clinic.story.today(), expires_event="end_of_treatment",
    )  # fmt: skip
    await _visited(referral)
    assert await clinic.accounted() == [("pantry-1", "sent")]
