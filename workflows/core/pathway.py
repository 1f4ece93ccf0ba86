"""What the engine needs of a pathway. A new one is a chart file with one subclass, its policy and its tests."""

from abc import ABC, abstractmethod
from collections.abc import Collection, Iterator, Mapping
from typing import Any, ClassVar, Literal

from statemachine import StateChart

from workflows.core.deadlines import Deadline
from workflows.core.duties import Duty
from workflows.core.facts import Facts
from workflows.core.situation import Situation

Stage = Literal["intake", "program", "gate_review", "aftercare", "closed"]


class Pathway(ABC):
    """A chart, the guards it reads, and what is owed and awaited in each of its stages."""

    name: ClassVar[str]
    title: ClassVar[str]
    chart: ClassVar[type[StateChart[Any]]]
    situation: ClassVar[type[Situation]]
    level: ClassVar[str]
    """The level of care that it gives (I4)."""
    moves: ClassVar[Mapping[tuple[str, str], str]]
    """Which answer to which duty moves the episode into another stage: (kind of duty, choice) to stage."""
    exits: ClassVar[Mapping[tuple[str, str], str]]
    """Which answer to which duty closes the episode: (kind of duty, choice) to exit reason."""

    @abstractmethod
    def stage(self, states: Collection[str]) -> Stage:
        """The stage that a configuration of the chart stands for."""

    @abstractmethod
    def duties(self, facts: Facts, stage: Stage) -> Iterator[Duty]:
        """What people owe now, and what they will owe: a duty that begins later is waited for."""

    @abstractmethod
    def deadlines(self, facts: Facts, stage: Stage) -> Iterator[Deadline]:
        """The moments ahead at which time alone changes something."""
