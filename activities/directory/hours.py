"""Hours and waiting times of services: HSDS schedules, which are recurrence rules (RFC 5545) with clock times."""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from dateutil.rrule import rrulestr

from activities.directory.fields import code, members, moment, text, whole
from activities.directory.listing import Slot
from activities.directory.reading import Remarks
from activities.directory.times import clock, from_name, length

Row = Mapping[str, Any]


def wait_days(value: Any) -> int | None:
    """Days of a waiting time in words: "10 days", "2-3 weeks" (the longer), "none"; None where nothing is known."""
    words = text(value, 100).lower().replace("-", " ").split()
    if words and words[0] in ("none", "no", "immediate", "immediately", "0"):
        return 0
    numbers = [int(word) for word in words if word.isdigit() and len(word) < 4]
    unit = next(
        (n for w in words for u, n in (("day", 1), ("week", 7), ("month", 30)) if w.startswith(u)), None
    )
    return max(numbers) * unit if numbers and unit else None


def hours(schedules: Iterable[Row], today: date, remarks: Remarks) -> tuple[tuple[Slot, ...], str]:
    """Weekly hours, and in words what is not weekly."""
    slots: set[Slot] = set()
    other: list[str] = []
    for schedule in schedules:
        if _is_over(schedule, today):
            continue
        opens = clock(schedule.get("opens_at") or schedule.get("start_time"))
        closes = clock(schedule.get("closes_at") or schedule.get("end_time"))
        days = schedule.get("byday") or schedule.get("days") or schedule.get("weekday")
        if opens is None:
            if schedule.get("opens_at") or schedule.get("start_time"):
                remarks.odd(
                    "opens_at",
                    schedule.get("opens_at") or schedule.get("start_time"),
                    "these hours are left out",
                )
            elif words := text(schedule.get("description") or schedule.get("notes"), 120):
                other.append(words)
            continue
        if code(schedule.get("bymonthday")) or whole(schedule.get("interval")) not in (None, 0, 1):
            other.append(_rule_in_words(schedule, opens, remarks))
            continue
        for day in members(days):
            slot = _slot(code(day), opens, length(opens, closes, default=0))
            if slot is None:
                remarks.odd("byday", day, "this day is left out")
            else:
                slots.add(slot)
    return tuple(sorted(slots)), "; ".join(filter(None, dict.fromkeys(other)))


def _slot(day: str, opens: int, minutes: int) -> Slot | None:
    """A day such as MO, 2MO (the second) or -1FR (the last)."""
    weekday = from_name(day.lstrip("+-0123456789"))
    which = day[: len(day) - len(day.lstrip("+-0123456789"))]
    weeks = whole(which) if which else 0
    if weekday is None or weeks is None or abs(weeks) > 5:
        return None
    return Slot(weekday, opens, minutes, (weeks,) if weeks else ())


def _is_over(schedule: Row, today: date) -> bool:
    """Whether a schedule has ended; one that has not begun, or whose end cannot be read, stands."""
    for name in ("valid_to", "until"):
        ends = moment(schedule.get(name))
        if ends and ends.date() < today:
            return True
    return False


def _rule_in_words(schedule: Row, opens: int, remarks: Remarks) -> str:
    """A time that no weekday can say, such as every second week or the 15th of a month."""
    freq = code(schedule.get("freq")).upper()
    fields = {"FREQ": freq if freq in ("WEEKLY", "MONTHLY") else "", "INTERVAL": code(schedule.get("interval")),
              "BYDAY": code(schedule.get("byday")), "BYMONTHDAY": code(schedule.get("bymonthday"))}  # fmt: skip
    rule = ";".join(f"{name}={value}" for name, value in fields.items() if value)
    try:
        rrulestr(rule)
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError, IndexError):
        remarks.odd("schedule", rule, "these hours are left out")
        return ""
    days = " and ".join(filter(None, (code(schedule.get("byday")), code(schedule.get("bymonthday")))))
    unit = "week" if freq == "WEEKLY" else "month"
    every = whole(schedule.get("interval")) or 1
    return (
        f"every {f'{every} {unit}s' if every > 1 else unit}, {days}, from {opens // 60:02d}:{opens % 60:02d}"
    )
