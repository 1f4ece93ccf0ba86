"""One row of an export becomes one entry. Columns that are not named here, such as names, are never read (P1).

An entry's id follows from what the row says, so that importing a file again, or a row that the other system
exported twice, changes nothing.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from worker.importing.files import Row

ADMISSIONS = ("patient_key", "site", "referred_on", "case_manager", "therapist")
ATTENDANCE = ("patient_key", "session_start", "status")
TESTS = ("patient_key", "specimen_id", "collected_on", "result")
EVENTS = ("patient_key", "kind")

STATUS = {"present": "attended", "attended": "attended", "p": "attended", "late": "attended", "absent": "missed",
          "missed": "missed", "no show": "missed", "noshow": "missed", "a": "missed", "excused": "excused",
          "e": "excused"}  # fmt: skip
"""What other systems call an attendance."""


LONGEST_NUMBER = 6
"""Digits of minutes that are worth reading; how many there may be is said by the entry."""


@dataclass(frozen=True)
class Statement:
    """An entry for a patient, and the row it came from; or the problem that keeps it from being one."""

    row: Row
    patient_key: str
    entry: dict[str, Any]
    problem: str | None = None


def attendance(row: Row) -> Statement:
    """Columns: patient_key, session_start, status, and where known minutes, service."""
    start = _moment(row.values["session_start"])
    status = STATUS.get(row.values["status"].lower())
    if start is None:
        return _bad(row, f"session_start: {row.values['session_start']!r} is no local date and time")
    if status is None:
        return _bad(row, f"status: {row.values['status']!r} is not known; use present, absent or excused")
    entry: dict[str, Any] = {"kind": "attendance", "session": start, "status": status}
    if minutes := row.values.get("minutes"):
        if not (minutes.isascii() and minutes.isdigit() and len(minutes) <= LONGEST_NUMBER):
            return _bad(row, f"minutes: {minutes!r} is no number of minutes")
        entry["minutes"] = int(minutes)
    if service := row.values.get("service"):
        entry["service"] = service.lower()
    return _statement(row, entry)


def test(row: Row) -> Statement:
    """Columns: patient_key, specimen_id, collected_on, result, and where known substances (split by |), reason."""
    entry: dict[str, Any] = {
        "kind": "test",
        "test_id": row.values["specimen_id"],
        "collected_on": row.values["collected_on"] or None,
        "result": row.values["result"].lower().replace(" ", "_"),
    }
    if substances := row.values.get("substances"):
        entry["substances"] = [name.strip().lower() for name in substances.split("|") if name.strip()]
    if reason := row.values.get("reason"):
        entry["reason"] = reason
    return _statement(row, entry)


def event(row: Row) -> Statement:
    """Any other entry, as it stands in the public contract, with its patient_key beside it."""
    entry = {name: value for name, value in row.values.items() if name != "patient_key"}
    return _statement(row, entry)


def _statement(row: Row, entry: dict[str, Any]) -> Statement:
    key = str(row.values["patient_key"])
    if not key:
        return _bad(row, "patient_key is empty")
    said = "|".join(f"{name}={entry[name]}" for name in sorted(entry))
    digest = hashlib.sha256(f"{key}|{said}".encode()).hexdigest()[:20]
    return Statement(
        row, key, {"by": "import", **entry, "source": "import", "id": entry.get("id", f"import-{digest}")}
    )


def _bad(row: Row, problem: str) -> Statement:
    return Statement(row, str(row.values.get("patient_key", "")), {}, problem)


def _moment(text: str) -> str | None:
    for shape in (
        "%Y-%m-%dT%H:%M",
        "%Y-%m-%d %H:%M",
        "%Y-%m-%dT%H:%M:%S",
        "%m/%d/%Y %H:%M",
        "%m/%d/%Y %I:%M %p",
    ):
        try:
            return datetime.strptime(text, shape).strftime("%Y-%m-%dT%H:%M")  # noqa: DTZ007  (a wall-clock time)
        except ValueError:
            continue
    return None
