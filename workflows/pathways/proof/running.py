"""The running chart, driven along the graph: what is proved of the graph is true of the chart."""

from collections.abc import Iterable, Mapping
from typing import Any

from statemachine import StateChart
from statemachine.orderedset import OrderedSet

from workflows.core.episode.pathway import Pathway
from workflows.pathways.proof.chart import Chart, Configuration, History
from workflows.pathways.proof.chart_read import read_chart
from workflows.pathways.proof.graph import Edge


class Free:
    """A model of the running chart whose facts are set by hand."""

    def __init__(self, guards: Iterable[str], facts: Mapping[str, bool]) -> None:
        self.state: Any = None
        for guard in guards:
            setattr(self, guard, facts.get(guard, False))


def driven(pathway: Pathway, edge: Edge, chart: Chart) -> tuple[Configuration, History]:
    """Where the running chart comes to rest when it is put at an edge's source and moved along it.

    Regions outside of the part stand in their initial states meanwhile.
    """
    whole = read_chart(pathway)
    beside = [s for s in whole.at_first if s not in chart.order]
    model = Free(pathway.claims.guards, dict(edge.facts))
    model.state = OrderedSet(sorted([*edge.source.configuration, *beside], key=whole.order.__getitem__))
    running: StateChart[Any] = pathway.chart(model=model)
    for pseudo, past in edge.source.history:
        running.history_values[pseudo] = [running.states_map[state] for state in past]
    running.send(edge.event or "settle")
    in_order = chart.order.__getitem__
    configuration = tuple(sorted((s for s in running.configuration_values if s in chart.order), key=in_order))
    kept = {
        pseudo: tuple(sorted((state.id for state in past), key=in_order))
        for pseudo, past in running.history_values.items()
        if pseudo in chart.histories and chart.histories[pseudo][0] not in configuration
    }
    return configuration, tuple(sorted(kept.items()))
