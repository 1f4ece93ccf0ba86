"""What a task refuses to take, in words that name the field and the remedy."""

from collections.abc import Sequence

from temporalio import workflow
from temporalio.exceptions import ApplicationError

with workflow.unsafe.imports_passed_through():
    from workflows.core.engine.bounds import HISTORY_LINES
    from workflows.core.engine.signatures import Signature
    from workflows.core.engine.signing import signers
    from workflows.core.episode.decisions import NEEDS_REASON, accepted_by
    from workflows.messages import (
        Completion,
        HistoryLine,
        TaskDone,
        TaskStart,
        TaskWithdrawn,
    )
    from workflows.staff import roles_in_directory


def refused(type_: str, message: str) -> ApplicationError:
    """What the caller is told."""
    return ApplicationError(message, type=type_, non_retryable=True)


def must_be_open(done: TaskDone | None, withdrawn: TaskWithdrawn | None) -> None:
    """Refuse whatever comes after the end.

    Raises:
        ApplicationError: says how it ended.
    """
    if done:
        raise refused("NotAllowedNow", f"This task is completed already: {done.outcome} by {done.by}.")
    if withdrawn:
        raise refused("NotAllowedNow", f"This task is withdrawn: {withdrawn.reason}.")


def must_have_room(history: Sequence[HistoryLine]) -> None:
    """Refuse to write more about one task than anybody reads; to complete it there is always room.

    Raises:
        ApplicationError: says so.
    """
    if len(history) >= HISTORY_LINES:
        raise refused(
            "NotAllowedNow", f"Of this task {HISTORY_LINES} lines are written already: complete it."
        )


def must_be_an_outcome(task: TaskStart, said: Completion) -> None:
    """Refuse an outcome that the task does not have, or one without the reason that it needs.

    Raises:
        ApplicationError: names the field and the remedy.
    """
    if said.outcome not in accepted_by(task.kind, task.outcomes, task.entries):
        raise refused("InvalidEntry", f"outcome: {said.outcome} is none of {', '.join(task.outcomes)}.")
    if said.outcome in NEEDS_REASON and not said.reason:
        raise refused("InvalidEntry", f"reason: the outcome {said.outcome} needs a reason.")


def may_be_able_to_sign(task: TaskStart, field: str, staff_id: str) -> None:
    """Refuse who cannot sign, as far as the team tells. While the task is open: an answer that the engine refuses would
    end the task for nothing.

    Raises:
        ApplicationError: names who may.
    """
    if not task.signers.must_ask_about(staff_id) and (
        objection := task.signers.objection(task.kind, staff_id)
    ):
        raise refused("NotAllowedNow", f"{field}: {objection}")


async def must_be_able_to_sign(
    task: TaskStart, field: str, staff_id: str, signature: Signature | None = None
) -> tuple[str, ...] | None:
    """The roles of somebody outside the team in the staff directory, if they may sign by them; as the clinic has signed
    them, where it has.

    Raises:
        ApplicationError: names who may.
    """
    if not task.signers.must_ask_about(staff_id):
        return None
    is_signed = signature is not None and bool(task.trust)
    known_as = signature.roles if signature and is_signed else await roles_in_directory(staff_id)
    if objection := task.signers.objection(task.kind, staff_id, known_as):
        raise refused("NotAllowedNow", f"{field}: {objection}")
    return known_as


def must_be_a_person(staff_id: str) -> None:
    """Refuse what is no person.

    Raises:
        ApplicationError: says so.
    """
    if objection := signers({}, ()).bars("a task", staff_id):
        raise refused("NotAllowedNow", f"by: {objection}")
