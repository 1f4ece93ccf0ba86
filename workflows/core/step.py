"""One step of an episode: what is stated is taken or refused, and then followed through to the next state.

What is stated and what time brings are judged by the whole situation anew, so that a late entry, a correction and an
outage need no code of their own. A step works on values alone: if it breaks off, nothing has happened (E9).
"""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import NamedTuple

from workflows.core.alarms import (
    due_alarms,
    entry_after_exit,
    news_of_death,
    nothing_awaited,
    taken_back,
)
from workflows.core.authority import signatures_taken_back
from workflows.core.board import Clinic, Known, Reconciled
from workflows.core.carrying import carried_over
from workflows.core.changes import (
    told,
    told_of_attendance,
    told_of_days_far_ahead,
    told_of_empty_screenings,
    told_of_revocations,
    told_of_strangers,
)
from workflows.core.corrections import told_of_corrections
from workflows.core.decisions import Ids, answer_to
from workflows.core.duties import Duty
from workflows.core.effects import (
    BeginEpisode,
    Effect,
    KeepConsents,
    MessagePatient,
    NoteClosed,
    Notify,
    StartReferral,
    TellReferral,
)
from workflows.core.engine import Engine
from workflows.core.entries import (
    Admission,
    Closure,
    Decision,
    Entry,
    Exit,
    Leave,
    Retraction,
    Return,
    SessionChange,
    Source,
    TeamChange,
)
from workflows.core.errors import Refused
from workflows.core.facts import Facts
from workflows.core.facts.consents import told_of
from workflows.core.facts.signed import refuse_unsigned_exit
from workflows.core.pathway import IN_PROGRAM, Stage
from workflows.core.policy import differences
from workflows.core.progress import Changed
from workflows.core.record import is_taken_over, targets_of
from workflows.core.refusals import refuse
from workflows.core.repeats import repeated, said_anew, told_of_repeats
from workflows.core.state import EpisodeState


class Decided(NamedTuple):
    """What has come of a step."""

    state: EpisodeState
    effects: tuple[Effect, ...]
    """What the world must do."""
    results: tuple[Changed | Refused, ...] = ()
    """For each entry what it has changed, or why it was refused."""


def decide(engine: Engine, state: EpisodeState, entries: Sequence[Entry], now: datetime) -> Decided:
    """Record entries together: all that are accepted stand in the record before anything is judged.

    Each is accepted or refused for itself; the results are in the order of `entries`. An error that is no refusal is a
    defect of ours: then nothing of them is kept, and the episode goes on from the state it is in (E9).
    """
    step = _Step(engine, state, now)
    results = step.take(entries)
    return Decided(step.state, tuple(step.effects), tuple(results))


def wake(engine: Engine, state: EpisodeState, now: datetime) -> Decided:
    """Bring a state up to date with the time."""
    step = _Step(engine, state, now)
    step.follow()
    return Decided(step.state, tuple(step.effects))


class _Step:
    """A step while it is taken. `state` is what has come of it so far."""

    def __init__(self, engine: Engine, state: EpisodeState, now: datetime) -> None:
        self.engine, self.state, self.now = engine, state, now
        self.effects: list[Effect] = []
        self._judged_by = self.facts
        """The facts by which an entry is accepted or refused: those before what came with it."""
        self._before = engine.seen(state, now)
        self._policy = self._judged_by.policy

    @property
    def facts(self) -> Facts:
        """What follows from the state as it is by now."""
        return self.engine.facts(self.state, self.now)

    @property
    def stage(self) -> Stage:
        """The stage as the chart was last moved."""
        return self.engine.stage(self.state)

    # -- taking what is stated ------------------------------------------------------------------------------

    def take(self, entries: Sequence[Entry]) -> list[Changed | Refused]:
        """Record what may be recorded, follow it, and tell what it has changed."""
        now = self.now
        by_time = self._owed_by_time()
        if not self.state.record.all_of(Admission) and any(is_taken_over(entry) for entry in entries):
            self.state = replace(self.state, record=self.state.record.taken_over(now))
            self._judged_by = self.facts
        entries = [said_anew(entry, self.state.record) for entry in entries]
        results = self._accept(entries)
        was_closed = self.stage == "closed"
        happened = self.follow(frozenset(entry.kind for entry in entries), by_time)
        new = {r.entry_id for r in results if isinstance(r, Changed) and not r.duplicate}
        recorded = [entry for entry in entries if entry.key in new]
        if any(entry.source is Source.IMPORT for entry in entries):
            # What another system tells is no occasion to write to a patient: its moment has passed, or was theirs (T7).
            self.effects = [effect for effect in self.effects if not isinstance(effect, MessagePatient)]
        if was_closed and self.stage == "closed":
            self._show_after_exit(recorded)
        for entry in recorded:
            taken = signatures_taken_back(entry, self.facts)
            self.effects += [taken_back(self.facts, entry, signed) for signed in taken]
        return self._told(results, [*self._said_of(recorded), *happened])

    def _accept(self, entries: Sequence[Entry]) -> list[Changed | Refused]:
        """Take each entry into the record, or refuse it.

        What is checked against other entries waits for those that came with it, in whatever order (T4): a session's
        changes for those before them, decisions for the facts, corrections for what they correct.
        """
        results: list[Changed | Refused | None] = [None] * len(entries)
        arriving = frozenset(entry.key for entry in entries)
        decisions: list[int] = []
        corrections: list[int] = []
        for number, entry in sorted(enumerate(entries), key=lambda one: _turn(one[1])):
            if isinstance(entry, Decision):
                decisions.append(number)
            elif not arriving.isdisjoint(targets_of(entry)):
                corrections.append(number)
            else:
                if _turn(entry) or isinstance(entry, Leave | Admission):  # by those that came before it, too
                    self._judged_by = self.facts
                results[number] = self._add(entry, arriving)
        self._try_changes_again(entries, results)
        if any(self.state.record.place(entry, self.now).is_history for entry in entries):
            self.state = replace(self.state, taken_over_at=self.now)
        for number in sorted(decisions, key=lambda n: (entries[n].when() or self.now.date(), n)):
            results[number] = self._decide(entries[number])
        for number in corrections:  # of what came with them: only then it is known who may (E0)
            self._judged_by = self.facts
            results[number] = self._add(entries[number], arriving)
        return [result for result in results if result is not None]

    def _try_changes_again(self, entries: Sequence[Entry], results: list[Changed | Refused | None]) -> None:
        """A session may be moved by one entry of a batch to where another one finds it, in whatever order (A2, T4)."""
        left = [n for n, one in enumerate(entries) if isinstance(one, SessionChange)]
        while left := [n for n in left if isinstance(results[n], Refused)]:
            for number in left:
                self._judged_by = self.facts
                results[number] = self._add(entries[number], frozenset())
            if all(isinstance(results[number], Refused) for number in left):
                return

    def _add(self, entry: Entry, arriving: frozenset[str]) -> Changed | Refused:
        if known := repeated(entry, self.state.record, self.stage):
            return known
        try:
            self._check(entry, arriving)
        except Refused as refused:
            return refused
        self._keep(entry)
        return Changed(entry_id=entry.key, stage=self.stage)

    def _decide(self, entry: Entry) -> Changed | Refused:
        assert isinstance(entry, Decision)
        if known := repeated(entry, self.state.record, self.stage):
            return known
        board = self.state.board
        try:
            self._settle()  # the decision before this one may have moved the episode
            self._judged_by = self.facts
            self._check(entry, frozenset())
            duties = list(self.engine.pathway.duties(self.facts, self.state.states))
            ids = Ids({key: task.task_id for key, task in board.open.items()}, board.asked_by)
            key, answer = answer_to(entry, duties, ids, self.facts)
        except Refused as refused:
            return refused
        self._keep(entry)
        self.state = replace(self.state, answers=self.state.answers.with_answer(key, answer))
        return Changed(entry_id=entry.key, stage=self.stage)

    def _check(self, entry: Entry, arriving: frozenset[str]) -> None:
        record = self.state.record
        record.check(entry, arriving)
        refuse(record.place(entry, self.now), self._judged_by, self.stage, self.engine.pathway.defaults)

    def _keep(self, entry: Entry) -> None:
        self.state = replace(self.state, record=self.state.record.with_entry(entry, self.now))

    # -- telling what has come of it ------------------------------------------------------------------------

    def _said_of(self, recorded: list[Entry]) -> list[str]:
        facts = self.facts
        return [
            *told_of_corrections(recorded, facts.record),
            *told_of_repeats(recorded),
            *told_of_empty_screenings(recorded),
            *told_of_strangers(recorded, facts),
            *told_of_days_far_ahead(recorded, facts),
            *[facts.unmatched[entry.key] for entry in recorded if entry.key in facts.unmatched],
            *told_of_revocations(recorded, facts),
            *told_of_attendance(recorded, facts),
        ]

    def _told(self, results: Sequence[Changed | Refused], happened: Sequence[str]) -> list[Changed | Refused]:
        """What the entries have changed together stands with each of them."""
        before, after = self._before.observed, self.engine.leave(self.state).observed
        changed = {name for name in after if before.get(name) != after[name]}
        told_to_all = {
            "stage": self.stage,
            "changes": told(before, after, happened),
            "before": {name: before.get(name) for name in changed},
            "after": {name: after[name] for name in changed},
        }
        return [
            result.model_copy(update=told_to_all)
            if isinstance(result, Changed) and not result.duplicate
            else result
            for result in results
        ]

    def _show_after_exit(self, entries: Sequence[Entry]) -> None:
        for entry in entries:
            if (
                not isinstance(entry, Decision | Exit | Retraction | TeamChange | Closure)
                and entry.source is not Source.IMPORT
            ):
                self.effects.append(entry_after_exit(self.facts, entry.kind, entry.key))

    # -- following ------------------------------------------------------------------------------------------

    def _owed_by_time(self) -> frozenset[str]:
        """Keys of what time alone has made owed since the last step, as after an outage: it is no news (T7).

        Between deadlines nothing begins by itself, so that there is nothing to look for.
        """
        deadline = self.state.next_deadline
        if deadline is None or self.now < deadline.at:
            return frozenset()
        self._settle()
        return frozenset(duty.key for duty in self.engine.unanswered(self.facts, self.state.states))

    def _settle(self) -> None:
        """Let the guards speak: the chart stands where they lead, unless it would be closed by what nobody has signed.

        Raises:
            NotSigned: what an exit would hang on (E1).
        """
        states = self.engine.configuration(self.facts)
        refuse_unsigned_exit(self.facts, self.engine.pathway.stage(states) == "closed")
        if states != self.state.states:
            self.state = replace(self.state, states=states)

    def follow(self, kinds: frozenset[str] = frozenset(), by_time: frozenset[str] | None = None) -> list[str]:
        """Follow the facts to where they lead; what has happened beside them, in words.

        Args:
            kinds: The kinds of what was stated.
            by_time: Keys of what was owed before anything was stated; None: nothing was.
        """
        self._settle()
        facts, stage, state = self.facts, self.stage, self.state
        duties = self.engine.unanswered(facts, state.states)
        deadline = min(self.engine.awaited(facts, state.states), default=None)
        reconciled = self._reconciled(duties, facts, kinds, by_time)
        linkage, linked = state.linkage.follow(facts, stage)
        closed_on = facts.exit[1] if facts.exit else None
        self.effects += reconciled.effects
        self._note_closed(closed_on)
        self._keep_consents(facts)
        following = list(self._following(facts))
        alarms = self._alarms(facts, stage, bool(deadline or reconciled.board.open or linkage.open(facts)))
        self.effects += [*following, *linked, *alarms]
        self.state = replace(
            state,
            at=self.now,
            board=reconciled.board,
            linkage=linkage,
            next_deadline=deadline,
            is_noted_closed=closed_on is not None,
            sent=state.sent.union(one.key for one in (*following, *alarms)),
        )
        return [*self._told_of_policy(facts), *reconciled.happened, *_told_of_referrals(linked)]

    def _told_of_policy(self, facts: Facts) -> list[str]:
        if facts.policy is self._policy:
            return []
        return [f"Policy: {one}." for one in differences(self._policy, facts.policy)]

    def _reconciled(
        self,
        duties: Sequence[Duty],
        facts: Facts,
        kinds: frozenset[str],
        by_time: frozenset[str] | None,
    ) -> Reconciled:
        """The tasks to open and close for the difference between what is owed and what is open."""
        state = self.state
        clinic = Clinic(facts.calendar, facts.team, facts.policy.escalation)
        awaited = state.next_deadline.at if state.next_deadline else None
        return state.board.reconcile(
            duties, facts, kinds, clinic, Known(awaited, by_time, state.taken_over_at)
        )

    def _note_closed(self, closed_on: date | None) -> None:
        """The clinic database learns of the end of an episode, and of its reopening (I6)."""
        if (closed_on is not None) != self.state.is_noted_closed:
            self.effects.append(NoteClosed(f"closed:{len(self.state.record)}", closed_on))

    def _keep_consents(self, facts: Facts) -> None:
        """The clinic database learns of every change in what was consented to (P3, P4)."""
        stated, lifted = facts.consents, facts.revocations_lifted
        if (stated, lifted) != self._before.consents:
            number = len(facts.record)
            said = tuple(told_of(consent) for consent in stated)
            self.effects.append(KeepConsents(f"consents:{number}", number, said, lifted))

    def _following(self, facts: Facts) -> Iterator[BeginEpisode]:
        """A step to another pathway begins its episode, with what is known at hand."""
        episode_id = self.engine.start.episode_id
        for (kind, choice), pathway in self.engine.pathway.follows.items():
            for _, answer in facts.answers_to(kind):
                if answer.choice == choice and answer.key not in self.state.sent:
                    name = hashlib.sha256(f"{episode_id}|{answer.key}".encode()).hexdigest()[:16]
                    carried = carried_over(facts, answer, pathway)
                    yield BeginEpisode(answer.key, name, pathway, facts.today, carried)

    def _alarms(self, facts: Facts, stage: Stage, waits: bool) -> list[Notify | MessagePatient]:
        """What is to be said once, and was not said yet."""
        sent = self.state.sent
        alarms: list[Notify | MessagePatient] = list(news_of_death(facts, sent))
        if stage in IN_PROGRAM:
            alarms += [alarm for alarm in due_alarms(facts) if alarm.key not in sent]
        if stage != "closed" and not waits:
            alarms += nothing_awaited(facts, sent)
        return alarms


def _told_of_referrals(asked: Sequence[StartReferral | TellReferral]) -> list[str]:
    """A sentence for each referral that begins (C3-C5)."""
    return [
        f"Started a referral ({one.kind.replace('_', ' ')}): {one.referral_id}."
        for one in asked
        if isinstance(one, StartReferral)
    ]


def _turn(entry: Entry) -> int:
    """When an entry of a batch is looked at: a move of a session before what happens to the moved one."""
    if isinstance(entry, SessionChange):
        return {"added": 0, "moved": 1, "cancelled": 2}[entry.change]
    return 3 if isinstance(entry, Return | Exit) else 0
