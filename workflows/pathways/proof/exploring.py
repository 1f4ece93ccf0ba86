"""Builds the graph of a chart, nearest nodes first."""

import heapq
from collections.abc import Iterator, Sequence
from itertools import count

from workflows.core.engine.configuration import Restless
from workflows.core.episode.pathway import Pathway
from workflows.pathways.proof.chart import MOST_STEPS, Chart, Configuration, History, Known, Unread
from workflows.pathways.proof.chart_read import bare
from workflows.pathways.proof.graph import Edge, Graph, Node, NumberedGuards, Place, Way
from workflows.pathways.proof.parts import Possible

TOGETHER = 2
"""In a graph that is not whole, so many facts change together: those of which one replaces another."""


class Exploration:
    """Builds the graph of one part of a chart: the whole, or only what lies `within` so many changed facts."""

    def __init__(self, pathway: Pathway, chart: Chart, within: int | None = None) -> None:
        self.chart = chart
        self.within = within
        self.so_far = Graph(chart)
        self.claims = pathway.claims
        self.events = sorted({event for arrow in chart.arrows for event in arrow.events})
        named = {guard for arrow in chart.arrows for guard in arrow.guards}
        named |= {bare(literal) for state in chart.order for literal in self.claims.means.get(state, ())}
        self.guards = NumberedGuards(tuple(sorted(named)))
        self.possible = Possible(pathway.claims.never, self.guards)
        self._relevant: dict[Configuration, tuple[str, ...]] = {}
        self._places: dict[tuple[Configuration, History], Place] = {}
        self._on_the_way: set[tuple[Place, int, int]] = set()
        """What is being settled: to come there again is to go round."""

    def relevant(self, configuration: Configuration) -> tuple[str, ...]:
        """The guards that matter in a configuration: what its transitions read and what its states mean."""
        if configuration not in self._relevant:
            names = {g for arrow in self.chart.arrows if arrow.source in configuration for g in arrow.guards}
            names |= {bare(lit) for state in configuration for lit in self.claims.means.get(state, ())}
            self._relevant[configuration] = tuple(sorted(names))
        return self._relevant[configuration]

    def nodes(self) -> Iterator[tuple[Node, list[Edge]]]:
        """Every node that can be reached with its edges, nearest first: by how many facts change on the way."""
        graph, ticket = self.so_far, count()
        nearest: dict[Node, int] = {}
        heap: list[tuple[int, int, Node, Edge | None]] = []
        for node in self._starts():
            heapq.heappush(heap, (node.values.bit_count(), next(ticket), node, None))
        while heap and not graph.restless:
            cost, _, node, by = heapq.heappop(heap)
            if node in graph.leads_to:
                continue
            graph.reached_by[node] = by
            if self.within is not None and cost > self.within:
                return
            edges = list(self._edges(node))
            graph.leads_to[node] = {edge.way.target for edge in edges}
            graph.moves += len(edges)
            yield node, edges
            for edge in edges:
                target, longer = edge.way.target, cost + edge.cost
                if target not in graph.leads_to and longer < nearest.get(target, longer + 1):
                    nearest[target] = longer
                    heapq.heappush(heap, (longer, next(ticket), target, edge))

    def _starts(self) -> Iterator[Node]:
        """Nothing is known at the start: no fact holds but those of which one must."""
        known = values = 0
        while True:
            facts = Known(self.guards.told(known, values))
            try:
                place = self._place(*self.chart.start(facts))
            except Unread as unread:
                known, values = next(self.possible.with_either(known, values, self.guards.bit[unread.guard]))
            except Restless:
                nowhere = Node(Place((), (), 0, self.guards), 0)
                self.so_far.reached_by[nowhere] = None
                self.so_far.restless = Edge(nowhere, Way(known, values, None, nowhere))
                return
            else:
                yield self._at_rest(place, known, values)[0].target
                return

    def _edges(self, node: Node) -> Iterator[Edge]:
        place, values = node
        for read in self.possible.of(place.reads):
            changes = (read ^ values).bit_count()
            if changes and (self.within is None or changes <= TOGETHER):
                ways = self._settled(place, place.reads, read)
                if self.so_far.restless:
                    self.so_far.restless = self.so_far.restless._replace(source=node)
                for way in ways:
                    yield Edge(node, way)
            if not changes:
                for event in self.events:
                    yield from self._decided(node, event)

    # -- under new facts ----------------------------------------------------------------------------------------

    def _settled(self, place: Place, known: int, values: int) -> Sequence[Way]:
        """Every way on which a place comes to rest under what is known, each with what is read on it."""
        found = place.ways.get((known, values))
        if found is None:
            here = place, known, values
            if here in self._on_the_way:
                return self._goes_round(place, known, values)
            self._on_the_way.add(here)
            found = self._settling(place, known, values)
            self._on_the_way.remove(here)
            if len(found) > 1:  # read from many nodes: those that differ only in what is forgotten on the way
                place.ways[known, values] = found
        return found

    def _goes_round(self, place: Place, known: int, values: int) -> Sequence[Way]:
        nowhere = Node(place, 0)
        self.so_far.restless = Edge(nowhere, Way(known, values, None, nowhere))
        return ()

    def _settling(self, place: Place, known: int, values: int) -> Sequence[Way]:
        for _ in range(MOST_STEPS):
            to = self._next(place, known, values)
            if to is None:
                return self._at_rest(place, known, values)
            if isinstance(to, str):
                either = self.possible.with_either(known, values, self.guards.bit[to])
                return [way for more, longer in either for way in self._settled(place, more, longer)]
            place = to
            if place.reads & ~known:
                return self._settled(place, known, values)
        return self._goes_round(place, known, values)

    def _next(self, place: Place, known: int, values: int) -> Place | str | None:
        """One step from a place: another place, None if it rests, or the guard that has to be known first."""
        key = known & place.reads, values & place.reads
        if key not in place.steps:
            facts = Known(self.guards.told(*key))
            try:
                to = self.chart.once(place.configuration, place.history, facts)
                place.steps[key] = self._place(*to) if to else None
            except Unread as unread:
                place.steps[key] = unread.guard
        return place.steps[key]

    def _at_rest(self, place: Place, known: int, values: int) -> Sequence[Way]:
        """The facts with all that matter in a place decided, in every way."""
        found = [(known, values)]
        missing = place.reads & ~known
        while missing:
            guard = missing & -missing
            missing ^= guard
            found = [longer for so_far in found for longer in self.possible.with_either(*so_far, guard)]
        return [Way(more, longer, None, Node(place, longer & place.reads)) for more, longer in found]

    # -- by a decision ------------------------------------------------------------------------------------------

    def _decided(self, node: Node, event: str) -> Iterator[Edge]:
        pending = [(node.place.reads, node.values)]
        while pending:
            known, values = pending.pop()
            facts = Known(self.guards.told(known, values))
            try:
                rests = self.chart.step(node.configuration, node.history, event, facts)
            except Unread as unread:
                pending += self.possible.with_either(known, values, self.guards.bit[unread.guard])
            except Restless:
                self.so_far.restless = Edge(node, Way(known, values, event, node))
                return
            else:
                for way in self._at_rest(self._place(*rests), known, values):
                    yield Edge(node, Way(way.known, way.values, event, way.target))

    def _place(self, configuration: Configuration, history: History) -> Place:
        place = self._places.get((configuration, history))
        if place is None:
            reads = self.guards.mask(self.relevant(configuration))
            place = self._places[configuration, history] = Place(configuration, history, reads, self.guards)
        return place
