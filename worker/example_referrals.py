"""The referrals of the example clinic: each stands at another step, and two travel on by themselves.

All of it goes through the public contract, as a case manager would do it. Every person is invented.
"""

import asyncio
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from temporalio.client import Client

from activities.clinic_database import ClinicDatabase
from activities.clinic_database.patients import Patient, Patients
from worker.episodes import Clinic, clinic_with, episode_id
from worker.errors import CannotDo
from worker.settings import Settings

HOME_PLACE = (38.63, -90.2)
"""Where the invented people live: in the middle of the places of deploy/example/directories."""

SECONDS = 30.0
"""How long to wait for the directory's answer; without one the referral waits for a person, as always."""


@dataclass(frozen=True)
class Story:
    """One need, and how far the case manager has come with it."""

    patient: Patient
    need: dict[str, Any]
    agency: str | None = None
    """The place that the patient chose; None: the choice is still open."""
    consents: bool = False


def _person(key: str, given: str, family: str, born: date, **more: Any) -> Patient:
    return Patient(
        key,
        given,
        family,
        born,
        phone=f"555-01{key[-2:]}",
        latitude=HOME_PLACE[0],
        longitude=HOME_PLACE[1],
        **more,
    )


STORIES = (
    Story(
        _person("MRN-1009", "Zoë", "Example", date(1988, 4, 2)), {"service": "food_bank"}, "pantry-1", True
    ),
    Story(
        _person("MRN-1010", "José", "Sample", date(1979, 11, 30)),
        {"service": "job_training"},
        "careers-1",
        True,
    ),
    Story(_person("MRN-1011", "Renée", "Invented", date(1992, 7, 14)), {"service": "food_bank"}, "pantry-1"),
    Story(
        _person("MRN-1012", "Søren", "Fiction", date(1985, 1, 9)),
        {"service": "therapist", "wishes": {"specialties": ["trauma"]}},
    ),
    Story(_person("MRN-1013", "Íris", "Madeup", date(1996, 9, 23), language="es"), {"service": "12_step"}),
)


@dataclass
class _Desk:
    """A case manager who knows the way."""

    clinic: Clinic
    patients: Patients
    zone: str
    by: str = "cm-1"

    async def begin(self, story: Story) -> None:
        await self.patients.save(story.patient)
        episode = await self.clinic.crosswalk.open_episode_of(story.patient.patient_key)
        if episode is None:
            return
        workflow_id = episode_id(episode)
        if story.consents:
            today = datetime.now(UTC).astimezone(ZoneInfo(self.zone)).date()
            consent = {
                "kind": "consent", "by": self.by, "consent_id": f"c-{story.agency}", "recipient": story.agency,
                "purpose": "referral", "content": ["referral"], "signed_on": today.isoformat(),
                "expires_event": "end_of_treatment",
            }  # fmt: skip
            await self.clinic.update(workflow_id, "record", consent)
        need = {"kind": "need", "by": self.by, **story.need}
        await self.clinic.update(workflow_id, "record", need)
        if story.agency:
            await self._choose(workflow_id, story.agency)

    async def _choose(self, workflow_id: str, agency: str) -> None:
        progress = await self.clinic.query(workflow_id, "progress")
        for referral in progress["open_referrals"]:
            place = await self._found(referral, agency)
            if place:
                choice = {"kind": "choice", "by": self.by, "listing_id": place}
                await self.clinic.update(referral, "record", choice)

    async def _found(self, referral: str, agency: str) -> str | None:
        """The listing of an agency among the candidates, once the directory has answered."""
        for _ in range(int(SECONDS / 0.25)):
            with suppress(CannotDo):  # its workflow begins a moment after its episode lists it
                shown = await self.clinic.query(referral, "referral")
                for place in shown["offered"]:
                    if place["agency"] == agency:
                        return str(place["listing_id"])
            await asyncio.sleep(0.25)
        return None


async def begin_referrals(client: Client, settings: Settings) -> None:
    """Begin them all."""
    database = ClinicDatabase(settings.database)
    try:
        desk = _Desk(
            clinic_with(client, settings, database),
            Patients(database),
            settings.timezone,
        )
        for story in STORIES:
            await desk.begin(story)
    finally:
        await database.close()
