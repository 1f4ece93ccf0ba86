"""An episode lives again from its journal alone, with the same tasks, and nothing is sent twice (E9, E11, E3)."""

import asyncio
import json
import subprocess
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import pytest_asyncio
from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.workflowservice.v1 import DeleteWorkflowExecutionRequest
from temporalio.testing import WorkflowEnvironment

from activities.clinic_database import ClinicDatabase, Crosswalk
from tests import servers
from tests.typed import carepath
from tests.waiting import eventually
from tests.workflows.story import ZONE, Story
from worker.executions import described
from worker.mailbox import read
from worker.settings import Settings

pytestmark = [pytest.mark.dear, pytest.mark.asyncio(loop_scope="module")]

TODAY = datetime.now(UTC).astimezone(ZONE).date()
ADMITTED = TODAY - timedelta(days=10)


@dataclass
class Shared:
    """A clinic in which an operator deletes what runs."""

    environment: WorkflowEnvironment
    settings: Settings

    async def typed(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        address = self.environment.client.service_client.config.target_host
        return await asyncio.to_thread(carepath, *arguments, settings=self.settings, address=address)

    async def does(self, *arguments: str) -> str:
        done = await self.typed(*arguments)
        assert done.returncode == 0, done.stderr + done.stdout
        return done.stdout

    async def begin(self, name: str) -> Story:
        database = ClinicDatabase(self.settings.database)
        await Crosswalk(database).open_episode(f"MRN-{name}", name, ADMITTED)
        await database.close()
        referred_on = (ADMITTED - timedelta(days=1)).isoformat()
        story = await Story.begin(self.environment, name, referred_on=referred_on)
        await story.admit(on=ADMITTED)
        await story.record("use", on=ADMITTED + timedelta(days=4), substance="alcohol")
        return story

    async def settle(self, story: Story) -> dict[str, Any]:
        """Wait until all is kept and every open task runs; where it stands then."""

        async def settled() -> bool:
            shown = await story.progress()
            running = [
                found is not None and found.runs
                for task in shown["open_tasks"]
                for found in (await described(self.environment.client, task["task_id"]),)
            ]
            return not shown["not_kept"] and all(running)

        await eventually(settled)
        return await story.progress()

    async def delete(self, *workflow_ids: str) -> None:
        """Press Delete in the Web UI."""
        client = self.environment.client
        for workflow_id in workflow_ids:
            request = DeleteWorkflowExecutionRequest(
                namespace=client.namespace, workflow_execution=WorkflowExecution(workflow_id=workflow_id)
            )
            await client.workflow_service.delete_workflow_execution(request)

        async def are_gone() -> bool:
            return [await described(client, one) for one in workflow_ids] == [None] * len(workflow_ids)

        await eventually(are_gone)

    def mails(self) -> list[str]:
        return sorted(
            json.dumps(one, sort_keys=True, default=str) for one in read(self.settings.home / "mail.jsonl")
        )


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def clinic(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Shared]:
    async with servers.running_clinic(tmp_path_factory.mktemp("clinic")) as (environment, settings):
        yield Shared(environment, settings)


def same(before: dict[str, Any], after: dict[str, Any]) -> None:
    """What people see is the same: tasks under their ids, when they are due, and what is waited for."""
    for name in ("stage", "states", "open_tasks", "next_deadline", "gate", "extensions", "exit", "team"):
        assert before[name] == after[name], name


async def test_E9_a_deleted_episode_goes_on_with_the_same_tasks_and_nobody_is_told_twice(
    clinic: Shared,
) -> None:
    story = await clinic.begin("r1")
    before = await clinic.settle(story)
    tasks = [task["task_id"] for task in before["open_tasks"]]
    assert tasks
    told = clinic.mails()
    await clinic.delete("episode-r1", *tasks[:1])
    assert "episode-r1 goes on by its journal." in await clinic.does("restore", "r1")
    await goes_on(story)
    after = await clinic.settle(story)
    same(before, after)
    assert "Recorded" in await clinic.does(
        "record", "r1", "contact", f"at={TODAY}T00:01", "channel=phone", "outcome=reached", "--by", "cm-1"
    )
    task = await story.task("safety_check")
    heard = await task.execute_update("complete", {"by": "cm-1", "outcome": "safe", "reason": "seen"})
    assert heard["state"] == "completed"
    await clinic.settle(story)
    assert "none was changed" in await clinic.does("journal", "verify", "r1")
    assert set(told) <= set(clinic.mails())
    doubled = [one for one in clinic.mails() if clinic.mails().count(one) > 1]
    assert doubled == []
    refused = await clinic.typed("restore", "r1")
    assert refused.returncode == 1
    assert "there is nothing to restore" in refused.stderr


async def test_E11_E3_a_closed_episode_takes_a_late_result_and_is_reopened_after_its_history_is_gone(
    clinic: Shared,
) -> None:
    story = await clinic.begin("r2")
    left = await story.record("exit", reason="withdrew", on=TODAY)
    before = await clinic.settle(story)
    await clinic.delete("episode-r2")
    await clinic.does("restore", "--all")
    await goes_on(story)
    same(before, await clinic.settle(story))
    late = await story.record(
        "test", test_id="t9", collected_on=ADMITTED + timedelta(days=6), result="negative"
    )
    assert late["stage"] == "closed"
    opened = await story.record("retraction", entry_id=left["entry_id"], reason="the person came back")
    assert opened["stage"] == "program"
    await clinic.settle(story)


async def test_I6_what_was_given_up_comes_back_only_by_its_name_and_then_is_the_open_episode(
    clinic: Shared,
) -> None:
    story = await clinic.begin("r3")
    before = await clinic.settle(story)
    await clinic.delete("episode-r3")
    named = await clinic.typed("doctor")
    assert "`carepath restore episode-r3`" in " ".join(named.stdout.split())
    refused = await clinic.typed("revive", "r3")
    assert "`carepath restore episode-r3`" in " ".join(refused.stderr.split())
    await clinic.does("give-up", "r3")
    assert "episode-r3 was given up" in " ".join((await clinic.does("restore", "--all")).split())
    assert await described(clinic.environment.client, "episode-r3") is None
    await clinic.does("restore", "r3")
    await goes_on(story)
    same(before, await clinic.settle(story))
    crosswalk = Crosswalk(ClinicDatabase(clinic.settings.database))

    async def is_open_again() -> bool:
        return await crosswalk.open_episode_of("MRN-r3") == "r3"

    await eventually(is_open_again)
    await crosswalk.database.close()


async def test_E9_what_has_no_journal_or_one_that_does_not_hold_is_not_restored(clinic: Shared) -> None:
    refused = await clinic.typed("restore", "nobody")
    assert refused.returncode == 1
    assert "no journal of episode-nobody" in refused.stderr
    assert (await clinic.typed("restore")).returncode == 2


async def goes_on(story: Story) -> None:
    """Wait until a restored episode answers; whoever talks to it names no run that is gone."""
    story.handle = story.environment.client.get_workflow_handle(story.handle.id)

    async def answers() -> bool:
        try:
            return bool(await story.progress())
        except Exception:  # it is on its way from one run to the next
            return False

    await eventually(answers)
