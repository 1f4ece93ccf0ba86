"""The invariants of the chart, held against every node and every edge of its graph."""

from collections import defaultdict

from workflows.core.engine.configuration import Restless
from workflows.core.episode.pathway import Pathway
from workflows.core.episode.start import Team
from workflows.pathways.proof.chart import Chart, Configuration, Known
from workflows.pathways.proof.chart_read import bare
from workflows.pathways.proof.exploring import Exploration
from workflows.pathways.proof.findings import Findings
from workflows.pathways.proof.graph import Edge, Graph, Node, NumberedGuards, Place, Way
from workflows.pathways.proof.parts import contradicted, parts
from workflows.pathways.proof.running import driven
from workflows.pathways.proof.story import ChartStep, ChartStory

ROLES = frozenset({*Team.model_fields, "on_call"})


def prove_chart(pathway: Pathway, findings: Findings, within: int | None = None) -> list[Graph]:
    """Build the graph of a pathway's chart and look at every invariant of it.

    With `within`, only what lies within so many changed facts: no proof, but enough to find most faults soon.
    """
    graphs = []
    for part in parts(pathway):
        graphs.append(of_part(pathway, part, findings, within))
    of_whole(pathway, graphs, findings)
    return graphs


def of_structure(pathway: Pathway, findings: Findings) -> None:
    """What can be said without moving: owners, and words that both sides know."""
    claims = pathway.claims
    for part in parts(pathway):
        for leaf in part.leaves:
            owner = next((claims.owners[s] for s in part.around(leaf) if s in claims.owners), None)
            if owner in ROLES:
                findings.holds("owner")
            else:
                findings.broken("owner", f"nobody owns the state {part.names[leaf]}")
        for arrow in part.arrows:
            for target in arrow.targets:
                says = {bare(lit): True for lit in claims.means.get(target, ()) if not lit.startswith("!")}
                against = any(says.get(name, value) is not value for name, value in arrow.needs)
                if against or contradicted(claims.never, {**says, **dict(arrow.needs)}):
                    way = f"from '{part.names[arrow.source]}' to '{part.names[target]}'"
                    findings.broken("truth", f"the way {way} opens on what the second contradicts")
            for guard in arrow.guards:
                if guard in claims.guards and guard in pathway.guards.names:
                    findings.holds("cause")
                else:
                    findings.broken("cause", f"the chart reads {guard}, of which nothing is claimed")
            for event in arrow.events:
                if event in claims.leads_to:
                    findings.holds("decision")
                else:
                    findings.broken("decision", f"no decision of a person is claimed for the event {event}")
    for guard in set(pathway.guards.names) ^ set(claims.guards):
        findings.broken("cause", f"the guards and the claims differ about {guard}")


def of_part(pathway: Pathway, part: Chart, findings: Findings, within: int | None = None) -> Graph:
    """Every node and every edge of one part, each way in which facts can change."""
    exploration = Exploration(pathway, part, within)
    graph = exploration.so_far
    looked = Looked(pathway, graph, exploration.guards, findings)
    for node, edges in exploration.nodes():
        looked.at_node(node)
        for edge in edges:
            looked.at_edge(edge)
        findings.holds("rest", len(edges))
    if graph.restless:
        story = told(pathway, graph, [*graph.way_to(graph.restless.source), graph.restless])
        findings.broken("rest", "the chart goes round without end", story)
    return graph


class Looked:
    """Looks at the nodes and edges of a graph and says what is broken."""

    def __init__(self, pathway: Pathway, graph: Graph, guards: NumberedGuards, findings: Findings) -> None:
        self.pathway = pathway
        self.claims = pathway.claims
        self.graph = graph
        self.chart = graph.chart
        self.findings = findings
        known = [name for name in guards.names if name in self.claims.guards]
        self._by_person = {
            value: guards.mask(tuple(name for name in known if self._is_of_a_person(name, value)))
            for value in (True, False)
        }
        self._crisis = guards.bit.get(self.claims.crisis[0], 0) if self._shows_crisis else 0
        self._stages: dict[Configuration, str] = {}
        self._resumed: dict[Way, bool] = {}

    def _is_of_a_person(self, guard: str, value: bool) -> bool:
        """Whether nothing but a person brings a value of a guard about."""
        return all(cause.by_person for cause in self.claims.guards[guard].may_become(value))

    @property
    def _shows_crisis(self) -> bool:
        return self.claims.crisis[1] in self.chart.order

    def at_node(self, node: Node) -> None:
        """Truth, rest, crisis; and the running chart on the way by which the node was reached."""
        facts = dict(node.facts)
        for state in node.configuration:
            for literal in self.claims.means.get(state, ()):
                name, wanted = bare(literal), not literal.startswith("!")
                if facts[name] is not wanted:
                    self._broken("truth", untrue(self.pathway, self.chart.names[state], name, wanted), node)
        self.findings.holds("truth")
        guard_name, state, _ = self.claims.crisis
        if self._shows_crisis:
            if facts.get(guard_name) is None:
                self._broken("crisis", "a crisis is not noticed here", node)
            elif facts[guard_name] and state not in node.configuration:
                self._broken("crisis", "a crisis is stated and the chart does not show it", node)
            else:
                self.findings.holds("crisis")
        edge = self.graph.reached_by[node]
        if edge and "rest" not in self.findings.breaches:
            if driven(self.pathway, edge, self.chart) != (node.configuration, node.history):
                self._broken("running", "the running chart goes another way", node)
            else:
                self.findings.holds("running")

    def at_edge(self, edge: Edge) -> None:
        """Who ends an episode, where decisions lead, how an episode resumes."""
        before, after = self._stage(edge.source), self._stage(edge.target)
        if before != "closed" and after == "closed":
            change, values = edge.change, edge.way.values
            by_person = change & values & self._by_person[True] | change & ~values & self._by_person[False]
            if edge.event not in self.claims.leads_to and not by_person:
                self._broken("person", "the episode is closed and nobody has decided it", edge)
            self.findings.holds("person")
        if before == "closed" and after != "closed":
            self._resumes(edge)
        if edge.event:
            self._leads(edge)
        if self._crisis and edge.change == self._crisis:
            self._alone(edge)

    def _stage(self, node: Node) -> str:
        configuration = node.place.configuration
        stage = self._stages.get(configuration)
        if stage is None:
            stage = self.pathway.stage(configuration)
            stage = self._stages[configuration] = "program" if stage == "gate_review" else stage
        return stage

    def _resumes(self, edge: Edge) -> None:
        """Where it stood, brought up to date with what has become known meanwhile."""
        if edge.way not in self._resumed:
            self._resumed[edge.way] = self._stood(edge) == edge.target.configuration
        if not self._resumed[edge.way]:
            said = ", ".join(self._leaves(self._stood(edge))) or "nowhere"
            self._broken("resume", f"a reopened episode does not resume where it stood ({said})", edge)
        self.findings.holds("resume")

    def _stood(self, edge: Edge) -> Configuration:
        past = [state for _, states in edge.source.history for state in states]
        return self.chart.settled(past, edge.facts) if past else ()

    def _leads(self, edge: Edge) -> None:
        assert edge.event
        takes = any(
            edge.event in arrow.events and arrow.source in edge.source.configuration
            for arrow in self.chart.arrows
        )
        if takes and self.claims.leads_to.get(edge.event) not in edge.target.configuration:
            where = ", ".join(self._leaves(edge.target.configuration))
            self._broken("decision", f"the decision {edge.event.replace('_', ' ')} leads to {where}", edge)
        self.findings.holds("decision")

    def _alone(self, edge: Edge) -> None:
        """A crisis moves nothing but the crisis itself."""
        state = self.claims.crisis[1]
        moved = set(edge.source.configuration) ^ set(edge.target.configuration)
        if any(self.chart.parent[s] != self.chart.parent[state] for s in moved):
            self._broken("crisis", "a crisis moves more than itself", edge)

    def _leaves(self, configuration: Configuration) -> list[str]:
        return [self.chart.names[s] for s in configuration if not self.chart.children[s]]

    def _broken(self, invariant: str, what: str, where: Node | Edge) -> None:
        way = (
            [*self.graph.way_to(where.source), where] if isinstance(where, Edge) else self.graph.way_to(where)
        )
        first = way[0].source if way else where
        assert isinstance(first, Node)
        self.findings.broken(invariant, what, told(self.pathway, self.graph, way, first, what))


def of_whole(pathway: Pathway, graphs: list[Graph], findings: Findings) -> None:
    """What the graphs say together: states that are never reached, places without a way out."""
    rested = {s for graph in graphs for configuration in graph.configurations for s in configuration}
    for graph in graphs:
        for leaf in graph.chart.leaves:
            if (leaf in rested) is (leaf in pathway.claims.passes_through):
                says = "is never reached" if leaf not in rested else "is a place to rest"
                findings.broken("reach", f"the state {graph.chart.names[leaf]} {says}")
            findings.holds("reach")
    ends = [graph for graph in graphs if any(_closed(pathway, node) for node in graph.leads_to)]
    if not ends:
        findings.broken("way_out", "the chart has no exit")
    for graph in ends:
        back: dict[Node, set[Node]] = defaultdict(set)
        for node, targets in graph.leads_to.items():
            for target in targets:
                back[target].add(node)
        pending = [node for node in graph.leads_to if _closed(pathway, node)]
        out = set(pending)
        while pending:
            for node in back[pending.pop()] - out:
                out.add(node)
                pending.append(node)
        findings.holds("way_out", len(out))
        for node in graph.leads_to:
            if node not in out:
                way = graph.way_to(node)
                what = "there is no way to an exit from here"
                findings.broken(
                    "way_out", what, told(pathway, graph, way, way[0].source if way else node, what)
                )


def told(
    pathway: Pathway, graph: Graph, way: list[Edge], first: Node | None = None, shows: str = ""
) -> ChartStory:
    """A way through the graph as a story."""
    chart = graph.chart

    def rests_in(node: Node) -> tuple[str, ...]:
        return tuple(chart.names[s] for s in node.configuration if not chart.children[s])

    start = first or way[0].source
    steps = [ChartStep(start.facts, None, rests_in(start), start.facts)]
    steps += [ChartStep(edge.facts, edge.event, rests_in(edge.target), edge.changed) for edge in way]
    return ChartStory(pathway.name, tuple(steps), shows)


def retell(pathway: Pathway, story: ChartStory, findings: Findings) -> None:
    """Go a kept story through the chart as it is now and look at the invariants on the way."""
    guards = {guard for step in story.steps for guard, _ in step.facts}
    for part in parts(pathway):
        if not guards & {guard for arrow in part.arrows for guard in arrow.guards}:
            continue
        _retell(pathway, part, story, findings)


def _retell(pathway: Pathway, chart: Chart, story: ChartStory, findings: Findings) -> None:
    graph, guards = Graph(chart), NumberedGuards(tuple(pathway.claims.guards))
    looked = Looked(pathway, graph, guards, findings)
    facts = Known(dict.fromkeys(guards.names, False))
    everything = guards.mask(guards.names)
    here: Node | None = None
    for step in story.steps:
        facts = Known({**facts, **dict(step.facts)})
        values = guards.mask(tuple(name for name, value in facts.items() if value))
        try:
            if here is None:
                here = Node(Place(*chart.start(facts), everything, guards), values)
                graph.reached_by[here] = None
            else:
                rests = chart.step(here.configuration, here.history, step.event, facts)
                there = Node(Place(*rests, everything, guards), values)
                edge = Edge(here, Way(everything, values, step.event, there))
                graph.reached_by.setdefault(there, edge)
                looked.at_edge(edge)
                here = there
        except Restless:
            findings.broken("rest", "the chart goes round without end", story)
            return
        looked.at_node(here)


def untrue(pathway: Pathway, state: str, guard: str, wanted: bool) -> str:
    """That a state is shown of which something is not true, in words."""
    return f"'{state}' is shown, but it is not so that {pathway.claims.guards[guard].says(wanted)}"


def _closed(pathway: Pathway, node: Node) -> bool:
    return pathway.stage(node.configuration) == "closed"
