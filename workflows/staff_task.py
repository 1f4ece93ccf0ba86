"""`StaffTask`: something a named person owes, which climbs its ladder while it is overdue.

Open executions of this workflow are the clinic's worklist; it is found by search attributes alone.
"""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Any

from temporalio import workflow
from temporalio.common import RawValue

with workflow.unsafe.imports_passed_through():
    from workflows import visibility
    from workflows.asker import Asker
    from workflows.core.engine.codes import check_workflow_id
    from workflows.core.engine.holding import Held, by_the_team, level_at
    from workflows.core.engine.without_effect import told_too_late
    from workflows.messages import (
        Acknowledging,
        Completion,
        HistoryLine,
        Reassignment,
        TaskChanged,
        TaskDone,
        TaskHeard,
        TaskReach,
        TaskStart,
        TaskTrusts,
        TaskView,
        TaskWithdrawn,
    )
    from workflows.ports.timeouts import ANSWER_IS_WAITED_FOR
    from workflows.shell.answering import none_of
    from workflows.shell.arriving import NOTHING, M, begun, heard, refused_start
    from workflows.shell.cancellation import OTHERWISE, is_withdrawal, live_through
    from workflows.shell.waiting import NamedWait
    from workflows.task_notices import TaskNotices, addressed_to, notice_about
    from workflows.task_refusals import (
        may_be_able_to_sign,
        must_be_a_person,
        must_be_able_to_sign,
        must_be_an_outcome,
        must_be_open,
        must_have_room,
        refused,
    )
    from workflows.task_said import Said
    from workflows.wording import in_utc, task_page

GONE = "the episode takes no further entries"


@workflow.defn(name=visibility.STAFF_TASK)
class StaffTask:
    """Waits until a person completes it or its cause is gone; each level of its ladder has its own owner."""

    @workflow.init
    def __init__(self, start: RawValue = NOTHING) -> None:
        # An error raised here would stop the workflow task for ever; `run` fails the workflow with it instead.
        beginning = begun(_begin, start, TaskStart)
        self._refusal = beginning if isinstance(beginning, str) else None
        if isinstance(beginning, str):
            return
        self.task = beginning
        self.held = self._by_the_team(0)
        self.done: TaskDone | None = None
        self.withdrawn: TaskWithdrawn | None = None
        self.came_of_it: TaskHeard | None = None
        """What the episode says of the answer."""
        self._is_waited_for = False
        """Whether whoever gave the answer waits to hear what comes of it."""
        self.ended: HistoryLine | None = None
        self.history: list[HistoryLine] = []
        self.revision = 0
        self._is_changed = False
        self._said = Said(lambda: self.task)
        self._wait = NamedWait()
        self._asker = Asker(beginning)
        self._notices = TaskNotices(self._asker, self._note, self._reach_changed)

    @workflow.run
    async def run(self, start: RawValue = NOTHING) -> str:
        self._must_have_begun()
        return await live_through(self._live(), self._cancellation_requested)

    async def _live(self) -> str:
        task = self.task
        self._note("opened")
        # A task may be overdue when it opens, as after an outage: its owner hears of it first all the same, and the
        # levels it has passed are not told one after the other (T7).
        self._show()
        self._tell(f"task_{task.kind}", task.asks)
        self._climb()
        while not self._settled:
            ahead = next(iter(self.task.levels[self.held.level :]), None)
            self._wait.wait_for(
                ahead.at if ahead else None, f"Overdue: goes to the {ahead.role}" if ahead else ""
            )
            await workflow.wait_condition(lambda: self._settled or self._wait.is_over or self._is_changed)
            self._is_changed = False
            if self._wait.is_over and not self._settled:
                self._climb()
        self._wait.stop()
        self._show()
        self._notices.take_back()
        if self.done and not await self._asker.tell("task_completed", self.done):  # the task's answer stands
            self._note(GONE)
            self.came_of_it = TaskHeard(changes=[f"Nothing: {GONE}."])
        await self._notices.landed()
        if self.withdrawn and not self.done and not self.withdrawn.quietly:
            line = f"No longer needed ({self.withdrawn.reason}): {self.task.asks}"
            await self._notices.tell_withdrawal(self.task, self.held, line)
        await workflow.wait_condition(lambda: self._asker.has_heard and workflow.all_handlers_finished())
        return (
            self.done.outcome
            if self.done
            else f"withdrawn: {self.withdrawn.reason if self.withdrawn else ''}"
        )

    @property
    def _settled(self) -> bool:
        return self.done is not None or self.withdrawn is not None

    def _by_the_team(self, level: int) -> Held:
        return by_the_team(self.task.role, self.task.owner, self.task.levels, level)

    def _climb(self) -> None:
        level = level_at(self.task.levels, workflow.now())
        if level <= self.held.level:  # none has passed, or its due time has moved while the timer ran out
            return
        self.held = self._by_the_team(level)
        self._note(f"overdue: level {level}, now with the {self.held.role}")
        self._show_owner()
        self._show()
        self._tell("task_overdue", f"Overdue: {self.task.asks}")

    @workflow.signal(name="changed", description="The episode tells how the task stands now")
    def changed(self, *told: Any) -> None:
        news = self._heard(told, TaskChanged, "changed")
        if news is not None and not self._settled and news.revision > self.revision:
            self._follow(news)

    def _follow(self, news: TaskChanged) -> None:
        """Follow the team and the calendar: whoever gets the task hears of it once (T3, T6)."""
        before, due_at = self._by_the_team(self.held.level), self.task.due_at
        is_theirs = self.held.owner == before.owner
        self.revision, self._is_changed = news.revision, True
        self.task = self.task.model_copy(
            update={name: value for name, value in news if name in TaskStart.model_fields}
        )
        if news.due_at != due_at:
            self._note(f"due {in_utc(news.due_at)}")
        level = min(self.held.level, level_at(self.task.levels, workflow.now()))
        is_no_longer_overdue = level < self.held.level
        if is_no_longer_overdue:
            self._notices.take_back()
            self._tell("task_not_overdue", f"Not overdue: {self.task.asks}", f"not_overdue_{news.revision}")
            self.held = replace(self.held, level=level)
        after = self._by_the_team(level)
        if (is_theirs or is_no_longer_overdue) and after.whose != before.whose:
            self._hand_over(after, former=before.owner, still_tells=is_no_longer_overdue)
        elif news.asks_otherwise:
            self._note("what it asks has changed")
            self._tell("task_changed", f"Changed: {self.task.asks}", f"changed_{news.revision}")
        self._show_owner()
        self._show()

    def _hand_over(self, to: Held, former: str | None, still_tells: bool) -> None:
        self.held = to
        if not self.history:  # the beginning tells its first owner
            return
        if not still_tells:
            self._notices.take_back()  # they were for somebody else
        self._note(f"goes to {to.owner or to.role}")
        self._notices.forget(former)
        if not self._notices.has_told(to.owner):
            line = f"Handed over to you: {self.task.asks}"
            self._tell(f"task_{self.task.kind}", line, f"handed_over_{self.revision}")

    def _tell(self, subject: str, line: str, once: str | None = None) -> None:
        self._notices.tell(self.task, self.held, subject, line, once)

    def _reach_changed(self) -> None:
        if self._settled:
            return
        unreached = self._notices.unreached
        workflow.upsert_search_attributes(
            [visibility.FLAGS.value_set(["nobody_reached"] if unreached else [])]
        )
        self._show()
        reach = TaskReach(task_id=self.task.task_id, unreached=unreached)
        self._asker.begin_to_tell("task_reach", reach)

    # -- what staff do --------------------------------------------------------------------------------------

    @workflow.update(
        name="complete", description="Complete the task with one of its outcomes: {by, outcome, reason?}"
    )
    async def complete(self, *given: Any) -> TaskView:
        said = self._said.read(Completion, given)
        known_as = await must_be_able_to_sign(self.task, "by", said.by, said.signature)
        self._must_be_open()
        self.done = TaskDone(task_id=self.task.task_id, known_as=known_as, **dict(said))
        self.ended = self._note(f"completed: {self.done.outcome}", self.done.by)
        self._is_waited_for = True
        with suppress(TimeoutError):
            await workflow.wait_condition(
                lambda: self.came_of_it is not None,
                timeout=ANSWER_IS_WAITED_FOR,
                timeout_summary="The answer is told, heard or not",
            )
        self._is_waited_for = False
        if self.came_of_it and self.came_of_it.objection:
            raise refused("NotAllowedNow", f"{said.outcome} had no effect: {self.came_of_it.objection}")
        return self.view()

    @complete.validator
    def _may_complete(self, *given: Any) -> None:
        self._must_be_open()
        said = self._said.read(Completion, given)
        must_be_an_outcome(self.task, said)
        may_be_able_to_sign(self.task, "by", said.by)

    @workflow.signal(name="answer_heard", description="The episode tells what came of the answer")
    def answer_heard(self, *told: Any) -> None:
        news = self._heard(told, TaskHeard, "answer_heard")
        if news is None or not self.done:
            return
        self.came_of_it = news
        if not news.objection:
            return
        self._note(f"the answer had no effect: {news.objection}")
        if not self._is_waited_for:
            late = told_too_late(self.task.task_id, self.done.by)
            notice = notice_about(self.task, self.held, late.subject, *late.lines)
            self._asker.begin_to_tell("pass_on", addressed_to(notice, late.role, self.done.by))

    @workflow.update(name="reassign", description="Give the task to another person: {to, by, instead_of?}")
    async def reassign(self, *given: Any) -> TaskView:
        said = self._said.read(Reassignment, given)
        await must_be_able_to_sign(self.task, "to", said.to)
        self._must_be_open()
        self._said.keep(said)
        if said.to == self.held.owner:  # it is theirs already, and they have heard of it
            return self.view()
        self._notices.take_back()  # they were for somebody else
        former, self.held = self.held, replace(self.held, owner=said.to, stands_in_for=said.instead_of)
        place = f" in the place of {said.instead_of}" if said.instead_of else ""
        self._note(f"reassigned to {said.to}{place}", said.by)
        if said.instead_of:
            self._notices.forget(former.owner)
        self._show_owner()
        self._show()
        self._tell(f"task_reassigned_{len(self.history)}", self.task.asks)
        return self.view()

    @reassign.validator
    def _may_reassign(self, *given: Any) -> None:
        self._must_be_open()
        said = self._said.read(Reassignment, given)
        may_be_able_to_sign(self.task, "to", said.to)
        must_be_a_person(said.by)
        must_have_room(self.history)

    @workflow.update(name="acknowledge", description="Say that you have seen the task: {by}")
    def acknowledge(self, *given: Any) -> TaskView:
        said = self._said.read(Acknowledging, given)
        self._said.keep(said)
        self._note("acknowledged", said.by)
        return self.view()

    @acknowledge.validator
    def _may_acknowledge(self, *given: Any) -> None:
        self._must_be_open()
        must_be_a_person(self._said.read(Acknowledging, given).by)
        must_have_room(self.history)

    @workflow.signal(name="trusts")
    def trusts(self, *told: Any) -> None:
        news = self._heard(told, TaskTrusts, "trusts")
        if news is not None:
            self.task = self.task.model_copy(update={"trust": news.trust})

    @workflow.signal(name="withdraw")
    def withdraw(self, *told: Any) -> None:
        withdrawn = self._heard(told, TaskWithdrawn, "withdraw")
        if withdrawn is not None:
            self._withdraw(withdrawn)

    def _withdraw(self, withdrawn: TaskWithdrawn) -> None:
        if self.done is None:
            self.withdrawn = withdrawn
            self.ended = self._note(f"withdrawn: {withdrawn.reason}")

    def _cancellation_requested(self, reason: str) -> None:
        if is_withdrawal(reason, self.task.trust):  # it was done otherwise: nobody needs to hear of it
            self._withdraw(TaskWithdrawn(reason=OTHERWISE, quietly=True))
        else:
            self._note("a cancellation was requested; a task ends by one of its outcomes, so it stays open")

    @workflow.query(
        name="task", description="The task, its outcomes, why it is there, and what happened to it"
    )
    def view(self, *given: Any) -> TaskView:
        none_of(given, "task")
        self._must_have_begun()
        task = self.task
        state = "completed" if self.done else "withdrawn" if self.withdrawn else "open"
        return TaskView.of(
            task,
            self.held,
            state=state,
            nobody_reached=self._notices.unreached is not None,
            not_reached=self._notices.unreached,
            history=self.history,
            ended=self.ended,
            is_heard=self.came_of_it is not None,
            changes=self.came_of_it.changes if self.came_of_it else [],
        )

    def _heard(self, told: tuple[Any, ...], model: type[M], name: str) -> M | None:
        return None if self._refusal else heard(told, model, name, self.task.trust)

    # -- small things ---------------------------------------------------------------------------------------

    def _must_have_begun(self) -> None:
        if self._refusal:
            raise refused_start("task", self._refusal)

    def _must_be_open(self) -> None:
        self._must_have_begun()
        must_be_open(self.done, self.withdrawn)

    def _note(self, what: str, by: str | None = None) -> HistoryLine:
        self.history.append(HistoryLine(at=workflow.now(), what=what, by=by))
        return self.history[-1]

    def _show_owner(self) -> None:
        workflow.upsert_search_attributes(visibility.of_owner(self.task, self.held))

    def _show(self) -> None:
        workflow.set_current_details(task_page(self.task, self.held, self._notices.unreached, self.ended))


def _begin(start: Mapping[str, Any]) -> TaskStart:
    task = TaskStart.model_validate(start)
    check_workflow_id("task_id", "task-", task.task_id, workflow.info().workflow_id)
    return task
