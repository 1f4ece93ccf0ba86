"""The whole graph of a chart: every configuration, under every combination of facts that its guards may read.

Facts are free: in every configuration each guard may take any value, alone or together with others, unless the
claims say that such values never stand together. A guard that a configuration does not read is forgotten there
and may have any value when it is read again. So the graph holds more than can happen and nothing less.

Regions beside each other at the top of a chart that share neither guards nor events nor transitions are explored
apart: the graph of the chart is the product of their graphs, and what holds in each of them holds in the
product. `parts` looks for what they share, and joins those that do.

Where a chart goes next depends on where it stands and on the facts that are read now, on nothing else. So each step
from a place is found once for each combination of facts, whichever way leads there: most nodes differ by an exit that
has been signed, and go the same ways when it is taken back. Facts are numbers, a bit for each guard; so a million
edges are pairs of numbers, and each of them is looked at.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from workflows.pathways.proof.chart import Chart, Configuration, History

Facts = tuple[tuple[str, bool], ...]


class NumberedGuards:
    """The guards of one chart as bits."""

    def __init__(self, names: tuple[str, ...]) -> None:
        self.names = names
        self.bit = {name: 1 << number for number, name in enumerate(names)}

    def mask(self, names: Iterator[str] | tuple[str, ...]) -> int:
        """The bits of some guards."""
        return sum(self.bit[name] for name in names)

    def told(self, of: int, values: int) -> Facts:
        """The guards in one number with their values in another."""
        return tuple((name, bool(values & bit)) for name, bit in self.bit.items() if of & bit)


@dataclass(frozen=True, eq=False, slots=True)
class Place:
    """A configuration at rest with what history keeps, and the guards that matter there."""

    configuration: Configuration
    history: History
    reads: int
    guards: NumberedGuards
    steps: dict[tuple[int, int], "Place | str | None"] = field(default_factory=dict)
    """One step from here, by what is known and by its values; a guard that has to be known first, by its name; None:
    it rests."""
    ways: dict[tuple[int, int], "Sequence[Way]"] = field(default_factory=dict)
    """The ways on which it comes to rest from here, likewise."""


class Node(NamedTuple):
    """A place with the values of the facts that matter there."""

    place: Place
    values: int

    @property
    def configuration(self) -> Configuration:
        """The active states."""
        return self.place.configuration

    @property
    def history(self) -> History:
        """What history keeps."""
        return self.place.history

    @property
    def facts(self) -> Facts:
        """The facts that matter here."""
        return self.place.guards.told(self.place.reads, self.values)


@dataclass(frozen=True, eq=False, slots=True)
class Way:
    """Where a place leads to under facts, or by an event; `known` are the guards that were read for it."""

    known: int
    values: int
    event: str | None
    target: Node


class Edge(NamedTuple):
    """A move from one node to another: under new facts, or by an event."""

    source: Node
    way: Way

    @property
    def target(self) -> Node:
        """Where it leads to."""
        return self.way.target

    @property
    def event(self) -> str | None:
        """The decision by which it is taken, if it is."""
        return self.way.event

    @property
    def facts(self) -> Facts:
        """All facts that were read on the way."""
        return self.source.place.guards.told(self.way.known, self.way.values)

    @property
    def cost(self) -> int:
        """How much must happen at once: facts that change, and facts read for the first time that hold."""
        return max(1, (self.source.values ^ self.way.values).bit_count())

    @property
    def change(self) -> int:
        """The bits of the facts that mattered and have changed."""
        return (self.source.values ^ self.way.values) & self.source.place.reads

    @property
    def changed(self) -> Facts:
        """Which of the facts that mattered have changed."""
        return self.source.place.guards.told(self.change, self.way.values)


@dataclass
class Graph:
    """Every node that can be reached, and how each was reached first."""

    chart: Chart
    leads_to: dict[Node, set[Node]] = field(default_factory=dict)
    """Each node, with the nodes next to it."""
    reached_by: dict[Node, Edge | None] = field(default_factory=dict)
    restless: Edge | None = None
    moves: int = 0
    """How many edges there are."""

    @property
    def configurations(self) -> set[Configuration]:
        """What the chart can rest in, whatever the facts and the past."""
        return {node.configuration for node in self.leads_to}

    def way_to(self, node: Node) -> list[Edge]:
        """The shortest way to a node."""
        way: list[Edge] = []
        while (edge := self.reached_by[node]) is not None:
            way.append(edge)
            node = edge.source
        return way[::-1]
