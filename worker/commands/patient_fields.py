"""What is typed about a patient, field by field, and refused in words that name the option."""

import re
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from activities.channels.reach import OutOfBounds, check_address
from worker.commands.options import read_day
from worker.errors import CannotDo


def check_reach(channel: str) -> None:
    """Refuse an address that leads where nobody should be told (P2).

    Raises:
        CannotDo: it is none; names the option.
    """
    try:
        check_address(channel)
    except OutOfBounds as error:
        raise CannotDo(f"--channel: this address {error}.") from None


def birth_date_of(text: str) -> date:
    """A day on which somebody can be born.

    Raises:
        CannotDo: it is none; names the option.
    """
    day = read_day("--birth-date", text)
    if not date(1900, 1, 1) <= day <= datetime.now().astimezone().date():
        raise CannotDo("--birth-date: nobody here was born on that day; write it as 1988-04-02.")
    return day


def written(option: str, text: str | None, pattern: str, so: str) -> str | None:
    """A text of the right form; what was typed stands in no error, since it may be anything (P1).

    Raises:
        CannotDo: it is none; names the option.
    """
    if text is not None and not re.fullmatch(pattern, text):
        raise CannotDo(
            f"{option}: write it as {so}."
        )  # what was typed stays out of logs: it may be anything (P1)
    return text


def zone_of(name: str | None) -> str | None:
    """A time zone by its name.

    Raises:
        CannotDo: it is none; names the option.
    """
    try:
        return ZoneInfo(name).key if name else None
    except (ValueError, OSError, KeyError):
        raise CannotDo(
            f"--timezone: {name} is not a time zone; use a name such as America/Chicago."
        ) from None


def quiet_hours(text: str) -> tuple[time, time]:
    """Hours such as 21:00-08:00.

    Raises:
        CannotDo: it is none; names the option.
    """
    begin, _, end = text.partition("-")
    try:
        return time.fromisoformat(begin.strip()), time.fromisoformat(end.strip())
    except ValueError:
        raise CannotDo(f"--quiet: {text} are no hours; write them as 21:00-08:00.") from None


def place_of(text: str) -> tuple[float, float]:
    """A point such as 41.88,-87.63.

    Raises:
        CannotDo: it is none; names the option.
    """
    latitude, _, longitude = text.partition(",")
    try:
        place = float(latitude), float(longitude)
    except ValueError:
        raise CannotDo(f"--near: {text} is no place; write it as 41.88,-87.63.") from None
    if not (-90 <= place[0] <= 90 and -180 <= place[1] <= 180):
        raise CannotDo(f"--near: {text} is not on earth; write latitude,longitude as 41.88,-87.63.")
    return place
