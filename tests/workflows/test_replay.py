"""Every history replays: today's code decides as the code did that recorded it."""

from pathlib import Path

import pytest
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Replayer

from tests.workflows.golden import golden_journey
from tests.workflows.histories import histories_of, read, stored
from tests.workflows.story import Story
from worker.run import running_worker
from worker.sandbox import WORKFLOWS, sandbox
from worker.settings import Settings
from workflows.core.board import Board, Reconciled


@pytest.fixture
def replayer() -> Replayer:
    return Replayer(workflows=WORKFLOWS, workflow_runner=sandbox(), data_converter=pydantic_data_converter)


@pytest.mark.parametrize("file", stored(), ids=lambda file: file.name.partition(".")[0])
async def test_a_stored_history_replays(replayer: Replayer, file: Path) -> None:
    await replayer.replay_workflow(read(file))


async def test_the_stored_histories_are_the_golden_journey() -> None:
    kinds = {read(file).workflow_id.partition("-")[0] for file in stored()}
    assert kinds == {"episode", "task"}
    assert sum(len(read(file).events) for file in stored()) > 1000


async def test_a_core_that_decides_otherwise_is_found_out(
    replayer: Replayer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Board, "reconcile", lambda board, *_: Reconciled(board, [], []))
    with pytest.raises(Exception, match=r"(?i)nondeterminism"):
        await replayer.replay_workflow(read(stored()[0]))


@pytest.mark.usefixtures("mailbox")
async def test_what_was_just_lived_through_replays(
    time_skipping: WorkflowEnvironment, clinic_settings: Settings, replayer: Replayer
) -> None:
    async with running_worker(time_skipping.client, clinic_settings, versioned=False):
        story = await Story.begin(time_skipping)
        await golden_journey(story)
    run_id = story.handle.first_execution_run_id
    for history in await histories_of(time_skipping.client, story.handle.id, run_id):
        await replayer.replay_workflow(history)
