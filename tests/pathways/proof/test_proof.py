"""The proof holds of the pathway, is about the chart that runs, and fails when something is wrong."""

import json
import time
from collections.abc import Callable
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from statemachine.exceptions import InvalidDefinition

from tests.core.test_laws import HISTORIES, _recorded
from tests.pathways.proof.faults import Fault, faults_of_chart, faults_of_pathway
from tests.searching import examples
from workflows.core.episode.episode import Episode
from workflows.core.episode.pathway import Pathway
from workflows.pathways import pathway_named
from workflows.pathways.drawing import transitions
from workflows.pathways.proof import INVARIANTS, Findings, Proof, as_data, page, prove, retell
from workflows.pathways.proof.chart import Chart, Known
from workflows.pathways.proof.chart_read import read_chart
from workflows.pathways.proof.exploring import Exploration
from workflows.pathways.proof.findings import Broken
from workflows.pathways.proof.graph import Edge, Node
from workflows.pathways.proof.of_chart import prove_chart
from workflows.pathways.proof.of_engine import prove_engine
from workflows.pathways.proof.of_promises import prove_promises
from workflows.pathways.proof.parts import contradicted, parts
from workflows.pathways.proof.running import driven
from workflows.pathways.proof.search import Search
from workflows.pathways.proof.seen import deadline_kind, look

pytestmark = pytest.mark.dear

IOP = pathway_named("iop")
STORIES = sorted((Path(__file__).parents[2] / "core" / "stories").glob("*.json"))
AGREED = {
    name: json.loads((Path(__file__).parent / f"{name}_transitions.json").read_text("utf-8"))
    for name in ("iop", "php")
}
"""The transitions as they were agreed; after a change that is meant: carepath pathway show NAME --json."""


@pytest.fixture(scope="module", params=["iop", "php"])
def proof(request: pytest.FixtureRequest) -> Proof:
    """What the engine does from each opening, and the part of the graph that three changes of facts reach.

    `make verify` searches a step beyond the openings, and the whole graph.
    """
    return prove(pathway_named(request.param), time.monotonic, depth=0, within=3)


# That something can be (whatever is claimed arises, each deadline is taken away) is true of the whole search only:
# `make verify` proves it.
@pytest.mark.parametrize(
    "invariant",
    [name for name, one in INVARIANTS.items() if name not in ("reach", "cancel") and not one.of_policy],
)
def test_every_invariant_holds(proof: Proof, invariant: str) -> None:
    assert proof.findings.looked_at[invariant]
    assert invariant not in proof.findings.breaches


def test_the_report_is_readable_and_says_how_much_was_looked_at(proof: Proof) -> None:
    shown = page(proof)
    assert max(map(len, shown.splitlines())) <= 120
    for invariant in INVARIANTS.values():
        assert (invariant.title in shown) is not invariant.of_policy
    assert f"{proof.configurations:,} configurations" in shown
    assert as_data(proof)["chart"]["configurations"] == proof.configurations
    json.dumps(as_data(proof))


def test_a_breaking_story_breaks_its_invariant_again_when_it_is_told_from_data(proof: Proof) -> None:
    for invariant, breaches in proof.findings.breaches.items():
        for breach in breaches.values():
            if breach.story and invariant not in ("reach", "cancel", "promise"):
                again = retell(pathway_named(proof.pathway), json.loads(json.dumps(breach.story.as_data())))
                assert breach.what in again.breaches.get(invariant, {}), breach


@pytest.mark.parametrize("file", STORIES, ids=lambda file: file.stem)
def test_a_kept_story_breaks_nothing(file: Path) -> None:
    kept: dict[str, Any] = json.loads(file.read_text("utf-8"))
    found = retell(pathway_named(kept["pathway"]), kept)
    assert kept["shows"] not in found.breaches.get(kept["invariant"], {})


# -- the proof is about what runs -----------------------------------------------------------------------------


@cache
def _walks() -> list[tuple[Chart, list[tuple[Node, list[Edge]]]]]:
    return [(part, list(Exploration(IOP, part, within=3).nodes())) for part in parts(IOP)]


@settings(max_examples=examples(80), deadline=None)
@given(st.data())
def test_the_running_chart_goes_where_the_graph_goes(data: st.DataObject) -> None:
    for part, walk in _walks():
        _, edges = data.draw(st.sampled_from(walk))
        if edges:
            edge = data.draw(st.sampled_from(edges))
            assert driven(IOP, edge, part) == (edge.target.configuration, edge.target.history)


@settings(max_examples=examples(60), deadline=None)
@given(HISTORIES)
def test_whatever_the_record_the_facts_stand_together_only_as_claimed(history: list[dict[str, Any]]) -> None:
    episode = _recorded(list(enumerate(history))).episode
    facts = dict(episode.guards)
    assert not contradicted(IOP.claims.never, facts)
    chart = read_chart(IOP)
    configuration = tuple(sorted(episode.states, key=chart.order.__getitem__))
    assert chart.settle(configuration, (), Known(facts))[0] == configuration


def test_to_go_back_to_a_state_is_to_restore_its_snapshot() -> None:
    search = Search(IOP, 0)
    for _ in search.run():
        pass
    for situation in list(search.situations.values())[::4]:
        search.episode.state = situation.state
        restored = Episode.unpacked(search.episode.packed(), search.start, IOP)
        later = situation.now + timedelta(days=1)
        search.episode.wake(later)
        restored.wake(later)
        assert look(restored, later) == look(search.episode, later)


def test_a_kind_of_deadline_has_no_dates() -> None:
    assert deadline_kind("Session of Mon 5 Jan 18:00 closes") == "Session closes"
    assert deadline_kind("Sobriety gate opens 12 Dec 2026") == "Sobriety gate opens"


# -- the proof can fail ---------------------------------------------------------------------------------------


_Prove = Callable[[Pathway, Findings], object]


def _known(prove: _Prove) -> frozenset[tuple[str, str]]:
    findings = Findings()
    prove(IOP, findings)
    return frozenset((name, what) for name, kept in findings.breaches.items() for what in kept)


def _caught(fault: Fault, prove: _Prove, known: frozenset[tuple[str, str]]) -> bool:
    findings = Findings(stop_at_first=True, known=known)
    try:
        prove(fault.pathway(), findings)
    except (Broken, InvalidDefinition):
        return True
    return any((name, what) not in known for name, kept in findings.breaches.items() for what in kept)


PARTS = 4
"""Into how many tests the seeded faults are divided, so that each core of the machine has some."""


@pytest.fixture(scope="module")
def of_pathway() -> list[Fault]:
    return list(faults_of_pathway())


@pytest.mark.thorough
@pytest.mark.parametrize("part", range(PARTS))
def test_a_missing_duty_deadline_exit_or_guard_is_caught_by_the_search(
    of_pathway: list[Fault], part: int
) -> None:
    def search(depth: int) -> _Prove:
        def prove(pathway: Pathway, findings: Findings) -> None:
            if found := prove_engine(pathway, findings, depth):
                prove_promises(pathway, found, findings)

        return prove

    assert len(of_pathway) > 60
    known = _known(search(0))
    left = [fault for fault in of_pathway[part::PARTS] if not _caught(fault, search(0), known)]
    known = _known(search(1)) if left else frozenset()
    assert [fault.name for fault in left if not _caught(fault, search(1), known)] == []


def test_a_chart_that_goes_round_is_told_as_a_story_and_does_not_hang_the_proof(
    of_pathway: list[Fault],
) -> None:
    (fault,) = [one for one in of_pathway if one.name.startswith("guard level_decided")]
    findings = Findings()
    prove_engine(fault.pathway(), findings, 0)
    (breach,) = findings.breaches["rest"].values()
    assert breach.story
    assert "decides on the level of care" in breach.story.tell()[-1]
    assert not retell(IOP, breach.story.as_data()).breaches


@pytest.mark.thorough
def test_a_dropped_guard_or_a_missing_decision_is_caught_by_the_graph() -> None:
    def graph(pathway: Pathway, findings: Findings) -> None:
        prove_chart(pathway, findings, within=3)

    known = _known(graph)
    regions = ("attending.to(outreach", "gate_waiting.to", "gate_review.to", "program.to(aftercare")
    faults = [f for f in faults_of_chart() if f.name.endswith(("dropped", "by itself"))]
    chosen = [fault for fault in faults if fault.name.startswith(regions)]
    assert len(chosen) >= 4
    assert [fault.name for fault in chosen if not _caught(fault, graph, known)] == []


def _table(pathway: Pathway) -> list[dict[str, str]]:
    return [row._asdict() for row in transitions(pathway)]


@pytest.mark.parametrize("name", AGREED)
def test_the_transitions_are_those_that_were_agreed(name: str) -> None:
    assert _table(pathway_named(name)) == AGREED[name]


@pytest.mark.thorough
@pytest.mark.parametrize("part", range(PARTS))
def test_no_fault_of_the_chart_passes_for_what_was_agreed(part: int) -> None:
    survivors = []
    faults = list(faults_of_chart())
    assert len(faults) > 150
    for fault in faults[part::PARTS]:
        try:
            if _table(fault.pathway()) == AGREED["iop"]:
                survivors.append(fault.name)
        except InvalidDefinition:
            pass
    assert survivors == []
