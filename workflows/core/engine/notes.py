"""What is read while something is worked out, so that it is worked out again only when that has changed.

The idea of a build system, for facts: whoever works something out has an open page of notes, and everything that is
read on the way writes itself down there. What was worked out is kept with its page. It stands for as long as nothing
on the page has changed: no list of what a fact depends on is written by hand, so none can be wrong.
"""

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import count
from typing import Any, Generic, TypeVar, cast

E = TypeVar("E")

Source = Hashable
"""Something that can change: a kind of entry (its class), some of a kind (a `Selection`), the answers to a kind of duty
(its name), or one of these."""


@dataclass(frozen=True, eq=False, slots=True)
class Selection(Generic[E]):
    """The entries of a kind of which something holds: whoever reads these alone does not look again for any other."""

    kind: type[E]
    holds: Callable[[E], bool]
    """Of what the entry says, which never changes."""

    def __post_init__(self) -> None:
        _SELECTIONS.setdefault(self.kind, []).append(self)


_SELECTIONS: dict[type, list[Selection[Any]]] = {}


def selections_of(kind: type) -> Sequence[Selection[Any]]:
    """Every selection among the entries of a kind."""
    return _SELECTIONS.get(kind, ())


CORRECTIONS = "every correction"
"""Read by whoever asks whether an entry stands."""

EVERYTHING = "every entry"
"""Read by whoever goes through the whole record."""

ANSWERS = "every answer"
"""Read by whoever goes through all answers."""

MISSING = "an entry that was not there"
"""Read by whoever finds nothing under an id."""

STAFF = "the staff directory"
"""Read by whoever asks which roles somebody outside the team has."""

WorkOut = Callable[[Any], Any]


class Page:
    """What was read while one thing was worked out."""

    __slots__ = ("facts", "since", "sources", "until")

    def __init__(self) -> None:
        self.sources = 0
        """One bit for each (`bit_of`)."""
        self.facts: dict[Any, int] = {}
        """Facts, in the order in which they were read, and in which turn each changed last."""
        self.since: datetime | None = None
        """No earlier than this, or time alone would have it otherwise."""
        self.until: datetime | None = None
        """Before this, likewise."""

    def within(self, since: datetime | None, until: datetime | None) -> None:
        """What was read holds from one instant up to another."""
        if since is not None and (self.since is None or since > self.since):
            self.since = since
        if until is not None and (self.until is None or until < self.until):
            self.until = until


class Notes:
    """The page that is open now, if any. The records of one episode share it, as one comes after the other."""

    __slots__ = ("page", "sought")

    def __init__(self) -> None:
        self.page: Page | None = None
        self.sought: set[str] = set()
        """Ids under which something was looked for in vain."""

    def note(self, source: Source) -> None:
        """Something is read."""
        if self.page is not None:
            self.page.sources |= bit_of(source)

    def note_missing(self, key: str) -> None:
        """An entry is looked for that is not there."""
        if self.page is not None:  # what is there stays as it is
            self.sought.add(key)
            self.note(MISSING)


_BITS: dict[Source, int] = {}
_NUMBERS = count()


def bit_of(source: Source) -> int:
    """The bit that stands for a source in this process: what thousands of facts have read takes no more than a number.

    There are as many as kinds of entries and of duties; nothing that anybody states becomes one.
    """
    bit = _BITS.get(source)
    return _BITS.setdefault(source, 1 << next(_NUMBERS)) if bit is None else bit


def sources_in(bits: int) -> frozenset[Source]:
    """What these bits stand for; of a selection the kind from which it is one."""
    return frozenset(_whole(source) for source, bit in _BITS.items() if bits & bit)


def _whole(source: Source) -> Source:
    return cast(Source, source.kind) if isinstance(source, Selection) else source
