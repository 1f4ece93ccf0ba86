"""`StaffTask`: something a named person owes, which climbs its ladder while it is overdue.

Open executions of this workflow are the clinic's worklist; it is found by search attributes alone.
"""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from functools import partial
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from temporalio import workflow
from temporalio.common import RawValue, SearchAttributePair, TypedSearchAttributes
from temporalio.exceptions import ApplicationError

with workflow.unsafe.imports_passed_through():
    from activities.models import Receipt, StaffNotice
    from workflows import visibility as seen
    from workflows.answering import none_of, only
    from workflows.arriving import NOTHING, begun, heard, refused_start
    from workflows.cancellation import WITHDRAWN, live_through
    from workflows.core.bounds import HISTORY_LINES, check_entry
    from workflows.core.codes import check_code, check_workflow_id
    from workflows.core.decisions import NEEDS_REASON, accepted_by
    from workflows.core.entries import in_words
    from workflows.core.errors import InvalidEntry
    from workflows.core.signing import signers
    from workflows.core.urgency import Urgency, while_overdue
    from workflows.details import as_text, task_page
    from workflows.messages import (
        TOO_LATE,
        Acknowledging,
        Completion,
        HistoryLine,
        Reassignment,
        TaskChanged,
        TaskDone,
        TaskHeard,
        TaskReach,
        TaskStart,
        TaskView,
        TaskWithdrawn,
        Why,
        no_effect,
    )
    from workflows.notices import StaffNotices, others_than, until_the_task_ends
    from workflows.staff import roles_in_directory
    from workflows.waiting import NamedWait

Said = TypeVar("Said", bound=BaseModel)

GONE = "the episode takes no further entries"

HEARD_WITHIN = timedelta(seconds=5)
"""So long an answer waits for its effect: an episode that is paused hears of it once it goes on."""


def task_attributes(task: TaskStart) -> TypedSearchAttributes:
    """The search attributes with which a task begins."""
    pairs: list[SearchAttributePair[Any]] = [
        SearchAttributePair(seen.TASK, task.kind),
        SearchAttributePair(seen.SITE, task.site),
        SearchAttributePair(seen.EPISODE, task.episode_id),
        SearchAttributePair(seen.LEVEL, 0),
        SearchAttributePair(seen.DUE, task.due_at),
        SearchAttributePair(seen.OWNER, task.owner or task.role),
    ]
    return TypedSearchAttributes(pairs)


@workflow.defn(name=seen.STAFF_TASK)
class StaffTask:
    """Waits until a person completes it or its cause is gone; each level of its ladder has its own owner."""

    @workflow.init
    def __init__(self, start: RawValue = NOTHING) -> None:
        # An error raised here would stop the workflow task for ever; `run` fails the workflow with it instead.
        beginning = begun(_begin, start, TaskStart)
        self._refusal = beginning if isinstance(beginning, str) else None
        if isinstance(beginning, str):
            return
        self.task = task = beginning
        self.role, self.owner = task.role, task.owner
        self.level = 0
        self.done: TaskDone | None = None
        self.withdrawn: TaskWithdrawn | None = None
        self.came_of_it: TaskHeard | None = None
        """What the episode says of the answer."""
        self._is_waited_for = False
        """Whether whoever gave the answer waits to hear what comes of it."""
        self.ended: HistoryLine | None = None
        self.told: dict[str, str] = {}
        """The staff ids of those who were reached, with the role as which they were."""
        self.unreached: str | None = None
        """Why the latest notice has reached nobody so far."""
        self.history: list[HistoryLine] = []
        self.revision = 0
        self.stands_in_for: str | None = None
        """In whose place the owner has it, where it was handed over by hand."""
        self._is_changed = False
        self._wait = NamedWait()
        self._notices = StaffNotices()
        self._passing_on: set[asyncio.Task[bool]] = set()

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
        self._tell(f"task_{task.kind}", [task.asks])
        if any(level.at <= workflow.now() for level in task.levels):
            self._climb()
        while not self._settled:
            ahead = [
                (number, level) for number, level in enumerate(self.task.levels, 1) if number > self.level
            ]
            at = ahead[0][1].at if ahead else None
            self._wait.wait_for(at, f"Overdue: goes to the {ahead[0][1].role}" if ahead else "")
            await workflow.wait_condition(lambda: self._settled or self._wait.is_over or self._is_changed)
            self._is_changed = False
            if self._wait.is_over and not self._settled:
                self._climb()
        self._wait.stop()
        self._show()
        self._notices.take_back()
        if self.done and not await self._pass_on("task_completed", self.done):  # the task's answer stands
            self._note(GONE)
            self.came_of_it = TaskHeard(changes=[f"Nothing: {GONE}."])
        await self._notices.landed()
        if self.withdrawn and not self.done and not self.withdrawn.quietly:
            await self._tell_withdrawal(f"No longer needed ({self.withdrawn.reason}): {self.task.asks}")
        await workflow.wait_condition(lambda: not self._passing_on and workflow.all_handlers_finished())
        return (
            self.done.outcome
            if self.done
            else f"withdrawn: {self.withdrawn.reason if self.withdrawn else ''}"
        )

    @property
    def _settled(self) -> bool:
        return self.done is not None or self.withdrawn is not None

    def _climb(self) -> None:
        """Go to the highest level whose time has come: after an outage the passed ones collapse (T7)."""
        level = self._level_by_now()
        if level <= self.level:  # its due time has moved while the timer ran out
            return
        self.level = level
        self.role, self.owner, self.stands_in_for = *self._by_the_team, None
        self._note(f"overdue: level {self.level}, now with the {self.role}")
        self._show_owner()
        self._show()
        self._tell("task_overdue", [f"Overdue: {self.task.asks}"])

    @property
    def _by_the_team(self) -> tuple[str, str | None]:
        """The role and the person whose the task is at its level, if nobody has given it to somebody else."""
        if not self.level:
            return self.task.role, self.task.owner
        level = self.task.levels[self.level - 1]
        return level.role, level.staff_id

    @workflow.signal(name="changed", description="The episode tells how the task stands now")
    def changed(self, *told: Any) -> None:
        news = heard(told, TaskChanged)
        if news is not None and not self._refusal and not self._settled and news.revision > self.revision:
            self._follow(news)

    def _follow(self, news: TaskChanged) -> None:
        """Follow the team and the calendar: whoever gets the task hears of it once (T3, T6)."""
        before, due_at, is_theirs = self._by_the_team, self.task.due_at, self.owner == self._by_the_team[1]
        self.revision, self._is_changed = news.revision, True
        self.task = self.task.model_copy(
            update={name: value for name, value in news if name in TaskStart.model_fields}
        )
        if news.due_at != due_at:
            self._note(f"due {_utc(news.due_at)}")
        level = min(self.level, self._level_by_now())
        is_no_longer_overdue = level < self.level
        if is_no_longer_overdue:
            self._notices.take_back()
            self._tell("task_not_overdue", [f"Not overdue: {self.task.asks}"], f"not_overdue_{news.revision}")
            self.level = level
        if (is_theirs or is_no_longer_overdue) and self._by_the_team != before:
            self._hand_over(before[1], still_tells=is_no_longer_overdue)
        elif news.asks_otherwise:
            self._note("what it asks has changed")
            self._tell("task_changed", [f"Changed: {self.task.asks}"], f"changed_{news.revision}")
        self._show_owner()
        self._show()

    def _hand_over(self, former: str | None, still_tells: bool) -> None:
        self.role, self.owner, self.stands_in_for = *self._by_the_team, None
        if not self.history:  # the beginning tells its first owner
            return
        if not still_tells:
            self._notices.take_back()  # they were for somebody else
        self._note(f"goes to {self.owner or self.role}")
        self.told.pop(former or "", None)  # whoever has gone need not hear how it ends
        if self.owner not in self.told:
            lines = [f"Handed over to you: {self.task.asks}"]
            self._tell(f"task_{self.task.kind}", lines, f"handed_over_{self.revision}")

    def _level_by_now(self) -> int:
        """The highest level whose time has come."""
        return max((n for n, one in enumerate(self.task.levels, 1) if one.at <= workflow.now()), default=0)

    def _show_owner(self) -> None:
        workflow.upsert_search_attributes(
            [
                seen.LEVEL.value_set(self.level),
                seen.OWNER.value_set(self.owner or self.role),
                seen.DUE.value_set(self.task.due_at),
            ]
        )

    def _tell(self, subject: str, lines: list[str], once: str | None = None) -> None:
        """Begin to tell whoever owns it now. It is tried until it arrives, or until the task ends or is reassigned."""
        notice = self._notice(subject, lines, once)
        urgency = while_overdue(self.task.urgency) if self.level else self.task.urgency
        self._notices.begin(
            notice, urgency, partial(self._heard, notice), insist=until_the_task_ends(urgency)
        )

    def _notice(self, subject: str, lines: list[str], once: str | None = None) -> StaffNotice:
        team = {level.role: level.staff_id for level in self.task.levels if level.staff_id}
        return StaffNotice(
            key=f"{self.task.task_id}:{once or subject}:{self.level}",
            episode_id=self.task.episode_id,
            role=self.role,
            staff_id=self.owner,
            subject_code=subject,
            lines=lines,
            due_at=self.task.due_at,
            task_id=self.task.task_id,
            level=self.level,
            others=others_than(self.role, team),
            in_danger=self.task.urgency is Urgency.IN_DANGER,
        )

    def _heard(self, notice: StaffNotice, receipt: Receipt | None, failures: list[str]) -> None:
        for failure in failures:
            self._note(failure)
        if receipt:
            self.told[receipt.to] = notice.role
            if notice.insisting or self.unreached:
                self._note(f"{receipt.to} was told")
        before, self.unreached = self.unreached, None if receipt else " ".join(failures)
        if bool(before) != bool(self.unreached) and not self._settled:
            flags = ["nobody_reached"] if self.unreached else []
            workflow.upsert_search_attributes([seen.FLAGS.value_set(flags)])
            self._show()
            reach = TaskReach(task_id=self.task.task_id, unreached=self.unreached)
            self._begin_to_pass_on("task_reach", reach)

    def _begin_to_pass_on(self, signal: str, message: TaskReach | StaffNotice) -> None:
        passing_on = asyncio.create_task(self._pass_on(signal, message))
        self._passing_on.add(passing_on)
        passing_on.add_done_callback(self._passing_on.discard)

    async def _pass_on(self, signal: str, message: TaskDone | TaskReach | StaffNotice) -> bool:
        """Tell whoever asked for the task; whether there was still somebody to tell."""
        asker = self.task.reports_to or f"episode-{self.task.episode_id}"
        try:
            await workflow.get_external_workflow_handle(asker).signal(signal, message)
        except Exception:  # its record is complete and its workflow gone
            return False
        return True

    async def _tell_withdrawal(self, line: str) -> None:
        """Whoever was reached hears that it is withdrawn (A5). What does not arrive at once is left to the episode:
        a task that has ended leaves the worklist."""
        left_over: list[StaffNotice] = []
        for number, (staff_id, role) in enumerate(self.told.items()):
            subject = f"task_withdrawn_{number}" if number else "task_withdrawn"
            notice = self._notice(subject, [line]).model_copy(
                update={"role": role, "staff_id": staff_id, "others": [], "in_danger": False}
            )

            def heard(receipt: Receipt | None, _: list[str], notice: StaffNotice = notice) -> None:
                if receipt is None:
                    left_over.append(notice)

            self._notices.begin(notice, self.task.urgency, heard, insist=None)
        await self._notices.landed()
        for notice in left_over:
            await self._pass_on("pass_on", notice)

    # -- what staff do --------------------------------------------------------------------------------------

    @workflow.update(
        name="complete", description="Complete the task with one of its outcomes: {by, outcome, reason?}"
    )
    async def complete(self, *given: Any) -> TaskView:
        said = _read(Completion, given)
        known_as = await self._must_be_able_to_sign("by", said.by)
        self._must_be_open()
        self.done = TaskDone(task_id=self.task.task_id, known_as=known_as, **said.model_dump())
        self.ended = self._note(f"completed: {self.done.outcome}", self.done.by)
        self._is_waited_for = True
        with suppress(TimeoutError):
            await workflow.wait_condition(
                lambda: self.came_of_it is not None,
                timeout=HEARD_WITHIN,
                timeout_summary="The answer is told, heard or not",
            )
        self._is_waited_for = False
        if self.came_of_it and self.came_of_it.objection:
            raise _refused("NotAllowedNow", f"{said.outcome} had no effect: {self.came_of_it.objection}")
        return self.view()

    @complete.validator
    def _may_complete(self, *given: Any) -> None:
        self._must_be_open()
        said = _read(Completion, given)
        if said.outcome not in accepted_by(self.task.kind, self.task.outcomes, self.task.entries):
            raise _refused(
                "InvalidEntry", f"outcome: {said.outcome} is none of {', '.join(self.task.outcomes)}."
            )
        if said.outcome in NEEDS_REASON and not said.reason:
            raise _refused("InvalidEntry", f"reason: the outcome {said.outcome} needs a reason.")
        self._may_be_able_to_sign("by", said.by)

    @workflow.signal(name="answer_heard", description="The episode tells what came of the answer")
    def answer_heard(self, *told: Any) -> None:
        news = heard(told, TaskHeard)
        if news is None or self._refusal or not self.done:
            return
        self.came_of_it = news
        if not news.objection:
            return
        self._note(f"the answer had no effect: {news.objection}")
        if not self._is_waited_for:
            line = no_effect(self.done, news.objection)
            late = self._notice(TOO_LATE, [line]).model_copy(
                update={"role": "case_manager", "staff_id": self.done.by, "others": [], "in_danger": False}
            )
            self._begin_to_pass_on("pass_on", late)

    @workflow.update(name="reassign", description="Give the task to another person: {to, by, instead_of?}")
    async def reassign(self, *given: Any) -> TaskView:
        said = _read(Reassignment, given)
        await self._must_be_able_to_sign("to", said.to)
        self._must_be_open()
        if said.to == self.owner:  # it is theirs already, and they have heard of it
            return self.view()
        self._notices.take_back()  # they were for somebody else
        former = self.owner
        self.owner = said.to
        self.stands_in_for = said.instead_of
        place = f" in the place of {self.stands_in_for}" if self.stands_in_for else ""
        self._note(f"reassigned to {self.owner}{place}", said.by)
        if self.stands_in_for:  # whoever has gone need not hear how it ends
            self.told.pop(former or "", None)
        self._show_owner()
        self._show()
        self._tell(f"task_reassigned_{len(self.history)}", [self.task.asks])
        return self.view()

    @reassign.validator
    def _may_reassign(self, *given: Any) -> None:
        self._must_be_open()
        said = _read(Reassignment, given)
        self._may_be_able_to_sign("to", said.to)
        _must_be_a_person(said.by)
        self._must_have_room()

    @workflow.update(name="acknowledge", description="Say that you have seen the task: {by}")
    def acknowledge(self, *given: Any) -> TaskView:
        self._note("acknowledged", _read(Acknowledging, given).by)
        return self.view()

    @acknowledge.validator
    def _may_acknowledge(self, *given: Any) -> None:
        self._must_be_open()
        _must_be_a_person(_read(Acknowledging, given).by)
        self._must_have_room()

    @workflow.signal(name="withdraw")
    def withdraw(self, *told: Any) -> None:
        withdrawn = heard(told, TaskWithdrawn)
        if withdrawn is not None and not self._refusal:
            self._withdraw(withdrawn)

    def _withdraw(self, withdrawn: TaskWithdrawn) -> None:
        if self.done is None:
            self.withdrawn = withdrawn
            self.ended = self._note(f"withdrawn: {withdrawn.reason}")

    def _cancellation_requested(self, reason: str) -> None:
        if WITHDRAWN in reason:  # it was done otherwise: nobody needs to hear of it
            self._withdraw(TaskWithdrawn(reason=reason.partition(WITHDRAWN)[2], quietly=True))
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
        return TaskView(
            task_id=task.task_id,
            kind=task.kind,
            episode_id=task.episode_id,
            role=self.role,
            owner=self.owner,
            stands_in_for=self.stands_in_for,
            due_at=task.due_at,
            level=self.level,
            state=state,
            outcomes=task.outcomes,
            signed_by=list(task.signers.roles),
            nobody_reached=self.unreached is not None,
            not_reached=self.unreached,
            why=Why(rule=task.rule, entries=task.entries, asks=task.asks),
            history=self.history,
            ended=self.ended,
            is_heard=self.came_of_it is not None,
            changes=self.came_of_it.changes if self.came_of_it else [],
        )

    # -- small things ---------------------------------------------------------------------------------------

    def _must_have_begun(self) -> None:
        if self._refusal:
            raise refused_start("task", self._refusal)

    def _must_have_room(self) -> None:
        if len(self.history) >= HISTORY_LINES:
            raise _refused(
                "NotAllowedNow", f"Of this task {HISTORY_LINES} lines are written already: complete it."
            )

    def _must_be_open(self) -> None:
        self._must_have_begun()
        if self.done:
            raise _refused(
                "NotAllowedNow", f"This task is completed already: {self.done.outcome} by {self.done.by}."
            )
        if self.withdrawn:
            raise _refused("NotAllowedNow", f"This task is withdrawn: {self.withdrawn.reason}.")

    def _may_be_able_to_sign(self, field: str, staff_id: str) -> None:
        # Refused here, while the task is open: an answer that the engine refuses would end the task for nothing.
        signers, kind = self.task.signers, self.task.kind
        if not signers.must_ask_about(staff_id) and (objection := signers.objection(kind, staff_id)):
            raise _refused("NotAllowedNow", f"{field}: {objection}")

    async def _must_be_able_to_sign(self, field: str, staff_id: str) -> tuple[str, ...] | None:
        """The roles of somebody outside the team in the staff directory, if they may sign by them."""
        if not self.task.signers.must_ask_about(staff_id):
            return None
        known_as = await roles_in_directory(staff_id)
        if objection := self.task.signers.objection(self.task.kind, staff_id, known_as):
            raise _refused("NotAllowedNow", f"{field}: {objection}")
        return known_as

    def _note(self, what: str, by: str | None = None) -> HistoryLine:
        self.history.append(HistoryLine(at=workflow.now(), what=what, by=by))
        return self.history[-1]

    def _show(self) -> None:
        """The page of the task; of one that has ended, first how (F8)."""
        page = task_page(self.task, self.role, self.owner, self.level, self.unreached)
        if self.ended:
            by = f" by `{self.ended.by}`" if self.ended.by else ""
            how = f"**{as_text(self.ended.what)}**{by}, {_utc(self.ended.at)}: nothing is owed here any more."
            page = f"{how}\n\nIt was:\n\n{page}"
        workflow.set_current_details(page)


def _begin(start: Mapping[str, Any]) -> TaskStart:
    task = TaskStart.model_validate(start)
    check_workflow_id("task_id", "task-", task.task_id, workflow.info().workflow_id)
    return task


def _utc(instant: datetime) -> str:
    return f"{instant:%Y-%m-%d %H:%M %Z}"


def _read(what: type[Said], values: Sequence[Any]) -> Said:
    fields = ", ".join(what.model_fields)
    given = only(values, f"an object with {fields}")
    if not isinstance(given, dict):
        raise _refused("InvalidEntry", f"Give an object with {fields}.")
    try:
        check_entry(given)
        said = what.model_validate(given)
        for name in ("by", "to"):
            if staff_id := getattr(said, name, None):
                check_code(name, staff_id)
    except ValidationError as error:
        raise _refused("InvalidEntry", in_words(error, what)) from None
    except InvalidEntry as error:
        raise _refused("InvalidEntry", str(error)) from None
    return said


def _must_be_a_person(staff_id: str) -> None:
    if objection := signers({}, ()).bars("a task", staff_id):
        raise _refused("NotAllowedNow", f"by: {objection}")


def _refused(type_: str, message: str) -> ApplicationError:
    return ApplicationError(message, type=type_, non_retryable=True)
