"""Weekdays and times of day, in all the ways in which directories write them; ISO weekdays (1 is Monday) come out.

Weekdays: Meeting Guide 0-6 with 0 for Sunday (code4recovery/spec), BMLT semantic JSON "1"-"7" with 1 for Sunday
(bmlt-enabled/bmlt-server), HSDS two letters as in iCalendar (openreferral/specification), FHIR three (DaysOfWeek).
"""

import re
from collections.abc import Iterable
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from activities.directory.fields import code, whole
from activities.directory.listing import DAY

DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_WHICH = {1: "first", 2: "second", 3: "third", 4: "fourth", 5: "fifth", -1: "last", -2: "second to last"}

_CLOCK = re.compile(
    r"^(\d{1,2})(?::?([0-5]\d))?(?::([0-5]\d)(?:\.\d+)?)?\s*([ap])?\.?\s*(?:m\.?)?\s*(?:z|[+-]\d\d:?\d\d)?$"
)
_WORDS = {"noon": 12 * 60, "midday": 12 * 60, "midnight": 0}


def from_sunday_0(value: Any) -> int | None:
    """Meeting Guide: 0 is Sunday. 7 is no day by the specification but is seen, and Sunday is meant."""
    day = whole(value)
    return None if day is None or not 0 <= day <= 7 else day or 7


def from_sunday_1(value: Any) -> int | None:
    """BMLT semantic JSON: 1 is Sunday."""
    day = whole(value)
    return None if day is None or not 1 <= day <= 7 else (day - 1) or 7


def from_name(value: Any) -> int | None:
    """A name or its beginning, of two letters at least: MO, mon, Monday."""
    word = code(value).lower()
    return next((n for n, day in enumerate(DAYS, 1) if len(word) > 1 and day.lower().startswith(word)), None)


def clock(value: Any) -> int | None:
    """Minutes after midnight: "19:30", "19:30:00", "8:00 PM", "3pm", "1930", "noon"; 24:00 is midnight.

    An offset behind it (HSDS) is dropped: the time is on the wall clock of the place.
    """
    written = code(value).lower()
    if written in _WORDS:
        return _WORDS[written]
    found = _CLOCK.match(written)
    if not found or (found[2] is None and found[4] is None):
        return None
    hour, minute, half = int(found[1]), int(found[2] or 0), found[4]
    if half:
        if not 1 <= hour <= 12:
            return hour * 60 + minute if half == "p" and 12 < hour < 24 else None
        hour = hour % 12 + (12 if half == "p" else 0)
    return (hour * 60 + minute) % DAY if hour < 24 or (hour, minute) == (24, 0) else None


def length(start: int, end: int | None, default: int = 60) -> int:
    """Minutes from start to end; an end before the start is on the next day, and one at the start is none."""
    return default if end is None or end == start else (end - start) % DAY


def duration(value: Any) -> int | None:
    """Minutes of "01:30:00" or "01:30"; "24:00:00" is legal in BMLT, "00:00:00" means that nothing is known."""
    found = re.match(r"^(\d{1,2}):([0-5]\d)(?::[0-5]\d)?$", code(value))
    minutes = int(found[1]) * 60 + int(found[2]) if found else 0
    return minutes if 0 < minutes <= DAY else None


def zone_named(value: Any) -> str | None:
    """An IANA time zone; None for everything else, offsets included."""
    name = code(value)
    try:
        return ZoneInfo(name).key if name else None
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


def in_words(weekday: int, start: int, weeks: Iterable[int] = (), until: int | None = None) -> str:
    """A time for people: "Monday 19:30", "first and third Monday 19:30", "Monday 09:00–17:00"."""
    which = " and ".join(_WHICH.get(week, str(week)) for week in weeks)
    end = "" if until is None else f"–{until // 60:02d}:{until % 60:02d}"
    return f"{which} {DAYS[weekday - 1]} {start // 60:02d}:{start % 60:02d}{end}".strip()
