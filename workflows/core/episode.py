"""One patient's passage through a pathway: record, chart and policy, moved by entries and by time.

`apply` and `wake` bring everything up to date and leave what the world must do in `effects`. Both judge the
whole situation anew, so that a late entry, a correction and an outage need no code of their own.
"""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from statemachine.orderedset import OrderedSet

from workflows.core.alarms import (
    due_alarms,
    entry_after_exit,
    messages_wanted,
    news_of_death,
    nothing_awaited,
    taken_back,
)
from workflows.core.authority import signatures_taken_back, unknown_author
from workflows.core.board import Board, Clinic, Known
from workflows.core.calendar import Calendar
from workflows.core.carrying import carried_over
from workflows.core.changes import (
    observed,
    told,
    told_of_attendance,
    told_of_days_far_ahead,
    told_of_empty_screenings,
    told_of_revocations,
    told_of_strangers,
)
from workflows.core.corrections import told_of_corrections
from workflows.core.deadlines import Deadline
from workflows.core.decisions import Ids, answer_to, may_be_answered
from workflows.core.duties import Duty
from workflows.core.effects import (
    BeginEpisode,
    Effect,
    KeepConsents,
    MessagePatient,
    NoteClosed,
    Notify,
    OpenTask,
    StartReferral,
)
from workflows.core.entries import (
    Admission,
    Closure,
    Decision,
    Entry,
    Exit,
    Leave,
    PolicyAdoption,
    Retraction,
    Return,
    SessionChange,
    Source,
    TeamChange,
    parse_entry,
)
from workflows.core.errors import Refused
from workflows.core.facts import Facts, Frame
from workflows.core.facts.consents import told_of
from workflows.core.facts.signed import NotSigned, refuse_unsigned_exit
from workflows.core.linkage import Linkage
from workflows.core.pathway import IN_PROGRAM, Pathway, Stage
from workflows.core.policy import Policy, adopting, differences, load_policy
from workflows.core.progress import Changed
from workflows.core.record import Record, Recorded, is_taken_over, targets_of
from workflows.core.refusals import refuse
from workflows.core.repeats import repeated, said_anew, told_of_repeats
from workflows.core.situation import guards_read_in
from workflows.core.start import EpisodeStart


class Episode:
    """The engine for one episode. Pure: it knows no clock, every call is told the instant.

    Raises:
        InvalidPolicy: the policy in `start` contradicts itself.
    """

    def __init__(self, start: EpisodeStart, pathway: Pathway, now: datetime) -> None:
        policy = load_policy(start.policy, pathway.defaults)
        self.start = start
        self.pathway = pathway
        self.started_at = now
        self.record = Record(start.zone, now)
        self.frame = Frame(
            start.episode_id,
            policy,
            Calendar(start.zone, policy.business, frozenset(start.closures)),
            start.schedule,
            start.team.model_dump(exclude_none=True),
            start.referred_on,
            self.record.changes,
            now,
            level=pathway.level,
            moves=pathway.moves,
            exits=pathway.exits,
        )
        self.facts = Facts(self.record, self.frame, now)
        self.situation = pathway.situation(self.facts)
        self.chart = pathway.chart(model=self.situation)
        self.effects: list[Effect] = []
        self.board = Board(start.episode_id)
        self.linkage = Linkage()
        self.sent: set[str] = set()
        self.undelivered: list[str] = []
        self.unreached: dict[str, str] = {}
        """Notices about no task that have reached nobody yet, and why."""
        self.taken_over_at: datetime | None = None
        self.is_noted_closed = False
        self.next_deadline: Deadline | None = None
        self._reading: tuple[object, ...] | None = None
        self._observed: dict[str, object] | None = None
        """What was to be seen after the last entry; None after a wake, until somebody asks."""
        self._is_up_to_date = False
        self._looked_at: tuple[object, ...] | None = None
        self._stage = pathway.stage(self.chart.configuration_values)
        self._adoptions: tuple[Recorded, ...] = ()
        self._closures: tuple[Recorded, ...] = ()
        self._consents: tuple[object, ...] = ([], ())
        self._told_of_policy: list[str] = []

    # -- what happens -------------------------------------------------------------------------------------

    def recall(self, now: datetime) -> None:
        """Begin with what is at hand from the episode that this one follows."""
        entries = [parse_entry(statement) for statement in self.start.history]
        if entries:
            self.apply_many(entries, now)

    def wake(self, now: datetime) -> None:
        """Bring the episode up to date with the time."""
        self._up_to_date(now, frozenset())

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

        Each is accepted or refused for itself; the results are in the order of `entries`. An error that is no refusal
        is a defect of ours: then nothing of them is kept, and the episode goes on without (E9).
        """
        known, taken_over_at = len(self.record), self.taken_over_at
        try:
            return self._apply(entries, now)
        except Exception:
            gone = self.record.cut_back(known)
            self.frame.forget_answers({recorded.key for recorded in gone})
            self.taken_over_at, self._looked_at, self._reading = taken_over_at, None, None
            self._settle(now)
            self._told_of_policy, self._is_up_to_date = [], False
            raise

    def _apply(self, entries: Sequence[Entry], now: datetime) -> list[Changed | Refused]:
        before = self._observed_by(now)
        by_time = self._owed_by_time(now)
        results: list[Changed | Refused | None] = [None] * len(entries)
        if not self.record.all_of(Admission) and any(is_taken_over(entry) for entry in entries):
            self.record.take_over(now)
        entries = [said_anew(entry, self.record) for entry in entries]
        arriving = frozenset(entry.key for entry in entries)
        decisions: list[int] = []
        corrections: list[int] = []
        # What is checked against other entries waits for those that came with it, in whatever order (T4).
        for number, entry in sorted(enumerate(entries), key=lambda one: _turn(one[1])):
            if isinstance(entry, Decision):
                decisions.append(number)
                continue
            if not arriving.isdisjoint(targets_of(entry)):
                corrections.append(number)
                continue
            if _turn(entry) or isinstance(
                entry, Leave | Admission
            ):  # judged by those that came before it, too
                self._look(now)
            results[number] = self._add(entry, now, arriving)
        self._try_changes_again(entries, results, now)
        if any(self.record.place(entry, now).is_history for entry in entries):
            self.taken_over_at = now
        for number in sorted(decisions, key=lambda n: (entries[n].when() or now.date(), n)):
            results[number] = self._decide(entries[number], now)
        for number in corrections:  # of what came with them: only then it is known who may (E0)
            self._look(now)
            results[number] = self._add(entries[number], now, arriving)
        was_closed, asked = self.stage == "closed", len(self.effects)
        kinds = frozenset(entry.kind for entry in entries)
        happened = self._up_to_date(now, kinds, by_time)
        after = self._observed = observed(self.facts, self.stage)
        new = {r.entry_id for r in results if isinstance(r, Changed) and not r.duplicate}
        recorded = [entry for entry in entries if entry.key in new]
        if was_closed and self.stage == "closed":
            self._show_after_exit(recorded)
        for entry in recorded:
            taken = signatures_taken_back(entry, self.facts)
            self.effects += [taken_back(self.facts, entry, signed) for signed in taken]
        if any(entry.source is Source.IMPORT for entry in entries):
            self._keep_silent(asked)
        corrected = told_of_corrections(recorded, self.record)
        waiting = [self.facts.unmatched[entry.key] for entry in recorded if entry.key in self.facts.unmatched]
        said = [
            *told_of_repeats(recorded),
            *told_of_empty_screenings(recorded),
            *told_of_strangers(recorded, self.facts),
            *told_of_days_far_ahead(recorded, self.facts),
            *waiting,
            *told_of_revocations(recorded, self.facts),
            *told_of_attendance(recorded, self.facts),
        ]
        changes = told(before, after, [*corrected, *said, *happened])
        changed = {name for name in after if before.get(name) != after[name]}
        told_to_all = {
            "stage": self.stage,
            "changes": changes,
            "before": {name: before.get(name) for name in changed},
            "after": {name: after[name] for name in changed},
        }
        return [
            result.model_copy(update=told_to_all)
            if isinstance(result, Changed) and not result.duplicate
            else result
            for result in results
            if result is not None
        ]

    def _try_changes_again(
        self, entries: Sequence[Entry], results: list[Changed | Refused | None], now: datetime
    ) -> None:
        """A session may be moved by one entry of a batch to where another one finds it, in whatever order (A2, T4)."""
        left = [n for n, one in enumerate(entries) if isinstance(one, SessionChange)]
        while left := [n for n in left if isinstance(results[n], Refused)]:
            for number in left:
                self._look(now)
                results[number] = self._add(entries[number], now, frozenset())
            if all(isinstance(results[number], Refused) for number in left):
                return

    def _keep_silent(self, since: int) -> None:
        """What another system tells is no occasion to write to a patient: its moment has passed, or was theirs (T7)."""
        told = self.effects[since:]
        self.effects[since:] = [effect for effect in told if not isinstance(effect, MessagePatient)]

    def _show_after_exit(self, entries: Sequence[Entry]) -> None:
        for entry in entries:
            if (
                not isinstance(entry, Decision | Exit | Retraction | TeamChange | Closure)
                and entry.source is not Source.IMPORT
            ):
                self.effects.append(entry_after_exit(self.facts, entry.kind, entry.key))

    def _add(self, entry: Entry, now: datetime, arriving: frozenset[str]) -> Changed | Refused:
        if known := repeated(entry, self.record, self.stage):
            return known
        try:
            self._check(entry, now, arriving)
        except Refused as refused:
            return refused
        self.record.add(entry, now)
        return Changed(entry_id=entry.key, stage=self.stage)

    def _check(self, entry: Entry, now: datetime, arriving: frozenset[str]) -> None:
        self.record.check(entry, arriving)
        refuse(self.record.place(entry, now), self.facts, self.stage, self.pathway.defaults)

    def _decide(self, entry: Entry, now: datetime) -> Changed | Refused:
        assert isinstance(entry, Decision)
        if known := repeated(entry, self.record, self.stage):
            return known
        try:
            self._settle(now)  # the decision before this one may have moved the episode
            self._check(entry, now, frozenset())
            duties = list(self.pathway.duties(self.facts, self.stage))
            ids = Ids({key: task.task_id for key, task in self.open_tasks.items()}, self.board.asked_by)
            key, answer = answer_to(entry, duties, ids, self.facts)
        except Refused as refused:
            return refused
        self.record.add(entry, now)
        self.frame.keep_answer(key, answer)
        return Changed(entry_id=entry.key, stage=self.stage)

    def may_be_decided(self, facts: Facts) -> list[Duty]:
        """What a person may decide at the instant of the facts without being asked, or ahead of its time (E10)."""
        duties, tasks = self._unanswered(facts), self.open_tasks
        return [duty for duty in duties if duty.key not in tasks and may_be_answered(duty, facts)]

    def unknown_author(self, entry: Entry) -> str | None:
        """The author of an entry, where only the clinic's staff directory can tell whether they may sign it (E0)."""
        return unknown_author(entry, self.facts)

    def appointed(self, entry: Entry) -> str | None:
        """Whom an entry appoints, about whom the clinic's staff directory is asked (E0)."""
        return entry.staff_id if isinstance(entry, TeamChange) else None

    def ask_anew(self, task_id: str, now: datetime) -> None:
        """A task has ended with an answer that had no effect: if it is still owed, it is opened again (E9)."""
        self.board.ended(task_id)
        self._up_to_date(now, frozenset())

    # -- following ----------------------------------------------------------------------------------------

    def _observed_by(self, now: datetime) -> dict[str, object]:
        """What was to be seen just before: as it was left, unless a day or a deadline has passed since."""
        seen_at, deadline = self.facts.now, self.next_deadline
        same_day = self.frame.calendar.day_of(seen_at) == self.frame.calendar.day_of(now)
        if self._is_up_to_date and same_day and (deadline is None or now < deadline.at):
            as_left = self._observed or observed(self.facts, self.stage)
            self._look(now)
            return as_left
        facts = self._look(now)
        return observed(facts, self.stage)

    def _look(self, now: datetime) -> Facts:
        """The facts of an instant; the same object for as long as nothing has changed."""
        frame = self.frame
        version = (now, len(frame.changes.log), frame.policy, frame.calendar)
        if version != self._looked_at:
            self._looked_at = version
            self.facts = self.situation.facts = Facts(self.record, self.frame, now)
        return self.facts

    def _settle(self, now: datetime) -> None:
        """Let the guards speak: the chart follows them until it stands still."""
        self._adopt_policy()
        self._adopt_closures()
        self._look(now)
        guards = guards_read_in(self.chart)
        if self._reading != (guards, self.situation.read(guards)):
            self._follow()
            guards = guards_read_in(self.chart)
            self._reading = (guards, self.situation.read(guards))
            self._stage = self.pathway.stage(self.chart.configuration_values)

    def _follow(self) -> None:
        """Let the chart follow its guards; where it would be closed by what nobody has signed, it stays where it was.

        Raises:
            NotSigned: what an exit would hang on (E1).
        """
        stood, past = OrderedSet(self.states), {k: list(v) for k, v in self.chart.history_values.items()}
        self.chart.send("settle")
        try:
            is_closed = self.pathway.stage(self.chart.configuration_values) == "closed"
            refuse_unsigned_exit(self.facts, is_closed)
        except NotSigned:
            self.situation.state = stood
            self.chart.history_values.clear()
            self.chart.history_values.update(past)
            raise

    def _adopt_policy(self) -> None:
        adoptions = tuple(self.record.standing(PolicyAdoption))
        if adoptions == self._adoptions:
            return
        self._adoptions = adoptions
        self.frame.adopted = self._policies()
        before, policy = self.frame.policy, self.frame.adopted[-1][1]
        self._told_of_policy = differences(before, policy)
        self.frame.policy = policy
        self._keep_calendar()

    def _adopt_closures(self) -> None:
        """Days on which the program is closed change the calendar, and all that was worked out by it (A3, T6)."""
        closures = tuple(self.record.standing(Closure))
        if closures != self._closures:
            self._closures = closures
            self._keep_calendar()

    def _keep_calendar(self) -> None:
        told = (r.entry.on for r in self.record.standing(Closure) if isinstance(r.entry, Closure))
        closures = frozenset([*self.start.closures, *told])
        self.frame.calendar = Calendar(self.start.zone, self.frame.policy.business, closures)
        self.frame.memory.kept.clear()

    def _policies(self) -> list[tuple[datetime, Policy]]:
        adopted = [
            (r.effective_at, r.entry.policy)
            for r in self.record.standing(PolicyAdoption)
            if isinstance(r.entry, PolicyAdoption)
        ]
        found, settings = [], dict(self.start.policy or {})
        for since, changes in [(self.started_at, {}), *adopted]:
            settings = adopting(settings, changes)
            found.append((since, load_policy(settings, self.pathway.defaults)))
        return found

    def _owed_by_time(self, now: datetime) -> frozenset[str]:
        """Keys of what time alone has made owed since we last looked, as after an outage: it is no news (T7).

        Between deadlines nothing begins by itself, so that there is nothing to look for.
        """
        if self.next_deadline is None or now < self.next_deadline.at:
            return frozenset()
        self._settle(now)
        return frozenset(duty.key for duty in self._unanswered(self.facts))

    def _up_to_date(
        self, now: datetime, kinds: frozenset[str], by_time: frozenset[str] | None = None
    ) -> list[str]:
        """Follow the facts of an instant; what has happened beside them, in words."""
        self._settle(now)
        policy, self._told_of_policy = self._told_of_policy, []
        duties = self._unanswered(self.facts)
        awaited = self._awaited(duties)
        # From here on nothing is worked out that an entry could make impossible.
        happened = [f"Policy: {one}." for one in policy] + self._reconcile(duties, kinds, by_time)
        self.next_deadline = min(awaited, default=None)
        self._note_closed()
        self._keep_consents()
        self._begin_following()
        happened += self._link()
        self._raise_alarms()
        self._observed, self._is_up_to_date = None, True
        return happened

    def awaited(self) -> list[Deadline]:
        """Every moment ahead at which time changes something or a duty begins."""
        return self._awaited(self._unanswered(self.facts))

    def _unanswered(self, facts: Facts) -> Sequence[Duty]:
        return self.pathway.unanswered(facts, self.stage)

    def _awaited(self, duties: Sequence[Duty]) -> list[Deadline]:
        begin = [
            Deadline(duty.since, duty.announced or f"{duty.kind.replace('_', ' ').capitalize()} is owed")
            for duty in duties
            if duty.is_task and duty.since > self.facts.now
        ]
        return [*self.pathway.deadlines(self.facts, self.stage), *begin]

    def _raise_alarms(self) -> None:
        facts = self.facts
        alarms: list[Notify | MessagePatient] = list(news_of_death(facts, self.sent))
        if self.stage in IN_PROGRAM:
            alarms += [alarm for alarm in due_alarms(facts) if alarm.key not in self.sent]
        waits = self.next_deadline or self.open_tasks or self.open_referrals
        if self.stage != "closed" and not waits:
            alarms += nothing_awaited(facts, self.sent)
        for alarm in alarms:
            self.sent.add(alarm.key)
            self.effects.append(alarm)

    def _begin_following(self) -> None:
        """A step to another pathway begins its episode, with what is known at hand."""
        for (kind, choice), pathway in self.pathway.follows.items():
            for _, answer in self.facts.answers_to(kind):
                if answer.choice == choice and answer.key not in self.sent:
                    self.sent.add(answer.key)
                    name = hashlib.sha256(f"{self.start.episode_id}|{answer.key}".encode()).hexdigest()[:16]
                    self.effects.append(
                        BeginEpisode(
                            answer.key,
                            name,
                            pathway,
                            self.facts.today,
                            carried_over(self.facts, answer, pathway),
                        )
                    )

    def _link(self) -> list[str]:
        """Begin the referrals that are needed, and tell those that are begun what concerns them (C3-C5)."""
        effects = self.linkage.follow(self.facts, self.stage)
        self.effects += effects
        return [
            f"Started a referral ({one.kind.replace('_', ' ')}): {one.referral_id}."
            for one in effects
            if isinstance(one, StartReferral)
        ]

    def _note_closed(self) -> None:
        """The clinic database learns of the end of an episode, and of its reopening (I6)."""
        closed_on = self.facts.exit[1] if self.facts.exit else None
        if (closed_on is not None) != self.is_noted_closed:
            self.is_noted_closed = closed_on is not None
            self.effects.append(NoteClosed(f"closed:{len(self.record)}", closed_on))

    def _keep_consents(self) -> None:
        """The clinic database learns of every change in what was consented to (P3, P4)."""
        stated, lifted = self.facts.consents, self.facts.revocations_lifted
        if (stated, lifted) == self._consents:
            return
        self._consents = stated, lifted
        number = len(self.record)
        told = tuple(told_of(consent) for consent in stated)
        self.effects.append(KeepConsents(f"consents:{number}", number, told, lifted))

    def _reconcile(
        self, duties: Sequence[Duty], kinds: frozenset[str], by_time: frozenset[str] | None
    ) -> list[str]:
        """Open and close tasks for the difference between what is owed and what is open."""
        frame = self.frame
        clinic = Clinic(frame.calendar, self.facts.team, frame.policy.escalation)
        awaited = self.next_deadline.at if self.next_deadline else None
        known = Known(awaited, by_time, self.taken_over_at)
        effects, happened = self.board.reconcile(duties, self.facts, kinds, clinic, known)
        self.effects += effects
        return happened

    def restore_chart(self, states: Sequence[str], history: Mapping[str, Sequence[str]]) -> None:
        """Put the chart back to where it stood, without running entry actions again."""
        self.situation = self.pathway.situation(self.facts)
        self.situation.state = OrderedSet(states)
        self.chart = self.pathway.chart(model=self.situation)
        for name, ids in history.items():
            self.chart.history_values[name] = [self.chart.states_map[state] for state in ids]
        self._stage = self.pathway.stage(self.chart.configuration_values)
        self._adopt_policy()
        self._adopt_closures()
        self._looked_at = None
        facts = self._look(self.started_at)
        self._consents = facts.consents, facts.revocations_lifted

    def wants(self, message: MessagePatient) -> bool:
        """Whether a message that waits to be sent, as in quiet hours, is still to be sent (A5, E7)."""
        wanted = messages_wanted(self.facts) if self.stage in IN_PROGRAM else ()
        return any(one.key == message.key for one in wanted)

    # -- where things stand -------------------------------------------------------------------------------

    @property
    def open_tasks(self) -> dict[str, OpenTask]:
        """What people owe now, by the key of the duty."""
        return self.board.open

    @property
    def open_referrals(self) -> list[str]:
        """Ids of the referrals that this episode has begun and that have not ended."""
        return self.linkage.open(self.facts)

    @property
    def states(self) -> list[str]:
        """Ids of the active states, compound ones included."""
        return list(self.chart.configuration_values)

    @property
    def stage(self) -> Stage:
        """The stage of the public contract."""
        return self._stage

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

    def at_close_of(self, day: date, now: datetime) -> datetime:
        """The last instant of a program day; of today if it lies ahead, since nobody knows yet what will be."""
        calendar = self.frame.calendar
        return calendar.at(min(day, calendar.day_of(now)) + timedelta(days=1)) - timedelta(microseconds=1)

    @property
    def zone(self) -> ZoneInfo:
        """The program's time zone."""
        return self.start.zone


def _turn(entry: Entry) -> int:
    """When an entry of a batch is looked at: a move of a session before what happens to the moved one."""
    if isinstance(entry, SessionChange):
        return {"added": 0, "moved": 1, "cancelled": 2}[entry.change]
    return 3 if isinstance(entry, Return | Exit) else 0
