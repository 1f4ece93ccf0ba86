"""What fits: the listings that a person could go to as wished. Pure.

What would send a person in vain is left out: closed, on another day, too far, in a language that is not theirs. One
condition after the other goes over a column of the index, the cheap ones first.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from activities.directory import geometry
from activities.directory.asking import Ask
from activities.directory.index import (
    CLOSED,
    IN_PERSON,
    ONLINE,
    SAYS_HOURS,
    SAYS_LANGUAGE,
    SEVERAL_TIMES,
    Index,
)
from activities.directory.listing import WEEK, Slot

FARTHEST_KM = 80.0
"""How far a place may be where nothing is said (50 miles)."""


@dataclass(slots=True)
class Fitting:
    """One search over the index; what it learns of distances and times on the way serves points and reasons."""

    index: Index
    ask: Ask
    shifts: list[int] = field(init=False)
    """For each zone of the index, the minutes from its clock to the patient's."""
    _weeks: list[bytes] = field(default_factory=list)
    """For each zone of the index, the minutes of its week that suit."""
    _cosines: dict[int, float] = field(default_factory=dict)
    """Of those whose distance is known and within the limit, how near they are."""

    def __post_init__(self) -> None:
        self.shifts = self.index.shifts(self.ask.zone, self.ask.now)

    def numbers(self) -> list[int]:
        """The numbers of those that can be attended, in order."""
        index, ask, wishes, marks = self.index, self.ask, self.ask.wishes, self.index.marks
        parts = wishes.fellowships if ask.kind == "mutual_help" else filter(None, [ask.service])
        numbers: Sequence[int] = index.pool(ask.kind, parts)
        if ask.near:
            around = index.around(ask.kind, ask.near, self.limit)
            numbers = [n for n in numbers if n in around]
        if wishes.modality != "either":
            wanted = ONLINE if wishes.modality == "online" else IN_PERSON
            numbers = [n for n in numbers if marks[n] & wanted]
        if wishes.open_meetings_only:
            numbers = [n for n in numbers if not marks[n] & CLOSED]
        if wishes.languages:
            spoken = index.bits(f"language:{one}" for one in wishes.languages)
            numbers = [n for n in numbers if marks[n] & spoken or not marks[n] & SAYS_LANGUAGE]
        if wishes.at_some_time:
            numbers = self._at_some_time(numbers)
        if ask.near:
            numbers = self._near(numbers, ask.near)
        if ask.leave_out:
            numbers = [n for n in numbers if index.listings[n].listing_id not in ask.leave_out]
        return list(numbers)

    @property
    def limit(self) -> float:
        """How far a place may be, in kilometres."""
        return self.ask.wishes.max_km or FARTHEST_KM

    def _at_some_time(self, numbers: Iterable[int]) -> list[int]:
        index, week = self.index, self.ask.wishes.week()
        self._weeks = [_turned(week, shift) for shift in self.shifts]
        weeks, zones, starts, marks = self._weeks, index.zone_numbers, index.starts, index.marks
        if self.ask.kind == "mutual_help":  # one meets at the start, and few meet more than once a week
            several = [
                n
                for n in numbers
                if marks[n] & SEVERAL_TIMES and not weeks[zones[n]][starts[n]] and self._has_a_time(n)
            ]
            at_first = [n for n in numbers if weeks[zones[n]][starts[n]]]
            return sorted([*at_first, *several]) if several else at_first
        return [n for n in numbers if not marks[n] & SAYS_HOURS or self._has_a_time(n)]

    def _has_a_time(self, n: int) -> bool:
        return any(self.suits(slot, n) for slot in self.index.listings[n].weekly)

    def suits(self, slot: Slot, n: int) -> bool:
        """Whether a meeting's start, or some of a place's hours, are at a time that is wished."""
        start = slot.minute_of_week
        length = 1 if self.ask.kind == "mutual_help" else max(1, slot.minutes)
        return 1 in self._weeks[self.index.zone_numbers[n]][start : start + length]

    def _near(self, numbers: Iterable[int], near: tuple[float, float]) -> list[int]:
        """Those within the limit, and those that are joined online or have no place that is known."""
        x, y, z = geometry.vector(*near)
        limit, vectors, marks = geometry.cosine(self.limit), self.index.vectors, self.index.marks
        online_will_do = ONLINE if self.ask.wishes.modality != "in_person" else 0
        kept = []
        for n in numbers:
            place = vectors[n]
            if place is None:
                kept.append(n)
                continue
            cosine = x * place[0] + y * place[1] + z * place[2]
            if cosine >= limit:
                self._cosines[n] = cosine
                kept.append(n)
            elif marks[n] & online_will_do:
                kept.append(n)
        return kept

    def km(self, n: int) -> float | None:
        """The distance, to a tenth of a kilometre; None where it is not known or plays no part."""
        return round(geometry.km(self._cosines[n]), 1) if n in self._cosines else None


def _turned(week: bytes, shift: int) -> bytes:
    """The minutes that suit on a wall clock from which one comes to the patient's by adding `shift`."""
    begin = shift % WEEK
    return (week[begin : begin + WEEK] * 2 + b"\0") if begin else week
