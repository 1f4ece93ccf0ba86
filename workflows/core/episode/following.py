"""Following a state to where its facts lead: the chart, the tasks, the referrals, and what is said once."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime

from workflows.core.engine.configuration import Configuration
from workflows.core.engine.duty import Duty
from workflows.core.engine.effects import (
    BeginEpisode,
    Effect,
    KeepConsents,
    MessagePatient,
    NoteClosed,
    Notify,
    StartReferral,
    TellReferral,
)
from workflows.core.engine.entry import Source
from workflows.core.engine.worklist import Context, Known, Reconciled
from workflows.core.episode.carrying import carried_over
from workflows.core.episode.consent.facts import told_of
from workflows.core.episode.engine import Engine
from workflows.core.episode.exits.signed import refuse_unsigned_exit
from workflows.core.episode.facts import Facts
from workflows.core.episode.messages.alarms import news_of_death, nothing_awaited
from workflows.core.episode.policy import differences
from workflows.core.episode.stages import Stage
from workflows.core.episode.state import EpisodeState, Move


class Following:
    """A state that is being followed. `state` is what has come of it so far, `effects` what the world must do."""

    def __init__(self, engine: Engine, state: EpisodeState, now: datetime) -> None:
        self.engine, self.state, self.now = engine, state, now
        self.effects: list[Effect] = []
        self.stated: list[str] = []
        """Ids of what was taken into the record so far."""
        facts = self.facts
        self._policy, self._consents = facts.policy, _consented(facts)

    @property
    def facts(self) -> Facts:
        """What follows from the state as it is by now."""
        return self.engine.facts(self.state, self.now)

    @property
    def stage(self) -> Stage:
        """The stage as the chart was last moved."""
        return self.engine.stage(self.state)

    def owed_by_time(self) -> frozenset[str]:
        """Keys of what time alone has made owed since the last step, as after an outage: it is no news (T7).

        Between deadlines nothing begins by itself, so that there is nothing to look for.
        """
        deadline = self.state.next_deadline
        if deadline is None or self.now < deadline.at:
            return frozenset()
        self.settle()
        return frozenset(duty.key for duty in self.engine.pathway.unanswered(self.facts, self.state.states))

    def settle(self) -> None:
        """Let the guards speak: the chart stands where they lead, unless it would be closed by what nobody has signed.

        Raises:
            NotSigned: what an exit would hang on (E1).
        """
        states = self.engine.configuration(self.facts)
        refuse_unsigned_exit(self.facts, self.engine.pathway.stage(states).is_over)
        if states != self.state.states:
            self.state = replace(self.state, states=states, moves=(*self.state.moves, *self._moved(states)))

    def _moved(self, states: Configuration) -> Iterator[Move]:
        """The change of the stage, if there is one, and what has brought it.

        What another system tells has moved the patient over there, at a time that an import does not know; the order in
        which its rows come says nothing (T4).
        """
        stage, deadline, record = (
            self.engine.pathway.stage(states),
            self.state.next_deadline,
            self.state.record,
        )
        stated = [recorded.entry for key in self.stated if (recorded := record.get(key))]
        if stage != self.stage and not any(entry.source is Source.IMPORT for entry in stated):
            was_due = not self.stated and deadline is not None and deadline.at <= self.now
            yield Move(self.now, stage, tuple(self.stated), deadline.name if was_due and deadline else "")

    def follow(self, kinds: frozenset[str] = frozenset(), by_time: frozenset[str] | None = None) -> list[str]:
        """Follow the facts to where they lead; what has happened beside them, in words.

        Args:
            kinds: The kinds of what was stated.
            by_time: Keys of what was owed before anything was stated; None: nothing was.
        """
        self.settle()
        facts, stage, state = self.facts, self.stage, self.state
        duties = self.engine.pathway.unanswered(facts, state.states)
        deadline = min(self.engine.awaited(facts, state.states), default=None)
        reconciled = self._reconciled(duties, facts, kinds, by_time)
        referral_requests, linked = state.referral_requests.follow(facts, stage.is_over)
        closed_on = facts.exit[1] if facts.exit else None
        self.effects += reconciled.effects
        self._note_closed(closed_on)
        self._keep_consents(facts)
        following = list(self._following(facts))
        alarms = self._alarms(
            facts, stage, bool(deadline or reconciled.worklist.open or referral_requests.open(facts))
        )
        self.effects += [*following, *linked, *alarms]
        self.state = replace(
            state,
            at=self.now,
            worklist=reconciled.worklist,
            referral_requests=referral_requests,
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
        context = Context(facts.calendar, facts.team, facts.policy.escalation)
        awaited = state.next_deadline.at if state.next_deadline else None
        return state.worklist.reconcile(
            duties, facts, kinds, context, Known(awaited, by_time, state.taken_over_at)
        )

    def _note_closed(self, closed_on: date | None) -> None:
        """The clinic database learns of the end of an episode, and of its reopening (I6)."""
        if (closed_on is not None) != self.state.is_noted_closed:
            self.effects.append(NoteClosed(f"closed:{len(self.state.record)}", closed_on))

    def _keep_consents(self, facts: Facts) -> None:
        """The clinic database learns of every change in what was consented to (P3, P4)."""
        if _consented(facts) != self._consents:
            number = len(facts.record)
            said = tuple(told_of(consent) for consent in facts.consents)
            self.effects.append(KeepConsents(f"consents:{number}", number, said, facts.revocations_lifted))

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
        said = self.engine.pathway.says(facts, self.state.states)
        alarms += [alarm for alarm in said if alarm.key not in sent]
        if not stage.is_over and not waits:
            alarms += nothing_awaited(facts, sent)
        return alarms


def _consented(facts: Facts) -> tuple[object, object]:
    """The consents that were given and how each stands; and the revocations that were taken back."""
    return facts.consents, facts.revocations_lifted


def _told_of_referrals(asked: Sequence[StartReferral | TellReferral]) -> list[str]:
    """A sentence for each referral that begins (C3-C5)."""
    return [
        f"Started a referral ({one.kind.replace('_', ' ')}): {one.referral_id}."
        for one in asked
        if isinstance(one, StartReferral)
    ]
