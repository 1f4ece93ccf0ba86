"""Runs workflows as the SDK does, but for one thing: a result that cannot be read fails what it is the result of.

Whoever may write to the server can answer for an activity (`temporal activity complete`), with anything. The SDK fails
the whole workflow task over an answer that is not of the right shape, and again at each attempt: the episode would be
stuck for as long as its history is kept. Here whoever asked for the activity hears that it has failed.

This overrides what the SDK keeps for itself; `tests/worker/codec/test_what_cannot_be_read.py` notices if that changes.
"""

from typing import Any

from temporalio.bridge.proto.workflow_activation import ResolveActivity, ResolveChildWorkflowExecution
from temporalio.exceptions import ActivityError, ApplicationError, ChildWorkflowError
from temporalio.worker import UnsandboxedWorkflowRunner, WorkflowInstance, WorkflowInstanceDetails
from temporalio.worker._workflow_instance import _WorkflowInstanceImpl

from workflows.ports.unreadable import ENCODING, UNREADABLE


class Enduring(UnsandboxedWorkflowRunner):
    """The SDK's runner inside its sandbox, with instances of ours."""

    def create_instance(self, det: WorkflowInstanceDetails) -> WorkflowInstance:
        """Where one run of a workflow lives."""
        return _Instance(det)  # type: ignore[abstract]  # an event loop that has what a workflow needs


class _Instance(_WorkflowInstanceImpl):
    def _apply_resolve_activity(self, job: ResolveActivity) -> None:
        handle = self._pending_activities.get(job.seq)
        try:
            # The SDK has a result for everything that is done, also for nothing.
            if job.result.HasField("completed") and not job.result.completed.HasField("result"):
                raise ValueError
            _check(job.result)
            super()._apply_resolve_activity(job)
        except Exception:
            if handle is None:
                raise
            self._pending_activities.pop(job.seq, None)
            handle._resolve_failure(_caused(ActivityError(
                "The result of an activity cannot be read", scheduled_event_id=0, started_event_id=0, identity="",
                activity_type=handle._input.activity, activity_id=handle._input.activity_id or "", retry_state=None,
            )))  # fmt: skip

    def _apply_resolve_child_workflow_execution(self, job: ResolveChildWorkflowExecution) -> None:
        handle = self._pending_child_workflows.get(job.seq)
        try:
            _check(job.result)
            super()._apply_resolve_child_workflow_execution(job)
        except Exception:
            if handle is None:
                raise
            self._pending_child_workflows.pop(job.seq, None)
            handle._resolve_failure(_caused(ChildWorkflowError(
                "The result of a workflow cannot be read", namespace=self._info.namespace, workflow_id=handle.id,
                run_id="", workflow_type=handle._input.workflow, initiated_event_id=0, started_event_id=0,
                retry_state=None,
            )))  # fmt: skip


def _check(result: Any) -> None:
    if result.HasField("completed") and result.completed.result.metadata.get("encoding") == ENCODING:
        raise ValueError


def _caused(error: ActivityError | ChildWorkflowError) -> ActivityError | ChildWorkflowError:
    words = "what came as its result cannot be read; it is not of carepath"
    error.__cause__ = ApplicationError(words, type=UNREADABLE, non_retryable=True)
    return error
