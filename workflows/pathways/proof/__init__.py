"""`carepath pathway verify`: a proof over a pathway's whole chart, and a search over the engine that runs it.

`chart` reads a chart's structure, `graph` builds everything it can do, `running` compares with the chart that
runs; `of_chart` holds the invariants against the graph. `moves` is what can happen to a patient, `search` tries
it on the engine, `of_engine` holds the invariants against what comes of it. `story` is what both tell where an
invariant is broken, `findings` the invariants in words, `report` the page. What is particular to a pathway is
data: its `claims`.
"""

from workflows.pathways.proof.findings import INVARIANTS, Breach, Findings
from workflows.pathways.proof.report import as_data, page
from workflows.pathways.proof.story import ChartStory, Story
from workflows.pathways.proof.verify import DEPTH, Proof, prove, retell

__all__ = [
    "DEPTH", "INVARIANTS", "Breach", "ChartStory", "Findings", "Proof", "Story", "as_data", "page", "prove", "retell",
]  # fmt: skip
