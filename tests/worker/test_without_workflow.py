"""What is asked is answered without a workflow: of deleted and ended episodes, and where no server answers (E9, T2)."""

import asyncio
import json
import subprocess
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import pytest_asyncio
from sqlalchemy import text
from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.workflowservice.v1 import DeleteWorkflowExecutionRequest
from temporalio.testing import WorkflowEnvironment

from activities.clinic_database import ClinicDatabase, Crosswalk
from tests import servers
from tests.typed import carepath
from tests.waiting import eventually
from tests.workflows.story import ZONE, Story
from worker.executions import described
from worker.settings import Settings

pytestmark = [pytest.mark.dear, pytest.mark.asyncio(loop_scope="module")]

TODAY = datetime.now(UTC).astimezone(ZONE).date()
ADMITTED = TODAY - timedelta(days=10)
NOWHERE = "127.0.0.1:1"


@dataclass
class Shared:
    """A clinic in which an operator has deleted what ran."""

    environment: WorkflowEnvironment
    settings: Settings

    async def typed(self, *arguments: str, address: str | None = None) -> subprocess.CompletedProcess[str]:
        address = address or self.environment.client.service_client.config.target_host
        return await asyncio.to_thread(carepath, *arguments, settings=self.settings, address=address)

    async def shows(self, *arguments: str, address: str | None = None) -> Any:
        done = await self.typed(*arguments, "--json", address=address)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    async def begin(self, name: str) -> Story:
        database = ClinicDatabase(self.settings.database)
        await Crosswalk(database).open_episode(f"MRN-{name}", name, ADMITTED)
        await database.close()
        story = await Story.begin(
            self.environment, name, referred_on=(ADMITTED - timedelta(days=1)).isoformat()
        )
        await story.admit(on=ADMITTED)
        await story.record("use", on=ADMITTED + timedelta(days=4), substance="alcohol")
        await self.until_all_is_kept(story)
        return story

    async def until_all_is_kept(self, story: Story) -> None:
        async def kept() -> bool:
            return not (await story.progress())["not_kept"]

        await eventually(kept)

    async def delete(self, name: str) -> None:
        """Press Delete in the Web UI."""
        client = self.environment.client
        request = DeleteWorkflowExecutionRequest(
            namespace=client.namespace, workflow_execution=WorkflowExecution(workflow_id=f"episode-{name}")
        )
        await client.workflow_service.delete_workflow_execution(request)

        async def is_gone() -> bool:
            return await described(client, f"episode-{name}") is None

        await eventually(is_gone)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def clinic(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Shared]:
    async with servers.running_clinic(tmp_path_factory.mktemp("clinic")) as (environment, settings):
        yield Shared(environment, settings)


ASKED = (("progress",), ("journal",), ("gate",), ("why",))


async def test_E9_a_deleted_episode_answers_what_it_answered_while_it_ran(clinic: Shared) -> None:
    await clinic.begin("d1")
    yesterday = str(TODAY - timedelta(days=1))
    questions = [
        *((*question, "d1") for question in ASKED),
        ("journal", "d1", "--as-known-on", yesterday),
    ]
    while_it_ran = [await clinic.shows(*question) for question in questions]
    (task,) = [one for one in while_it_ran[0]["open_tasks"] if one["kind"] == "safety_check"]
    await clinic.delete("d1")
    for question, before in zip(questions, while_it_ran, strict=True):
        after = await clinic.shows(*question)
        if question[0] == "progress":  # what staff were told stands in the workflow alone
            before["look_at"] = after["look_at"]
        assert after == before, question
    said = await clinic.typed("progress", "d1")
    assert "This is from its journal in the clinic database" in said.stderr
    why = await clinic.shows("why", task["task_id"])
    assert (why["kind"], why["why"]["rule"], why["state"]) == ("safety_check", task["rule"], "open")


async def test_E9_where_no_server_answers_the_journal_does_and_says_so(clinic: Shared) -> None:
    await clinic.begin("d2")
    running = await clinic.shows("progress", "d2")
    said = await clinic.typed("progress", "d2", "--json", address=NOWHERE)
    assert said.returncode == 0
    assert "There is no Temporal server at 127.0.0.1:1" in said.stderr
    assert json.loads(said.stdout)["open_tasks"] == running["open_tasks"]
    assert (await clinic.typed("accounting", "MRN-d2", address=NOWHERE)).returncode == 0
    unknown = await clinic.typed("progress", "nobody", address=NOWHERE)
    assert unknown.returncode == 1
    assert "There is no Temporal server" in unknown.stderr


async def test_E9_a_closed_and_deleted_episode_tells_how_it_ended(clinic: Shared) -> None:
    story = await clinic.begin("d3")
    await story.record("exit", reason="withdrew", on=TODAY)
    await clinic.until_all_is_kept(story)
    await clinic.delete("d3")
    shown = await clinic.shows("progress", "d3")
    assert (shown["stage"], shown["exit"]["reason"]) == ("closed", "withdrew")


async def test_T3_verify_says_in_words_whether_the_journals_are_what_was_written(clinic: Shared) -> None:
    story = await clinic.begin("d4")
    whole = await clinic.typed("journal", "verify")
    assert whole.returncode == 0, whole.stderr + whole.stdout
    assert "none was changed, left out or put elsewhere" in whole.stdout
    assert (await clinic.shows("journal", "verify", "d4"))["journals"] == 1
    database = ClinicDatabase(clinic.settings.database)
    async with database.transaction() as session:
        for name in ("refuses_update", "refuses_delete"):
            await session.execute(text(f"DROP TRIGGER journal_{name}"))
        last = await session.scalar(
            text("SELECT max(number) FROM journal_line WHERE workflow_id = 'episode-d4'")
        )
        await session.execute(
            text("DELETE FROM journal_line WHERE workflow_id = 'episode-d4' AND number = :last"),
            {"last": last},
        )
    cut = await clinic.typed("journal", "verify", "d4")
    assert cut.returncode == 1
    assert (
        f"Episode-d4: its workflow has handed over {last + 1} lines, and {last} are there; its end was cut off"
        in (" ".join(cut.stdout.split()))
    )
    async with database.transaction() as session:
        await session.execute(
            text("UPDATE journal_line SET line = '{}' WHERE workflow_id = 'episode-d4' AND number = 1")
        )
    await database.close()
    changed = await clinic.typed("journal", "verify")
    assert changed.returncode == 1
    assert "Episode-d4: line 1 is not what was written; it was changed." in changed.stdout
    await story.handle.terminate()
    await clinic.delete("d4")
    spoiled = await clinic.typed("progress", "d4")
    assert spoiled.returncode == 1
    assert "`carepath journal verify" in spoiled.stderr
    assert (await clinic.typed("journal", "verify", "nobody")).returncode == 1
