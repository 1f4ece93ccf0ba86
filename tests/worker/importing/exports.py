"""Small exports of another system, written for a test."""

import json
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any

TODAY = date(2026, 3, 16)

SETTING = {
    "timezone": "America/Chicago",
    "pathway": "iop",
    "schedule": [
        {"weekday": day, "start": "18:00", "minutes": 180, "service": "group"}
        for day in ("mon", "wed", "fri")
    ],
}

TEAM = {"case_manager": "cm-1", "therapist": "th-1", "supervisor": "su-1", "director": "di-1"}


def admission(key: str, referred_on: date | str, **changes: str) -> dict[str, str]:
    """A row of the admissions."""
    return {"patient_key": key, "site": "north", "referred_on": str(referred_on), **TEAM, **changes}


def course(key: str, admitted_on: date, last_use_on: date | None = None) -> list[dict[str, Any]]:
    """What admits a person."""
    about = {"patient_key": key, "by": "th-1"}
    day = admitted_on.isoformat()
    return [
        {**about, "kind": "screening", "on": day, "substances": ["alcohol"], "years_of_use": 4},
        {**about, "kind": "level_of_care", "on": day, "level": "IOP", "reason": "suited"},
        {**about, "kind": "goal", "goal_id": "g1", "title": "work", "on": day},
        {**about, "kind": "acknowledgement", "what": "rights_notice", "on": day},
        {**about, "kind": "acknowledgement", "what": "contact_preferences", "on": day},
        {**about, "kind": "admission", "on": day, "last_use_on": str(last_use_on or admitted_on)},
    ]


def sessions(key: str, first: date, last: date, **changes: Any) -> list[dict[str, Any]]:
    """Attendance at every session from one day to another."""
    days = (first + timedelta(days=ahead) for ahead in range((last - first).days + 1))
    return [
        {
            "patient_key": key,
            "session_start": f"{day} 18:00",
            "status": "present",
            "minutes": "180",
            **changes,
        }
        for day in days
        if day.weekday() in (0, 2, 4)
    ]


def csv_of(rows: Sequence[Mapping[str, Any]]) -> str:
    """Rows as plain CSV; no cell needs a quote."""
    columns = list(dict.fromkeys(name for row in rows for name in row))
    lines = [",".join(columns), *(",".join(str(row.get(name, "")) for name in columns) for row in rows)]
    return "".join(f"{line}\n" for line in lines)


def export(
    folder: Path,
    admissions: Sequence[Mapping[str, Any]],
    *,
    attendance: Sequence[Mapping[str, Any]] = (),
    tests: Sequence[Mapping[str, Any]] = (),
    events: Sequence[Mapping[str, Any]] = (),
    **setting: Any,
) -> Path:
    """A folder with an export; files without rows are left out."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "clinic.json").write_text(json.dumps({**SETTING, **setting}), "utf-8")
    (folder / "admissions.csv").write_text(csv_of(admissions), "utf-8")
    for name, rows in (("attendance", attendance), ("tests", tests)):
        if rows:
            (folder / f"{name}.csv").write_text(csv_of(rows), "utf-8")
    if events:
        (folder / "events.jsonl").write_text("".join(f"{json.dumps(one)}\n" for one in events), "utf-8")
    return folder
