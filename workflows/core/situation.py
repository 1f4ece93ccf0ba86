"""What a chart knows of its episode: the guards, in the chart's own words.

A pathway's situation is a subclass with one property for each guard its chart names. The chart is asked only
when one that can move it has changed, because a step of a chart with many regions costs far more than reading facts.
"""

import re
from typing import Any, ClassVar, Generic, TypeVar

from statemachine import StateChart

F = TypeVar("F")


class Situation(Generic[F]):
    """The model of a chart. python-statemachine keeps the configuration in `state`."""

    guards: ClassVar[tuple[str, ...]] = ()

    def __init__(self, facts: F) -> None:
        self.facts = facts
        self.state: Any = None

    def __init_subclass__(cls) -> None:
        own = tuple(name for name, value in vars(cls).items() if isinstance(value, property))
        cls.guards = tuple(dict.fromkeys([*cls.guards, *own]))

    def read(self, guards: tuple[str, ...]) -> tuple[object, ...]:
        """The value of each guard: while they stay the same, the chart stays where it is."""
        return tuple(getattr(self, guard) for guard in guards)


def guards_read_in(chart: StateChart[Any]) -> tuple[str, ...]:
    """The guards that can move a chart from where it stands: those of the transitions out of its active states.

    In aftercare nobody needs to know how far the next rung of a ladder is.
    """
    active = tuple(chart.configuration_values)
    known = _GUARDS.get((type(chart), active))
    if known is None:
        named = {
            name: None
            for state in chart.configuration
            for transition in state.transitions
            for condition in transition.cond
            for name in re.findall(r"[a-z_]+", str(condition.func))
            if name not in _WORDS
        }
        known = _GUARDS[type(chart), active] = tuple(named)
    return known


_WORDS = frozenset({"and", "or", "not"})
_GUARDS: dict[tuple[type[Any], tuple[str, ...]], tuple[str, ...]] = {}
