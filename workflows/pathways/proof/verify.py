"""The proof of one pathway: its chart wholly, its engine up to a depth; and kept stories told again."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import prod
from typing import Any

from workflows.core.pathway import Pathway
from workflows.pathways.proof import of_chart, of_engine
from workflows.pathways.proof.findings import Findings
from workflows.pathways.proof.story import ChartStory, Story

DEPTH = 1
"""Steps beyond each opening that are searched unless more are asked for: a quarter of a minute in all."""


@dataclass(frozen=True)
class Proof:
    """What was built and tried, and what was found."""

    pathway: str
    title: str
    findings: Findings
    configurations: int
    situations: int
    edges: int
    openings: int
    depth: int
    kinds: int
    tried: int
    complete: bool
    seconds: float


def prove(
    pathway: Pathway, clock: Callable[[], float], depth: int = DEPTH, within: int | None = None
) -> Proof:
    """Prove a pathway.

    Args:
        pathway: The pathway with its claims.
        clock: Tells seconds; the proof itself knows no time of day.
        depth: Steps beyond each opening.
        within: How many facts may change on the way to a situation of the chart; None: any number, the whole graph.
    """
    began = clock()
    findings = Findings()
    graphs = of_chart.prove_chart(pathway, findings, within=within)
    search = of_engine.prove_engine(pathway, findings, depth)
    return Proof(
        pathway.name,
        pathway.title,
        findings,
        prod(len(graph.configurations) for graph in graphs),
        prod(len(graph.leads_to) for graph in graphs),
        sum(graph.moves for graph in graphs),
        len(pathway.claims.openings),
        depth,
        len(search.situations),
        search.tried,
        search.complete,
        clock() - began,
    )


def retell(pathway: Pathway, kept: Mapping[str, Any]) -> Findings:
    """Go through a story that was kept as data, with the chart or the engine as it is now."""
    findings = Findings()
    if "steps" in kept:
        of_engine.retell(pathway, Story.from_data(kept), findings)
    else:
        of_chart.retell(pathway, ChartStory.from_data(kept), findings)
    return findings
