"""Where a chart stands by its guards.

That follows from the guards alone: from its initial state the chart goes along them until it stands still. So no
configuration is kept, restored or put right; and what was found once holds for every episode of the process whose
guards say the same.
"""

from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from threading import Lock
from typing import Any

from statemachine import State, StateChart
from statemachine.orderedset import OrderedSet

from workflows.core.engine.guards import Guards

Configuration = tuple[str, ...]
"""Ids of the active states, compound ones included, in the order of the chart."""

_GOES_ROUND = 50
"""How often a chart asks each of its guards at most before it stands still; more, and it goes round without end."""


class Restless(Exception):
    """A chart that goes round without end while its guards stay as they are: a defect of the chart."""


class Follower:
    """Where a chart stands by its guards.

    It is asked like a person, one guard after the other, and no more of them than it takes: in aftercare nobody needs
    to know how far the next rung of a ladder is.
    """

    def __init__(self, chart: type[StateChart[Any]], guards: tuple[str, ...]) -> None:
        self._chart, self._guards = chart, guards
        self._after: dict[tuple[bool, ...], str | Configuration] = {}
        """By the answers so far: the guard that the chart asks next, or where it stands."""
        self._running: StateChart[Any] | None = None
        self._alone = Lock()
        """Workflows of one process are woken side by side, and there is one running chart for all of them."""

    def configuration(self, guards: Guards[Any]) -> Configuration:
        """Where the chart stands by these guards.

        Raises:
            Restless: it would go round without end.
        """
        answers: tuple[bool, ...] = ()
        while isinstance(found := self._after.get(answers), str):
            answers = (*answers, bool(getattr(guards, found)))
        if found is not None:
            return found
        # What reads facts may take its time, and may not be able to: that is done before the chart runs.
        said = {guard: bool(getattr(guards, guard)) for guard in self._guards}
        with self._alone:
            return self._followed(said)

    def _followed(self, said: Mapping[str, bool]) -> Configuration:
        """Let the chart itself go along, and remember by which answers it came to where it stands."""
        running = self._running or self._chart(model=_model(self._guards)(said))
        self._running = None  # what goes round is not used again
        running.model.begin(said, _at_first(running.states))
        running.history_values.clear()
        running.send("settle")
        self._running = running
        answers: tuple[bool, ...] = ()
        for guard in running.model.asked:
            self._after[answers] = guard
            answers = (*answers, said[guard])
        order = {str(name): number for number, name in enumerate(running.states_map)}
        stands = tuple(sorted(map(str, running.configuration_values), key=order.__getitem__))
        self._after[answers] = stands
        return stands


@cache
def follower(chart: type[StateChart[Any]], guards: tuple[str, ...]) -> Follower:
    """The one of this process for a chart and the guards that it names."""
    return Follower(chart, guards)


@cache
def leaves(chart: type[StateChart[Any]]) -> frozenset[str]:
    """Ids of the states of a chart without states inside."""
    return frozenset(str(state.id) for state in every_state(chart.states) if not state.states)


def leaf_in(chart: type[StateChart[Any]], region: str, stands: Configuration) -> str:
    """In which state without states inside a chart stands, within a region of it."""
    inside = next(state for state in every_state(chart.states) if state.id == region)
    within = {str(state.id) for state in every_state(inside.states)} & leaves(chart)
    return next(state for state in stands if state in within)


def every_state(states: Iterable[State]) -> Iterator[State]:
    """These states and all inside of them, in the order of the chart."""
    for state in states:
        yield state
        yield from every_state(state.states)


def _at_first(states: Iterable[State], *, all_of_them: bool = False) -> Iterator[str]:
    for state in states:
        if state.initial or all_of_them:
            yield str(state.id)
            yield from _at_first(state.states, all_of_them=state.parallel)


class _Model:
    """What a running chart asks: each guard as it was said, noted in the order in which they are asked."""

    def __init__(self, said: Mapping[str, bool]) -> None:
        self.begin(said, ())

    def begin(self, said: Mapping[str, bool], states: Iterable[str]) -> None:
        """Put the chart into these states, with these answers at hand."""
        self.said, self.state = said, OrderedSet(states) or None
        self.asked: dict[str, None] = {}
        self.times = 0

    def answer(self, guard: str) -> bool:
        """What was said of a guard."""
        self.times += 1
        if self.times > _GOES_ROUND * len(self.said):
            held = ", ".join(name for name, holds in self.said.items() if holds)
            raise Restless(f"the chart goes round without end while these hold: {held}")
        self.asked[guard] = None
        return self.said[guard]


@cache
def _model(guards: tuple[str, ...]) -> type[_Model]:
    """The model for a chart with these guards."""

    def asked(guard: str) -> property:
        return property(lambda model: model.answer(guard))

    return type("Asking", (_Model,), {guard: asked(guard) for guard in guards})
