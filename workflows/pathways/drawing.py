"""The picture and the transition table of a pathway, generated from its chart and never drawn by hand."""

from typing import Any, NamedTuple, Protocol

from statemachine import StateChart


class Drawn(Protocol):
    """Anything with a chart: a pathway, a referral."""

    @property
    def title(self) -> str:
        """What it is called."""

    @property
    def chart(self) -> type[StateChart[Any]]:
        """The chart."""


class Transition(NamedTuple):
    """One arrow of the chart; `when` is its event, its guard, or both."""

    source: str
    target: str
    when: str


def transitions(pathway: Drawn) -> list[Transition]:
    """Every transition, in the order of the chart."""
    found: list[Transition] = []
    for state in _every(pathway.chart.states):
        for arrow in state.transitions:
            if arrow.initial:
                continue
            guards = [("not " if not cond.expected_value else "") + str(cond.func) for cond in arrow.cond]
            words = [str(event).replace("_", " ") for event in arrow.events] + [
                g.replace("_", " ") for g in guards
            ]
            for target in arrow.targets:
                found.append(Transition(state.id, target.id, " and ".join(words).replace("!", "not ")))
    return found


def mermaid(pathway: Drawn) -> str:
    """A Mermaid state diagram."""
    lines = ["stateDiagram-v2"]
    _draw(pathway.chart.states, lines, 1)
    lines += [f"    {row.source} --> {row.target}: {row.when}" for row in transitions(pathway)]
    return "\n".join(lines)


def _every(states: Any) -> list[Any]:
    return [one for state in states for one in (state, *_every([*state.states, *state.history]))]


def _draw(states: Any, lines: list[str], depth: int) -> None:
    pad = "    " * depth
    for number, state in enumerate(states):
        if state.states:
            lines.append(f'{pad}state "{state.name}" as {state.id} {{')
            _draw(state.states, lines, depth + 1)
            lines.append(f"{pad}}}")
        else:
            lines.append(f'{pad}state "{state.name}" as {state.id}')
        if state.initial:
            lines.append(f"{pad}[*] --> {state.id}")
        parent = state.parent
        if parent is not None and parent.parallel and number < len(states) - 1:
            lines.append(f"{pad}--")
