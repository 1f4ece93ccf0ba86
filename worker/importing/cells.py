"""Reading one cell: days, wall-clock times, minutes and codes, in the shapes that other systems write them in."""

import re
from datetime import date, datetime
from zoneinfo import ZoneInfo


class BadCell(Exception):
    """A value that cannot be read; the message names the field and what would be right."""


_DAYS = ("%m/%d/%Y",)
_TIMES = ("%m/%d/%Y %H:%M", "%m/%d/%Y %I:%M %p", "%m/%d/%Y %H:%M:%S")
_PLAIN = re.compile(r"[A-Za-z_-]{0,3}[0-9][0-9A-Za-z:/.+_ -]{0,29}")


def day(name: str, text: str) -> str:
    """A calendar day, as ISO text."""
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        found = _first(text, _DAYS)
    if found is None:
        raise BadCell(f"{name}: {shown(text)} is no day; write it as 2026-03-02")
    return found.date().isoformat()


def wall_time(name: str, text: str, zone: ZoneInfo | None) -> str:
    """A time by the clinic's wall clock, as ISO text without an offset.

    Where the export gives an offset, the instant is told in the clinic's zone, so that a session keeps its name
    over a change to daylight-saving time.
    """
    try:
        found: datetime | None = datetime.fromisoformat(text)
        if len(text) <= 10:
            raise BadCell(f"{name}: {shown(text)} is a day without a time; write it as 2026-03-02T18:00")
    except ValueError:
        found = _first(text, _TIMES)
    if found is None:
        raise BadCell(f"{name}: {shown(text)} is no local date and time; write it as 2026-03-02T18:00")
    if found.tzinfo:
        if zone is None:
            raise BadCell(f"{name}: {shown(text)} has an offset; put a clinic.json with the timezone beside the file")
        found = found.astimezone(zone)
    return found.strftime("%Y-%m-%dT%H:%M")


def minutes(name: str, text: str) -> int:
    """A whole number of minutes; spreadsheets like to write 180.0."""
    if not re.fullmatch(r"\d{1,4}(\.0+)?", text):
        raise BadCell(f"{name}: {shown(text)} is no whole number of minutes, such as 180")
    return int(float(text))


def code(text: str) -> str:
    """A code in the shape of ours: lower case, words joined by underscores."""
    return re.sub(r"[\s_-]+", "_", text.strip().lower())


def codes(text: str) -> list[str]:
    """Codes separated by `|`."""
    return [code(one) for one in text.split("|") if one.strip()]


def one_of(name: str, text: str, known: dict[str, str]) -> str:
    """Our word for one of theirs."""
    if found := known.get(code(text)):
        return found
    what = f"{name}: {shown(text)} is not known" if text else f"{name} is empty"
    raise BadCell(f"{what}; use one of {', '.join(sorted(set(known)))}, or say under codes in clinic.json what it means")


def shown(text: str) -> str:
    """A value in an error text: only what looks like a date, number or short code is shown, since a name may have
    slipped into the wrong column (P1)."""
    return f"'{text}'" if _PLAIN.fullmatch(text) else f"a text of {len(text)} characters"


def _first(text: str, shapes: tuple[str, ...]) -> datetime | None:
    for shape in shapes:
        try:
            return datetime.strptime(text, shape)  # noqa: DTZ007  (a wall-clock time)
        except ValueError:
            continue
    return None
