"""What a task tells whoever asked for it: an episode, or a referral."""

import asyncio

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from workflows.messages import TaskDone, TaskReach, TaskStart
    from workflows.ports.staff import StaffNotice
    from workflows.shell.signals import signalled


class Asker:
    """Whoever asked for one task."""

    def __init__(self, task: TaskStart) -> None:
        self._workflow_id = task.reports_to or f"episode-{task.episode_id}"
        self._telling: set[asyncio.Task[bool]] = set()

    async def tell(self, signal: str, message: TaskDone | TaskReach | StaffNotice) -> bool:
        """Tell it; whether it was still there to hear."""
        return await signalled(self._workflow_id, signal, message)

    def begin_to_tell(self, signal: str, message: TaskReach | StaffNotice) -> None:
        """Tell it beside what else is done."""
        telling = asyncio.create_task(self.tell(signal, message))
        self._telling.add(telling)
        telling.add_done_callback(self._telling.discard)

    @property
    def has_heard(self) -> bool:
        """Whether nothing is on its way."""
        return not self._telling
