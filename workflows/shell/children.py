"""Workflows that a workflow is about to begin: what they are told meanwhile waits for them."""

import asyncio

from temporalio import workflow


class StartingChildren:
    """Children that have not begun yet."""

    def __init__(self) -> None:
        self._starts: dict[str, asyncio.Task[None]] = {}

    def note(self, workflow_id: str, start: "asyncio.Task[None]") -> None:
        """A child begins."""
        self._starts[workflow_id] = start
        start.add_done_callback(self._ended)

    def _ended(self, start: asyncio.Task[None]) -> None:
        self._starts = {one: starting for one, starting in self._starts.items() if starting is not start}

    async def started(self, workflow_id: str) -> None:
        """Wait for a child, where it has not begun yet."""
        if start := self._starts.get(workflow_id):
            await workflow.wait([start])
