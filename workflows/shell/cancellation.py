"""A cancellation request does not end anything by itself.

The Web UI offers "Request Cancellation" to everybody who looks at a workflow. An episode ends by a decision that a
named person signs (E1), and a task by its outcome or because its cause is gone; so a request from outside is noted
and nothing else, and only the episode itself withdraws its tasks in this way.
"""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from temporalio import workflow

T = TypeVar("T")

WITHDRAWN = "withdrawn by its episode: "
"""This stands in the reason by which an episode withdraws a task; the server may put words of its own before it."""


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
