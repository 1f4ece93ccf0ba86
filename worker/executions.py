"""What the server knows of workflows, whatever became of them: paused, terminated and failing ones are told as such.

The SDK's own list ends with an error at the first workflow whose state is newer than it, such as a paused one; so the
server's answers are read as they are.
"""

import asyncio
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.enums.v1 import EventType, ResetReapplyType
from temporalio.api.enums.v1 import WorkflowExecutionStatus as Status
from temporalio.api.workflow.v1 import WorkflowExecutionInfo
from temporalio.api.workflowservice.v1 import (
    DescribeWorkflowExecutionRequest,
    GetWorkflowExecutionHistoryReverseRequest,
    ListWorkflowExecutionsRequest,
    ResetWorkflowExecutionRequest,
)
from temporalio.client import Client
from temporalio.converter import decode_typed_search_attributes
from temporalio.service import RPCError, RPCStatusCode

from worker.diagnosis import BROKEN_ATTEMPTS, said
from worker.errors import CannotDo

PAGE = 500
LONGEST = timedelta(seconds=10)
"""How long the server may take for one answer."""

AT_ONCE = 8
"""How many questions are asked at the same time."""

RUNS = ("running", "paused", "failing")
"""States in which a workflow has not ended."""

OPEN = "ExecutionStatus IN ('Running', 'Paused')"
"""What has not ended, as a visibility query; servers before 1.30 know no pause."""


@dataclass(frozen=True, slots=True)
class Execution:
    """A workflow as the server knows it."""

    id: str
    run_id: str
    type: str
    state: str
    """running, paused, failing, completed, failed, canceled, terminated or timed_out."""
    attributes: dict[str, Any]
    """Search attributes of carepath, by their names without the prefix, in small letters."""
    started_at: datetime
    attempts: int = 0
    """How often its next step was tried; known where it was looked at by itself."""

    @property
    def runs(self) -> bool:
        """Whether it has not ended."""
        return self.state in RUNS


async def executions(client: Client, query: str) -> AsyncIterator[Execution]:
    """Those that a visibility query finds.

    Raises:
        CannotDo: the server cannot list them.
    """
    request = ListWorkflowExecutionsRequest(namespace=client.namespace, page_size=PAGE, query=query)
    while True:
        try:
            page = await client.workflow_service.list_workflow_executions(request, timeout=LONGEST)
        except RPCError as error:
            if error.status is RPCStatusCode.INVALID_ARGUMENT and OPEN in request.query:
                request.query = query.replace(OPEN, "ExecutionStatus = 'Running'")
                continue
            raise said(error, client) from None
        for info in page.executions:
            yield _execution(info)
        if not page.next_page_token:
            return
        request.next_page_token = page.next_page_token


async def described(client: Client, workflow_id: str) -> Execution | None:
    """The latest run of a workflow, looked at by itself; None: it was never there, or is deleted.

    Raises:
        CannotDo: the server does not answer.
    """
    request = DescribeWorkflowExecutionRequest(
        namespace=client.namespace, execution=WorkflowExecution(workflow_id=workflow_id)
    )
    try:
        found = await client.workflow_service.describe_workflow_execution(request, timeout=LONGEST)
    except RPCError as error:
        if error.status is RPCStatusCode.NOT_FOUND and "amespace" not in error.message:
            return None
        raise said(error, client) from None
    return _execution(found.workflow_execution_info, found.pending_workflow_task.attempt)


async def all_described(client: Client, workflow_ids: Iterable[str]) -> dict[str, Execution | None]:
    """Several workflows looked at, a few at a time."""
    gate = asyncio.Semaphore(AT_ONCE)

    async def one(workflow_id: str) -> tuple[str, Execution | None]:
        async with gate:
            return workflow_id, await described(client, workflow_id)

    return dict(await asyncio.gather(*map(one, workflow_ids)))


def why_it_does_not_run(workflow_id: str, found: Execution | None) -> str | None:
    """What became of a workflow that has ended, and the remedy; None: it has not."""
    if found is None:
        restore = (
            "" if workflow_id.startswith("task-") else
            f" `carepath restore {workflow_id}` lets it go on from its journal in the clinic database."
        )  # fmt: skip
        return f"{workflow_id} is not on the server any more: it was deleted, or its history has expired.{restore}"
    if found.runs:
        return None
    if found.state == "completed":
        return f"{workflow_id} has ended by itself, and takes nothing any more."
    was = {"timed_out": "has timed out", "failed": "has failed"}.get(found.state, f"was {found.state}")
    stage = f" in stage {found.attributes['stage']}" if "stage" in found.attributes else ""
    return (f"{workflow_id} {was}{stage}: nothing is watched any more and nothing can be recorded. `carepath revive "
            f"{workflow_id}` lets it go on where it stood.")  # fmt: skip


async def revive(client: Client, ended: Execution) -> None:
    """Let a workflow that was ended from outside go on where it stood: Temporal's Reset to its last finished step. What
    was sent to it since, as far as the server took it, is applied again.

    Raises:
        CannotDo: it never got as far as a first step, or the server refuses.
    """
    execution = WorkflowExecution(workflow_id=ended.id, run_id=ended.run_id)
    history = GetWorkflowExecutionHistoryReverseRequest(namespace=client.namespace, execution=execution)
    try:
        while True:
            page = await client.workflow_service.get_workflow_execution_history_reverse(history)
            for event in page.history.events:
                if event.event_type == EventType.EVENT_TYPE_WORKFLOW_TASK_COMPLETED:
                    request = ResetWorkflowExecutionRequest(
                        namespace=client.namespace, workflow_execution=execution, request_id=ended.run_id,
                        reason="carepath revive", workflow_task_finish_event_id=event.event_id,
                        reset_reapply_type=ResetReapplyType.RESET_REAPPLY_TYPE_ALL_ELIGIBLE,
                    )  # fmt: skip
                    await client.workflow_service.reset_workflow_execution(request)
                    return
            if not page.next_page_token:
                raise CannotDo(f"{ended.id} never got as far as a first step; there is nothing to revive.")
            history.next_page_token = page.next_page_token
    except RPCError as error:
        raise said(error, client) from None


def _execution(info: WorkflowExecutionInfo, attempt: int = 0) -> Execution:
    every = decode_typed_search_attributes(info.search_attributes)
    attributes = {
        pair.key.name.removeprefix("Carepath").lower(): pair.value
        for pair in every
        if pair.key.name.startswith("Carepath")
    }
    try:
        state = Status.Name(info.status).removeprefix("WORKFLOW_EXECUTION_STATUS_").lower()
    except ValueError:  # a state that is newer than this program
        state = f"state {info.status}"
    reported = any(pair.key.name == "TemporalReportedProblems" for pair in every)
    fails = state == "running" and (attempt > BROKEN_ATTEMPTS or reported)
    return Execution(
        info.execution.workflow_id, info.execution.run_id, info.type.name, "failing" if fails else state, attributes,
        info.start_time.ToDatetime(UTC), attempt,
    )  # fmt: skip
