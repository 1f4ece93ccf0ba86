"""States of a chart that carry what is owed, awaited and said in them.

A clinician reads in the chart, state by state, what people owe there and what time changes. What is owed in a state is
owed for as long as it is active, together with what the states around it and beside it carry. A chart uses these as it
would use the library's own states; how it moves has nothing to do with them.
"""

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from statemachine import State, StateChart
from statemachine.state import NestedStateFactory

from workflows.core.engine.configuration import every_state
from workflows.core.engine.deadline import Deadline
from workflows.core.engine.duty import Duty
from workflows.core.engine.effects import MessagePatient, Notify

Owes = Callable[[Any], Iterable[Duty]]
"""What people owe by the facts of a moment; what facts these are, each pathway knows."""
Awaits = Callable[[Any], Iterable[Deadline]]
Says = Callable[[Any], Iterable[Notify | MessagePatient]]


class Place(State):
    """A state without states inside.

    Args:
        name: In words.
        owes: What people owe while it is active.
        awaits: What time changes while it is active.
        says: What is said once while it is active, when its moment comes.
        stage: The stage of the public contract that begins with it; "": that of the state around it.
        more: As for any state of the library.
    """

    def __init__(
        self,
        name: str,
        *,
        owes: Sequence[Owes] = (),
        awaits: Sequence[Awaits] = (),
        says: Sequence[Says] = (),
        stage: str = "",
        **more: Any,
    ) -> None:
        super().__init__(name, **more)
        self.owes, self.awaits, self.says, self.stage = tuple(owes), tuple(awaits), tuple(says), stage


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
        says: Sequence[Says] = (),
        stage: str = "",
        **more: Any,
    ) -> Any:
        made = super().__new__(cls, classname, bases, attrs, name=name, **more)
        if bases:
            for carried, what in (("owes", owes), ("awaits", awaits), ("says", says)):
                setattr(made, carried, tuple(what))
            made.stage = stage  # type: ignore[attr-defined]
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
    says: tuple[Says, ...]
    stage: str
    """The stage of the innermost of them."""


class Carrying:
    """What each state of a chart carries."""

    def __init__(self, chart: type[StateChart[Any]]) -> None:
        self.places = {str(state.id): state for state in every_state(chart.states)}
        self._together: dict[tuple[str, ...], Carried] = {}
        self._alike: dict[tuple[object, ...], Carried] = {}

    def owes(self, state: str) -> tuple[Owes, ...]:
        """What is owed in one state."""
        return getattr(self.places[state], "owes", ())

    def awaits(self, state: str) -> tuple[Awaits, ...]:
        """What is awaited in one state."""
        return getattr(self.places[state], "awaits", ())

    def says(self, state: str) -> tuple[Says, ...]:
        """What is said once in one state."""
        return getattr(self.places[state], "says", ())

    def stage(self, states: Collection[str]) -> str:
        """The stage that states belong to: the one that the innermost of them names."""
        named = [getattr(place, "stage", "") for state, place in self.places.items() if state in states]
        return next((stage for stage in reversed(named) if stage), "")

    def together(self, states: tuple[str, ...]) -> Carried:
        """What these states carry together, in the order of the chart, and nothing twice."""
        known = self._together.get(states)
        if known is None:
            owes = tuple(dict.fromkeys(one for state in states for one in self.owes(state)))
            awaits = tuple(dict.fromkeys(one for state in states for one in self.awaits(state)))
            says = tuple(dict.fromkeys(one for state in states for one in self.says(state)))
            stage = self.stage(states)
            known = self._alike.setdefault((owes, awaits, says, stage), Carried(owes, awaits, says, stage))
            self._together[states] = known
        return known


@cache
def carrying(chart: type[StateChart[Any]]) -> Carrying:
    """What the states of a chart carry; the one of this process."""
    return Carrying(chart)
