"""Program days and weeks, and business time. Everything a clock or a calendar decides is decided here.

Days are calendar days in the program's time zone; instants are aware datetimes. No rule counts hours where it
means days (T1), and every deadline says whether it counts elapsed or business time (T6).
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Annotated, Literal, Self
from zoneinfo import ZoneInfo

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    ValidationInfo,
    model_validator,
)

Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
WEEKDAYS: tuple[Weekday, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def _clock(value: object) -> object:
    # YAML 1.1 reads an unquoted 17:00 as the sexagesimal number 1020: minutes after midnight.
    return f"{value // 60:02d}:{value % 60:02d}" if isinstance(value, int) else value


ClockTime = Annotated[time, BeforeValidator(_clock)]


def _in_its_zone(instant: datetime, info: ValidationInfo) -> datetime:
    return instant.astimezone(info.context["zone"]) if info.context else instant


Instant = Annotated[datetime, AfterValidator(_in_its_zone)]
"""An instant that is kept in a state. In JSON it has an offset; it comes back in the program's zone."""

Days = Annotated[frozenset[date], PlainSerializer(sorted, return_type=list[date])]
"""Days that are kept in a state: in JSON in their order, so that the same state is the same text."""


class Delay(BaseModel):
    """A length of time that says how it is counted (T6): exactly one of its fields is given.

    `minutes`, `hours` and `days` elapse by the clock. `business_hours` run only while the program is open.
    `business_days` end at the same time of day on the nth open day; from a moment at which the program is closed,
    when it closes on the nth open day. None of either end as soon as the program is open. `by_close_of_business`
    ends when the program closes on the current open day, or on the next one. `by_end_of_day` ends with the program
    day, open or not.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    minutes: Annotated[int, Field(ge=0, le=100_000)] | None = None
    hours: Annotated[int, Field(ge=0, le=100_000)] | None = None
    days: Annotated[int, Field(ge=0, le=100_000)] | None = None
    business_hours: Annotated[int, Field(ge=0, le=100_000)] | None = None
    business_days: Annotated[int, Field(ge=0, le=100_000)] | None = None
    by_close_of_business: bool | None = None
    by_end_of_day: bool | None = None

    @model_validator(mode="after")
    def _one_length(self) -> Self:
        if len([v for v in self.__dict__.values() if v is not None]) != 1:
            raise ValueError(f"a delay is exactly one of {', '.join(type(self).model_fields)}")
        return self

    @property
    def elapsed(self) -> timedelta | None:
        """The length if it is counted by the clock, else None."""
        if self.minutes is not None:
            return timedelta(minutes=self.minutes)
        if self.hours is not None:
            return timedelta(hours=self.hours)
        return None if self.days is None else timedelta(days=self.days)

    @property
    def roughly(self) -> timedelta:
        """A length to compare delays by; business time is at least as long as this."""
        if self.elapsed is not None:
            return self.elapsed
        return timedelta(hours=self.business_hours or 0, days=self.business_days or 0)


class BusinessHours(BaseModel):
    """When the program's office is open."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    opens: ClockTime = time(9)
    """The time on the wall at which it opens (T6)."""
    closes: ClockTime = time(17)
    """The time at which it closes (T6)."""
    weekdays: tuple[Weekday, ...] = ("mon", "tue", "wed", "thu", "fri")
    """The days on which it is open (T6)."""

    @model_validator(mode="after")
    def _opens_before_it_closes(self) -> Self:
        if self.closes <= self.opens:
            raise ValueError(f"closes: {self.closes} must come after opens {self.opens}")
        if not self.weekdays:
            raise ValueError("weekdays: name at least one day on which the program is open")
        return self


@dataclass(frozen=True)
class Calendar:
    """The program's days: its time zone, its opening hours and the days on which it is closed."""

    zone: ZoneInfo
    hours: BusinessHours
    closures: Days = frozenset()

    def day_of(self, instant: datetime) -> date:
        """The program day on which an instant falls."""
        return instant.astimezone(self.zone).date()

    def at(self, day: date, clock: time = time()) -> datetime:
        """The instant of a wall-clock time; one that a clock change skips is moved to where clocks then stand."""
        return _instant(self.zone, day, clock)

    def instant(self, wall: datetime) -> datetime:
        """The instant of a local date-time without an offset."""
        return self.at(wall.date(), wall.time())

    def is_open(self, day: date) -> bool:
        """Whether the program is open on a day."""
        return WEEKDAYS[day.weekday()] in self.hours.weekdays and day not in self.closures

    def due(self, start: datetime, delay: Delay) -> datetime:
        """When a delay that starts at an instant is over, in the program's zone (T6)."""
        if (elapsed := delay.elapsed) is not None:
            if delay.days is not None:  # days are calendar days: the same wall-clock time, whatever clocks do
                local = start.astimezone(self.zone)
                return self.at(local.date() + elapsed, local.time())
            return (start.astimezone(UTC) + elapsed).astimezone(self.zone)
        if delay.by_end_of_day:
            return self.at(self.day_of(start), time(23, 59))
        opening = self._next_open_instant(start)
        if delay.business_days == 0:
            return opening
        if delay.business_days is not None:
            day, is_open = opening.date(), opening.astimezone(UTC) == start.astimezone(UTC)
            for _ in range(delay.business_days - (0 if is_open else 1)):
                day = self._next_open_day(day + timedelta(days=1))
            return self.at(day, opening.time()) if is_open else self._hours_of(day)[1]
        opens, closes = opening, self._hours_of(opening.date())[1]
        if delay.by_close_of_business:
            return closes
        left = timedelta(hours=delay.business_hours or 0)
        # Both in UTC: by the wall, an office that is open while clocks change would be open an hour more, or less.
        while left > (rest := closes.astimezone(UTC) - opens.astimezone(UTC)):
            left -= rest
            opens, closes = self._hours_of(self._next_open_day(opens.date() + timedelta(days=1)))
        return (opens.astimezone(UTC) + left).astimezone(self.zone)

    def _next_open_instant(self, start: datetime) -> datetime:
        local = start.astimezone(self.zone)
        day = self._next_open_day(local.date())
        opens, closes = self._hours_of(day)
        if start.astimezone(UTC) < opens.astimezone(UTC):
            return opens
        if start.astimezone(UTC) < closes.astimezone(UTC):
            return local
        return self._hours_of(self._next_open_day(day + timedelta(days=1)))[0]

    def _hours_of(self, day: date) -> tuple[datetime, datetime]:
        """When the office opens and closes on an open day; it never closes before it has opened, whatever clocks do."""
        opens, closes = self.at(day, self.hours.opens), self.at(day, self.hours.closes)
        return opens, max(opens, closes, key=lambda instant: instant.astimezone(UTC))

    def _next_open_day(self, day: date) -> date:
        # A year of closures is a wrong closure list, not a calendar; then any weekday will do.
        for ahead in range(366):
            if self.is_open(day + timedelta(days=ahead)):
                return day + timedelta(days=ahead)
        return day


@lru_cache(maxsize=8192)
def _instant(zone: ZoneInfo, day: date, clock: time) -> datetime:
    return datetime.combine(day, clock, zone).astimezone(UTC).astimezone(zone)


def in_words(instant: datetime) -> str:
    """An instant as people say it: `Thu 12 Mar 10:00`."""
    day = f"{_DAYS[instant.weekday()]} {instant.day} {_MONTHS[instant.month - 1]}"
    return f"{day} {instant.hour:02}:{instant.minute:02}"


_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


@lru_cache(maxsize=8192)
def day_in_words(day: date) -> str:
    """A day as people say it: `12 Mar 2026`."""
    return f"{day.day} {_MONTHS[day.month - 1]} {day.year}"


def added_months(start: date, months: int) -> date:
    """The same day of the month so many months later, or the last day of a shorter month."""
    year, month = divmod(start.month - 1 + months, 12)
    for day in range(start.day, 27, -1):
        try:
            return date(start.year + year, month + 1, day)
        except ValueError:
            continue
    return date(start.year + year, month + 1, start.day)
