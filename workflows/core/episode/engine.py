"""How a state of an episode is read: under the policy and the calendar that its record has adopted."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from workflows.core.engine.calendar import Calendar
from workflows.core.engine.configuration import Configuration, follower
from workflows.core.engine.deadline import Deadline
from workflows.core.engine.memory import Memory
from workflows.core.engine.record import Record, Recorded
from workflows.core.engine.signatures import Trust
from workflows.core.engine.signing_keys import keys_in_force
from workflows.core.engine.worklist import Worklist
from workflows.core.episode.changes import observed
from workflows.core.episode.entries import Closure, PolicyAdoption
from workflows.core.episode.facts import Facts
from workflows.core.episode.frame import EpisodeFrame
from workflows.core.episode.pathway import Pathway
from workflows.core.episode.policy import Policy, adopting, load_policy
from workflows.core.episode.stages import Stage
from workflows.core.episode.start import EpisodeStart
from workflows.core.episode.state import EpisodeState


class Engine:
    """Reads the states of one episode. It keeps what was worked out, and nothing that is not worked out again without.

    Raises:
        InvalidPolicy: the policy in `start` contradicts itself.
    """

    def __init__(self, start: EpisodeStart, pathway: Pathway) -> None:
        self.start, self.pathway = start, pathway
        self._policy = load_policy(start.policy, pathway.defaults)
        self._memory = Memory()
        self._adopted: tuple[Sequence[Recorded[PolicyAdoption]], Sequence[Recorded[Closure]]] | None = None
        self._frame: EpisodeFrame | None = None
        self._facts: Facts | None = None
        self._left: tuple[EpisodeState, Mapping[str, object]] | None = None

    def begin(self, now: datetime) -> EpisodeState:
        """The state before anything has happened."""
        start, record = self.start, Record(self.start.zone, now)
        return EpisodeState(at=now, record=record, worklist=Worklist(start.episode_id))

    def facts(self, state: EpisodeState, now: datetime) -> Facts:
        """What follows from a state at an instant; the same object for as long as it is asked for the same."""
        known = self._facts
        if (
            known is None
            or known.record is not state.record
            or known.frame.answers is not state.answers
            or known.frame.directory is not state.directory
            or known.instant != now
        ):
            known = self._facts = Facts(state.record, self.frame(state), now)
        return known

    def seen(self, state: EpisodeState, now: datetime) -> Mapping[str, object]:
        """What there was to see of a state just before an instant: as it was left, unless a day or a deadline has
        passed since."""
        left, deadline, day_of = self._left, state.next_deadline, self.frame(state).calendar.day_of
        same_day = day_of(state.at) == day_of(now)
        if left and left[0] is state and same_day and (deadline is None or now < deadline.at):
            return left[1]
        return observed(self.facts(state, now), self.stage(state))

    def leave(self, state: EpisodeState) -> Mapping[str, object]:
        """What there is to see of a state as a step has left it."""
        seen = observed(self.facts(state, state.at), self.stage(state))
        self._left = state, seen
        return seen

    @property
    def workflow_id(self) -> str:
        """What its statements are told to."""
        return f"episode-{self.start.episode_id}"

    def trust(self, state: EpisodeState) -> Trust:
        """What signatures are judged by in a state (E0)."""
        keys = keys_in_force(self.start.signing_keys, state.record)
        return self.frame(state).policy.trust(keys)

    def frame(self, state: EpisodeState) -> EpisodeFrame:
        """What beside its record decides how a state is read."""
        frame = self._in_force(state.record)
        if frame.answers is not state.answers or frame.directory is not state.directory:
            frame = self._frame = frame.reading(state.answers, state.directory)
        return frame

    def _in_force(self, record: Record) -> EpisodeFrame:
        """With the policy and the closed days that stand in a record (T6, T8)."""
        adopted = record.standing(PolicyAdoption), record.standing(Closure)
        known = self._adopted
        if (
            self._frame is None
            or known is None
            or any(a is not b for a, b in zip(adopted, known, strict=True))
        ):
            if self._frame is None or adopted != known:
                self._frame = self._framed(record, *adopted)
            self._adopted = adopted
        return self._frame

    def _framed(
        self,
        record: Record,
        adoptions: Sequence[Recorded[PolicyAdoption]],
        closures: Sequence[Recorded[Closure]],
    ) -> EpisodeFrame:
        start, pathway = self.start, self.pathway
        policies = self._policies(record.began_at, adoptions)
        policy = policies[-1][1]
        told = (r.entry.on for r in closures)
        return EpisodeFrame(
            episode_id=start.episode_id,
            policy=policy,
            calendar=Calendar(start.zone, policy.business, frozenset([*start.closures, *told])),
            weekly=start.schedule,
            first_team=start.team.model_dump(exclude_none=True),
            referred_on=start.referred_on,
            started_at=record.began_at,
            level=pathway.level,
            moves=pathway.moves,
            exits=pathway.exits,
            adopted=policies,
            memory=self._memory,
        )

    def _policies(
        self, began_at: datetime, adoptions: Sequence[Recorded[PolicyAdoption]]
    ) -> list[tuple[datetime, Policy]]:
        found = [(began_at, self._policy)]
        settings: dict[str, Any] = dict(self.start.policy or {})
        for recorded in adoptions:
            settings = adopting(settings, recorded.entry.policy)
            found.append((recorded.effective_at, load_policy(settings, self.pathway.defaults)))
        return found

    def configuration(self, facts: Facts) -> Configuration:
        """Where the chart stands by the facts of a moment."""
        return facts.keep("configuration", self._follow)

    def _follow(self, facts: Facts) -> Configuration:
        guards = self.pathway.guards(facts)
        return follower(self.pathway.chart, guards.names).configuration(guards)

    def stage(self, state: EpisodeState) -> Stage:
        """The stage of the public contract in which a state is."""
        return self.pathway.stage(state.states)

    def awaited(self, facts: Facts, states: Configuration) -> list[Deadline]:
        """Every moment ahead at which time changes something or a duty begins."""
        begin = [
            Deadline(duty.since, duty.announced or f"{duty.kind.replace('_', ' ').capitalize()} is owed")
            for duty in self.pathway.unanswered(facts, states)
            if duty.is_task and duty.since > facts.instant
        ]
        return [*self.pathway.deadlines(facts, states), *begin]
