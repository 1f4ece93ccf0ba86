"""What a chart knows of its episode: the guards, in the chart's own words.

A pathway's guards are a subclass with one property for each name that its chart uses.
"""

from typing import ClassVar, Generic, TypeVar

F = TypeVar("F")


class Guards(Generic[F]):
    """The guards of a chart, answered from the facts of a moment."""

    names: ClassVar[tuple[str, ...]] = ()

    def __init__(self, facts: F) -> None:
        self.facts = facts

    def __init_subclass__(cls) -> None:
        own = tuple(name for name, value in vars(cls).items() if isinstance(value, property))
        cls.names = tuple(dict.fromkeys([*cls.names, *own]))

    def read(self, names: tuple[str, ...]) -> tuple[object, ...]:
        """What these say."""
        return tuple(getattr(self, name) for name in names)
