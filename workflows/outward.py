"""Carrying out effects: tasks and notices, from any workflow whose core asks for them.

Each effect runs beside the workflow's life and never stops it; a run is continued as new only when all have landed.
"""

import asyncio
from collections.abc import Callable, Coroutine, Iterable, Mapping
from typing import Any, TypeVar

from pydantic import BaseModel
from temporalio import workflow
from temporalio.common import Priority
from temporalio.exceptions import ApplicationError

with workflow.unsafe.imports_passed_through():
    from activities.models import StaffNotice
    from workflows import visibility as seen
    from workflows.cancellation import WITHDRAWN
    from workflows.core.engine.effects import ChangeTask, CloseTask, Notify, OpenTask, StartReferral
    from workflows.core.engine.urgency import Urgency
    from workflows.details import task_attributes
    from workflows.messages import (
        TOO_LATE,
        Level,
        TaskChanged,
        TaskDone,
        TaskHeard,
        TaskStart,
        TaskWithdrawn,
        no_effect,
    )
    from workflows.notices import Reach, StaffNotices, others_than, until_it_is_old

E = TypeVar("E")


class Outward:
    """What is on its way out of one workflow."""

    def __init__(
        self,
        *,
        episode_id: str,
        site: str,
        team: Callable[[], Mapping[str, str]],
        reach: Reach,
        reports_to: str | None = None,
    ) -> None:
        self._episode_id, self._site, self._team = episode_id, site, team
        self._reports_to, self._reach = reports_to, reach
        self._tasks: list[workflow.ChildWorkflowHandle[Any, Any]] = []
        self._in_flight: set[asyncio.Task[None]] = set()
        self._notices = StaffNotices()
        self._starting: dict[str, asyncio.Task[None]] = {}
        self.completed_themselves: set[str] = set()
        """Tasks that told us that they are done: there is nothing to withdraw."""

    @property
    def is_idle(self) -> bool:
        """Whether everything has landed, but for notices that are tried on; each is one of what is in flight."""
        return len(self._in_flight) <= len(self._notices.insisting)

    @property
    def has_landed(self) -> bool:
        """Whether nothing at all is on its way."""
        return not self._in_flight

    @property
    def has_no_open_task(self) -> bool:
        """Whether every task that this run has opened has ended."""
        return all(task.done() for task in self._tasks)

    def carry_out(self, effects: Iterable[E], perform: Callable[[E], Coroutine[Any, Any, None]]) -> None:
        """Begin to carry out effects; `perform` knows how."""
        for effect in effects:
            if isinstance(effect, CloseTask) and effect.task_id in self.completed_themselves:
                continue
            task = asyncio.create_task(perform(effect))
            if isinstance(effect, OpenTask):
                self._starting[effect.task_id] = task
            elif isinstance(effect, StartReferral):
                self._starting[effect.referral_id] = task
            self._begin(task)

    def _begin(self, task: "asyncio.Task[None]") -> None:
        self._in_flight.add(task)
        task.add_done_callback(self._landed)

    def _landed(self, task: asyncio.Task[None]) -> None:
        self._in_flight.discard(task)
        self._starting = {task_id: start for task_id, start in self._starting.items() if start is not task}

    def starting(self, workflow_id: str) -> asyncio.Task[None] | None:
        """The beginning of a child that has not begun yet."""
        return self._starting.get(workflow_id)

    async def open_task(self, task: OpenTask) -> None:
        """Start a task's own workflow, which outlives this run."""
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
        )
        handle = await workflow.start_child_workflow(
            seen.STAFF_TASK,
            child,
            id=task.task_id,
            parent_close_policy=workflow.ParentClosePolicy.ABANDON,
            search_attributes=task_attributes(child),
            static_summary=f"{task.kind.replace('_', ' ')} · {task.role.replace('_', ' ')}",
            priority=Priority(priority_key=task.urgency),
        )
        self._tasks = [*(one for one in self._tasks if not one.done()), handle]

    async def change_task(self, changed: ChangeTask) -> None:
        """Tell an open task how it stands now: whose it is, until when, what it asks, and who may sign it."""
        task = changed.task
        if starting := self._starting.get(task.task_id):
            await workflow.wait([starting])
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
        await _signal(task.task_id, "changed", news)

    async def close_task(self, task: CloseTask) -> None:
        """Withdraw a task; who was alerted hears of it unless it is done quietly (A5)."""
        if starting := self._starting.get(task.task_id):
            await workflow.wait([starting])
        if not task.quietly:
            await _signal(task.task_id, "withdraw", TaskWithdrawn(reason=task.reason, quietly=False))
            return
        try:
            await workflow.get_external_workflow_handle(task.task_id).cancel(reason=WITHDRAWN + task.reason)
        except ApplicationError as error:  # it has ended by itself in the meantime
            workflow.logger.info("task %s had already ended: %s", task.task_id, error.type)

    def tell_heard(
        self,
        task_id: str,
        heard: TaskHeard,
        in_force: Coroutine[Any, Any, None] | None = None,
        late: Callable[[], Coroutine[Any, Any, None]] | None = None,
    ) -> None:
        """Tell a task what came of its answer, once that is in force: whoever gave it waits for this.

        Where the task has ended, nobody waits any more; an objection is then told by `late`.
        """

        async def tell() -> None:
            if in_force:
                await in_force
            if not await _signal(task_id, "answer_heard", heard) and heard.objection and late:
                await late()

        self._begin(asyncio.create_task(tell()))

    async def notify(self, notice: Notify, key: str) -> None:
        """Tell staff, until it arrives or is no news any more."""
        telling = StaffNotice(
            key=key,
            episode_id=self._episode_id,
            role=notice.role,
            staff_id=notice.staff_id,
            subject_code=notice.subject,
            lines=list(notice.lines),
            others=others_than(notice.role, self._team()),
            in_danger=notice.urgency is Urgency.IN_DANGER,
        )
        heard = self._reach.of_notice(telling)
        await self._notices.begin(telling, notice.urgency, heard, insist=until_it_is_old(notice.urgency))

    def pass_on(self, notice: StaffNotice) -> None:
        """Go on telling what a task could not tell before it ended, or an earlier run of this workflow."""
        insisting = notice.model_copy(update={"insisting": True})
        heard = self._reach.of_notice(insisting)
        insist = until_it_is_old(Urgency.IN_DANGER if notice.in_danger else Urgency.ORDINARY)
        self._begin(self._notices.begin(insisting, Urgency.ORDINARY, heard, at_first=None, insist=insist))

    def untold(self) -> list[dict[str, Any]]:
        """What is tried on, as plain JSON: a run that continues this one tries on in its place."""
        return [notice.model_dump(mode="json") for notice in self._notices.insisting.values()]


def too_late(done: TaskDone, heard: TaskHeard) -> Notify:
    """What a person is told whose answer had no effect, and who has not heard so as they gave it (E10)."""
    return Notify(
        f"{done.task_id}:late", "case_manager", done.by, TOO_LATE, (no_effect(done, heard.objection),)
    )


async def _signal(task_id: str, name: str, told: BaseModel) -> bool:
    """Tell a task something; whether it was there to hear it."""
    try:
        await workflow.get_external_workflow_handle(task_id).signal(name, told)
    except ApplicationError as error:  # it has ended in the meantime: what it says is on its way to us
        workflow.logger.info("task %s had already ended: %s", task_id, error.type)
        return False
    return True


def _levels(task: OpenTask) -> list[Level]:
    return [Level(role=one.role, staff_id=one.staff_id, at=one.at) for one in task.escalation]
