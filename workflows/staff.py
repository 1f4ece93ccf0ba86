"""Asking the clinic's staff directory about somebody who signs and is not of the team (E0)."""

from temporalio import workflow
from temporalio.exceptions import ActivityError

with workflow.unsafe.imports_passed_through():
    from workflows.ports.staff import WHO_IS, StaffKnown
    from workflows.ports.timeouts import STAFF_QUESTION


async def roles_in_directory(staff_id: str) -> tuple[str, ...] | None:
    """The roles of a person; None: the directory knows nobody of that id, or could not be read."""
    known = await asked_of_directory(staff_id)
    return tuple(known.roles) if known and known.roles is not None else None


async def asked_of_directory(staff_id: str) -> StaffKnown | None:
    """What the directory says of a person; None: it could not be read."""
    try:
        known: StaffKnown = await workflow.execute_activity(
            WHO_IS,
            staff_id,
            result_type=StaffKnown,
            summary="Staff directory: who signs",
            **STAFF_QUESTION.options(),
        )
    except ActivityError as error:
        workflow.logger.warning("the staff directory could not be asked: %s", type(error.cause).__name__)
        return None
    return known
