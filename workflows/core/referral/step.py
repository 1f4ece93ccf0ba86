"""One step of a referral: a statement is taken or refused, and then followed through to the next state.

Like a step of an episode it works on values alone: if it breaks off, nothing has happened (E9).
"""

from dataclasses import replace
from datetime import datetime
from typing import Any, NamedTuple

from workflows.core.engine.authorship import refuse_unauthored, unsigned
from workflows.core.engine.calendar import day_in_words
from workflows.core.engine.effects import Notify
from workflows.core.engine.errors import Refused
from workflows.core.engine.repeats import repeated
from workflows.core.engine.shown import Changed
from workflows.core.engine.signing_keys import refuse_about_keys
from workflows.core.engine.worklist import Context, Known
from workflows.core.episode.entries import Entry
from workflows.core.referral.duties import duties
from workflows.core.referral.effects import ReferralEffect
from workflows.core.referral.engine import Engine
from workflows.core.referral.facts import ReferralFacts
from workflows.core.referral.ledger import found_out, told_by_hand
from workflows.core.referral.refusals import refuse
from workflows.core.referral.state import ReferralState


class Decided(NamedTuple):
    """What has come of a step."""

    state: ReferralState
    effects: tuple[ReferralEffect, ...]
    """What the world must do."""
    changed: Changed | None = None
    """What the statement has changed."""


def decide(
    engine: Engine,
    state: ReferralState,
    entry: Entry,
    now: datetime,
    *,
    by_machine: bool = False,
    is_ours: bool = False,
) -> Decided:
    """Record one statement and follow it through.

    Args:
        engine: Of the referral.
        state: Where it stands.
        entry: What is stated.
        now: The instant.
        by_machine: Whether the machine itself states what it found, sent or heard.
        is_ours: Whether the episode has told it, where it was signed.

    Raises:
        InvalidEntry, NotAllowedNow: why it is refused.
    """
    stands = engine.stands(state)
    again = repeated(entry, state.record, stands, but=("at",))
    if isinstance(again, Refused) and not by_machine:
        raise again
    if again:
        return Decided(state, (), Changed(entry_id=entry.key, duplicate=True, stage=stands))
    step, trust = _Step(engine, state, now), engine.trust(state)
    if not (by_machine or is_ours):
        refuse_unauthored(entry, engine.start.referral_id, trust, now)
    if not trust:
        entry = unsigned(entry)
    refuse_about_keys(entry, state.record, trust.keys)
    state.record.check(entry)
    if not by_machine:
        refuse(state.record.place(entry, now), step.facts, state.worklist.open)
    return step.take(entry)


def retell(engine: Engine, state: ReferralState, entry: Entry, now: datetime) -> Decided:
    """Take a statement as the journal has it: what was accepted once is not judged again (T3)."""
    return _Step(engine, state, now).take(entry)


def wake(engine: Engine, state: ReferralState, now: datetime) -> Decided:
    """Bring a state up to date with the time."""
    step = _Step(engine, state, now)
    step.follow()
    return Decided(step.state, tuple(step.effects))


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
        context = Context(facts.calendar, facts.team, facts.frame.policy.escalation)
        known = Known(state.next_deadline.at if state.next_deadline else None, by_time)
        worklist, opened, happened = state.worklist.reconcile(
            engine.owed(facts), facts, kinds, context, known
        )
        requests, asked = state.requests.due(facts)
        self.effects += [*opened, *asked]
        state = replace(
            state, at=self.now, worklist=worklist, requests=requests, states=engine.configuration(facts)
        )
        awaited = min(engine.awaited(state, facts), default=None)
        self.state = replace(state, next_deadline=awaited)
        self._raise_alarm()
        return happened

    def _raise_alarm(self) -> None:
        facts, state = self.facts, self.state
        key = f"nothing_awaited:{facts.today}"
        waits = state.next_deadline or state.worklist.open or facts.pending
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
