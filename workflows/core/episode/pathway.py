"""What the engine needs of a pathway. A new one is a chart file with one subclass, its policy and its tests."""

from abc import ABC
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, ClassVar, TypeVar

from statemachine import StateChart

from workflows.core.engine.claims import Claims
from workflows.core.engine.configuration import Configuration
from workflows.core.engine.deadline import Deadline
from workflows.core.engine.duty import Duty
from workflows.core.engine.effects import MessagePatient, Notify
from workflows.core.engine.guards import Guards
from workflows.core.engine.places import carrying
from workflows.core.episode.facts import Facts
from workflows.core.episode.stages import Stage

T = TypeVar("T")

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

_STAGES: Mapping[str, Stage] = MappingProxyType({"": Stage.INTAKE, **{stage.value: stage for stage in Stage}})
"""By the name that a chart's state gives."""


class Pathway(ABC):
    """A chart, whose states carry what is owed and awaited in them, and the guards it reads."""

    name: ClassVar[str]
    title: ClassVar[str]
    chart: ClassVar[type[StateChart[Any]]]
    guards: ClassVar[type[Guards[Facts]]]
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
        """The stage of the public contract that a configuration of the chart stands for: the first one, before the
        chart has been asked."""
        return _STAGES[carrying(self.chart).together(tuple(states)).stage]

    def duties(self, facts: Facts, states: Configuration) -> Sequence[Duty]:
        """What people owe where the chart stands, and what they will owe: a duty that begins later is waited for."""
        carried = carrying(self.chart).together(states)
        return facts.keep(("duties", carried), lambda facts: _all_of(carried.owes, facts))

    def unanswered(self, facts: Facts, states: Configuration) -> Sequence[Duty]:
        """The same, less what somebody has answered already."""
        carried = carrying(self.chart).together(states)
        return facts.keep(
            ("unanswered", carried),
            lambda facts: tuple(one for one in self.duties(facts, states) if facts.answer(one.key) is None),
        )

    def says(self, facts: Facts, states: Configuration) -> Sequence[Notify | MessagePatient]:
        """What is said once where the chart stands, and whose moment has come."""
        carried = carrying(self.chart).together(states)
        return facts.keep(("says", carried), lambda facts: _all_of(carried.says, facts))

    def deadlines(self, facts: Facts, states: Configuration) -> Sequence[Deadline]:
        """The moments ahead at which time alone changes something."""
        carried = carrying(self.chart).together(states)
        return facts.keep(("deadlines", carried), lambda facts: _all_of(carried.awaits, facts))


def _all_of(those: Iterable[Callable[[Facts], Iterable[T]]], facts: Facts) -> tuple[T, ...]:
    return tuple(one for each in those for one in each(facts))
