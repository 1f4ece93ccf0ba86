"""A step down from partial hospitalization, through the workflows: the next episode begins and knows what was known."""

from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest
from temporalio.client import WorkflowFailureError
from temporalio.service import RPCError
from temporalio.testing import WorkflowEnvironment

from activities.clinic_database import ClinicDatabase, Crosswalk
from tests.waiting import eventually
from tests.workflows.story import ZONE, Story
from worker.mailbox import Mailbox
from worker.run import running_worker
from worker.settings import Settings

DAY = timedelta(days=1)
DAILY = [
    {"weekday": day, "start": "09:00", "minutes": 300, "service": "group"}
    for day in ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
]


async def progress_of(server: WorkflowEnvironment, workflow_id: str) -> dict[str, Any]:
    async def shown() -> dict[str, Any]:
        with suppress(RPCError):  # it begins a moment after the decision
            progress: dict[str, Any] = await server.client.get_workflow_handle(workflow_id).query("progress")
            return progress
        return {}

    return await eventually(shown)


async def following_of(crosswalk: Crosswalk, patient_key: str, before: str) -> str:
    async def another() -> str | None:
        open_episode = await crosswalk.open_episode_of(patient_key)
        return open_episode if open_episode != before else None

    following = await eventually(another)
    assert following
    return following


@pytest.mark.usefixtures("mailbox")
async def test_a_step_down_begins_an_iop_episode_for_the_same_patient(
    time_skipping: WorkflowEnvironment, clinic_settings: Settings, mailbox: Mailbox
) -> None:
    database = ClinicDatabase(clinic_settings.database)
    crosswalk = Crosswalk(database)
    async with running_worker(time_skipping.client, clinic_settings, versioned=False):
        today = (await time_skipping.get_current_time()).astimezone(ZONE).date()
        await crosswalk.open_episode("MRN-1", "p1", today)
        story = await Story.begin(time_skipping, "p1", pathway="php", schedule=DAILY)
        await story.record("level_of_care", level="php", by="th-1")
        await story.record("goal", goal_id="g1", title="be well")
        await story.record("admission", on=today, last_use_on=today - 3 * DAY)
        await story.record("use", on=today)
        await story.record(
            "decision", about="step_down_review", choice="step_down", by="th-1", reason="stable"
        )
        assert (await story.progress())["exit"]["reason"] == "transferred"
        following = await following_of(crosswalk, "MRN-1", "p1")
        shown = await progress_of(time_skipping, f"episode-{following}")
    await database.close()
    assert (shown["pathway"], shown["stage"]) == ("iop", "intake")
    assert shown["waits_for"] == ["the admission itself"]
    assert shown["last_use_on"] == today.isoformat()


@pytest.mark.usefixtures("mailbox")
async def test_the_clinics_own_policy_and_schedule_for_the_iop_are_in_force_after_the_step_down(
    time_skipping: WorkflowEnvironment, clinic_settings: Settings
) -> None:
    evening = [{"weekday": "tue", "start": "18:00", "minutes": 120, "service": "group"}]
    database = ClinicDatabase(clinic_settings.database)
    crosswalk = Crosswalk(database)
    async with running_worker(time_skipping.client, clinic_settings, versioned=False):
        today = (await time_skipping.get_current_time()).astimezone(ZONE).date()
        await crosswalk.open_episode("MRN-2", "p2", today)
        own = {"length": {"days": 45}, "gate": {"sober_days": 40}}
        story = await Story.begin(
            time_skipping, "p2", pathway="php", schedule=DAILY, policy={"length": {"days": 10}},
            following={"IOT": {"policy": own, "schedule": evening}},
        )  # fmt: skip
        await story.record("level_of_care", level="php", by="th-1")
        await story.record("goal", goal_id="g1", title="be well")
        await story.record("admission", on=today, last_use_on=today)
        await story.record(
            "decision", about="step_down_review", choice="step_down", by="th-1", reason="stable"
        )
        following = await following_of(crosswalk, "MRN-2", "p2")
        await progress_of(time_skipping, f"episode-{following}")
        there = Story(time_skipping, time_skipping.client.get_workflow_handle(f"episode-{following}"))
        await there.record("admission", on=today)
        shown = await there.progress()
    await database.close()
    assert shown["stage"] == "program"
    assert shown["gate"]["opens_on"] == (today + 45 * DAY).isoformat()  # neither 90 nor 10 days
    assert "length is reached on" in str(shown["gate"]["conditions"])
    assert "0 of 40 days" in str(shown["gate"]["conditions"])


async def test_a_policy_for_a_pathway_to_come_that_cannot_be_used_is_refused_at_the_start(
    time_skipping: WorkflowEnvironment, clinic_settings: Settings
) -> None:
    async with running_worker(time_skipping.client, clinic_settings, versioned=False):
        for wrong, words in (
            ({"iop": {"policy": {"gate": {"sober_days": 400}}}}, "following.iop.policy: "),
            ({"residential": {}}, "following: pathway: there is no pathway residential"),
        ):
            story = await Story.begin(time_skipping, f"wrong-{len(words)}", pathway="php", following=wrong)
            with pytest.raises(WorkflowFailureError) as failed:
                await story.handle.result()
            assert words in str(failed.value.cause)
