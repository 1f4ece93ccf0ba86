"""The whole graph of a chart: every configuration, under every combination of facts that its guards may read.

Facts are free: in every configuration each guard may take any value, alone or together with others, unless the
claims say that such values never stand together. A guard that a configuration does not read is forgotten there
and may have any value when it is read again. So the graph holds more than can happen and nothing less.

Regions beside each other at the top of a chart that share neither guards nor events nor transitions are explored
apart: the graph of the chart is the product of their graphs, and what holds in each of them holds in the
product. `parts` looks for what they share, and joins those that do.
"""

import heapq
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import count
from typing import NamedTuple

from workflows.core.claims import Literal
from workflows.core.pathway import Pathway
from workflows.pathways.proof.chart import (
    Chart,
    Configuration,
    History,
    Known,
    Restless,
    Unread,
    bare,
    read_chart,
)

Facts = tuple[tuple[str, bool], ...]


class Node(NamedTuple):
    """A configuration at rest, with what history keeps and the facts that matter there."""

    configuration: Configuration
    history: History
    facts: Facts


class Edge(NamedTuple):
    """A move from one node to another: under new facts, or by an event."""

    source: Node
    target: Node
    facts: Facts
    event: str | None

    @property
    def cost(self) -> int:
        """How much must happen at once: facts that change, and facts read for the first time that hold."""
        before = dict(self.source.facts)
        return max(1, sum(before.get(guard, False) is not value for guard, value in self.facts))

    @property
    def changed(self) -> Facts:
        """Which of the facts that mattered have changed."""
        before = dict(self.source.facts)
        return tuple((guard, value) for guard, value in self.facts if before.get(guard, value) is not value)


@dataclass
class Graph:
    """Every node that can be reached, and how each was reached first."""

    chart: Chart
    edges: dict[Node, list[Edge]]
    reached_by: dict[Node, Edge | None]
    restless: Edge | None = None

    @property
    def configurations(self) -> set[Configuration]:
        """What the chart can rest in, whatever the facts and the past."""
        return {node.configuration for node in self.edges}

    def way_to(self, node: Node) -> list[Edge]:
        """The shortest way to a node."""
        way: list[Edge] = []
        while (edge := self.reached_by[node]) is not None:
            way.append(edge)
            node = edge.source
        return way[::-1]


def parts(pathway: Pathway) -> list[Chart]:
    """The regions at the top of a chart that share nothing, each as a chart of its own."""
    whole = read_chart(pathway)
    if whole.root not in whole.parallel:
        return [whole]
    claims = pathway.claims
    groups: list[tuple[set[str], set[str]]] = []  # regions, and the words they share
    for region in whole.children[whole.root]:
        members = {s for s in whole.order if region in whole.around(s)}
        words = {region}
        for arrow in whole.arrows:
            if arrow.source in members or members & set(arrow.targets):
                words |= set(arrow.guards) | {f"event {event}" for event in arrow.events}
                words |= {r for s in (arrow.source, *arrow.targets) for r in whole.around(s)
                          if whole.parent[r] == whole.root}  # fmt: skip
        words |= {bare(literal) for state in members for literal in claims.means.get(state, ())}
        groups.append(({region}, words))
    for together in claims.never:
        groups.append((set(), {bare(literal) for literal in together}))
    joined: list[tuple[set[str], set[str]]] = []
    for regions, words in groups:
        for other in [other for other in joined if other[1] & words]:
            joined.remove(other)
            regions, words = regions | other[0], words | other[1]
        joined.append((regions, words))
    found = [whole.part(frozenset(regions)) for regions, _ in joined if regions]
    # The largest first: if it goes round without end, the running chart must not be driven at all.
    return sorted(found, key=lambda part: -len(part.order))


class Possible:
    """The combinations of facts that can stand together."""

    def __init__(self, never: Iterable[tuple[Literal, ...]]) -> None:
        self._never = [tuple((bare(lit), not lit.startswith("!")) for lit in clause) for clause in never]
        self._about: dict[str, list[tuple[tuple[str, bool], ...]]] = {}
        for clause in self._never:
            for name, _ in clause:
                self._about.setdefault(name, []).append(clause)
        self._of: dict[tuple[str, ...], list[Known]] = {}

    def allows(self, facts: Mapping[str, bool]) -> bool:
        """Whether nothing that is known contradicts itself."""
        return not any(all(facts.get(name) is value for name, value in clause) for clause in self._never)

    def of(self, guards: tuple[str, ...]) -> list[Known]:
        """Every combination of values of some guards."""
        if guards not in self._of:
            found = [Known()]
            for guard in guards:
                found = [longer for facts in found for longer in self.with_either(facts, guard)]
            self._of[guards] = found
        return self._of[guards]

    def with_either(self, facts: Known, guard: str) -> Iterator[Known]:
        """The facts with a guard decided in each way that is possible."""
        for value in (False, True):
            longer = Known({**facts, guard: value})
            if not any(all(longer.get(n) is v for n, v in clause) for clause in self._about.get(guard, ())):
                yield longer


TOGETHER = 2
"""In a graph that is not whole, so many facts change together: those of which one replaces another."""


class Exploration:
    """Builds the graph of one part of a chart: the whole, or only what lies `within` so many changed facts."""

    def __init__(self, pathway: Pathway, chart: Chart, within: int | None = None) -> None:
        self.chart = chart
        self.within = within
        self.so_far = Graph(chart, {}, {})
        self.claims = pathway.claims
        self.possible = Possible(pathway.claims.never)
        self.events = sorted({event for arrow in chart.arrows for event in arrow.events})
        self._relevant: dict[Configuration, tuple[str, ...]] = {}
        self._nodes: dict[Node, Node] = {}
        self._seen: dict[Facts, Facts] = {}

    def relevant(self, configuration: Configuration) -> tuple[str, ...]:
        """The guards that matter in a configuration: what its transitions read and what its states mean."""
        if configuration not in self._relevant:
            names = {g for arrow in self.chart.arrows if arrow.source in configuration for g in arrow.guards}
            names |= {bare(lit) for state in configuration for lit in self.claims.means.get(state, ())}
            self._relevant[configuration] = tuple(sorted(names))
        return self._relevant[configuration]

    def nodes(self) -> Iterator[tuple[Node, list[Edge]]]:
        """Every node that can be reached with its edges, nearest first: by how many facts change on the way."""
        graph = self.so_far
        ticket = count()
        heap: list[tuple[int, int, Node, Edge | None]] = []
        for node in self._starts():
            heapq.heappush(heap, (sum(value for _, value in node.facts), next(ticket), node, None))
        while heap and not graph.restless:
            cost, _, node, by = heapq.heappop(heap)
            if node in graph.edges:
                continue
            graph.reached_by[node] = by
            if self.within is not None and cost > self.within:
                return
            graph.edges[node] = list(self._moves(node))
            yield node, graph.edges[node]
            for edge in graph.edges[node]:
                if edge.target not in graph.edges:
                    heapq.heappush(heap, (cost + edge.cost, next(ticket), edge.target, edge))

    def _starts(self) -> Iterator[Node]:
        """Nothing is known at the start: no fact holds but those of which one must."""
        pending = [Known()]
        while pending:
            facts = pending.pop()
            try:
                configuration, history = self.chart.start(facts)
            except Unread as unread:
                pending.append(next(self.possible.with_either(facts, unread.guard)))
            except Restless:
                nowhere = Node((), (), ())
                self.so_far.reached_by[nowhere] = None
                self.so_far.restless = Edge(nowhere, nowhere, self._facts(facts), None)
                return
            else:
                for guard in self.relevant(configuration):
                    if guard not in facts:
                        facts = next(self.possible.with_either(facts, guard))
                yield self._node(configuration, history, facts)

    def _moves(self, node: Node) -> Iterator[Edge]:
        before = Known(node.facts)
        for facts in self.possible.of(self.relevant(node.configuration)):
            changes = sum(before[guard] is not value for guard, value in facts.items())
            if changes and (self.within is None or changes <= TOGETHER):
                yield from self._lead(node, facts, None)
        for event in self.events:
            yield from self._lead(node, before, event)

    def _lead(self, node: Node, facts: Known, event: str | None) -> Iterator[Edge]:
        pending = [facts]
        while pending:
            facts = pending.pop()
            try:
                configuration, history = self.chart.step(node.configuration, node.history, event, facts)
            except Unread as unread:
                pending += self.possible.with_either(facts, unread.guard)
            except Restless:
                self.so_far.restless = Edge(node, node, self._facts(facts), event)
                return
            else:
                for known in self._known(configuration, facts):
                    yield Edge(node, self._node(configuration, history, known), self._facts(known), event)

    def _known(self, configuration: Configuration, facts: Known) -> Iterator[Known]:
        """The facts with all that matter in a configuration decided, in every way."""
        pending = [facts]
        relevant = self.relevant(configuration)
        while pending:
            facts = pending.pop()
            missing = next((guard for guard in relevant if guard not in facts), None)
            if missing is None:
                yield facts
            else:
                pending += self.possible.with_either(facts, missing)

    def _node(self, configuration: Configuration, history: History, facts: Known) -> Node:
        found = Node(
            configuration, history, tuple((guard, facts[guard]) for guard in self.relevant(configuration))
        )
        return self._nodes.setdefault(found, found)

    def _facts(self, facts: Known) -> Facts:
        found = tuple(sorted(facts.items()))
        return self._seen.setdefault(found, found)
