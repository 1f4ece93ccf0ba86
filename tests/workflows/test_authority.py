"""E0 and E10 through the public contract: who may sign, asked of the team and of the clinic's staff directory."""

from datetime import timedelta
from typing import Any

import pytest
from temporalio.client import WorkflowUpdateFailedError
from temporalio.exceptions import ApplicationError
from temporalio.testing import WorkflowEnvironment

from tests.workflows.story import Story
from worker.mailbox import Mailbox
from worker.run import running_worker
from worker.settings import Settings

DAY = timedelta(days=1)


@pytest.fixture
async def worker(time_skipping: WorkflowEnvironment, clinic_settings: Settings, mailbox: Mailbox):  # type: ignore[no-untyped-def]
    async with running_worker(time_skipping.client, clinic_settings, versioned=False) as running:
        yield running


async def refusal(asked: Any) -> ApplicationError:
    """The error with which an update is refused."""
    with pytest.raises(WorkflowUpdateFailedError) as refused:
        await asked
    assert isinstance(refused.value.cause, ApplicationError)
    return refused.value.cause


@pytest.mark.usefixtures("worker")
async def test_E0_a_task_and_the_record_are_signed_by_people_whom_the_clinic_knows(
    time_skipping: WorkflowEnvironment,
) -> None:
    story = await Story.begin(time_skipping)
    await story.record("screening", substances=["alcohol"])
    task = await story.task("level_of_care")
    # Nobody, a system, somebody of another role in the team, and one of another role elsewhere in the clinic.
    for by, words in (
        ("nobody-7", "knows anybody called nobody-7"),
        ("lab", "named person of the staff"),
        ("cm-1", "cm-1 has another role"),
        ("cm-2", "cm-2 is case manager"),
    ):
        for update, answer in (
            ("complete", {"by": by, "outcome": "iop"}),
            ("reassign", {"to": by, "by": "su-1"}),
        ):
            error = await refusal(task.execute_update(update, answer))
            assert (error.type, words in error.message) == ("NotAllowedNow", True), error.message
        error = await story.refused("decision", about="level_of_care", choice="iop", by=by)
        assert (error.type, words in error.message) == ("NotAllowedNow", True), error.message
    await story.complete("level_of_care", "iop", by="th-2")  # a therapist of the clinic, not of this team
    progress = await story.progress()
    assert "awaiting_admission" in progress["states"]
    (decided,) = [line for line in await story.handle.query("journal") if line["kind"] == "decision"]
    error = await story.refused(
        "retraction", entry_id=decided["entry_id"], reason="mine is better", by="cm-2"
    )
    assert "taken back" in error.message
    await story.record("retraction", entry_id=decided["entry_id"], reason="mistaken", by="su-1")
    assert "level_of_care" in await story.tasks()


@pytest.mark.usefixtures("worker")
async def test_what_a_task_is_told_is_read_to_the_last_field(time_skipping: WorkflowEnvironment) -> None:
    story = await Story.begin(time_skipping)
    task = await story.task("screening")
    for update, answer in (
        ("complete", {"by": "cm-1", "outcome": "declined", "resaon": "moved away"}),
        ("complete", {"by": "cm-1", "outcome": "declined", "task_id": "task-of-another"}),
        ("reassign", {"by": "cm-1", "to": "cm-2", "reason": "x"}),
        ("acknowledge", {"by": "cm-1", "at": "now"}),
    ):
        error = await refusal(task.execute_update(update, answer))
        assert (error.type, "is not a field here (its fields are: " in error.message) == (
            "InvalidEntry",
            True,
        )
    assert (await task.query("task"))["state"] == "open"
