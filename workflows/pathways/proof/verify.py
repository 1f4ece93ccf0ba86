"""The proof of one pathway: its chart wholly, its engine up to a depth; and kept stories told again."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import prod
from typing import Any

from workflows.core.episode.pathway import Pathway
from workflows.core.episode.policy import load_policy
from workflows.pathways.proof import of_chart, of_engine
from workflows.pathways.proof.findings import Broken, Findings
from workflows.pathways.proof.graph import Graph
from workflows.pathways.proof.numbers import all_numbers, noted, values_of
from workflows.pathways.proof.of_policy import UnderPolicy, prove_policy
from workflows.pathways.proof.search import Search
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
    numbers: Mapping[str, str]
    """Every number of the policy that was read, with its value: on these the result depends."""
    not_read: tuple[str, ...]
    """Every number that was not: whatever they are, the result is the same."""
    policy: UnderPolicy | None
    """What was lived through under a clinic's own policy."""
    seconds: float


def prove(
    pathway: Pathway,
    clock: Callable[[], float],
    depth: int = DEPTH,
    within: int | None = None,
    stop_at_first: bool = False,
    policy: Mapping[str, Any] | None = None,
) -> Proof:
    """Prove a pathway.

    Args:
        pathway: The pathway with its claims.
        clock: Tells seconds; the proof itself knows no time of day.
        depth: Steps beyond each opening.
        within: How many facts may change on the way to a situation of the chart; None: any number, the whole graph.
        stop_at_first: Whether the first breach is enough.
        policy: A clinic's own, as in a policy file, to be lived with beside the small program.

    Raises:
        InvalidPolicy: the policy contradicts itself.
    """
    began = clock()
    findings = Findings(stop_at_first=stop_at_first)
    graphs: list[Graph] = []
    search: Search | None = None
    under: UnderPolicy | None = None
    whole = load_policy(pathway.claims.start.get("policy") if policy is None else policy, pathway.defaults)
    read: frozenset[str] = frozenset()
    try:  # what is found soonest comes first
        of_chart.of_structure(pathway, findings)
        with noted(whole) as numbers:
            if policy is not None:
                under = prove_policy(pathway, policy, findings)
                read = frozenset(numbers)
            search = of_engine.prove_engine(pathway, findings, depth)
            read = read or frozenset(numbers)
        graphs = of_chart.prove_chart(pathway, findings, within=within)
    except Broken:
        pass
    return Proof(
        pathway.name,
        pathway.title,
        findings,
        prod(len(graph.configurations) for graph in graphs),
        prod(len(graph.leads_to) for graph in graphs),
        sum(graph.moves for graph in graphs),
        len(pathway.claims.openings),
        depth,
        len(search.situations) if search else 0,
        search.tried if search else 0,
        search is not None and search.complete,
        {name: value for name, value in values_of(whole).items() if name in read},
        tuple(sorted(all_numbers(whole) - read)),
        under,
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
