"""What all patients of an export share: `clinic.json`, and the days on which the clinic is closed."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast
from zoneinfo import ZoneInfo

from worker.errors import CannotDo
from worker.importing.dates import ORDERS, DateReader, NoDay, Order
from worker.importing.files import file_of, read_object, read_table, table_of
from worker.importing.rows import CALENDAR


@dataclass(frozen=True)
class Setting:
    """How the episodes of an export begin, and how its files are read."""

    start: dict[str, Any]
    """Time zone, schedule, closures, pathway and policy: what every start has in common."""
    reading: DateReader
    system: str
    """Which system the export comes from: two that tell of the same thing do not correct each other (A8)."""


def setting_of(folder: Path) -> Setting:
    """The setting of an export. Beside what a start takes, `clinic.json` may say `dates` ("month_first" or "day_first")
    and `system`, a code for where the export comes from.

    Raises:
        CannotDo: names the file and the field.
    """
    file = file_of(folder, "clinic.json")
    if file is None:
        raise CannotDo(f"{folder} holds no clinic.json with the clinic's timezone and schedule.")
    start = read_object(file)
    closures = start.get("closures", [])
    if not isinstance(closures, list):
        raise CannotDo(f'{file.name}: closures: give a list of days, such as ["2026-12-25"].')
    order, system = start.pop("dates", None), start.pop("system", "")
    if order is not None and order not in ORDERS:
        raise CannotDo(f'{file.name}: dates: write "month_first" or "day_first".')
    if not isinstance(system, str):
        raise CannotDo(f'{file.name}: system: give a code for where the export comes from, such as "ehr".')
    reading = DateReader(_zone(start.get("timezone")), cast(Order | None, order))
    if calendar := table_of(folder, "calendar"):
        closed = _closed_days(calendar, reading)
        start["closures"] = sorted({*map(str, closures), *closed})
    return Setting(start, reading, system)


def _zone(name: object) -> ZoneInfo:
    """The clinic's zone; a name that is none is refused where the start is read."""
    try:
        return ZoneInfo(name) if isinstance(name, str) else ZoneInfo("UTC")
    except (ValueError, OSError, KeyError):
        return ZoneInfo("UTC")


def _closed_days(calendar: Path, reading: DateReader) -> list[str]:
    days = []
    for row in read_table(calendar, CALENDAR):
        if row.values["status"].casefold() == "closed":
            try:
                days.append(reading.day(row.values["date"]).isoformat())
            except NoDay as error:
                raise CannotDo(f"{row.file}, line {row.line}: date: {error}.") from None
    return days
