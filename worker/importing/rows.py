"""One row of an export becomes one entry. Columns that are not named here, such as names, are never read (P1).

A row has an identity, which is what it is about (this session, this test), and a content, which is what it says. By
them an import knows for ever what it has brought: the same content again changes nothing, another one corrects it.
"""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from activities.clinic_database.spelling import BadKey, written
from worker.importing import values
from worker.importing.dates import DateReader, NoDay
from worker.importing.table import Columns, Row
from worker.importing.values import NotUnderstood
from workflows.core.engine.errors import Refused
from workflows.core.episode.entries import Attendance, Entry, Retraction, parse_entry

ADMISSIONS = Columns(
    ("patient_key", "site", "referred_on", "case_manager", "therapist", "nurse", "supervisor", "director"),
    needed=("patient_key", "site", "referred_on", "case_manager", "therapist"),
    day="referred_on",
)
ATTENDANCE = Columns(
    ("patient_key", "session_start", "status", "minutes", "service"),
    needed=("patient_key", "session_start", "status"),
    day="session_start",
)
TESTS = Columns(
    (
        "patient_key",
        "specimen_id",
        "collected_on",
        "result",
        "substances",
        "reason",
        "ordered_on",
        "reported_at",
    ),
    needed=("patient_key", "specimen_id", "collected_on", "result"),
    day="collected_on",
)
CALENDAR = Columns(("date", "status"), needed=("date", "status"), day="date")

_DAYS = ("on", "off", "from", "until", "collected_on", "ordered_on", "use_on", "start_on", "end_on", "done_on",
         "signed_on", "expires_on", "last_use_on")  # fmt: skip
"""Fields of events.jsonl that hold a day; `session` holds a wall-clock time."""

_INSTANTS = ("at", "reported_at")
"""Fields of events.jsonl that hold a moment; one in the form of the public contract is left as it is."""


@dataclass(frozen=True)
class Statement:
    """An entry for a patient, and the row it came from; or the problem that keeps it from being one."""

    row: Row
    patient_key: str
    entry: dict[str, Any]
    """Without its id, unless the row gives one: what is known already decides that."""
    parsed: Entry | None = None
    problem: str | None = None
    day: date | None = None
    """The day by which it belongs to a stay; None: no day is stated."""
    about: str = ""
    """What it is about, within its stay."""

    @property
    def content(self) -> str:
        """What the row says, as a short code."""
        return code_of(self.entry)

    @property
    def is_state(self) -> bool:
        """Whether a later one of the same identity brings it forward by itself."""
        return self.parsed is not None and self.parsed.brings_forward

    @property
    def corrects(self) -> str | None:
        """The id of the entry that the row itself retracts or supersedes."""
        if isinstance(self.parsed, Retraction):
            return self.parsed.entry_id
        return self.parsed.supersedes if self.parsed else None


def attendance(row: Row, reading: DateReader) -> dict[str, Any]:
    """Columns: patient_key, session_start, status, and where known minutes, service."""
    entry: dict[str, Any] = {
        "kind": "attendance",
        "session": _read("session_start", reading.moment, row).isoformat(timespec="minutes"),
        "status": _read("status", values.status, row),
    }
    if row.values.get("minutes"):
        entry["minutes"] = _read("minutes", values.minutes, row)
    if service := row.values.get("service"):
        entry["service"] = service.lower()
    return entry


def test(row: Row, reading: DateReader) -> dict[str, Any]:
    """Columns: patient_key, specimen_id, collected_on, result, and where known ordered_on, substances, reason, and
    reported_at, by which several results of one specimen are ordered, wherever their rows stand (T4)."""
    entry: dict[str, Any] = {
        "kind": "test",
        "test_id": row.values["specimen_id"],
        "result": _read("result", values.result, row),
    }
    for name in ("collected_on", "ordered_on"):
        if row.values.get(name):
            entry[name] = _read(name, reading.day, row).isoformat()
    if row.values.get("reported_at"):
        entry["reported_at"] = _read("reported_at", reading.instant, row).isoformat()
    if substances := row.values.get("substances"):
        entry["substances"] = values.names(substances)
    if reason := row.values.get("reason"):
        entry["reason"] = reason
    return entry


def event(row: Row, reading: DateReader) -> dict[str, Any]:
    """Any other entry, as it stands in the public contract, with its patient_key beside it."""
    entry = {name: value for name, value in row.values.items() if name != "patient_key"}
    for name in _DAYS:
        if isinstance(entry.get(name), str):
            entry[name] = _read(name, reading.day, row).isoformat()
    for name in _INSTANTS:
        if isinstance(entry.get(name), str) and not _is_iso(entry[name]):
            entry[name] = _read(name, reading.instant, row).isoformat()
    if isinstance(entry.get("session"), str):
        entry["session"] = _read("session", reading.moment, row).isoformat(timespec="minutes")
    return entry


def statement(row: Row, read: Callable[[Row, DateReader], dict[str, Any]], reading: DateReader) -> Statement:
    """What a row states, or why it states nothing."""
    key = _key(row.values.get("patient_key"))
    if row.problem or not key:
        return Statement(row, key, {}, problem=row.problem or _no_key(row))
    try:
        key = written(key)
    except BadKey as error:
        return Statement(row, key, {}, problem=str(error))
    try:
        entry = {"by": "import", **read(row, reading), "source": "import"}
        parsed = parse_entry(entry)
    except _Unread as error:
        return Statement(row, key, {}, problem=str(error))
    except Refused as error:
        return Statement(row, key, {}, problem=str(error))
    return Statement(row, key, entry, parsed, None, _day(parsed, reading), _about(parsed, entry))


def _is_iso(text: str) -> bool:
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True


class _Unread(Exception):
    """A field could not be read; the message names it."""


def _read(name: str, read: Callable[[str], Any], row: Row) -> Any:
    try:
        return read(row.values[name])
    except (NoDay, NotUnderstood) as error:
        raise _Unread(f"{name}: {error}") from None


def _key(value: object) -> str:
    """A patient's key. A spreadsheet or JSON may have taken it for a number."""
    return str(value).strip() if isinstance(value, str | int) and not isinstance(value, bool) else ""


def _no_key(row: Row) -> str:
    return "patient_key is empty" if "patient_key" in row.values else "patient_key is missing"


def _day(entry: Entry, reading: DateReader) -> date | None:
    when = entry.session if isinstance(entry, Attendance) else entry.when()
    if isinstance(when, datetime):
        return (when.astimezone(reading.zone) if when.tzinfo else when).date()
    return when


def _about(parsed: Entry, entry: Mapping[str, Any]) -> str:
    if given := entry.get("id"):
        return f"id|{given}"
    fields = parsed.identified_by
    subject = (
        code_of(entry) if fields is None else "|".join(str(entry.get(name, "")).lower() for name in fields)
    )
    return f"{entry['kind']}|{subject}"


def code_of(entry: Mapping[str, Any]) -> str:
    """What is said, as a short code."""
    said = json.dumps(entry, sort_keys=True, ensure_ascii=False, default=str)
    return hashlib.sha256(said.encode()).hexdigest()[:20]
