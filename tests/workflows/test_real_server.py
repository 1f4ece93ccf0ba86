"""The workflows on the real server, whose time skipping gives each workflow a clock of its own.

A clock stands still while a child workflow runs, so an episode here goes on by itself exactly until it owes somebody
a task. That is what these tests use: no sleeping, no skipping by hand.
"""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest
from temporalio.client import Client
from temporalio.testing import WorkflowEnvironment

from tests.servers import skipping_dev_server
from tests.waiting import eventually
from tests.workflows.story import ZONE, Story
from worker.mailbox import Mailbox, read
from worker.run import running_worker
from worker.settings import Settings
from workflows.messages import Level, TaskStart

HOUR = timedelta(hours=1)
# Here a workflow's clock stands still while a task of it is open: nothing but the sessions may ask for one in the first
# days, whatever weekday it is today.
ONLY_SESSIONS = {
    "dose": {"forecast_on_day": 7},
    "tests": {"phases": [{"max_gap_days": 100_000}]},
    "gate": {"max_days_between_tests": 100_000},
}


@pytest.fixture
async def server(clinic_settings: Settings, mailbox: Mailbox) -> AsyncIterator[WorkflowEnvironment]:
    async with (
        skipping_dev_server(clinic_settings) as environment,
        running_worker(environment.client, clinic_settings, versioned=False),
    ):
        yield environment


async def listed(client: Client, query: str) -> set[str]:
    return {one.id async for one in client.list_workflows(query)}


async def test_A3_A4_a_missed_session_escalates_by_itself_until_somebody_owes_a_call(
    server: WorkflowEnvironment,
) -> None:
    today = datetime.now(UTC).astimezone(ZONE).date()
    story = await Story.begin(server, referred_on=today.isoformat(), policy=ONLY_SESSIONS)
    await story.admit(on=today)

    async def a_call_is_owed() -> bool:
        return set(await story.tasks()) == {"outreach_call"}

    await eventually(a_call_is_owed)
    progress = await story.progress()
    assert (progress["stage"], progress["consecutive_misses"]) == ("program", 1)
    assert progress["next_deadline"]["name"] == "Missed sessions: second attempt"

    async def the_list_shows_it() -> bool:
        return await listed(server.client, "CarepathFlags = 'missing' AND CarepathStage = 'program'") == {
            "episode-e1"
        } and await listed(
            server.client,
            "CarepathTask = 'outreach_call' AND CarepathEpisode = 'e1' AND CarepathOwner = 'cm-1'",
        ) == {(await story.tasks())["outreach_call"]}

    await eventually(the_list_shows_it)


async def test_A5_reaching_the_patient_ends_the_search_and_leaves_an_engagement_plan(
    server: WorkflowEnvironment,
) -> None:
    today = datetime.now(UTC).astimezone(ZONE).date()
    story = await Story.begin(server, referred_on=today.isoformat(), policy=ONLY_SESSIONS)
    await story.admit(on=today)

    async def a_call_is_listed() -> bool:
        return bool(await listed(server.client, "CarepathTask = 'outreach_call'"))

    await eventually(a_call_is_listed)
    task = server.client.get_workflow_handle((await story.tasks())["outreach_call"])
    await task.execute_update("complete", {"by": "cm-1", "outcome": "reached"})

    async def a_plan_is_owed() -> bool:
        return "engagement_plan" in await story.tasks()

    await eventually(a_plan_is_owed)


async def test_an_overdue_task_climbs_its_ladder_and_the_worklist_shows_the_level(
    server: WorkflowEnvironment, mailbox: Mailbox
) -> None:
    due = datetime.now(UTC) + HOUR
    start = TaskStart(
        task_id="task-alone", kind="screening", episode_id="e9", site="north", role="case_manager", owner="cm-1",
        due_at=due, outcomes=["done"], rule="I1", asks="Screen the person who was referred.",
        levels=[Level(role="supervisor", staff_id="su-1", at=due + 4 * HOUR),
                Level(role="director", staff_id="di-1", at=due + 24 * HOUR)],
    )  # fmt: skip
    await server.client.start_workflow("StaffTask", start, id="task-alone", task_queue="carepath")

    async def it_is_with_the_director() -> bool:
        return await listed(server.client, "CarepathLevel = 2 AND CarepathOwner = 'di-1'") == {"task-alone"}

    async def all_are_told() -> bool:
        return len(list(read(mailbox.file))) == 3

    await eventually(it_is_with_the_director)
    await eventually(all_are_told)
    told = [(mail["to"], mail["subject"].partition(" · ")[0]) for mail in read(mailbox.file)]
    assert told == [
        ("cm-1@clinic.example", "task screening"),
        ("su-1@clinic.example", "[level 1] task overdue"),
        ("di-1@clinic.example", "[level 2] task overdue"),
    ]
