"""Who leaves, who is away, and what is closed: one command each, against the real server (I4, T6)."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import datetime, timedelta
from subprocess import CompletedProcess
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from temporalio.api.workflowservice.v1 import PauseWorkflowExecutionRequest, UnpauseWorkflowExecutionRequest
from temporalio.testing import WorkflowEnvironment

from activities.clinic_database import ClinicDatabase
from activities.clinic_database.absences import Absences
from tests import servers
from tests.typed import carepath
from tests.waiting import eventually
from worker.executions import executions
from worker.mailbox import Mailbox, read
from worker.run import running_worker
from worker.settings import Settings
from worker.web_ui import OPEN

pytestmark = pytest.mark.dear

Run = Callable[..., Awaitable[Any]]
DAY = timedelta(days=1)
TODAY = datetime.now(ZoneInfo("America/Chicago")).date()
"""Where the program is: elsewhere it may be tomorrow already."""


@pytest.fixture
async def dev_server(clinic_settings: Settings) -> AsyncIterator[WorkflowEnvironment]:
    """The real server, on which a workflow can be paused, as from its Web UI."""
    pausing = ("--dynamic-config-value", "frontend.WorkflowPauseEnabled=true")
    async with servers.dev_server(clinic_settings, None, *pausing) as environment:
        yield environment


@pytest.fixture
async def run(
    dev_server: WorkflowEnvironment,
    clinic_settings: Settings,
    mailbox: Mailbox,
) -> AsyncIterator[Run]:
    address = dev_server.client.service_client.config.target_host

    def command(*arguments: str) -> CompletedProcess[str]:
        return carepath(*arguments, "--json", settings=clinic_settings, address=address)

    async def typed(*arguments: object, refused: str = "") -> Any:
        """The answer of a command as JSON; with `refused`, it must be refused in these words."""
        done = await asyncio.to_thread(command, *map(str, arguments))
        if refused:
            assert (done.returncode, refused in done.stderr) == (1, True), (arguments, done)
            return None
        assert done.returncode == 0, (arguments, done.stderr)
        return json.loads(done.stdout)

    async def the_worker_is_seen() -> bool:
        return "No worker runs" not in (await asyncio.to_thread(command, "progress", "none")).stderr

    async with running_worker(dev_server.client, clinic_settings, versioned=False):
        await eventually(the_worker_is_seen)
        yield typed


async def admit(run: Run, key: str) -> str:
    """A patient in intake, who owes nothing yet and to whom a screening is owed."""
    place = ("--site", "north", "--timezone", "America/Chicago", "--session", "mon@18:00/180/group")
    team = ("--case-manager", "cm-1", "--therapist", "th-1")
    new = await run("admit", "--patient-key", key, *place, *team, "--referred-on", TODAY - DAY)
    return str(new["episode_id"])


async def owned(run: Run, *, by: str, at_least: int) -> dict[str, Any]:
    """The open tasks of a person by id, once the list shows so many."""

    async def listed() -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = await run("tasks", "--mine", by)
        return rows if len(rows) >= at_least else []

    return {
        row["task_id"]: row
        for row in (await eventually(listed) if at_least else await run("tasks", "--mine", by))
    }


async def nobody_has_any(run: Run, by: str) -> None:
    async def none() -> bool:
        return not await run("tasks", "--mine", by)

    await eventually(none)


async def test_I4_who_leaves_hands_over_every_episode_and_task_once_and_it_may_be_said_again(
    run: Run, mailbox: Mailbox
) -> None:
    first, second = await admit(run, "MRN-1"), await admit(run, "MRN-2")
    await run("record", second, "screening", 'substances=["alcohol"]', "--by", "cm-1")
    by_hand = next(iter(await owned(run, by="th-1", at_least=1)))
    # The list may still show the screening that is done.
    theirs = {
        name: row
        for name, row in (await owned(run, by="cm-1", at_least=1)).items()
        if row["episode"] in first
    }
    await run("reassign", by_hand, "--to", "th-2", "--by", "su-1")
    await run("staff", "leave", "cm-1", "--to", "cm-9", "--by", "su-1", refused="cm-9")
    await run("staff", "leave", "cm-1", "--to", "cm-1", "--by", "su-1", refused="name somebody else")
    await run("staff", "leave", "di-1", "--to", "cm-2", "--by", "su-1", refused="a director signs what cm-2")
    await run("staff", "leave", "cm-8", "--to", "cm-2", "--by", "su-1", refused="neither a role nor a task")
    told = await run("staff", "leave", "cm-1", "--to", "cm-2", "--by", "su-1")
    assert set(told["episodes"]) == {f"episode-{first}", f"episode-{second}"}
    await nobody_has_any(run, "cm-1")
    assert set(theirs) <= set(await owned(run, by="cm-2", at_least=len(theirs)))
    again = await run("staff", "leave", "cm-1", "--to", "cm-2", "--by", "su-1")
    assert again == {"episodes": {}, "tasks": {}, "failed": {}}
    await run("staff", "leave", "th-2", "--to", "th-1", "--by", "su-1")
    assert by_hand in await owned(run, by="th-1", at_least=1)

    async def each_is_told_once() -> bool:
        mails = [mail["body"] for mail in read(mailbox.file) if mail["to"] == "cm-2@clinic.example"]
        counts = [sum(task in body for body in mails) for task in theirs]
        assert max(counts) <= 1
        return min(counts) == 1

    await eventually(each_is_told_once)
    new = await admit(run, "MRN-3")
    assert (await run("progress", new))["team"]["case_manager"] == "cm-2"
    people = {one["staff_id"]: one for one in await run("staff", "list")}
    assert people["cm-1"]["acting"] == "cm-2"
    await run("staff", "return", "cm-1", "--by", "su-1", refused="staff leave cm-2 --to cm-1")


async def test_F4_a_task_that_is_paused_is_handed_over_too_and_until_then_it_is_named(
    run: Run, dev_server: WorkflowEnvironment
) -> None:
    await admit(run, "MRN-1")
    task = next(iter(await owned(run, by="cm-1", at_least=1)))
    await run("reassign", task, "--to", "th-2", "--by", "su-1")
    client = dev_server.client
    which: dict[str, str] = {
        "namespace": client.namespace,
        "workflow_id": task,
        "identity": "ops",
        "reason": "trial",
    }
    await client.workflow_service.pause_workflow_execution(
        PauseWorkflowExecutionRequest(**which, request_id="1")
    )

    async def is_listed_as_paused() -> bool:
        return [row["state"] for row in await run("tasks", "--mine", "th-2")] == ["paused"]

    await eventually(is_listed_as_paused)
    in_the_web_ui = f"WorkflowType='StaffTask' AND {OPEN}"
    assert task in [one.id async for one in executions(client, in_the_web_ui)]
    leave = ("staff", "leave", "th-2", "--to", "th-1", "--by", "su-1")
    await run(*leave, refused=f"{task} is paused by ops")
    await client.workflow_service.unpause_workflow_execution(
        UnpauseWorkflowExecutionRequest(**which, request_id="2")
    )
    assert (await run(*leave))["tasks"] == {task: "given over"}
    assert task in await owned(run, by="th-1", at_least=1)


async def test_who_is_away_has_a_substitute_for_open_and_new_tasks_and_gets_back_what_is_open(
    run: Run,
) -> None:
    episode = await admit(run, "MRN-1")
    await run("record", episode, "screening", 'substances=["alcohol"]', "--by", "cm-1")
    theirs = await owned(run, by="th-1", at_least=1)
    until = TODAY + 5 * DAY
    away = ("staff", "absent", "th-1", "--until", until, "--substitute", "th-2", "--by", "su-1")
    await run(*away[:4], TODAY - 3 * DAY, *away[5:], refused="--until")
    assert f"episode-{episode}" in (await run(*away))["episodes"]
    assert set(theirs) == set(await owned(run, by="th-2", at_least=1))
    assert await run(*away) == {"episodes": {}, "tasks": {}, "failed": {}}
    await run("staff", "absent", "th-2", "--substitute", "th-1", "--by", "su-1", refused="nobody would act")
    new = await admit(run, "MRN-2")
    assert (await run("progress", new))["team"]["therapist"] == "th-2"
    longer = await run(*away[:4], until + DAY, *away[5:])
    assert set(longer["episodes"]) == {f"episode-{episode}", f"episode-{new}"}
    assert (await run("progress", new))["team_changes"][-1]["until"] == (until + DAY).isoformat()
    back = await run("staff", "return", "th-1", "--by", "th-1")
    assert set(back["episodes"]) == {f"episode-{episode}", f"episode-{new}"}
    assert (await run("progress", new))["team"]["therapist"] == "th-1"
    assert set(theirs) == set(await owned(run, by="th-1", at_least=1))
    await nobody_has_any(run, "th-2")
    await run("staff", "return", "th-1", "--by", "th-1", refused="th-1 is not")


async def test_F4_what_was_given_by_hand_returns_also_after_the_absence_is_over(
    run: Run, dev_server: WorkflowEnvironment, clinic_settings: Settings
) -> None:
    await admit(run, "MRN-1")
    task = next(iter(await owned(run, by="cm-1", at_least=1)))
    database = ClinicDatabase(clinic_settings.database)
    await Absences(database).note("th-1", "th-2", TODAY - 9 * DAY, TODAY - 5 * DAY, for_good=False, by="su-1")
    await database.close()
    given = {"to": "th-2", "by": "su-1", "instead_of": "th-1"}
    await dev_server.client.get_workflow_handle(task).execute_update("reassign", given)
    assert task in await owned(run, by="th-2", at_least=1)
    assert (await run("staff", "return", "th-1", "--by", "su-1"))["tasks"] == {task: "given over"}
    assert task in await owned(run, by="th-1", at_least=1)
    await run("staff", "return", "th-1", "--by", "su-1", refused="th-1 is not away")


async def test_T6_a_closed_day_is_told_to_all_episodes_of_the_site_and_to_new_ones_and_taken_back(
    run: Run,
) -> None:
    episode = await admit(run, "MRN-1")
    day = TODAY + 3 * DAY

    async def closed(of: str) -> set[str]:
        journal = await run("journal", of)
        return {line["entry"]["on"] for line in journal if line["kind"] == "closure" and line["stands"]}

    assert (await run("closure", "add", day, "--reason", "snow", "--site", "south", "--by", "su-1"))[
        "episodes"
    ] == {}
    for _ in range(2):
        told = await run("closure", "add", day, "--reason", "snow", "--by", "su-1")
        assert set(told["episodes"]) == {f"episode-{episode}"}
    new = await admit(run, "MRN-2")
    assert await closed(episode) == await closed(new) == {day.isoformat()}
    assert [one["site"] for one in await run("closure", "list")] in ([None, "south"], ["south", None])
    await run("closure", "retract", day + DAY, "--by", "su-1", refused="is not noted as closed")
    for _ in range(2):
        await run("closure", "retract", day, "--by", "su-1")
    assert await closed(episode) == await closed(new) == set()
