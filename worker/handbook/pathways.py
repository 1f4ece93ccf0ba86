"""docs/pathways.md: what is owed and awaited in each state of each chart, in the words of the functions that say so."""

from workflows.pathways import pathway_named
from workflows.pathways.drawing import Carries, carried

HEAD = """# What is owed, state by state

Written by `make docs` from the charts (`workflows/pathways/`): what people owe while a state is active, and what time
changes then. A state shares what the states around it and beside it carry. `carepath pathway show iop --format duties`
shows the same on a screen, `--format svg` draws the chart. How long each thing may take is a number of the
[policy](policy.md); the identifiers are those of the [rules](rules.md)."""


def pathways_page() -> str:
    """docs/pathways.md."""
    parts = [HEAD]
    for pathway in (pathway_named("iop"), pathway_named("php")):
        parts.append(f"## {pathway.title}")
        for place in carried(pathway):
            parts += [f"### {place.name}", "\n".join(_lines(place))]
    return "\n\n".join(parts) + "\n"


def _lines(place: Carries) -> list[str]:
    return [
        *(f"- owed: **{one.name}**. {one.says}" for one in place.owed),
        *(f"- awaited: **{one.name}**. {one.says}" for one in place.awaited),
        *(f"- said once: **{one.name}**. {one.says}" for one in place.said),
    ]
