"""States of a chart that carry what is owed and awaited in them.

A clinician reads in the chart, state by state, what people owe there and what time changes. What is owed in a state is
owed for as long as it is active, together with what the states around it and beside it carry. A chart uses these as it
would use the library's own states; how it moves has nothing to do with them.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from statemachine import State, StateChart
from statemachine.state import NestedStateFactory

from workflows.core.engine.deadline import Deadline
from workflows.core.engine.duty import Duty
from workflows.core.engine.situation import every_state

Owes = Callable[[Any], Iterable[Duty]]
"""What people owe by the facts of a moment; what facts these are, each pathway knows."""
Awaits = Callable[[Any], Iterable[Deadline]]


class Place(State):
    """A state without states inside.

    Args:
        name: In words.
        owes: What people owe while it is active.
        awaits: What time changes while it is active.
        more: As for any state of the library.
    """

    def __init__(
        self, name: str, *, owes: Sequence[Owes] = (), awaits: Sequence[Awaits] = (), **more: Any
    ) -> None:
        super().__init__(name, **more)
        self.owes, self.awaits = tuple(owes), tuple(awaits)


class _Around(NestedStateFactory):
    """Makes a state of a class with states inside, as the library does, and lets it carry the same."""

    def __new__(
        cls,
        classname: str,
        bases: tuple[type, ...],
        attrs: dict[str, Any],
        name: str = "",
        owes: Sequence[Owes] = (),
        awaits: Sequence[Awaits] = (),
        **more: Any,
    ) -> Any:
        made = super().__new__(cls, classname, bases, attrs, name=name, **more)
        if bases:
            made.owes, made.awaits = tuple(owes), tuple(awaits)  # type: ignore[attr-defined]
        return made


class Compound(metaclass=_Around):
    """A state with states inside, one of which is active."""


class Parallel(metaclass=_Around, parallel=True):
    """A state with states inside, all of which are active."""


@dataclass(frozen=True, eq=False, slots=True)
class Carried:
    """What the active states of a chart carry together; one for each combination, so that it is its own name."""

    owes: tuple[Owes, ...]
    awaits: tuple[Awaits, ...]


class Carrying:
    """What each state of a chart carries."""

    def __init__(self, chart: type[StateChart[Any]]) -> None:
        self.places = {str(state.id): state for state in every_state(chart.states)}
        self._together: dict[tuple[str, ...], Carried] = {}
        self._alike: dict[tuple[tuple[Owes, ...], tuple[Awaits, ...]], Carried] = {}

    def owes(self, state: str) -> tuple[Owes, ...]:
        """What is owed in one state."""
        return getattr(self.places[state], "owes", ())

    def awaits(self, state: str) -> tuple[Awaits, ...]:
        """What is awaited in one state."""
        return getattr(self.places[state], "awaits", ())

    def together(self, states: tuple[str, ...]) -> Carried:
        """What these states carry together, in the order of the chart, and nothing twice."""
        known = self._together.get(states)
        if known is None:
            owes = tuple(dict.fromkeys(one for state in states for one in self.owes(state)))
            awaits = tuple(dict.fromkeys(one for state in states for one in self.awaits(state)))
            known = self._alike.setdefault((owes, awaits), Carried(owes, awaits))
            self._together[states] = known
        return known


@cache
def carrying(chart: type[StateChart[Any]]) -> Carrying:
    """What the states of a chart carry; the one of this process."""
    return Carrying(chart)
