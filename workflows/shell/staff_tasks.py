"""The tasks of an episode or a referral: each is a workflow of its own, which outlives the run that has opened it."""

from collections.abc import Callable
from typing import Any

from temporalio import workflow
from temporalio.common import Priority
from temporalio.exceptions import ApplicationError, WorkflowAlreadyStartedError

with workflow.unsafe.imports_passed_through():
    from workflows import visibility
    from workflows.core.engine.effects import ChangeTask, CloseTask, OpenTask
    from workflows.core.engine.signatures import Trust
    from workflows.messages import Level, TaskChanged, TaskStart, TaskTrusts, TaskWithdrawn
    from workflows.shell.cancellation import withdrawal
    from workflows.shell.children import StartingChildren
    from workflows.shell.signals import signalled


class StaffTasks:
    """The tasks that one workflow has opened.

    Args:
        episode_id: The episode that they are about.
        site: Where they are to be done.
        reports_to: Id of the workflow that they report to, where that is not the episode's own.
        starting: What is about to begin.
        trust: What signatures are judged by now.
    """

    def __init__(
        self,
        *,
        episode_id: str,
        site: str,
        reports_to: str | None,
        starting: StartingChildren,
        trust: Callable[[], Trust],
    ) -> None:
        self._episode_id, self._site, self._reports_to = episode_id, site, reports_to
        self._starting, self._trust = starting, trust
        self._open: list[workflow.ChildWorkflowHandle[Any, Any]] = []
        self.completed_themselves: set[str] = set()
        """Tasks that told us that they are done: there is nothing to withdraw."""

    @property
    def have_all_ended(self) -> bool:
        """Whether every task that this run has opened has ended."""
        return all(task.done() for task in self._open)

    async def open(self, task: OpenTask) -> None:
        """Start a task's own workflow."""
        child = TaskStart(
            task_id=task.task_id,
            kind=task.kind,
            episode_id=self._episode_id,
            reports_to=self._reports_to,
            site=self._site,
            role=task.role,
            owner=task.owner,
            due_at=task.due_at,
            levels=_levels(task),
            outcomes=list(task.outcomes),
            rule=task.rule,
            entries=list(task.entries),
            asks=task.asks,
            signers=task.signers,
            urgency=task.urgency,
            trust=self._trust() or None,
        )
        try:
            handle = await workflow.start_child_workflow(
                visibility.STAFF_TASK,
                child,
                id=task.task_id,
                parent_close_policy=workflow.ParentClosePolicy.ABANDON,
                search_attributes=visibility.of_new_task(child),
                static_summary=f"{task.kind.replace('_', ' ')} · {task.role.replace('_', ' ')}",
                priority=Priority(priority_key=task.urgency),
            )
        except WorkflowAlreadyStartedError:  # it has outlived the episode, which was restored
            return
        self._open = [*(one for one in self._open if not one.done()), handle]

    async def change(self, changed: ChangeTask) -> None:
        """Tell an open task how it stands now: whose it is, until when, what it asks, and who may sign it."""
        task = changed.task
        await self._starting.started(task.task_id)
        news = TaskChanged(
            revision=task.revision,
            owner=task.owner,
            due_at=task.due_at,
            levels=_levels(task),
            entries=list(task.entries),
            asks=task.asks,
            signers=task.signers,
            asks_otherwise=changed.asks_otherwise,
        )
        await signalled(task.task_id, "changed", news)

    async def trust(self, task_id: str) -> None:
        """Tell an open task which keys of the clinic are in force by now."""
        await self._starting.started(task_id)
        await signalled(task_id, "trusts", TaskTrusts(trust=self._trust()))

    async def close(self, task: CloseTask) -> None:
        """Withdraw a task; who was alerted hears of it unless it is done quietly (A5)."""
        await self._starting.started(task.task_id)
        if not task.quietly:
            await signalled(task.task_id, "withdraw", TaskWithdrawn(reason=task.reason, quietly=False))
            return
        try:
            await workflow.get_external_workflow_handle(task.task_id).cancel(reason=withdrawal(task.task_id))
        except ApplicationError as error:  # it has ended by itself in the meantime
            workflow.logger.info("task %s had already ended: %s", task.task_id, error.type)


def _levels(task: OpenTask) -> list[Level]:
    return [Level(role=one.role, staff_id=one.staff_id, at=one.at) for one in task.escalation]
