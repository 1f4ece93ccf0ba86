"""`Restoring`: a record begins to live again from its journal alone (E9).

It runs under the id of what it restores, asks for how that stands, and goes on as that: so a state comes from the
clinic's own journal, whose seals were looked at, and never from whoever may start a workflow.
"""

from temporalio import workflow
from temporalio.common import RawValue
from temporalio.exceptions import ActivityError, ApplicationError, FailureError

with workflow.unsafe.imports_passed_through():
    from workflows import visibility
    from workflows.ports.journal import RESTORE, RestoreAsked, Restored
    from workflows.ports.timeouts import RESTORING
    from workflows.shell.arriving import NOTHING, RESUMED

OF_PREFIX = {"episode": visibility.CARE_EPISODE, "referral": visibility.REFERRAL}
"""What goes on, by how its id begins."""


@workflow.defn(name=visibility.RESTORING)
class Restoring:
    """Lives for as long as it takes to read a journal."""

    @workflow.run
    async def run(self, _given: RawValue = NOTHING) -> None:
        workflow_id = workflow.info().workflow_id
        becomes = OF_PREFIX.get(workflow_id.partition("-")[0])
        if becomes is None:
            raise ApplicationError(
                f"{workflow_id} is no episode and no referral.", type="InvalidEntry", non_retryable=True
            )
        try:
            restored: Restored = await workflow.execute_activity(
                RESTORE,
                RestoreAsked(workflow_id=workflow_id, at=workflow.now()),
                result_type=Restored,
                summary="Clinic database: how it stands by its journal",
                **RESTORING.options(),
            )
        except ActivityError as error:
            cause = error.cause
            why = cause.message if isinstance(cause, FailureError) else "no answer in time"
            raise ApplicationError(why, type="CannotRestore", non_retryable=True) from None
        workflow.continue_as_new(args=[{**restored.start, RESUMED: restored.resumed}], workflow=becomes)
