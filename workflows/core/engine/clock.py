"""The time, as a fact sees it: what is asked of it is noted, with how long the answer holds."""

from bisect import bisect_right
from collections.abc import Sequence
from datetime import date, datetime, timedelta

from workflows.core.engine.calendar import Calendar
from workflows.core.engine.notes import Notes

_DAY = timedelta(days=1)


class Clock:
    """One instant, of which facts ask. Whoever asks for less than the instant itself holds for longer."""

    is_apart = False
    """Whether this is an instant that somebody asked about in between: then nothing is noted of it."""

    def __init__(self, calendar: Calendar, now: datetime, noted: Notes) -> None:
        self.calendar = calendar
        self._now = now
        self._today = calendar.day_of(now)
        self._bounds: tuple[datetime, datetime] | None = None
        self._noted = noted

    @property
    def now(self) -> datetime:
        """The instant. Whoever only compares it asks `has_come`: that holds for longer."""
        if (page := self._noted.page) is not None and not self.is_apart:
            page.within(self._now, self._now + timedelta.resolution)
        return self._now

    @property
    def instant(self) -> datetime:
        """The instant, for whoever keeps the reading and no fact."""
        return self._now

    @property
    def today(self) -> date:
        """The program day."""
        if (page := self._noted.page) is not None and not self.is_apart:
            page.within(*self._of_today)
        return self._today

    @property
    def _of_today(self) -> tuple[datetime, datetime]:
        if self._bounds is None:
            self._bounds = self.calendar.at(self._today), self.calendar.at(self._today + _DAY)
        return self._bounds

    def has_come(self, instant: datetime) -> bool:
        """Whether an instant is now or past."""
        come = instant <= self._now
        if (page := self._noted.page) is not None and not self.is_apart:
            page.within(*((instant, None) if come else (None, instant)))
        return come

    def has_begun(self, day: date) -> bool:
        """Whether a day is today or past: it holds until the day begins, and from then on, not for today alone."""
        begun = day <= self._today
        if (page := self._noted.page) is not None and not self.is_apart:
            begins = self.calendar.at(day)
            page.within(*((begins, None) if begun else (None, begins)))
        return begun

    def is_after(self, instant: datetime) -> bool:
        """Whether an instant is past."""
        return self.has_come(instant + timedelta.resolution)

    def now_among(self, instants: Sequence[datetime]) -> datetime:
        """The instant, for whoever only asks which of these, in order, have come: it holds until the next one does."""
        if (page := self._noted.page) is not None and not self.is_apart:
            number = bisect_right(instants, self._now)
            page.within(
                instants[number - 1] if number else None, instants[number] if number < len(instants) else None
            )
        return self._now

    def today_among(self, days: Sequence[date]) -> date:
        """The program day, for whoever only asks which of these, in order, have begun: it holds until the next does."""
        if (page := self._noted.page) is not None and not self.is_apart:
            number, at = bisect_right(days, self._today), self.calendar.at
            page.within(
                at(days[number - 1]) if number else None, at(days[number]) if number < len(days) else None
            )
        return self._today

    def stretch_since(self, first: date, days: int) -> int:
        """In which stretch of so many days since a day today is, the first being 0: it holds until the next begins.

        Before that day it is negative.
        """
        number = (self._today - first).days // days
        if (page := self._noted.page) is not None and not self.is_apart:
            begins = first + timedelta(days=days * number)
            page.within(self.calendar.at(begins), self.calendar.at(begins + timedelta(days=days)))
        return number
