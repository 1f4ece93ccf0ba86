"""One durable wait at a time, and it has a name.

The timer is armed again only when the earliest deadline changes; its name is what the Web UI's timeline shows.
"""

import asyncio
from datetime import datetime, timedelta

from temporalio import workflow


class NamedWait:
    """Waits for an instant that may be moved while it waits."""

    def __init__(self) -> None:
        self.at: datetime | None = None
        self.is_over = False
        self._timer: asyncio.Task[None] | None = None

    def wait_for(self, at: datetime | None, name: str) -> None:
        """Wait for `at`, or for nothing; waiting for the same instant again arms no second timer."""
        if at == self.at and not self.is_over:
            return
        self.stop()
        self.at, self.is_over = at, False
        if at is not None:
            self._timer = asyncio.create_task(self._run(at, name))

    def stop(self) -> None:
        """Cancel the timer."""
        if self._timer is not None and not self._timer.done():
            self._timer.cancel()
        self.at, self._timer, self.is_over = None, None, False

    async def _run(self, at: datetime, name: str) -> None:
        # A deadline of the past, as after an outage, still goes through the timer: the server orders it.
        ahead = max(at - workflow.now(), timedelta(milliseconds=1))
        await workflow.sleep(ahead, summary=name[:200])
        self.is_over = True
