"""What was worked out of one episode, kept with what was read for it."""

from collections.abc import Hashable
from typing import Any

from workflows.core.engine.notes import Page


class Memory:
    """What was worked out of one episode, by name; and the reading by which it was worked out last."""

    __slots__ = ("kept", "log", "reading", "turn")

    def __init__(self) -> None:
        self.kept: dict[Hashable, Kept] = {}
        self.log: list[int] = []
        """What has changed from one reading to the next: a bit for each source."""
        self.reading: Any = None
        """Who reads now."""
        self.turn = 0
        """How often another reading has begun: what was checked in this turn need not be checked again."""

    def changed_since(self, seen: int) -> int:
        """What has changed since so many changes: a bit for each source."""
        new = 0
        for bits in self.log[seen:]:
            new |= bits
        return new


class Kept:
    """Something that was worked out, with what was read for it."""

    __slots__ = (
        "all_since", "all_sources", "all_until", "changed", "checked", "facts", "seen", "since", "sources", "until",
        "value",
    )  # fmt: skip

    def __init__(self, value: Any, page: Page, changed: int) -> None:
        self.value, self.changed = value, changed
        self.facts = tuple([(name, work_out, at) for name, (work_out, at) in page.facts.items()])
        self.sources, self.since, self.until = page.sources, page.since, page.until
        self.all_sources, self.all_since, self.all_until = self.sources, page.since, page.until
        """The same with what was read for the facts among it, and so on: while none of it changes, none is asked."""
        self.checked = self.seen = 0
