"""Every stored history replays: today's code decides as the code did that recorded it.

That what was just lived through replays too is seen where it is lived through (`test_journey.py`).
"""

from pathlib import Path

import pytest
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.worker import Replayer

from tests.workflows.histories import read, stored
from worker.sandbox import WORKFLOWS, sandbox
from workflows.core.engine.worklist import Reconciled, Worklist


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
    monkeypatch.setattr(Worklist, "reconcile", lambda worklist, *_: Reconciled(worklist, [], []))
    with pytest.raises(Exception, match=r"(?i)nondeterminism"):
        await replayer.replay_workflow(read(stored()[0]))
