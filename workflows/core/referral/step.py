"""One step of a referral: a statement is taken or refused, and then followed through to the next state.

Like a step of an episode it works on values alone: if it breaks off, nothing has happened (E9).
"""

from dataclasses import replace
from datetime import datetime
from typing import Any, NamedTuple

from statemachine import StateChart

from workflows.core.board import Board, Clinic, Known
from workflows.core.calendar import Calendar, day_in_words
from workflows.core.deadlines import Deadline, team_changes
from workflows.core.duties import Duty
from workflows.core.effects import Notify
from workflows.core.entries import Closure, Entry
from workflows.core.errors import Refused
from workflows.core.policy import load_policy
from workflows.core.progress import Changed
from workflows.core.record import Record
from workflows.core.referral.deadlines import agency_is_asked, record_closes, wait_is_over
from workflows.core.referral.duties import duties
from workflows.core.referral.effects import ReferralEffect
from workflows.core.referral.facts import ReferralFacts, ReferralFrame
from workflows.core.referral.ledger import found_out, told_by_hand
from workflows.core.referral.refusals import refuse
from workflows.core.referral.start import ReferralStart
from workflows.core.referral.state import ReferralState
from workflows.core.repeats import repeated
from workflows.core.situation import Situation, follower, leaf_in


class Engine:
    """Reads the states of one referral.

    Raises:
        InvalidPolicy: the policy in `start` contradicts itself.
    """

    def __init__(
        self,
        start: ReferralStart,
        chart: type[StateChart[Any]],
        situation: type[Situation[ReferralFacts]],
    ) -> None:
        self.start, self.chart = start, chart
        self._situation, self._follower = situation, follower(chart, situation.guards)
        self._policy = load_policy(start.policy)
        self._facts: ReferralFacts | None = None

    def begin(self, now: datetime) -> ReferralState:
        """The state before anything was stated."""
        record = Record(self.start.zone, now)
        state = ReferralState(at=now, record=record, board=Board(self.start.referral_id))
        return replace(state, states=self.configuration(self.facts(state, now)))

    def facts(self, state: ReferralState, now: datetime) -> ReferralFacts:
        """What follows from a state at an instant; the same object for as long as it is asked for the same."""
        known = self._facts
        if known is None or known.record is not state.record or known.now != now:
            known = self._facts = ReferralFacts(state.record, self.frame(state), now)
        return known

    def frame(self, state: ReferralState) -> ReferralFrame:
        """What beside its record decides how a state is read: closed days that stand in it change the calendar (T6)."""
        start = self.start
        told = (r.entry.on for r in state.record.standing(Closure) if isinstance(r.entry, Closure))
        calendar = Calendar(start.zone, self._policy.business, frozenset([*start.closures, *told]))
        return ReferralFrame(start, self._policy, calendar, start.team.model_dump(exclude_none=True))

    def configuration(self, facts: ReferralFacts) -> tuple[str, ...]:
        """Where the chart stands by the facts of a moment."""
        return self._follower.configuration(self._situation(facts))

    def stands(self, state: ReferralState) -> str:
        """Where a referral stands, by the id of the chart's state."""
        return leaf_in(self.chart, "course", state.states)

    def owed(self, facts: ReferralFacts) -> list[Duty]:
        """What people owe. What was answered with a statement has changed the facts; the rest is left out here."""
        return [duty for duty in duties(facts) if facts.answer(duty.key) is None]

    def awaited(self, state: ReferralState, facts: ReferralFacts) -> list[Deadline]:
        """Every moment ahead at which time changes something or a duty begins."""
        begin = [
            Deadline(duty.since, duty.announced or f"{duty.kind.replace('_', ' ').capitalize()} is owed")
            for duty in self.owed(facts)
            if duty.since > facts.now
        ]
        closes = list(record_closes(facts))
        return [
            *closes,
            # Who is in the team of a closed referral matters only for as long as it takes statements.
            *(
                one
                for one in team_changes(facts)
                if facts.closed is None or one.at < min(closes, default=one).at
            ),
            *wait_is_over(facts),
            *agency_is_asked(facts, state.requests.asked_at),
            *begin,
        ]


class Decided(NamedTuple):
    """What has come of a step."""

    state: ReferralState
    effects: tuple[ReferralEffect, ...]
    """What the world must do."""
    changed: Changed
    """What the statement has changed; where none was taken, what the time has."""


def decide(
    engine: Engine, state: ReferralState, entry: Entry, now: datetime, *, by_machine: bool = False
) -> Decided:
    """Record one statement and follow it through.

    Args:
        engine: Of the referral.
        state: Where it stands.
        entry: What is stated.
        now: The instant.
        by_machine: Whether the machine itself states what it found, sent or heard.

    Raises:
        InvalidEntry, NotAllowedNow: why it is refused.
    """
    stands = engine.stands(state)
    again = repeated(entry, state.record, stands, but=("at",))
    if isinstance(again, Refused) and not by_machine:
        raise again
    if again:
        return Decided(state, (), Changed(entry_id=entry.key, duplicate=True, stage=stands))
    step = _Step(engine, state, now)
    state.record.check(entry)
    if not by_machine:
        refuse(state.record.place(entry, now), step.facts, state.board.open)
    return step.take(entry)


def wake(engine: Engine, state: ReferralState, now: datetime) -> Decided:
    """Bring a state up to date with the time."""
    step = _Step(engine, state, now)
    happened = step.follow()
    return Decided(
        step.state,
        tuple(step.effects),
        Changed(entry_id="", stage=engine.stands(step.state), changes=happened),
    )


class _Step:
    """A step while it is taken. `state` is what has come of it so far."""

    def __init__(self, engine: Engine, state: ReferralState, now: datetime) -> None:
        self.engine, self.state, self.now = engine, state, now
        self.effects: list[ReferralEffect] = []

    @property
    def facts(self) -> ReferralFacts:
        """What follows from the state as it is by now."""
        return self.engine.facts(self.state, self.now)

    def take(self, entry: Entry) -> Decided:
        """Record a statement, follow it, and tell what it has changed."""
        before, was = self.facts, self._observed()
        by_time = self._owed_by_time()
        self.state = replace(self.state, record=self.state.record.with_entry(entry, self.now))
        self.effects += found_out(entry, before, self.state.record)
        self.effects += told_by_hand(entry, self.facts)
        happened = self.follow(frozenset({entry.kind}), by_time)
        after = self._observed()
        differs = [name for name in after if was[name] != after[name]]
        said = [f"{_NAMES[name]}: {_said(after[name])} (was {_said(was[name])})." for name in differs]
        changed = Changed(
            entry_id=entry.key,
            stage=self.engine.stands(self.state),
            changes=[*said, *happened],
            before={name: was[name] for name in differs},
            after={name: after[name] for name in differs},
        )
        return Decided(self.state, tuple(self.effects), changed)

    def _owed_by_time(self) -> frozenset[str]:
        """Keys of what time alone has made owed since the last step: it is no news (T7)."""
        deadline = self.state.next_deadline
        if deadline is None or self.now < deadline.at:
            return frozenset()
        return frozenset(duty.key for duty in duties(self.facts))

    def follow(self, kinds: frozenset[str] = frozenset(), by_time: frozenset[str] | None = None) -> list[str]:
        """Follow the facts to where they lead; what has happened, in words."""
        engine, facts, state = self.engine, self.facts, self.state
        clinic = Clinic(facts.calendar, facts.team, facts.frame.policy.escalation)
        known = Known(state.next_deadline.at if state.next_deadline else None, by_time)
        board, opened, happened = state.board.reconcile(engine.owed(facts), facts, kinds, clinic, known)
        requests, asked = state.requests.due(facts)
        self.effects += [*opened, *asked]
        state = replace(
            state, at=self.now, board=board, requests=requests, states=engine.configuration(facts)
        )
        awaited = min(engine.awaited(state, facts), default=None)
        self.state = replace(state, next_deadline=awaited)
        self._raise_alarm()
        return happened

    def _raise_alarm(self) -> None:
        facts, state = self.facts, self.state
        key = f"nothing_awaited:{facts.today}"
        waits = state.next_deadline or state.board.open or facts.pending
        if not waits and facts.closed is None and key not in state.sent:
            self.state = replace(state, sent=state.sent | {key})
            line = f"{facts.start.referral_id} is open, and no deadline and no task is: see what is owed."
            staff_id = facts.team.get("supervisor")
            self.effects.append(Notify(key, "supervisor", staff_id, "nothing_awaited", (line,)))

    def _observed(self) -> dict[str, Any]:
        facts = self.facts
        one = facts.current
        return {
            "state": self.engine.stands(self.state),
            "place": one.place.listing_id if one else None,
            "appointment_at": one.appointment_at.isoformat() if one and one.appointment_at else None,
            "first_visit_on": facts.day_of_first_visit.isoformat() if facts.day_of_first_visit else None,
            "cancelling": [late.place.listing_id for late in facts.withdrawing],
            "closed": facts.closed.reason if facts.closed else None,
        }


_NAMES = {
    "state": "Referral",
    "place": "Place",
    "appointment_at": "Appointment",
    "first_visit_on": "First visit",
    "cancelling": "Cancellation not confirmed",
    "closed": "Closed",
}


def _said(value: Any) -> str:
    if value is None or value == []:
        return "none"
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return str(value).replace("_", " ") if not isinstance(value, datetime) else day_in_words(value.date())
