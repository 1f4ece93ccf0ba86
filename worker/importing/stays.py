"""Several stays of one patient are several episodes: each row goes to the stay of its date (I6, E3)."""

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from worker.importing.rows import Statement
from worker.importing.table import Row
from workflows.core.episode.entries import Medication


@dataclass(frozen=True)
class Stay:
    """One stay of a patient, as the export or the clinic database has it. It begins with its referral."""

    referred_on: date
    episode_id: str
    row: Row | None = None
    """Its row in admissions.csv; None: only the clinic database knows of it."""
    start: Mapping[str, Any] | None = None
    """How its episode begins; None where the row was refused, or there is none."""
    problem: str | None = None
    """Why its row was refused."""
    is_open: bool | None = None
    """What the clinic database says; None: it does not know of it."""
    closed_on: date | None = None
    was_begun_by_hand: bool = False
    """Whether its episode has not the id that an import gives."""


@dataclass
class Routed:
    """The statements of a patient by the stay that they belong to: its place among the stays."""

    by_stay: dict[int, list[Statement]] = field(default_factory=dict)
    carried: dict[int, list[Statement]] = field(default_factory=dict)
    """What lasts from an earlier stay and must be known in a later one too, such as a medication (S7)."""


def route(statements: Sequence[Statement], stays: Sequence[Stay]) -> Routed:
    """Each statement to its stay.

    A statement belongs to the stay that lasted on its day; what lies between two stays, to the one that it leads to. An
    exit ends the stay that began before its day. What has no day belongs to the latest stay, and a correction to the
    stay of what it corrects.

    Args:
        statements: All statements of one patient that could be read.
        stays: The patient's stays, at least one, the earliest first.
    """
    begins = [stay.referred_on for stay in stays]
    exits, other = _parted(statements)
    ended = [stay.closed_on for stay in stays]
    routed = Routed(
        {number: [] for number in range(len(stays))}, {number: [] for number in range(len(stays))}
    )
    for one in sorted(exits, key=lambda one: (one.day or date.max, one.content)):
        number = _ended_by(one.day, begins, ended)
        ended[number] = ended[number] or one.day
        routed.by_stay[number].append(one)
    places: dict[str, list[int]] = {}
    for one in [one for one in other if not one.corrects] + [one for one in other if one.corrects]:
        numbers = places.get(one.corrects or "") or [_lasted_on(one.day, begins, ended)]
        later = list(numbers[1:]) or list(_lasts_in(one, numbers[0], begins))
        routed.by_stay[numbers[0]].append(one)
        for number in later:
            routed.carried[number].append(one)
        if given := one.entry.get("id"):
            places[str(given)] = [numbers[0], *later]
    return routed


def _parted(statements: Iterable[Statement]) -> tuple[list[Statement], list[Statement]]:
    parts: tuple[list[Statement], list[Statement]] = ([], [])
    for one in statements:
        parts[one.entry["kind"] != "exit"].append(one)
    return parts


def _ended_by(day: date | None, begins: Sequence[date], ended: Sequence[date | None]) -> int:
    """The stay that an exit ends: one that began before its day; or on it, if the one before has its end already."""
    if day is None:
        return len(begins) - 1
    began = max(0, bisect_right(begins, day) - 1)
    before = began - 1
    if before >= 0 and begins[began] == day and ended[before] is None:
        return before
    return began


def _lasted_on(day: date | None, begins: Sequence[date], ended: Sequence[date | None]) -> int:
    if day is None:
        return len(begins) - 1
    number = max(0, bisect_right(begins, day) - 1)
    over = ended[number]
    return number + 1 if over and over < day and number + 1 < len(begins) else number


def _lasts_in(one: Statement, number: int, begins: Sequence[date]) -> Iterable[int]:
    """The later stays in which it must be known too."""
    if not isinstance(one.parsed, Medication):
        return
    for later in range(number + 1, len(begins)):
        if one.parsed.end_on is None or one.parsed.end_on >= begins[later]:
            yield later
