"""What the engine needs of a pathway. A new one is a chart file with one subclass, its policy and its tests."""

from abc import ABC, abstractmethod
from collections.abc import Collection, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any, ClassVar, Literal

from statemachine import StateChart

from workflows.core.claims import Claims
from workflows.core.deadlines import (
    Deadline,
    leave_changes,
    record_closes,
    statements_end,
    team_changes,
)
from workflows.core.duties import Duty
from workflows.core.duties.admission import fallen_away, intake
from workflows.core.duties.consents import revocations
from workflows.core.duties.leaving import exit_duties, involuntary_discharge, transfer
from workflows.core.duties.payer import payer_appeals
from workflows.core.duties.review import contradictory_corrections, decisions_to_review
from workflows.core.duties.safety import after_leave, crisis
from workflows.core.duties.slips import adherence, care_offers, holds, prescriptions, slip_response
from workflows.core.facts import Facts
from workflows.core.situation import Situation

Stage = Literal["intake", "program", "gate_review", "aftercare", "closed"]

IN_PROGRAM: frozenset[str] = frozenset({"program", "gate_review"})
"""The stages in which the sessions of the program are owed."""


COMMON_EXITS: Mapping[tuple[str, str], str] = MappingProxyType(
    {
        ("lost_contact_proposal", "close"): "lost_contact",
        ("discharge_decision", "discharge"): "involuntary",
        ("discharge_appeal_hearing", "uphold"): "involuntary",
        ("transfer", "first_visit_attended"): "transferred",
        ("refer_to_level_of_care", "first_visit_attended"): "transferred",
        ("refer_to_level_of_care", "declined"): "withdrew",
        ("screening", "declined"): "withdrew",
        ("admission", "declined"): "withdrew",
    }
)
"""What closes an episode of any pathway, each by a named person's answer; `exit` entries say the rest (E1)."""


class Pathway(ABC):
    """A chart, the guards it reads, and what is owed and awaited in each of its stages."""

    name: ClassVar[str]
    title: ClassVar[str]
    chart: ClassVar[type[StateChart[Any]]]
    situation: ClassVar[type[Situation[Facts]]]
    level: ClassVar[str]
    """The level of care that it gives (I4)."""
    moves: ClassVar[Mapping[tuple[str, str], str]]
    """Which answer to which duty moves the episode into another stage: (kind of duty, choice) to stage."""
    exits: ClassVar[Mapping[tuple[str, str], str]]
    """Which answer to which duty closes the episode: (kind of duty, choice) to exit reason."""

    defaults: ClassVar[Mapping[str, Any]] = MappingProxyType({})
    """What of the default policy is otherwise in this pathway."""
    follows: ClassVar[Mapping[tuple[str, str], str]] = MappingProxyType({})
    """Which answer to which duty begins an episode of another pathway: (kind of duty, choice) to its name."""

    claims: ClassVar[Claims]
    """What the chart is for, as data: what `carepath pathway verify` holds it against."""

    def stage(self, states: Collection[str]) -> Stage:
        """The stage of the public contract that a configuration of the chart stands for."""
        if "closed" in states:
            return "closed"
        if "aftercare" in states:
            return "aftercare"
        if "program" in states:
            return "gate_review" if "gate_review" in states else "program"
        return "intake"

    def duties(self, facts: Facts, stage: Stage) -> Sequence[Duty]:
        """What people owe now, and what they will owe: a duty that begins later is waited for."""
        return facts.keep(("duties", self.name, stage), lambda facts: tuple(self._duties(facts, stage)))

    def unanswered(self, facts: Facts, stage: Stage) -> Sequence[Duty]:
        """The same, less what somebody has answered already."""
        return facts.keep(
            ("unanswered", self.name, stage),
            lambda facts: tuple(duty for duty in self.duties(facts, stage) if facts.answer(duty.key) is None),
        )

    def deadlines(self, facts: Facts, stage: Stage) -> Sequence[Deadline]:
        """The moments ahead at which time alone changes something."""
        return facts.keep(("deadlines", self.name, stage), lambda facts: tuple(self._deadlines(facts, stage)))

    def _duties(self, facts: Facts, stage: Stage) -> Iterator[Duty]:
        if facts.exit_signed and facts.exit_signed.reason == "deceased":
            yield from exit_duties(facts)
            return
        yield from crisis(facts)
        yield from decisions_to_review(facts)
        yield from contradictory_corrections(facts)
        yield from revocations(facts)
        yield from payer_appeals(facts)
        if stage == "closed":
            yield from exit_duties(facts)
            return
        yield from after_leave(facts)
        yield from involuntary_discharge(facts)
        yield from transfer(facts)
        if stage == "intake":
            yield from intake(facts)
            return
        yield from fallen_away(facts)
        yield from slip_response(facts)
        yield from care_offers(facts)
        yield from holds(facts)
        yield from prescriptions(facts)
        yield from adherence(facts)
        yield from self.aftercare_duties(facts) if stage == "aftercare" else self.program_duties(facts)

    def _deadlines(self, facts: Facts, stage: Stage) -> Iterator[Deadline]:
        yield from leave_changes(facts)  # in every stage it shows whether somebody is away
        if stage == "closed":
            for closes in record_closes(facts):
                yield closes
                yield from (one for one in team_changes(facts) if one.at < closes.at)
            return
        yield from team_changes(facts)
        yield from statements_end(facts)
        if stage not in ("intake", "aftercare"):
            yield from self.program_deadlines(facts)

    @abstractmethod
    def program_duties(self, facts: Facts) -> Iterator[Duty]:
        """What is owed in the program, beside what is owed in every stage."""

    @abstractmethod
    def program_deadlines(self, facts: Facts) -> Iterator[Deadline]:
        """What time changes in the program."""

    def aftercare_duties(self, facts: Facts) -> Iterator[Duty]:
        """What is owed in aftercare, where the pathway has one."""
        yield from ()
