"""What was answered is in force at the door, by whichever face it came (P3, P4, E7).

The clinic database, by which each sending is judged, is read the moment an answer is there.
"""

from collections.abc import AsyncIterator
from datetime import date, timedelta
from typing import Any

import pytest
from temporalio.testing import WorkflowEnvironment

from activities.clinic_database import ClinicDatabase, Crosswalk
from activities.clinic_database.consents import Consents
from tests.workflows.story import Story
from worker.mailbox import Mailbox
from worker.run import running_worker
from worker.settings import Settings

TRIES = 6
"""Each saying is tried as often: what is merely fast is in force most of the time."""


class Door:
    """The consents of one episode as a sending of this moment would find them."""

    def __init__(self, story: Story, consents: Consents, today: date) -> None:
        self.story, self._consents, self.today = story, consents, today

    async def standing(self) -> set[str]:
        found = await self._consents.of_episode("e1")
        return {one.consent.consent_id for one in found if one.consent.ended(self.today) is None}

    async def consents(self, consent_id: str, **changes: Any) -> str:
        until = {} if "expires_event" in changes else {"expires_on": self.today + timedelta(days=365)}
        answer = await self.story.record(
            "consent", consent_id=consent_id, recipient="pantry-1", purpose="referral", content=["referral"],
            signed_on=self.today, **until, **changes,
        )  # fmt: skip
        return str(answer["entry_id"])


@pytest.fixture
async def door(
    dev_server: WorkflowEnvironment, clinic_settings: Settings, mailbox: Mailbox
) -> AsyncIterator[Door]:
    database = ClinicDatabase(clinic_settings.database)
    async with running_worker(dev_server.client, clinic_settings, versioned=False):
        story = await Story.begin(dev_server)
        today = await story.today()
        await Crosswalk(database).open_episode("MRN-1", "e1", today)
        await story.admit()
        yield Door(story, Consents(database), today)
    await database.close()


async def test_P3_what_was_said_of_a_consent_is_in_force_when_it_is_answered(door: Door) -> None:
    for number in range(TRIES):
        one, two, three = f"a{number}", f"b{number}", f"c{number}"
        entry = await door.consents(one)
        assert one in await door.standing()
        await door.story.record("revocation", consent_id=one, id=f"r-{number}")
        assert one not in await door.standing()
        again = await door.story.record("revocation", consent_id=one, id=f"r-{number}")
        assert again["duplicate"]
        assert one not in await door.standing()
        entry = await door.consents(two)
        await door.story.record("retraction", entry_id=entry, reason="another person's form")
        assert two not in await door.standing()
        entry = await door.consents(three)
        await door.consents(f"{three}-new", supersedes=entry, supersedes_reason="narrower")
        assert three not in await door.standing()
        await door.story.record_many(
            {"kind": "contact", "at": f"{door.today}T00:01:00Z", "channel": "phone", "outcome": "reached"},
            {"kind": "revocation", "consent_id": f"{three}-new"},
        )
        assert not await door.standing()


async def test_P3_E7_an_exit_with_which_consents_expire_is_in_force_when_it_is_answered(door: Door) -> None:
    await door.consents("c1", expires_event="end_of_episode")
    await door.consents("c2")
    for _ in range(TRIES):
        await door.story.record("exit", reason="withdrew", on=door.today, by="th-1")
        assert await door.standing() == {"c2"}
        await door.story.record("return", on=door.today)
        assert await door.standing() == {"c1", "c2"}
    await door.story.record("exit", reason="deceased", on=door.today, by="th-1")
    assert await door.standing() == {"c2"}
