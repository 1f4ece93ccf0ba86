"""Days and times as other systems write them. What could be two days is not guessed (F3): the clinic says the order."""

import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

Order = Literal["month_first", "day_first"]
ORDERS: tuple[Order, ...] = ("month_first", "day_first")

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTH = rf"({'|'.join(_MONTHS)})[a-z]*\.?"
_SERIAL = re.compile(r"([2-7]\d{4})(\.\d+)?")
"""What a spreadsheet keeps for a day: its number since 1900, here of 1954 to 2118, and the part of the day."""
_SERIAL_BEGAN = datetime(1899, 12, 30)  # noqa: DTZ001  (a wall-clock time)

_DAYS = (
    re.compile(r"(?P<y>\d{4})([-/.])(?P<m>\d{1,2})\2(?P<d>\d{1,2})"),
    re.compile(r"(?P<y>\d{4})(?P<m>\d{2})(?P<d>\d{2})"),
    re.compile(r"(?P<first>\d{1,2})([-/.])(?P<second>\d{1,2})\2(?P<y>\d{4})"),
    re.compile(rf"(?P<d>\d{{1,2}})[-/. ]+(?P<name>{_MONTH})[-/., ]+(?P<y>\d{{4}})", re.I),
    re.compile(rf"(?P<name>{_MONTH})[-/. ]+(?P<d>\d{{1,2}})(?:st|nd|rd|th)?[-/., ]+(?P<y>\d{{4}})", re.I),
)
_TIME = re.compile(
    r"(?P<hour>\d{1,2}):(?P<minute>\d{2})(:(?P<second>\d{2})([.,]\d{1,9})?)?"
    r"\s*(?P<half>[ap])?(?(half)\.?m\.?)\s*(?P<zone>z|[+-]\d{2}:?\d{2}|[+-]\d{2})?",
    re.I,
)
_DAY_LIKE = re.compile(
    rf"\d{{1,4}}[-/.]\d{{1,2}}[-/.]\d{{1,4}}|\d{{8}}|{_SERIAL.pattern}|\d.*{_MONTH}|{_MONTH}.*\d", re.I
)


class NoDay(Exception):
    """The text is no day, or could be two; the message says what would be right, to go behind the field's name."""


@dataclass(frozen=True)
class DateReader:
    """How the dates of one export are read: the order of day and month, where the clinic has said it, and its zone."""

    zone: ZoneInfo
    order: Order | None = None

    def day(self, text: str) -> date:
        """A day. A time beside it is left out, once it is in the clinic's zone.

        Raises:
            NoDay: says why.
        """
        read, _ = self._read(text)
        return read.date()

    def moment(self, text: str) -> datetime:
        """A wall-clock time of the clinic, to the minute.

        Raises:
            NoDay: says why.
        """
        read, has_time = self._read(text)
        if not has_time:
            raise NoDay(f"{_shown(text)} has no time of day; write it as 2026-10-02 18:00")
        return read.replace(second=0, microsecond=0, tzinfo=None)

    def instant(self, text: str) -> datetime:
        """A moment that is the same everywhere; without a zone of its own it is on the clinic's clock. A day without a
        time of day is its beginning.

        Raises:
            NoDay: says why.
        """
        read, _ = self._read(text)
        return read if read.tzinfo else read.replace(tzinfo=self.zone)

    def _read(self, text: str) -> tuple[datetime, bool]:
        """On the clinic's clock, aware where the text has named a zone; and whether it has a time of day."""
        text = " ".join(text.split())
        if serial := _SERIAL.fullmatch(text):
            # To the second: the part of a day that a spreadsheet keeps is not exact.
            passed = timedelta(days=int(serial[1]), seconds=round(float(serial[2] or 0) * 86_400))
            return _SERIAL_BEGAN + passed, serial[2] is not None
        for shape in _DAYS:
            if (found := shape.match(text)) and (rest := _after(text, found)) is not None:
                day = self._day_of(found, text)
                return self._at(day, rest, text), bool(rest)
        raise NoDay(
            f"{_shown(text)} is no day or time that can be read; write it as 2026-10-02 or 2026-10-02 18:00"
        )

    def _day_of(self, found: re.Match[str], text: str) -> date:
        parts = found.groupdict()
        if "first" in parts:
            month, day = self._ordered(int(parts["first"]), int(parts["second"]), text)
        elif "name" in parts:
            month, day = _MONTHS.index(parts["name"][:3].lower()) + 1, int(parts["d"])
        else:
            month, day = int(parts["m"]), int(parts["d"])
        try:
            return date(int(parts["y"]), month, day)
        except ValueError:
            raise NoDay(f"there is no day {_shown(text)}") from None

    def _ordered(self, first: int, second: int, text: str) -> tuple[int, int]:
        """Month and day of two numbers."""
        if self.order is None and first != second and first <= 12 and second <= 12:
            raise NoDay(
                f"{_shown(text)} could be two days: say once in clinic.json which comes first, "
                '"dates": "month_first" or "dates": "day_first"'
            )
        month_first = self.order == "month_first" or (self.order is None and second > 12)
        month, day = (first, second) if month_first else (second, first)
        if month > 12 and self.order:
            raise NoDay(f'{_shown(text)} has no month {month}, and clinic.json says "dates": "{self.order}"')
        return month, day

    def _at(self, day: date, rest: str, text: str) -> datetime:
        found = _TIME.fullmatch(rest) if rest else None
        if rest and not found:
            raise NoDay(f"{_shown(text)} has no time that can be read; write it as 2026-10-02 18:00")
        if not found:
            return datetime.combine(day, time())
        hour = int(found["hour"])
        if found["half"]:
            if not 1 <= hour <= 12:
                raise NoDay(
                    f"{_shown(text)} has no hour {hour} {found['half']}m; write it as 2026-10-02 18:00"
                )
            hour = hour % 12 + (12 if found["half"].lower() == "p" else 0)
        try:
            at = datetime.combine(day, time(hour, int(found["minute"]), int(found["second"] or 0)))
            if not found["zone"]:
                return at
            offset = "+00:00" if found["zone"] in "zZ" else found["zone"]
            return datetime.fromisoformat(f"{at.isoformat()}{offset}").astimezone(self.zone)
        except (ValueError, OverflowError):
            raise NoDay(
                f"{_shown(text)} has no time that can be read; write it as 2026-10-02 18:00"
            ) from None


def looks_like_a_day(text: str) -> bool:
    """Whether a cell holds a day, readable or not."""
    return len(text) <= 40 and _DAY_LIKE.match(text) is not None


def _after(text: str, found: re.Match[str]) -> str | None:
    """What follows the day; None where the day does not end there."""
    rest = text[found.end() :]
    if rest and rest[0] not in " Tt,":
        return None
    return rest.lstrip(" Tt,")


def _shown(text: str) -> str:
    """What was written, where it can only be a date: a name in the wrong column must not travel (P1)."""
    return repr(text) if len(text) <= 40 and re.fullmatch(r"[\d\s:/.,TZtzAaPpMm+-]*", text) else "the cell"
