"""A step down from partial hospitalization, through the workflows: the next episode begins and knows what was known."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from temporalio.testing import WorkflowEnvironment

from activities.clinic_database import ClinicDatabase, Crosswalk
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
    for _ in range(200):
        try:
            shown: dict[str, Any] = await server.client.get_workflow_handle(workflow_id).query("progress")
            return shown
        except Exception:  # it begins a moment after the decision
            await asyncio.sleep(0.02)
    raise AssertionError(f"{workflow_id} never began")


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
        for _ in range(200):
            following = await crosswalk.open_episode_of("MRN-1")
            if following and following != "p1":
                break
            await asyncio.sleep(0.02)
        assert following is not None
        shown = await progress_of(time_skipping, f"episode-{following}")
    await database.close()
    assert (shown["pathway"], shown["stage"]) == ("iop", "intake")
    assert shown["waits_for"] == ["the admission itself"]
    assert shown["last_use_on"] == today.isoformat()
