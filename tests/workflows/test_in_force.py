"""What was answered is in force at the door, by whichever face it came (P3, P4, E7).

The clinic database, by which each sending is judged, is read the moment an answer is there.
"""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from temporalio import activity
from temporalio.client import WorkflowUpdateFailedError
from temporalio.exceptions import ApplicationError
from temporalio.testing import WorkflowEnvironment

from activities.clinic_database import ClinicDatabase, Crosswalk
from activities.clinic_database.consents import Consents
from tests.mail_server import MailServer
from tests.waiting import eventually
from tests.workflows.linkage import Outside, clinic_with
from tests.workflows.story import Story
from tests.workflows.test_what_anybody_sends import task
from worker.mailbox import Mailbox, read
from worker.run import running_worker
from worker.settings import Settings
from workflows.ports.clinic_files import KEEP_CONSENTS, ConsentsStated

pytestmark = pytest.mark.dear

TRIES = 6
"""Each saying is tried as often: what is merely fast is in force most of the time."""
ANSWER = {"by": "cm-1", "outcome": "iop"}


class Door:
    """The consents of one episode as a sending of this moment would find them."""

    def __init__(self, story: Story, database: ClinicDatabase, today: date, mail: Path) -> None:
        self.story, self.database, self.today, self.mail = story, database, today, mail
        self._consents = Consents(database)

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
        yield Door(story, database, today, mailbox.file)
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


async def test_C1_what_completes_a_task_has_its_effect_when_it_is_answered(door: Door) -> None:
    for number in range(TRIES):
        story = await Story.begin(door.story.environment, f"d{number}")
        await Crosswalk(door.database).open_episode(f"MRN-d{number}", f"d{number}", door.today)
        answer = await story.answer("screening", "declined", "cm-1")
        shown = await story.progress()
        assert (shown["stage"], shown["exit"]["reason"]) == ("closed", "withdrew")
        assert await Crosswalk(door.database).open_episode_of(f"MRN-d{number}") is None
        assert answer["is_heard"]
        assert "Stage: closed (was intake)." in answer["changes"]


async def test_C1_an_answer_that_the_engine_refuses_is_refused(door: Door) -> None:
    environment = door.story.environment
    start = task("task-b1", episode_id="e1", kind="level_of_care", outcomes=["iop"])
    handle = await environment.client.start_workflow("StaffTask", start, id="task-b1", task_queue="carepath")
    with pytest.raises(WorkflowUpdateFailedError) as refused:
        await handle.execute_update("complete", {"by": "cm-1", "outcome": "iop"})
    assert isinstance(refused.value.cause, ApplicationError)
    assert refused.value.cause.type == "NotAllowedNow"
    assert "had no effect: about: nothing named task-b1 is open" in refused.value.cause.message
    assert await handle.result() == "iop"
    assert "had no effect" in (await handle.query("task"))["history"][-1]["what"]
    # It was told as it was given: no mail says it again.
    await environment.client.get_workflow_handle("episode-e1").signal(
        "task_completed", ANSWER | {"task_id": "task-b0"}
    )

    async def too_late() -> list[str]:
        return [mail["body"] for mail in read(door.mail) if "answer too late" in mail["subject"]]

    (mailed,) = await eventually(too_late)
    assert "Your answer to task-b0 had no effect" in " ".join(mailed.split())
    assert ANSWER["outcome"] not in mailed  # P1


async def test_E10_an_answer_for_which_nobody_waits_any_more_is_told_by_mail(
    dev_server: WorkflowEnvironment, clinic_settings: Settings
) -> None:
    """The episode was paused as the answer was given, and the task has not ended yet, since a notice is on its way."""
    client = dev_server.client
    with MailServer(int(clinic_settings.smtp.rpartition(":")[2])) as mail:
        mail.goes_on.clear()
        async with running_worker(client, clinic_settings, versioned=False):
            paused = await client.start_workflow(
                "CareEpisode", {}, id="episode-p1", task_queue="nobody-there"
            )
            start = task("task-p1", episode_id="p1")
            handle = await client.start_workflow("StaffTask", start, id="task-p1", task_queue="carepath")

            async def a_notice_is_on_its_way() -> bool:
                return mail.tried > 0

            await eventually(a_notice_is_on_its_way)
            answer = await handle.execute_update("complete", {"by": "cm-1", "outcome": "done"})
            assert not answer["is_heard"]
            await handle.signal("answer_heard", {"objection": "about: nothing named task-p1 is open."})
            await handle.query("task")
            mail.goes_on.set()
            await handle.result()
            told = [
                event.workflow_execution_signaled_event_attributes
                async for event in paused.fetch_history_events()
                if event.HasField("workflow_execution_signaled_event_attributes")
            ]
            assert [one.signal_name for one in told] == ["task_completed", "pass_on"]
            notice = json.loads(told[-1].input.payloads[0].data)
            assert (notice["staff_id"], notice["subject_code"]) == ("cm-1", "answer_too_late")
            assert notice["lines"] == [
                "Your answer to task-p1 had no effect. `carepath why task-p1` says why."
            ]
            assert notice["is_plain"]  # so it stands in the mail
            await paused.terminate()


async def test_C1_an_episode_that_is_away_keeps_no_answer_waiting(door: Door) -> None:
    story = await Story.begin(door.story.environment, "g1")
    handle = await story.task("screening")
    await story.handle.terminate()
    answer = await handle.execute_update("complete", {"by": "cm-1", "outcome": "declined"})
    assert answer["state"] == "completed"
    assert "takes no further entries" in answer["changes"][0]
    # Who is on the way and does not answer, as while it is paused.
    silent = await door.story.environment.client.start_workflow(
        "CareEpisode", {}, id="episode-silent", task_queue="nobody-there"
    )
    start = task("task-b2", episode_id="silent")
    waiting = await door.story.environment.client.start_workflow(
        "StaffTask", start, id="task-b2", task_queue="carepath"
    )
    answer = await waiting.execute_update("complete", {"by": "cm-1", "outcome": "done"})
    assert (answer["state"], answer["is_heard"]) == ("completed", False)
    await silent.terminate()


class AnsweredFor(Outside):
    """The first time, somebody who writes to the server lets what the door is told fail in its place."""

    times = 0

    @activity.defn(name=KEEP_CONSENTS)
    async def keep_consents(self, stated: ConsentsStated) -> None:
        self.times += 1
        if self.times == 1:
            raise ApplicationError("it is of no use", non_retryable=True)
        self.consents = {one["consent_id"]: one for one in stated.consents if one["stands"]}


async def test_P3_a_consent_is_told_to_the_door_again_where_somebody_has_answered_in_its_place(
    time_skipping: WorkflowEnvironment, clinic_settings: Settings, mailbox: Mailbox
) -> None:
    outside = AnsweredFor()
    async with clinic_with(outside, time_skipping.client, clinic_settings):
        story = await Story.begin(time_skipping)
        today = await story.admit()
        stating = asyncio.create_task(
            story.record(
                "consent", consent_id="c1", recipient="pantry-1", purpose="referral", content=["referral"],
                signed_on=today, expires_on=today + timedelta(days=365),
            )
        )  # fmt: skip
        await eventually(lambda: told(outside), time_skipping.sleep)
        await stating
        assert set(outside.consents) == {"c1"}


async def told(outside: AnsweredFor) -> bool:
    return outside.times > 1
