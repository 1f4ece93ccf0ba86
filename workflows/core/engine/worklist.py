"""Which tasks are open: the difference between what is owed and what was already asked for.

An episode and a referral each have one. Duties are never opened or closed by hand; both come here with everything
that is owed now, and the worklist says which tasks to open and which to close (T3, A5). Here also stands from when a
task is due: from the instant at which it could first be known that it is owed, never from its oldest cause (T7).
"""

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import NamedTuple

from workflows.core.engine.calendar import Calendar, in_words
from workflows.core.engine.duty import Duty, Moment
from workflows.core.engine.effects import ChangeTask, CloseTask, EscalationLevel, OpenTask
from workflows.core.engine.escalation import Escalation
from workflows.core.engine.holding import Held, by_the_team, level_at
from workflows.core.engine.keys import subject_of
from workflows.core.engine.shown import OpenTaskView
from workflows.core.engine.urgency import of_task


@dataclass(frozen=True, slots=True)
class Context:
    """Who there is, when they work, and to whom an overdue task climbs."""

    calendar: Calendar
    team: Mapping[str, str]
    escalation: Sequence[Escalation]


@dataclass(frozen=True, slots=True)
class Known:
    """From when it could be known what is owed at a moment (T7).

    What time alone has brought is due from its own moment, also where an outage lets us see it later. What a statement
    has brought is due from that statement, however old its cause.
    """

    awaited: datetime | None
    """The moment that was waited for: before it time alone could change nothing since the last look."""
    by_time: Collection[str] | None = None
    """Keys of what was owed before anything was stated; None: nothing was, time alone has passed."""
    taken_over_at: datetime | None = None
    """When a history was taken over from another system, if one was."""

    def since(self, duty: Duty, now: datetime, calendar: Calendar) -> datetime | None:
        """From when a task that opens now is due; None: it belonged to a moment before the history was taken over."""
        elsewhere = duty.due_at(duty.since, calendar)
        if self.taken_over_at and elsewhere < self.taken_over_at and duty.lapses:
            return None  # it was answered over there
        if self.taken_over_at == now and elsewhere > now:
            return duty.since  # it runs since it was known over there
        return self._since(duty, now)

    def _since(self, duty: Duty, now: datetime) -> datetime:
        is_news = self.by_time is not None and duty.key not in self.by_time
        if is_news or self.awaited is None or self.awaited > now:
            return now
        return max(duty.since, self.awaited)


@dataclass(frozen=True, slots=True)
class Worklist:
    """The open tasks of one workflow, and for whom they were worked out."""

    name: str
    """What makes the ids of its tasks its own."""
    open: Mapping[str, OpenTask] = field(default_factory=dict)
    """By the key of the duty."""
    opened: Mapping[str, int] = field(default_factory=dict)
    """How often a task was opened for each duty."""
    unreached: Mapping[str, str] = field(default_factory=dict)
    """Why nobody was reached about a task, by its id; it is forgotten when somebody is."""
    context: Context | None = None
    """The context for which the open tasks were last worked out."""

    def shown(self, now: datetime) -> list[OpenTaskView]:
        """The open tasks as people see them, by the time at which they are due; the level is that of the instant."""
        return [
            OpenTaskView(
                task_id=task.task_id,
                kind=task.kind,
                role=task.role,
                owner=held.owner,
                due_at=task.due_at,
                level=held.level,
                rule=task.rule,
                entries=list(task.entries),
                asks=task.asks,
                outcomes=list(task.outcomes),
                signed_by=list(task.signers.roles),
                nobody_reached=task.task_id in self.unreached,
            )
            for task in sorted(self.open.values(), key=lambda task: (task.due_at, task.task_id))
            for held in (_held(task, now),)
        ]

    def asked_by(self, task_id: str) -> str | None:
        """The key of the duty that a task was opened for, also after the task has ended."""
        return next(
            (
                key
                for key, times in self.opened.items()
                if any(_task_id(self.name, key, number) == task_id for number in range(1, times + 1))
            ),
            None,
        )

    def reconcile(
        self,
        duties: Sequence[Duty],
        facts: Moment,
        kinds: Collection[str],
        context: Context,
        known: Known,
    ) -> "Reconciled":
        """Open, change and close tasks for the difference between what is owed and what is open.

        Args:
            duties: Everything that is not answered yet; what begins later is left for later.
            facts: The facts of the moment.
            kinds: Kinds of the entries that were just recorded: they tell "done" from "withdrawn".
            context: Whose the tasks are.
            known: From when it could be known what is owed.

        Returns:
            The worklist as it stands then; the tasks to open, change and close; and the same as sentences.
        """
        effects: list[OpenTask | ChangeTask | CloseTask] = []
        happened: list[str] = []
        asked_for, opened, same = dict(self.open), dict(self.opened), self.context == context
        owed = {
            duty.key: duty
            for duty in duties
            if duty.is_task and duty.since <= facts.now and (duty.after is None or duty.after in opened)
        }
        for key in [key for key in asked_for if key not in owed]:
            task = asked_for.pop(key)
            closed, said = _closed(task, {*owed} - {*asked_for}, facts, kinds)
            effects.append(closed)
            happened.append(said)
        for key, duty in owed.items():
            asked = asked_for.get(key)
            if asked:
                changed = self._as_it_stands(asked, duty, context, facts.now, same)
                if changed != asked:
                    asked_for[key] = changed = replace(changed, revision=asked.revision + 1)
                    otherwise = duty.tells_change and changed.asks != asked.asks
                    effects.append(ChangeTask(changed, otherwise))
                    happened += _told_of(asked, changed)
                    if otherwise:
                        happened.append(f"Changed for {changed.role.replace('_', ' ')}: {changed.asks}")
            elif new := self._task(duty, facts.now, context, known, opened.get(key, 0) + 1):
                asked_for[key] = new
                opened[key] = opened.get(key, 0) + 1
                effects.append(new)
                happened.append(
                    f"Opened for {new.role.replace('_', ' ')}, due {in_words(new.due_at)}: {new.asks}"
                )
        if same and not effects:
            return Reconciled(self, effects, happened)
        worklist = replace(self, open=asked_for, opened=opened, context=context)._about_open_tasks()
        return Reconciled(worklist, effects, happened)

    def heard_of(self, task_id: str, unreached: str | None) -> "Worklist":
        """A task tells whether anybody was reached about it; one that is open no more tells nothing."""
        others = {other: why for other, why in self.unreached.items() if other != task_id}
        told = {task_id: unreached} if unreached else {}
        return replace(self, unreached={**others, **told})._about_open_tasks()

    def _about_open_tasks(self) -> "Worklist":
        if not self.unreached:
            return self
        ids = {task.task_id for task in self.open.values()}
        return replace(self, unreached={one: why for one, why in self.unreached.items() if one in ids})

    def _as_it_stands(
        self, known: OpenTask, duty: Duty, context: Context, now: datetime, same: bool
    ) -> OpenTask:
        """An open task by what is asked now, and by the team and the calendar of now (T3, T6, T8)."""
        asked = known
        if (known.asks, known.entries) != (duty.asks, duty.entries):  # such as what admission waits for
            asked = replace(known, asks=duty.asks, entries=duty.entries)
        if same:
            return asked
        seen = self.context
        due_at = duty.due_at(known.since, context.calendar)
        # No task is overdue by news (T7), and no closed day more makes one due earlier (T6).
        closes_more = seen is not None and set(seen.calendar.closures) < set(context.calendar.closures)
        if due_at <= now < known.due_at or (closes_more and due_at < known.due_at):
            due_at = duty.due_at(now, context.calendar)
            if context.calendar.is_open(context.calendar.day_of(known.due_at)):
                due_at = known.due_at if closes_more else min(known.due_at, due_at)
        return replace(
            asked,
            owner=duty.owner(context.team),
            due_at=due_at,
            escalation=_levels(duty, context, max(due_at, known.opened_at or due_at)),
            signers=duty.signers(context.team),
        )

    def ended(self, task_id: str) -> "Worklist":
        """A task has ended without an answer that counts: what it asked for, if still owed, is asked for anew."""
        left = {key: task for key, task in self.open.items() if task.task_id != task_id}
        return replace(self, open=left)._about_open_tasks()

    def _task(
        self, duty: Duty, now: datetime, context: Context, known: Known, number: int
    ) -> OpenTask | None:
        since = known.since(duty, now, context.calendar)
        if since is None:
            return None
        due_at = duty.due_at(since, context.calendar)
        return OpenTask(
            _task_id(self.name, duty.key, number),
            duty.key,
            duty.kind,
            duty.role,
            duty.owner(context.team),
            since,
            due_at,
            _levels(duty, context, max(due_at, now)),
            duty.outcomes,
            duty.rule,
            duty.entries,
            duty.asks,
            duty.signers(context.team),
            of_task(duty.role, duty.rule, duty.within),
            opened_at=now,
            done_by=duty.done_by,
        )


class Reconciled(NamedTuple):
    """What has come of holding what is owed against what is open."""

    worklist: Worklist
    effects: list[OpenTask | ChangeTask | CloseTask]
    happened: list[str]


def _closed(
    task: OpenTask, taking_its_place: Collection[str], facts: Moment, kinds: Collection[str]
) -> tuple[CloseTask, str]:
    """How a task that is owed no more is closed, and that in a sentence."""
    answer, subject = facts.answer(task.duty), subject_of(task.duty)
    done = answer is not None or not set(kinds).isdisjoint(task.done_by)
    moved_on = subject and any(subject_of(other) == subject for other in taking_its_place)
    reason = (
        f"{answer.choice} by {answer.by}"
        if answer
        else "done"
        if done
        else "the next step has taken its place"
        if moved_on
        else "its cause no longer holds"
    )
    said = f"{'Done' if done else 'Withdrawn'}: {task.kind.replace('_', ' ')} ({reason})."
    return CloseTask(task.task_id, task.duty, reason, quietly=bool(done or moved_on)), said


def _held(task: OpenTask, now: datetime) -> Held:
    return by_the_team(task.role, task.owner, task.escalation, level_at(task.escalation, now))


def _levels(duty: Duty, context: Context, overdue_at: datetime) -> tuple[EscalationLevel, ...]:
    # Its owner hears of it first, and has the time of the first level also where it opens overdue (T7).
    return tuple(
        EscalationLevel(
            level.role, context.team.get(level.role), context.calendar.due(overdue_at, level.after)
        )
        for level in context.escalation
        # It climbs to those who could answer it: what a director must sign does not go to a supervisor.
        if duty.escalates and level.role != duty.role and (not duty.signed_by or level.role in duty.signed_by)
    )


def _told_of(before: OpenTask, after: OpenTask) -> list[str]:
    what, told = before.kind.replace("_", " ").capitalize(), []
    if after.owner != before.owner:
        told.append(f"{what} goes to {after.owner or 'nobody yet'} (was {before.owner or 'nobody'}).")
    if after.due_at != before.due_at:
        told.append(f"{what} is due {in_words(after.due_at)} (was {in_words(before.due_at)}).")
    return told


def _task_id(worklist: str, key: str, number: int) -> str:
    name = hashlib.sha256(f"{worklist}|{key}|{number}".encode()).hexdigest()[:20]
    return f"task-{name}"
