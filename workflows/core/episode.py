"""One patient's passage through a pathway: record, chart and policy, moved by entries and by time.

`apply` and `wake` bring everything up to date and leave what the world must do in `effects`. Both judge the
whole situation anew, so that a late entry, a correction and an outage need no code of their own.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from statemachine.orderedset import OrderedSet

from workflows.core.alarms import due_alarms
from workflows.core.calendar import Calendar, in_words
from workflows.core.changes import observed, told
from workflows.core.deadlines import Deadline
from workflows.core.decisions import answered_duty
from workflows.core.duties import Duty
from workflows.core.effects import CloseTask, Effect, EscalationLevel, NoteClosed, OpenTask
from workflows.core.entries import Decision, Entry, Exit, Leave, PolicyAdoption, Return, Source, dated_ahead
from workflows.core.errors import InvalidEntry, NotAllowedNow, Refused
from workflows.core.facts import Answer, Facts, Frame
from workflows.core.pathway import Pathway, Stage
from workflows.core.policy import load_policy
from workflows.core.progress import Changed
from workflows.core.record import Record
from workflows.core.start import EpisodeStart


class Episode:
    """The engine for one episode. Pure: it knows no clock, every call is told the instant.

    Raises:
        InvalidPolicy: the policy in `start` contradicts itself.
    """

    def __init__(self, start: EpisodeStart, pathway: Pathway, now: datetime) -> None:
        policy = start.read_policy()
        self.start = start
        self.pathway = pathway
        self.started_at = now
        self.record = Record(start.zone)
        self.frame = Frame(
            policy,
            Calendar(start.zone, policy.business, frozenset(start.closures)),
            start.schedule,
            start.team.model_dump(exclude_none=True),
            exits=pathway.exits,
            periods=[("intake", start.referred_on)],
        )
        self.facts = Facts(self.record, self.frame, now)
        self.situation = pathway.situation(self.facts)
        self.chart = pathway.chart(model=self.situation)
        self.effects: list[Effect] = []
        self.open_tasks: dict[str, OpenTask] = {}
        self.done_by: dict[str, tuple[str, ...]] = {}
        self.opened: dict[str, int] = {}
        self.sent: set[str] = set()
        self.undelivered: list[str] = []
        self.taken_over_at: datetime | None = None
        self.next_deadline: Deadline | None = None
        self._reading: tuple[object, ...] | None = None
        self._observed: dict[str, object] = {}
        self._adoptions: tuple[int, ...] = ()

    # -- what happens -------------------------------------------------------------------------------------

    def wake(self, now: datetime) -> list[str]:
        """Bring the episode up to date with the time; what changed since it was last looked at, in words."""
        before = self._observed
        return told(before, *self._up_to_date(now, frozenset()))

    def apply(self, entry: Entry, now: datetime) -> Changed:
        """Record one entry and follow it through.

        Raises:
            InvalidEntry, NotAllowedNow: why it is refused; then nothing has changed.
        """
        result = self.apply_many([entry], now)[0]
        if isinstance(result, Refused):
            raise result
        return result

    def apply_many(self, entries: Sequence[Entry], now: datetime) -> list[Changed | Refused]:
        """Record entries together: all that are accepted stand in the record before anything is judged.

        Each is accepted or refused for itself; the results are in the order of `entries`.
        """
        before = observed(self._look(now), self.stage)
        results: list[Changed | Refused | None] = [None] * len(entries)
        arriving = frozenset(entry.key for entry in entries)
        decisions: list[int] = []
        for number, entry in enumerate(entries):
            if entry.key in self.record:
                results[number] = Changed(entry_id=entry.key, duplicate=True, stage=self.stage)
            elif isinstance(entry, Decision):
                decisions.append(number)
            else:
                results[number] = self._add(entry, now, arriving)
        if any(entry.source is Source.IMPORT for entry in entries):
            self.taken_over_at = now
        for number in sorted(decisions, key=lambda n: (entries[n].when() or now.date(), n)):
            results[number] = self._decide(entries[number], now)
        kinds = frozenset(entry.kind for entry in entries)
        after, happened = self._up_to_date(now, kinds)
        changes = told(before, after, happened)
        changed = {name for name in after if before.get(name) != after[name]}
        for result in results:
            if isinstance(result, Changed) and not result.duplicate:
                result.stage = self.stage
                result.changes = changes
                result.before = {name: before.get(name) for name in changed}
                result.after = {name: after[name] for name in changed}
        return [result for result in results if result is not None]

    def _add(self, entry: Entry, now: datetime, arriving: frozenset[str]) -> Changed | Refused:
        try:
            self._check(entry, now, arriving)
        except Refused as refused:
            return refused
        self.record.add(entry, now)
        return Changed(entry_id=entry.key, stage=self.stage)

    def _check(self, entry: Entry, now: datetime, arriving: frozenset[str]) -> None:
        zone, policy = self.start.zone, self.frame.policy
        if dated_ahead(entry, now, zone, policy.clock_skew):
            raise InvalidEntry(
                f"This {entry.kind} entry is dated {entry.when()}, which is in the future: it is "
                f"{in_words(now.astimezone(zone))} in {zone.key}. Record it when it has happened."
            )
        self.record.check(entry, arriving)
        if isinstance(entry, PolicyAdoption):
            load_policy(entry.policy)
        if isinstance(entry, Leave):
            self._check_leave(entry)
        if isinstance(entry, Exit):
            self._check_exit(entry)
        if isinstance(entry, Return):
            self._check_return(entry)

    def _check_leave(self, leave: Leave) -> None:
        for first, last, _ in self.facts.leaves:
            if first <= leave.until and leave.from_ <= last and not leave.supersedes:
                raise InvalidEntry(
                    f"This leave overlaps the one from {first} to {last}; record the return from it "
                    "first, or supersede it."
                )

    def _check_return(self, entry: Return) -> None:
        facts = self.facts
        on_time = facts.exit and facts.exit[0] == "withdrew" and self._may_reopen()
        if self.stage == "closed" and not on_time:
            return  # kept and shown (E11)
        if not on_time and not any(first <= entry.on for first, _, _ in facts.leaves):
            raise NotAllowedNow(f"There is no leave that began by {entry.on} to return from.")

    def _check_exit(self, entry: Exit) -> None:
        if entry.source is Source.IMPORT:
            return
        if self.stage == "closed" and self.facts.exit and entry.supersedes != self.facts.exit[2]:
            reason, on, key = self.facts.exit
            raise NotAllowedNow(
                f"The episode is closed already: {reason} on {on} (entry {key}). To correct that, "
                "retract or supersede that entry."
            )
        if entry.reason in ("lost_contact", "involuntary"):
            about = {"lost_contact": "lost_contact_proposal", "involuntary": "involuntary_review"}[
                entry.reason
            ]
            raise NotAllowedNow(
                f"An exit as {entry.reason} needs a decision by a named person about {about}; "
                "it is not recorded as an exit entry (E1)."
            )
        if entry.reason == "completed" and self.stage != "aftercare":
            raise NotAllowedNow(
                f"An episode is completed from aftercare; this one is in {self.stage}. To end it now, "
                "use transferred, withdrew or other."
            )

    def _decide(self, entry: Entry, now: datetime) -> Changed | Refused:
        assert isinstance(entry, Decision)
        try:
            self._check(entry, now, frozenset())
            self._settle(now)
            duties = list(self.pathway.duties(self.facts, self.stage))
            ids = {key: task.task_id for key, task in self.open_tasks.items()}
            key, kind = self._answered(entry, duties, ids)
        except Refused as refused:
            return refused
        self.record.add(entry, now)
        recorded = self.record.get(entry.key)
        assert recorded is not None
        self.frame.answers[key] = Answer(
            entry.choice, entry.by, recorded.effective_at, entry.key, entry.reason
        )
        event = self.pathway.events.get((kind, entry.choice))
        self._settle(now)
        if event:
            self.chart.send(event)
            self._follow_stage(recorded.effective_at.date())
            self._settle(now)
        return Changed(entry_id=entry.key, stage=self.stage)

    def _answered(self, entry: Decision, duties: list[Duty], ids: dict[str, str]) -> tuple[str, str]:
        try:
            duty = answered_duty(entry, duties, ids, self.facts)
        except NotAllowedNow:
            # What was decided in another system is history: it needs no task that asked for it here (T7).
            if entry.source is Source.IMPORT:
                return f"{entry.about}:{entry.key}", entry.about
            raise
        return duty.key, duty.kind

    def _may_reopen(self) -> bool:
        return any(duty.kind == "reopening" for duty in self.pathway.duties(self.facts, self.stage))

    # -- following ----------------------------------------------------------------------------------------

    def _look(self, now: datetime) -> Facts:
        self.facts = self.situation.facts = Facts(self.record, self.frame, now)
        return self.facts

    def _settle(self, now: datetime) -> None:
        """Let the guards speak until the chart stands still."""
        self._adopt_policy()
        for _ in range(4):  # a stage brings at most its own first transitions with it
            self._reopen_on_return(self._look(now))
            reading = self.situation.read()
            if reading == self._reading:
                return
            self._reading = reading
            self.chart.send("settle")
            self._follow_stage(None)
        self._look(now)

    def _adopt_policy(self) -> None:
        version = self.record.version(PolicyAdoption)
        if version == self._adoptions:
            return
        self._adoptions = version
        adopted = self.record.standing(PolicyAdoption)
        entry = adopted[-1].entry if adopted else None
        policy = load_policy(entry.policy) if isinstance(entry, PolicyAdoption) else self.start.read_policy()
        self.frame.policy = policy
        self.frame.calendar = Calendar(self.start.zone, policy.business, frozenset(self.start.closures))
        self.frame.kept.clear()

    def _reopen_on_return(self, facts: Facts) -> None:
        """A return within the time for it takes a withdrawal back, like the decision to reopen (E3)."""
        returns = self.record.standing(Return)
        if facts.exit and facts.exit[0] == "withdrew" and returns:
            back, key = returns[-1], f"reopening:{facts.exit[2]}"
            signed = self.record.get(facts.exit[2])
            if signed and back.recorded_at > signed.recorded_at and self._may_reopen():
                self.frame.answers[key] = Answer("reopen", back.entry.by, back.recorded_at, back.key, None)
                self._look(facts.now)

    def _follow_stage(self, on: date | None) -> None:
        """Note since when the episode is in its stage; a stage begins on the day that its entry states."""
        stage = "program" if self.stage == "gate_review" else self.stage
        periods = self.frame.periods
        if stage != periods[-1][0]:
            facts = self.facts
            begins = on or facts.today
            if stage == "program" and periods[-1][0] == "intake" and facts.admitted_on:
                begins = facts.admitted_on
            elif stage == "closed" and facts.exit and (signed := self.record.get(facts.exit[2])):
                begins = signed.effective_at.date()
            periods.append((stage, begins))
            closed_on = facts.exit[1] if facts.exit else None
            if "closed" in (stage, periods[-2][0]):
                self.effects.append(NoteClosed(f"closed:{len(periods)}", closed_on))
        elif self.facts.admitted_on:  # a corrected admission moves the program with it (T3)
            for number, (name, since) in enumerate(periods):
                if name == "program" and since != self.facts.admitted_on:
                    periods[number] = (name, self.facts.admitted_on)
                if name == "program":
                    break

    def _up_to_date(self, now: datetime, kinds: frozenset[str]) -> tuple[dict[str, object], list[str]]:
        self._settle(now)
        happened = self._reconcile(kinds)
        if self.stage in ("program", "gate_review") and not self.facts.on_leave:
            for alarm in due_alarms(self.facts, self.sent):
                self.sent.add(alarm.key)
                self.effects.append(alarm)
        self.next_deadline = min(self.pathway.deadlines(self.facts, self.stage), default=None)
        self._observed = observed(self.facts, self.stage)
        return self._observed, happened

    def _reconcile(self, kinds: frozenset[str]) -> list[str]:
        """Open and close tasks for the difference between what is owed and what is open."""
        facts, happened = self.facts, []
        owed = {
            duty.key: duty
            for duty in self.pathway.duties(facts, self.stage)
            if duty.is_task and facts.answer(duty.key) is None
        }
        for key in [key for key in self.open_tasks if key not in owed]:
            task = self.open_tasks.pop(key)
            answer = facts.answer(key)
            done = answer is not None or not kinds.isdisjoint(self.done_by.pop(key, ()))
            subject = key.partition(":")[2]
            moved_on = subject and any(
                other.partition(":")[2] == subject for other in owed if other not in self.open_tasks
            )
            reason = (
                f"{answer.choice} by {answer.by}"
                if answer
                else "done"
                if done
                else "the next step has taken its place"
                if moved_on
                else "its cause no longer holds"
            )
            self.effects.append(CloseTask(task.task_id, key, reason, quietly=bool(done or moved_on)))
            happened.append(f"{'Done' if done else 'Withdrawn'}: {task.kind.replace('_', ' ')} ({reason}).")
        for key, duty in owed.items():
            if (
                known := self.open_tasks.get(key)
            ) and known.asks != duty.asks:  # such as what admission waits for
                self.open_tasks[key] = replace(known, asks=duty.asks, entries=duty.entries)
            elif known is None and (new := self._task(duty)):
                self.open_tasks[key] = new
                self.done_by[key] = duty.done_by
                self.effects.append(new)
                happened.append(
                    f"Opened for {new.role.replace('_', ' ')}, due {in_words(new.due_at)}: {new.asks}"
                )
        return happened

    def _task(self, duty: Duty) -> OpenTask | None:
        calendar, since = self.frame.calendar, duty.since
        due_at = calendar.due(since, duty.within)
        # What belonged to a moment before this clinic took over was answered elsewhere; what lasts keeps its
        # true due time, and is overdue if that has passed (T7).
        if self.taken_over_at and duty.lapses and due_at < self.taken_over_at:
            return None
        number = self.opened[duty.key] = self.opened.get(duty.key, 0) + 1
        name = hashlib.sha256(f"{self.start.episode_id}|{duty.key}|{number}".encode()).hexdigest()[:20]
        team = self.frame.team
        levels = tuple(
            EscalationLevel(level.role, team.get(level.role), calendar.due(due_at, level.after))
            for level in self.frame.policy.escalation
            if duty.escalates and level.role != duty.role
        )
        return OpenTask(
            f"task-{name}",
            duty.key,
            duty.kind,
            duty.role,
            team.get(duty.role),
            due_at,
            levels,
            duty.outcomes,
            duty.rule,
            duty.entries,
            duty.asks,
        )

    def restore_chart(self, states: Sequence[str], history: Mapping[str, Sequence[str]]) -> None:
        """Put the chart back to where it stood, without running entry actions again."""
        self.situation = self.pathway.situation(self.facts)
        self.situation.state = OrderedSet(states)
        self.chart = self.pathway.chart(model=self.situation)
        for name, ids in history.items():
            self.chart.history_values[name] = [self.chart.states_map[state] for state in ids]
        self._adopt_policy()
        self._look(self.started_at)

    # -- where things stand -------------------------------------------------------------------------------

    @property
    def states(self) -> list[str]:
        """Ids of the active states, compound ones included."""
        return list(self.chart.configuration_values)

    @property
    def stage(self) -> Stage:
        """The stage of the public contract."""
        return self.pathway.stage(self.chart.configuration_values)

    def finished(self, now: datetime) -> bool:
        """Whether a closed episode takes no further entries and nothing is owed (E11)."""
        return (
            self.stage == "closed"
            and not self.open_tasks
            and (self.next_deadline is None or self.next_deadline.at <= now)
        )

    def take_effects(self) -> list[Effect]:
        """What the world must do since this was last asked."""
        taken, self.effects = self.effects, []
        return taken

    def at_close_of(self, day: date) -> datetime:
        """The last instant of a program day."""
        return self.frame.calendar.at(day + timedelta(days=1)) - timedelta(microseconds=1)

    @property
    def zone(self) -> ZoneInfo:
        """The program's time zone."""
        return self.start.zone
