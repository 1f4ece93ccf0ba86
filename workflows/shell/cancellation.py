"""A cancellation request does not end anything by itself.

The Web UI offers "Request Cancellation" to everybody who looks at a workflow. An episode ends by a decision that a
named person signs (E1), and a task by its outcome or because its cause is gone; so a request from outside is noted
and nothing else, and only the episode itself withdraws its tasks in this way.
"""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from workflows.core.engine.signatures import Trust
    from workflows.ports.sealing import SEALING

T = TypeVar("T")

WITHDRAWN = "withdrawn by its episode"
"""The reason by which an episode withdraws a task that was done otherwise, always the same: nothing encrypts it (P1).
The seal stands behind it, and the server may put words of its own before it."""

OTHERWISE = "done otherwise, or the next step has taken its place"
"""What a task says that was withdrawn so; its episode says which."""


def withdrawal(task_id: str) -> str:
    """The reason by which an episode withdraws a task of its own."""
    return f"{WITHDRAWN} {SEALING.seal(task_id, WITHDRAWN, {}) or ''}".strip()


def is_withdrawal(reason: str, trust: Trust | None) -> bool:
    """Whether a cancellation is that of the task's own episode.

    Args:
        reason: Its reason.
        trust: What statements are judged by: where they are signed, whoever may write to the server withdraws nothing.
    """
    _, is_one, seal = reason.partition(WITHDRAWN)
    return bool(is_one) and (
        not trust or SEALING.fits(workflow.info().workflow_id, WITHDRAWN, {}, seal.strip() or None)
    )


async def live_through(life: Coroutine[Any, Any, T], requested: Callable[[str], None]) -> T:
    """Run a workflow's life to its own end, whatever is requested meanwhile.

    Args:
        life: What the workflow does.
        requested: Is told the reason of each cancellation request.
    """
    task = asyncio.create_task(life)
    while not task.done():
        try:
            await workflow.wait([task])
        except asyncio.CancelledError:
            requested(workflow.cancellation_reason() or "")
    return task.result()
