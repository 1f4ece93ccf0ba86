"""Whatever an operator presses in the Web UI, nobody drops out of the lists, and each difference is named (E9, I6)."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from functools import partial
from typing import Any

import pytest
from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.sdk.v1 import WorkflowMetadata
from temporalio.api.workflowservice.v1 import (
    DeleteWorkflowExecutionRequest,
    PauseWorkflowExecutionRequest,
    UnpauseWorkflowExecutionRequest,
)
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Worker

from activities.clinic_database import ClinicDatabase, Crosswalk
from activities.clinic_database.faults import ChannelFaults
from tests.servers import dev_server
from tests.typed import carepath
from tests.waiting import begun, eventually
from tests.workflows.story import SCHEDULE, TEAM, ZONE
from worker.differences import differences
from worker.episodes import Clinic
from worker.errors import CannotDo
from worker.executions import described, revive
from worker.mailbox import Mailbox
from worker.open_episodes import open_episodes
from worker.run import running_worker
from worker.settings import Settings
from workflows.staff_task import StaffTask
from workflows.visibility import TASK_QUEUE

pytestmark = pytest.mark.dear

PAUSE = ("--dynamic-config-value", "frontend.WorkflowPauseEnabled=true")


def start(episode_id: str) -> dict[str, Any]:
    return {
        "episode_id": episode_id, "site": "north", "timezone": ZONE.key, "team": TEAM, "schedule": SCHEDULE,
        "referred_on": datetime.now(ZONE).date().isoformat(),
    }  # fmt: skip


@asynccontextmanager
async def clinic(settings: Settings) -> AsyncIterator[tuple[WorkflowEnvironment, Clinic]]:
    async with dev_server(settings, None, *PAUSE) as server:
        database = ClinicDatabase(settings.database)
        try:
            async with running_worker(server.client, settings, versioned=False):
                yield server, Clinic(server.client, settings, Crosswalk(database), ChannelFaults(database))
        finally:
            await database.close()


async def found(here: Clinic) -> dict[str, str]:
    return {one.about: one.kind for one in await differences(here)}


def of(workflow_id: str) -> WorkflowExecution:
    return WorkflowExecution(workflow_id=workflow_id)


@pytest.mark.usefixtures("mailbox")
async def test_E9_I6_paused_terminated_deleted_and_copied_episodes_are_seen_and_named(
    clinic_settings: Settings, mailbox: Mailbox
) -> None:
    async with clinic(clinic_settings) as (server, here):
        service, space = server.client.workflow_service, server.client.namespace
        for name in ("a1", "b2", "c3"):
            await here.admit(start(name), f"MRN-{name}")
            screening = {"kind": "screening", "by": "cm-1", "substances": ["alcohol"], "home_safe": True}
            await here.update(f"episode-{name}", "record", screening)

        async def all_are_well() -> bool:
            return await found(here) == {}

        await eventually(all_are_well)

        await service.pause_workflow_execution(PauseWorkflowExecutionRequest(
            namespace=space, workflow_id="episode-a1", reason="x", request_id="1"))  # fmt: skip
        await server.client.get_workflow_handle("episode-b2").terminate("by mistake")
        await service.delete_workflow_execution(
            DeleteWorkflowExecutionRequest(namespace=space, workflow_execution=of("episode-c3"))
        )
        await server.client.start_workflow("CareEpisode", start("d4"), id="episode-d4", task_queue="carepath")

        async def all_are_named() -> bool:
            named = await found(here)
            tasks = {about: kind for about, kind in named.items() if about.startswith("task-")}
            episodes = {about: kind for about, kind in named.items() if about.startswith("episode-")}
            wanted = {
                "episode-a1": "paused",
                "episode-b2": "terminated",
                "episode-c3": "missing",
                "episode-d4": "unknown",
            }
            return episodes == wanted and set(tasks.values()) == {"without_episode"}

        await eventually(all_are_named)
        listed = {one.id: one.state for one in await open_episodes(here)}
        assert listed == {
            "episode-a1": "paused", "episode-b2": "terminated", "episode-c3": "deleted", "episode-d4": "running",
        }  # fmt: skip

        contact = {
            "kind": "contact",
            "by": "cm-1",
            "channel": "phone",
            "outcome": "reached",
            "at": datetime.now(UTC).isoformat(),
        }
        for name, words in (("a1", "unpause"), ("b2", "carepath revive episode-b2"), ("c3", "not there")):
            with pytest.raises(CannotDo) as refused:
                await here.update(f"episode-{name}", "record", contact)
            assert words in str(refused.value)
            with pytest.raises(CannotDo) as again:
                await here.admit(start(f"{name}-again"), f"MRN-{name}")
            assert f"already has the open episode {name}" in str(again.value)
            assert ("unpause" if name == "a1" else "revive" if name == "b2" else "give-up") in str(
                again.value
            )
        with pytest.raises(CannotDo, match="unpause"):
            await here.query("episode-a1", "progress")

        # Each remedy works as it stands there.
        await service.unpause_workflow_execution(UnpauseWorkflowExecutionRequest(
            namespace=space, workflow_id="episode-a1", reason="x", request_id="2"))  # fmt: skip
        ended = await described(server.client, "episode-b2")
        assert ended is not None
        await revive(server.client, ended)
        address = server.client.service_client.config.target_host

        async def typed(*arguments: str) -> tuple[int, str, str]:
            done = await asyncio.to_thread(carepath, *arguments, settings=clinic_settings, address=address)
            return done.returncode, done.stdout, done.stderr

        code, _, problems = await typed("doctor")
        assert code == 1, problems
        code, _, problems = await typed("give-up", "c3")
        assert code == 0, problems
        assert (await typed("give-up", "a1"))[0] == 1
        assert (await typed("patient", "link", "MRN-a1", "d4"))[0] == 1
        code, _, problems = await typed("patient", "link", "MRN-d4", "d4")
        assert code == 0, problems
        assert await here.admit(start("c5"), "MRN-c3") == "c5"
        assert (await here.update("episode-b2", "record", contact))["stage"] == "intake"
        assert (await here.query("episode-a1", "progress"))["stage"] == "intake"
        listing = await typed("list")
        assert all(f"episode-{name}" in listing[1] for name in ("a1", "b2", "c5", "d4")), listing
        left = {about for about in await found(here) if about.startswith("episode-")}
        assert left == set()


async def test_I6_a_second_episode_that_was_started_in_the_web_ui_is_seen_in_the_list_and_each_remedy_works(
    clinic_settings: Settings, mailbox: Mailbox
) -> None:
    async with clinic(clinic_settings) as (server, here):
        await here.admit(start("a1"), "MRN-a1")
        for name in ("a2", "b1"):
            await server.client.start_workflow(
                "CareEpisode", start(name), id=f"episode-{name}", task_queue="carepath"
            )
        address = server.client.service_client.config.target_host

        async def typed(*arguments: str) -> tuple[int, str]:
            done = await asyncio.to_thread(carepath, *arguments, settings=clinic_settings, address=address)
            return done.returncode, done.stdout + done.stderr

        async def listed() -> dict[str, bool]:
            shown = json.loads((await typed("list", "--json"))[1])
            return {one["episode_id"]: one["patient_known"] for one in shown}

        async def all_are_listed() -> bool:
            return await listed() == {"episode-a1": True, "episode-a2": False, "episode-b1": False}

        await eventually(all_are_listed)
        shown = (await typed("list"))[1]
        assert "no patient known" in shown
        assert "Of 2 of them the clinic database knows no patient: `carepath doctor`" in " ".join(
            shown.split()
        )
        problems = (await typed("doctor"))[1]
        for remedy in (
            "carepath patient link KEY episode-b1",
            "carepath record episode-a2 exit reason=other",
        ):
            assert remedy in problems
        assert await typed("patient", "link", "MRN-b1", "episode-b1") == (
            0,
            "episode-b1 belongs to this patient now.\n",
        )
        code, told = await typed("patient", "link", "MRN-a1", "episode-a2")
        assert (code, "already has the open episode a1" in told) == (1, True), told
        assert "carepath record episode-a2 exit reason=other on=DATE --by" in told
        code, told = await typed(
            "record", "episode-a2", "exit", "reason=other", f"on={datetime.now(ZONE).date()}", "--by", "th-1"
        )
        assert code == 0, told
        assert {about for about in await found(here) if about.startswith("episode-")} == set()

        async def the_list_is_that_of_the_clinic() -> bool:
            return await listed() == {"episode-a1": True, "episode-b1": True}

        await eventually(the_list_is_that_of_the_clinic)


@pytest.mark.usefixtures("mailbox")
async def test_F7_E0_the_page_of_an_episode_that_was_started_by_hand_says_what_the_clinic_does_not_know_of_it(
    clinic_settings: Settings,
) -> None:
    async with clinic(clinic_settings) as (server, here):
        team = {**TEAM, "therapist": "zz-9"}
        handle = await server.client.start_workflow(
            "CareEpisode", {**start("h1"), "team": team}, id="episode-h1", task_queue="carepath"
        )
        await here.admit(start("a1"), "MRN-a1")
        address = server.client.service_client.config.target_host

        async def shown(*wanted: str) -> bool:
            look_at = (await here.query("episode-h1", "progress"))["look_at"]
            return len(look_at) == len(wanted) and all(
                words in said for words, said in zip(wanted, look_at, strict=True)
            )

        nobody, no_patient = "nobody called zz-9, the therapist", "carepath patient link KEY episode-h1"
        await eventually(partial(shown, nobody, no_patient))
        page = await handle.query("__temporal_workflow_metadata", result_type=WorkflowMetadata)
        plain = str(page.current_details).replace("\\", "")
        assert nobody in plain
        assert no_patient in plain
        typed = partial(carepath, settings=clinic_settings, address=address)
        told = (await asyncio.to_thread(typed, "progress", "h1")).stdout.replace("│", " ")
        assert nobody in " ".join(told.split())
        assert (await asyncio.to_thread(typed, "patient", "link", "MRN-h1", "h1")).returncode == 0
        await eventually(partial(shown, nobody))
        await here.update("episode-h1", "record", {
            "kind": "team", "by": "su-1", "role": "therapist", "staff_id": "th-1",
            "from": datetime.now(ZONE).date().isoformat(),
        })  # fmt: skip
        await eventually(shown)
        assert (await here.query("episode-a1", "progress"))["look_at"] == []


async def test_a_failing_episode_is_called_so(clinic_settings: Settings, mailbox: Mailbox) -> None:
    async with dev_server(clinic_settings) as server:
        database = ClinicDatabase(clinic_settings.database)
        here = Clinic(server.client, clinic_settings, Crosswalk(database), ChannelFaults(database))
        # A worker that does not know episodes, as after a wrong release: each step fails until it is mended.
        async with Worker(server.client, task_queue=TASK_QUEUE, workflows=[StaffTask]):
            await here.admit(start("f1"), "MRN-f1")

            async def it_is_failing() -> bool:
                return {one.id: one.state for one in await open_episodes(here)} == {"episode-f1": "failing"}

            await eventually(it_is_failing)
            assert await found(here) == {"episode-f1": "failing"}
        await database.close()


@pytest.mark.usefixtures("mailbox")
async def test_E9_a_task_that_was_terminated_is_named_wherever_people_look_until_it_is_revived(
    clinic_settings: Settings,
) -> None:
    async with clinic(clinic_settings) as (server, here):
        address = server.client.service_client.config.target_host

        async def typed(*arguments: str) -> tuple[int, str]:
            done = await asyncio.to_thread(carepath, *arguments, settings=clinic_settings, address=address)
            return done.returncode, " ".join((done.stdout + done.stderr).split())

        await here.admit(start("a1"), "MRN-a1")
        crisis = {"kind": "crisis", "by": "cm-1", "type": "overdose", "at": datetime.now(UTC).isoformat()}
        await here.update("episode-a1", "record", crisis)

        async def tasks() -> dict[str, dict[str, Any]]:
            rows = json.loads((await typed("tasks", "--episode", "a1", "--json"))[1])
            return {row["task"]: row for row in rows}

        async def it_is_asked() -> bool:
            return "crisis_response" in await tasks() and await found(here) == {}

        await eventually(it_is_asked)
        task = (await tasks())["crisis_response"]["task_id"]
        await server.client.get_workflow_handle(task).terminate("by mistake")

        async def it_is_named() -> bool:
            return await found(here) == {task: "lost_task"}

        await eventually(it_is_named)
        remedy = f"carepath revive {task}"
        for command in (["doctor"], ["why", task], ["progress", "a1"]):
            assert remedy in (await typed(*command))[1], command
        assert (await tasks())["crisis_response"]["state"] == "terminated"
        for filtered in ([], ["--overdue"], ["--mine", "th-1"]):
            assert (task in (await typed("tasks", *filtered))[1]) == (not filtered)
        assert "1 open task or referral not running" in (await typed("list"))[1]
        (row,) = json.loads((await typed("list", "--json"))[1])
        assert row["open_and_not_running"] == 1
        assert (await typed("revive", task))[0] == 0

        async def all_are_well() -> bool:
            return await found(here) == {}

        await eventually(all_are_well)
        assert (await tasks())["crisis_response"]["state"] == "running"


@pytest.mark.usefixtures("mailbox")
async def test_F8_the_page_of_a_task_that_has_ended_says_how_by_whom_and_when(
    clinic_settings: Settings,
) -> None:
    async with clinic(clinic_settings) as (server, here):
        await here.admit(start("a1"), "MRN-a1")
        crisis = {"kind": "crisis", "by": "cm-1", "type": "overdose", "at": datetime.now(UTC).isoformat()}
        await here.update("episode-a1", "record", crisis)
        tasks = {one["kind"]: one for one in (await here.query("episode-a1", "progress"))["open_tasks"]}
        task = tasks["crisis_response"]
        answer = {"by": "cm-1", "outcome": task["outcomes"][0]}
        await begun(server.client.get_workflow_handle(task["task_id"]))
        await here.update(task["task_id"], "complete", answer)

        async def page() -> str:
            asked = server.client.get_workflow_handle(task["task_id"])
            shown = await asked.query("__temporal_workflow_metadata", result_type=WorkflowMetadata)
            plain = str(shown.current_details).replace("\\", "")
            return plain if "nothing is owed here any more" in plain else ""

        first = (await eventually(page)).splitlines()[0]
        for words in (f"completed: {answer['outcome']}", "by `cm-1`", f"{datetime.now(UTC):%Y-%m-%d}"):
            assert words in first
