"""What was worked out of one episode, kept with what was read for it."""

from collections.abc import Hashable, Iterable
from datetime import datetime
from typing import Any

from workflows.core.engine.notes import Page, WorkOut

_REMEMBERED = 500
"""Turns of which it is known what changed at each. What nobody has asked for since is worked out again."""

_LOOKED_THROUGH = 64
"""So many turns apart, what nothing of late has asked for is dropped."""

_ANYTHING = -1
"""Every bit."""


class Memory:
    """What was worked out of one episode, by name; and the reading by which it was worked out last."""

    __slots__ = ("_changes", "kept", "reading", "since", "turn")

    def __init__(self) -> None:
        self.kept: dict[Hashable, Kept] = {}
        self.reading: Any = None
        """Who reads now."""
        self.turn = 0
        """How often another reading has begun: what was checked in this turn need not be checked again."""
        self._changes: list[int] = []
        """What changed at the beginning of each of the last turns: a bit for each source."""
        self.since: list[int] = [0]
        """The same put together: what has changed in the last turn, in the last two, and so on, as far as was asked."""

    def begin(self, reading: Any, differs: int) -> None:
        """Another one reads now, of whom so much differs."""
        self._changes.append(differs)
        del self._changes[:-_REMEMBERED]
        self.since = [0]
        self.turn += 1
        self.reading = reading
        if self.turn % _LOOKED_THROUGH == 0:
            self._forget()

    def _forget(self) -> None:
        """Drop what nothing of late rests on: the dose of last month's week, a draw that is over."""
        late = self.turn - _LOOKED_THROUGH
        pending = [
            known for known in self.kept.values() if known.checked is not None and known.checked >= late
        ]
        found = set(pending)
        while pending:
            new = [read for read in pending.pop().facts if read not in found]
            found.update(new)
            pending += new
        self.kept = {name: known for name, known in self.kept.items() if known in found}

    def changed_since(self, turn: int) -> int:
        """What has changed since a turn: a bit for each source."""
        turns, since = self.turn - turn, self.since
        if turns > len(self._changes):
            return _ANYTHING
        while len(since) <= turns:
            since.append(since[-1] | self._changes[-len(since)])
        return since[turns]


class Kept:
    """Something that is worked out, with what was read for it. It stays the same object when it is worked out again."""

    __slots__ = (
        "all_since", "all_sources", "all_until", "as_read", "changed", "checked", "facts", "name", "since", "sources",
        "until", "value", "work_out",
    )  # fmt: skip

    def __init__(self, name: Hashable, work_out: WorkOut) -> None:
        self.name, self.work_out = name, work_out
        self.value: Any = None
        self.checked: int | None = None
        """The turn in which it was known to hold last; None: it was never worked out."""
        self.changed = 0
        """The turn since which it has this value."""
        self.sources = 0
        """What was read for it: a bit for each source."""
        self.since: datetime | None = None
        self.until: datetime | None = None
        """From when and until when it holds, whatever else."""
        self.facts: tuple[Kept, ...] = ()
        """The facts that were read for it, in that order."""
        self.as_read: tuple[int, ...] = ()
        """The turn since which each of them had the value that was read."""
        self.all_sources = 0
        self.all_since: datetime | None = None
        self.all_until: datetime | None = None
        """The same with what was read for the facts among it, and so on: while none of it changes, none is asked."""

    def hold(self, value: Any, page: Page, turn: int) -> None:
        """Keep what it has come to in a turn. What has come to the same has not changed."""
        all_of_it = _with_facts(page.sources, page.since, page.until, page.facts)
        if self.checked is None or type(self.value) is not type(value) or self.value != value:
            self.value, self.changed = value, turn
        self.facts, self.as_read = tuple(page.facts), tuple(page.facts.values())
        self.sources, self.since, self.until = page.sources, page.since, page.until
        self.all_sources, self.all_since, self.all_until = all_of_it
        self.checked = turn

    def hold_on(self, turn: int) -> None:
        """Keep what it has come to, which still holds in a turn, although something was worked out again for it."""
        all_of_it = _with_facts(self.sources, self.since, self.until, self.facts)
        self.all_sources, self.all_since, self.all_until = all_of_it
        self.checked = turn


def _with_facts(
    sources: int, since: datetime | None, until: datetime | None, facts: Iterable[Kept]
) -> tuple[int, datetime | None, datetime | None]:
    for one in facts:
        sources |= one.all_sources
        if one.all_since is not None and (since is None or one.all_since > since):
            since = one.all_since
        if one.all_until is not None and (until is None or one.all_until < until):
            until = one.all_until
    return sources, since, until
