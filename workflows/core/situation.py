"""What a chart knows of its episode: the guards, in the chart's own words.

A pathway's situation is a subclass with one property for each guard its chart names. The chart is asked only
when one of them has changed, because a step of a chart with many regions costs far more than reading facts.
"""

from typing import Any, ClassVar

from workflows.core.facts import Facts


class Situation:
    """The model of a chart. python-statemachine keeps the configuration in `state`."""

    guards: ClassVar[tuple[str, ...]] = ()

    def __init__(self, facts: Facts) -> None:
        self.facts = facts
        self.state: Any = None

    def __init_subclass__(cls) -> None:
        own = tuple(name for name, value in vars(cls).items() if isinstance(value, property))
        cls.guards = tuple(dict.fromkeys([*cls.guards, *own]))

    def read(self) -> tuple[object, ...]:
        """The value of every guard: while it stays the same, the chart stays where it is."""
        return tuple(getattr(self, guard) for guard in self.guards)
