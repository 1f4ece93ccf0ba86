"""Waiting for what a real server does a moment later: other workflows, visibility, a schedule's state."""

import asyncio
from collections.abc import Awaitable, Callable
from time import monotonic
from typing import Any, TypeVar

from temporalio.api.enums.v1 import EventType, PendingActivityState
from temporalio.client import WorkflowExecutionStatus, WorkflowHandle
from temporalio.service import RPCError, RPCStatusCode

T = TypeVar("T")

LONGEST = 60.0
"""Seconds after which it will not come any more, also on a machine that is busy with other things."""


async def eventually(
    ask: Callable[[], Awaitable[T]], sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
) -> T:
    """Ask until the answer is one: not false, none or empty. An environment's own `sleep` lets its clock go on."""
    until, pause = monotonic() + LONGEST, 0.01
    while not (answer := await ask()):
        if monotonic() > until:
            raise AssertionError(f"it never came to hold; the last answer was {answer!r}")
        await sleep(pause)
        pause = min(0.1, 1.3 * pause)  # whoever asks without end takes the time of what is waited for
    return answer


async def begun(handle: WorkflowHandle[Any, Any]) -> None:
    """Wait for a workflow that its parent lists already."""

    async def there() -> bool:
        try:
            await handle.describe()
        except RPCError as error:
            if error.status is not RPCStatusCode.NOT_FOUND:
                raise
            return False
        return True

    await eventually(there)


async def ended(handle: WorkflowHandle[Any, Any]) -> None:
    """Wait until a workflow runs no more. To wait for its result would let the test server's one clock run on, and a
    query in the middle of a workflow task confuses it; to describe it does neither."""

    async def runs_no_more() -> bool:
        return (await handle.describe()).status is not WorkflowExecutionStatus.RUNNING

    await eventually(runs_no_more)


async def idle(handle: WorkflowHandle[Any, Any]) -> None:
    """Wait until a workflow is in the middle of no step and of no first or present attempt of an activity.

    The time-skipping server refuses a step that takes back an activity which has ended meanwhile, and after that takes
    the update that came with it for one that it has accepted already: the workflow stands still for ever.
    """
    on_its_way = (EventType.EVENT_TYPE_WORKFLOW_TASK_SCHEDULED, EventType.EVENT_TYPE_WORKFLOW_TASK_STARTED)

    async def between_two_steps() -> bool:
        pending = (await handle.describe()).raw_description.pending_activities
        if any(
            one.attempt <= 1 or one.state == PendingActivityState.PENDING_ACTIVITY_STATE_STARTED
            for one in pending
        ):
            return False
        return (await handle.fetch_history()).events[-1].event_type not in on_its_way

    await eventually(between_two_steps)
