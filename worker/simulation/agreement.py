"""Whether shell and core agree: journeys of the pure core, played again through the real workflows.

Runs on a time-skipping server with a worker whose activities do nothing, so that nothing is sent and no ledger is
written (P10). All patients live on the server's one clock, as they would in one clinic.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from temporalio.client import Client, WorkflowExecutionStatus, WorkflowHandle
from temporalio.testing import WorkflowEnvironment

from worker.simulation.parameters import Parameters
from worker.simulation.quiet import quiet_worker
from worker.simulation.script import Script, Step, from_day_on
from workflows import visibility
from workflows.core.episode.progress import JournalLine, Progress

LATE_BY = timedelta(minutes=2)
"""A server takes an entry a little later than a script says; entries without a time of their own are dated by it."""


@dataclass
class Agreement:
    """How many entries and answers were compared, and where shell and core differ, in words."""

    patients: int = 0
    entries: int = 0
    answers: int = 0
    differences: list[str] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        """For programs."""
        return {"patients": self.patients, "entries": self.entries, "answers": self.answers,
                "differences": self.differences}  # fmt: skip


# -- playing -----------------------------------------------------------------------------------------------


async def compare(
    environment: WorkflowEnvironment,
    parameters: Parameters,
    *,
    seed: int,
    patients: Sequence[int],
    policy: dict[str, Any] | None = None,
    progress: Callable[[int, int], None] = lambda done, of: None,
) -> Agreement:
    """Play the journeys of some patients through the workflows; where the two differ.

    The caseload is moved by whole weeks to begin after the server's present day.
    """
    today = (await environment.get_current_time()).date()
    shifted = from_day_on(parameters, today + timedelta(days=2))
    scripts = {number: Script(shifted, seed, number, policy) for number in patients}
    steps = sorted((step for script in scripts.values() for step in script.steps), key=lambda step: step.at)
    found, shells = Agreement(patients=len(scripts)), {}
    async with quiet_worker(environment.client):
        for done, step in enumerate(steps, 1):
            await _until(environment, step.at)
            if step.start:
                shells[step.number] = await _begin(environment.client, step)
            else:
                await _do(environment.client, shells[step.number], step, found)
            progress(done, len(steps))
        for number, script in scripts.items():
            lines = await shells[number].query("journal", result_type=list[JournalLine])
            found.differences += journals_differ(number, script.journal, lines)
    return found


async def _until(environment: WorkflowEnvironment, at: datetime) -> None:
    ahead = at.astimezone(UTC) - await environment.get_current_time()
    if ahead > timedelta():
        await environment.sleep(ahead)


async def _begin(client: Client, step: Step) -> WorkflowHandle[Any, Any]:
    assert step.start is not None
    return await client.start_workflow(
        visibility.CARE_EPISODE, step.start.model_dump(mode="json"), id=f"episode-{step.start.episode_id}",
        task_queue=visibility.TASK_QUEUE,
    )  # fmt: skip


async def _do(client: Client, shell: WorkflowHandle[Any, Any], step: Step, found: Agreement) -> None:
    """Do one step and compare what stands afterwards."""
    if step.task:
        found.answers += 1
        problem = await _complete(client, shell, step)
    else:
        found.entries += len(step.statements)
        results = await shell.execute_update("record_many", list(step.statements))
        problem = next((one["error"]["message"] for one in results if one["error"]), None)
    if problem:
        found.differences.append(f"{step.what}: {problem}")
        return
    assert step.stands is not None
    shown = await shell.query("progress", result_type=Progress)
    found.differences += [f"{step.what}: {difference}" for difference in progress_differs(step.stands, shown)]


async def _complete(client: Client, shell: WorkflowHandle[Any, Any], step: Step) -> str | None:
    """Complete the task as its owner would, until the episode has heard of it; what went wrong, if anything."""
    task = step.task
    assert task is not None
    shown = await shell.query("progress", result_type=Progress)
    # The id of a task may hold an instant, which differs by the moment that a server takes.
    same_kind = [one for one in shown.open_tasks if one.kind == task.kind]
    if not same_kind:
        return "the task is not open in the shell"
    open_task = min(same_kind, key=lambda one: (one.task_id != task.task_id, abs(one.due_at - task.due_at)))
    handle = client.get_workflow_handle(open_task.task_id)
    view = await handle.query("task")
    if view["level"] != step.level:
        return f"the task has climbed to level {view['level']}, in the core to {step.level}"
    statement = step.statements[0]
    answer = {"by": statement["by"], "outcome": statement["choice"], "reason": statement["reason"]}
    await handle.execute_update("complete", answer)
    # Waiting for the result would let the server's one clock run on; describing does not.
    while (await handle.describe()).status == WorkflowExecutionStatus.RUNNING:
        pass
    return None


# -- comparing ---------------------------------------------------------------------------------------------


def progress_differs(core: Progress, shell: Progress) -> list[str]:
    """Where two progresses differ, apart from ids and seconds."""
    before, after = _comparable(core), _comparable(shell)
    return [f"{name} is {after[name]} in the shell, {before[name]} in the core" for name in before
            if before[name] != after[name]]  # fmt: skip


def _comparable(progress: Progress) -> dict[str, Any]:
    shown = progress.model_dump(
        mode="json",
        include={"stage", "states", "on_leave", "in_crisis", "program_day", "last_use_on", "days_sober", "gate", "week",
                 "consecutive_misses", "extensions", "on_hold", "flags", "waits_for"},
    )  # fmt: skip
    shown["open_tasks"] = sorted((task.kind, task.role, task.level) for task in progress.open_tasks)
    shown["exit"] = progress.exit and (progress.exit.reason, progress.exit.on)
    shown["next_deadline"] = progress.next_deadline and progress.next_deadline.name
    return shown


def journals_differ(number: int, core: Sequence[JournalLine], shell: Sequence[JournalLine]) -> list[str]:
    """Where two journals differ, line by line. What a referral tells comes from its own workflow, which the core alone
    does not have."""
    shell = [line for line in shell if line.kind != "referral_news"]
    if len(core) != len(shell):
        return [f"patient {number}: the journal has {len(shell)} lines in the shell, {len(core)} in the core"]
    found = []
    for place, (one, other) in enumerate(zip(core, shell, strict=True), 1):
        same = (one.kind, one.by, one.source, one.stands) == (
            other.kind,
            other.by,
            other.source,
            other.stands,
        )
        near = (
            abs(one.effective_at - other.effective_at) <= LATE_BY >= abs(one.recorded_at - other.recorded_at)
        )
        if not (same and near and _content(one) == _content(other)):
            found.append(f"patient {number}: line {place} of the journal ({one.kind}) differs")
    return found


def _content(line: JournalLine) -> dict[str, Any]:
    """An entry without what holds the id of a task."""
    return {name: value for name, value in line.entry.items() if name not in ("id", "about")}
