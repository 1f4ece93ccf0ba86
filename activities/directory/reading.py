"""From the rows of a feed to listings and to a report that says, row by row, what became of each.

A row that cannot be used refuses itself and stops nothing. A feed that cannot be used as a whole is `FeedUnusable`, and
then the last good one stays in force.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from activities.directory.bounds import MOST_ROWS
from activities.directory.fields import text
from activities.directory.geometry import abroad
from activities.directory.listing import Listing

Became = Literal["taken", "remarked", "duplicate", "refused"]


class FeedUnusable(Exception):
    """The feed as a whole is not what its format says; the message is for people."""


class RowRefused(Exception):
    """This row is no listing; the message says why and holds nothing personal."""


@dataclass(frozen=True, slots=True)
class Line:
    """What became of one row; `number` counts from 1."""

    number: int
    source_id: str
    became: Became
    remarks: tuple[str, ...] = ()

    @property
    def reason(self) -> str:
        """The remarks as one sentence."""
        return "; ".join(self.remarks)


class Remarks:
    """What is odd about a row, while it is read. A remark quotes codes and times, never a name or a contact."""

    def __init__(self) -> None:
        self._said: list[str] = []

    def __call__(self, remark: str) -> None:
        if remark not in self._said:
            self._said.append(remark)

    def odd(self, name: str, value: Any, then: str) -> None:
        """A field whose value cannot be read, and what follows from that."""
        self(f"{name}: {text(str(value), 40)!r} cannot be read; {then}")

    @property
    def said(self) -> tuple[str, ...]:
        """All of them, in order."""
        return tuple(self._said)


@dataclass(slots=True)
class FeedRead:
    """A whole feed: its listings in the order of the feed, and a line for each row."""

    listings: list[Listing] = field(default_factory=list)
    lines: list[Line] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    """About the feed as a whole."""


RowReader = Callable[[Mapping[str, Any], Remarks], Listing]


def read_rows(rows: Iterable[Any], one: RowReader, country: str = "") -> FeedRead:
    """Read each row; of rows with the same id the first one stands. A place outside the country is remarked.

    Raises:
        FeedUnusable: there are more than any directory has.
    """
    reading = FeedRead()
    seen: set[str] = set()
    for number, row in enumerate(rows, 1):
        if number > MOST_ROWS:
            raise FeedUnusable(f"the feed has more than {MOST_ROWS:,} rows")
        reading.lines.append(_read(number, row, one, seen, reading.listings, country))
    return reading


def _read(
    number: int, row: Any, one: RowReader, seen: set[str], listings: list[Listing], country: str
) -> Line:
    remarks = Remarks()
    if not isinstance(row, Mapping):
        return Line(number, "", "refused", (f"this row is {_shape(row)} and no object",))
    try:
        listing = one(row, remarks)
    except RowRefused as refused:
        return Line(number, "", "refused", (*remarks.said, str(refused)))
    if listing.source_id in seen:
        return Line(number, listing.source_id, "duplicate", ("an earlier row has the same id and stands",))
    if listing.place and abroad(country, listing.place.latitude, listing.place.longitude):
        remarks(f"latitude, longitude: lie outside the country {country}; was a sign lost?")
    seen.add(listing.source_id)
    listings.append(listing)
    return Line(number, listing.source_id, "remarked" if remarks.said else "taken", remarks.said)


def rows_of(document: Any, *keys: str) -> list[Any]:
    """The rows of a document: the array itself, or the array under one of the keys.

    Raises:
        FeedUnusable: it is neither.
    """
    if isinstance(document, list):
        return document
    if isinstance(document, Mapping):
        for key in keys:
            if isinstance(document.get(key), list):
                return list(document[key])
        message = next((text(document[key]) for key in ("error", "message") if text(document.get(key))), "")
        says = f"; it says: {message}" if message else ""
        raise FeedUnusable(f"the answer is an object and no list of listings{says}")
    raise FeedUnusable(f"the answer is {_shape(document)} and no list of listings")


def counts(lines: Iterable[Line]) -> Iterator[tuple[Became, int]]:
    """How many rows became what."""
    found: dict[Became, int] = dict.fromkeys(("taken", "remarked", "duplicate", "refused"), 0)
    for line in lines:
        found[line.became] += 1
    yield from found.items()


def _shape(value: Any) -> str:
    names = {str: "text", bool: "true or false", int: "a number", float: "a number", list: "a list"}
    return "nothing" if value is None else names.get(type(value), "an object")
