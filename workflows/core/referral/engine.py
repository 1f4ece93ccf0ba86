"""How a state of a referral is read: under its policy, and the calendar with the closed days that it was told of."""

from dataclasses import replace
from datetime import datetime
from typing import Any

from statemachine import StateChart

from workflows.core.engine.calendar import Calendar
from workflows.core.engine.configuration import follower, leaf_in
from workflows.core.engine.deadline import Deadline
from workflows.core.engine.duty import Duty
from workflows.core.engine.guards import Guards
from workflows.core.engine.record import Record
from workflows.core.engine.signatures import Trust
from workflows.core.engine.signing_keys import keys_in_force
from workflows.core.engine.worklist import Worklist
from workflows.core.episode.deadlines import team_changes
from workflows.core.episode.entries import Closure
from workflows.core.episode.policy import load_policy
from workflows.core.referral.deadlines import agency_is_asked, record_closes, wait_is_over
from workflows.core.referral.duties import duties
from workflows.core.referral.facts import ReferralFacts, ReferralFrame
from workflows.core.referral.start import ReferralStart
from workflows.core.referral.state import ReferralState


class Engine:
    """Reads the states of one referral.

    Raises:
        InvalidPolicy: the policy in `start` contradicts itself.
    """

    def __init__(
        self,
        start: ReferralStart,
        chart: type[StateChart[Any]],
        guards: type[Guards[ReferralFacts]],
    ) -> None:
        self.start, self.chart = start, chart
        self._guards, self._follower = guards, follower(chart, guards.names)
        self._policy = load_policy(start.policy)
        self._facts: ReferralFacts | None = None

    def begin(self, now: datetime) -> ReferralState:
        """The state before anything was stated."""
        record = Record(self.start.zone, now)
        state = ReferralState(at=now, record=record, worklist=Worklist(self.start.referral_id))
        return replace(state, states=self.configuration(self.facts(state, now)))

    def facts(self, state: ReferralState, now: datetime) -> ReferralFacts:
        """What follows from a state at an instant; the same object for as long as it is asked for the same."""
        known = self._facts
        if known is None or known.record is not state.record or known.now != now:
            known = self._facts = ReferralFacts(state.record, self.frame(state), now)
        return known

    def trust(self, state: ReferralState) -> Trust:
        """What signatures are judged by in a state (E0)."""
        return self._policy.trust(keys_in_force(self.start.signing_keys, state.record))

    def frame(self, state: ReferralState) -> ReferralFrame:
        """What beside its record decides how a state is read: closed days that stand in it change the calendar (T6)."""
        start = self.start
        told = (r.entry.on for r in state.record.standing(Closure))
        calendar = Calendar(start.zone, self._policy.business, frozenset([*start.closures, *told]))
        return ReferralFrame(start, self._policy, calendar, start.team.model_dump(exclude_none=True))

    def configuration(self, facts: ReferralFacts) -> tuple[str, ...]:
        """Where the chart stands by the facts of a moment."""
        return self._follower.configuration(self._guards(facts))

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
