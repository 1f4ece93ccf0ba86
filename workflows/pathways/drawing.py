"""The picture, the transitions and the duties of a pathway, generated from its chart and never drawn by hand."""

from collections.abc import Callable
from typing import Any, NamedTuple, Protocol

from statemachine import StateChart

from workflows.core.engine.places import carrying


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


class Said(NamedTuple):
    """One thing that is owed or awaited, by its name and in a sentence."""

    name: str
    says: str


class Carries(NamedTuple):
    """A state with all that it carries."""

    state: str
    name: str
    owed: list[Said]
    awaited: list[Said]
    said: list[Said]


def carried(pathway: Drawn) -> list[Carries]:
    """What is owed and awaited in each state that carries something, in the order of the chart."""
    found = [
        Carries(
            state,
            place.name,
            [_said(one) for one in carrying(pathway.chart).owes(state)],
            [_said(one) for one in carrying(pathway.chart).awaits(state)],
            [_said(one) for one in carrying(pathway.chart).says(state)],
        )
        for state, place in carrying(pathway.chart).places.items()
    ]
    return [one for one in found if one.owed or one.awaited or one.said]


def _said(carries: Callable[..., object]) -> Said:
    return Said(
        carries.__name__.replace("_", " "),
        (carries.__doc__ or "").partition("\n\n")[0].replace("\n    ", " "),
    )


def mermaid(pathway: Drawn) -> str:
    """A Mermaid state diagram."""
    lines = ["stateDiagram-v2"]
    _draw(pathway.chart.states, lines, 1)
    lines += [f"    {row.source} --> {row.target}: {row.when}" for row in transitions(pathway)]
    for place in carried(pathway):
        lines += [
            f"    note right of {place.state}",
            *_note("owed", place.owed),
            *_note("awaited", place.awaited),
            *_note("said", place.said),
        ]
        lines.append("    end note")
    return "\n".join(lines)


def _note(what: str, said: list[Said]) -> list[str]:
    return [f"        {what}: {', '.join(one.name for one in said)}"] if said else []


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
