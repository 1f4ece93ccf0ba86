"""The nightly reading of the directories, on the real server."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from temporalio.client import (
    Client,
    Schedule,
    ScheduleActionExecutionStartWorkflow,
    ScheduleActionResult,
    ScheduleHandle,
    WorkflowFailureError,
)
from temporalio.testing import WorkflowEnvironment

from tests.activities.directory.invented import meeting
from tests.waiting import eventually
from worker.directories import directories
from worker.errors import CannotDo
from worker.mailbox import Mailbox, read
from worker.run import running_worker
from worker.schedules import NIGHTLY_SYNC, schedule_directory_sync
from worker.settings import Settings
from workflows import visibility

FEEDS = """feeds:
  aa: {format: meeting_guide, fellowship: aa, timezone: America/Chicago, file: aa.json}
  na: {format: bmlt, timezone: America/Chicago, file: na.json}
nightly: {at: "02:30", timezone: America/Chicago}
"""


@pytest.fixture
def clinic(clinic_settings: Settings, tmp_path: Path) -> Settings:
    """A clinic with a good feed and one that a server has answered with []."""
    (tmp_path / "feeds.yaml").write_text(FEEDS)
    (tmp_path / "aa.json").write_text(json.dumps([meeting(slug=n, name=f"Group {n}") for n in range(30)]))
    (tmp_path / "na.json").write_text("[]")
    return clinic_settings.model_copy(update={"directories": tmp_path / "feeds.yaml"})


async def synced(client: Client, number: int) -> list[dict[str, object]]:
    found = await client.execute_workflow(
        visibility.DIRECTORY_SYNC, id=f"sync-{number}", task_queue=visibility.TASK_QUEUE
    )
    assert isinstance(found, list)
    return found


async def described(handle: ScheduleHandle, so: Callable[[Schedule], bool]) -> Schedule:
    """The schedule once the server tells what it was told: it takes changes in a moment later."""

    async def told() -> Schedule | None:
        schedule = (await handle.describe()).schedule
        return schedule if so(schedule) else None

    found = await eventually(told)
    assert found
    return found


async def test_the_schedule_is_created_once_and_set_right_and_starts_the_reading(
    dev_server: WorkflowEnvironment, clinic: Settings, mailbox: Mailbox
) -> None:
    client = dev_server.client
    for _ in range(2):
        assert await schedule_directory_sync(client, clinic) == (
            "the directories are read each night at 02:30 (America/Chicago)"
        )
    handle = client.get_schedule_handle(NIGHTLY_SYNC)
    await handle.pause(note="holiday")
    await described(handle, lambda schedule: schedule.state.paused)
    clinic.directories.write_text(FEEDS.replace("02:30", "04:15"))
    await schedule_directory_sync(client, clinic)
    schedule = await described(handle, lambda schedule: schedule.spec.calendars[0].hour[0].start == 4)
    assert schedule.state.paused
    assert schedule.spec.calendars[0].minute[0].start == 15
    await handle.unpause()
    async with running_worker(client, clinic, versioned=False):
        await handle.trigger()

        async def started() -> list[ScheduleActionResult]:
            return list((await handle.describe()).info.recent_actions)

        execution = (await eventually(started))[-1].action
        assert isinstance(execution, ScheduleActionExecutionStartWorkflow)
        outcome = await client.get_workflow_handle(execution.workflow_id).result()
    assert {one["feed"]: one["result"] for one in outcome} == {"aa": "taken", "na": "kept"}
    async with directories(clinic) as here:
        assert len(await here.store.listings("aa")) == 30


async def test_the_director_is_told_once_of_a_broken_feed_and_the_others_go_on(
    dev_server: WorkflowEnvironment, clinic: Settings, mailbox: Mailbox, tmp_path: Path
) -> None:
    client = dev_server.client
    async with running_worker(client, clinic, versioned=False):
        first = await synced(client, 1)
        await synced(client, 2)
        assert [one["result"] for one in first] == ["taken", "kept"]
        (mail,) = read(mailbox.file)
        assert mail["to"] == "di-1@clinic.example"
        assert "The directory na cannot be used since" in mail["body"]
        assert "It was never read with success: it offers nothing." in mail["body"]
        (tmp_path / "aa.json").write_text("<html>maintenance</html>")
        await synced(client, 3)
        assert len(list(read(mailbox.file))) == 2
        async with directories(clinic) as here:
            assert len(await here.store.listings("aa")) == 30


async def test_a_feeds_file_that_cannot_be_used_is_told_too(
    dev_server: WorkflowEnvironment, clinic: Settings, mailbox: Mailbox
) -> None:
    clinic.directories.write_text("feeds: {aa: {format: bmlt, file: aa.json}}")
    async with running_worker(dev_server.client, clinic, versioned=False):
        with pytest.raises(WorkflowFailureError):
            await synced(dev_server.client, 1)
    (mail,) = read(mailbox.file)
    assert "feeds.aa.timezone: Field required" in mail["body"]
    with pytest.raises(CannotDo, match=r"feeds\.aa\.timezone"):
        await schedule_directory_sync(dev_server.client, clinic)


async def test_without_a_feeds_file_or_schedules_nothing_is_scheduled(
    time_skipping: WorkflowEnvironment, clinic: Settings, tmp_path: Path
) -> None:
    assert "this server has no schedules" in await schedule_directory_sync(time_skipping.client, clinic)
    none = clinic.model_copy(update={"directories": tmp_path / "none.yaml"})
    assert "there is no feeds file at" in await schedule_directory_sync(time_skipping.client, none)
