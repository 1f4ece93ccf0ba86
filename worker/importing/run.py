"""Entries reach their episodes: a patient's whole history at once, so that nothing is judged half told (T7)."""

import asyncio
import hashlib
from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from activities.clinic_database import EpisodeAlreadyOpen
from activities.staff_directory import StaffDirectory
from worker.episodes import Clinic, read_start
from worker.errors import CannotDo
from worker.importing import rows
from worker.importing.files import Row, read_csv, read_jsonl, read_object
from worker.importing.report import Report
from worker.importing.rows import Statement
from worker.people import directory, known
from worker.settings import Settings
from workflows.core.entries import parse_entry
from workflows.core.errors import Refused

AT_ONCE = 4
"""Episodes imported side by side; more than the server can take only makes each of them wait."""

CHUNK = 500
"""Entries of one update. Two years of a patient fit into three; the first holds what the others are judged by."""

ROLES = ("case_manager", "therapist", "nurse", "supervisor", "director")
"""Columns of admissions.csv that hold staff ids."""

UNKNOWN_PATIENT = "patient_key: no such patient in admissions.csv"


def read_folder(folder: Path) -> tuple[list[Row], list[Statement]]:
    """The admissions and all other rows of an export.

    Raises:
        CannotDo: a file is missing, cannot be read, or lacks a column.
    """
    if not (folder / "admissions.csv").is_file():
        raise CannotDo(f"{folder} holds no admissions.csv: an export is a folder with admissions.csv and, where there "
                       "are any, attendance.csv, tests.csv and events.jsonl.")  # fmt: skip
    admissions = read_csv(folder / "admissions.csv", rows.ADMISSIONS)
    statements: list[Statement] = []
    for name, needed, read in (
        ("attendance.csv", rows.ATTENDANCE, rows.attendance),
        ("tests.csv", rows.TESTS, rows.test),
    ):
        if (folder / name).is_file():
            statements += [_readable(row, read) for row in read_csv(folder / name, needed)]
    if (folder / "events.jsonl").is_file():
        statements += [_readable(row, rows.event) for row in read_jsonl(folder / "events.jsonl")]
    return admissions, statements


def _readable(row: Row, read: Callable[[Row], Statement]) -> Statement:
    if row.problem:
        return Statement(row, str(row.values.get("patient_key", "")), {}, row.problem)
    if "patient_key" not in row.values:
        return Statement(row, "", {}, "patient_key is missing")
    statement = read(row)
    if statement.problem:
        return statement
    try:
        parse_entry(statement.entry)
    except Refused as error:
        return Statement(row, statement.patient_key, {}, str(error))
    return statement


async def import_folder(
    clinic: Clinic, folder: Path, progress: Callable[[int, int], None] = lambda done, of: None
) -> Report:
    """Import an export; safe to run again, and after a crash in the middle.

    Raises:
        CannotDo: a file as a whole cannot be used; then nothing was imported.
    """
    report = Report()
    admissions, statements = read_folder(folder)
    setting, staff = setting_of(folder), directory(clinic.settings)
    by_patient = _by_patient(admissions, statements, report)
    gate = asyncio.Semaphore(AT_ONCE)
    done = 0

    async def one(row: Row) -> None:
        nonlocal done
        async with gate:
            await _import_patient(clinic, row, setting, staff, by_patient[row.values["patient_key"]], report)
        done += 1
        progress(done, len(admissions))

    async with asyncio.TaskGroup() as group:
        for row in admissions:
            group.create_task(one(row))
    return report


def check_folder(folder: Path, settings: Settings) -> Report:
    """What an import would refuse before anything reaches the server: files, rows, admissions, staff.

    Raises:
        CannotDo: a file as a whole cannot be used.
    """
    report = Report()
    admissions, statements = read_folder(folder)
    setting, staff = setting_of(folder), directory(settings)
    by_patient = _by_patient(admissions, statements, report)
    for row in admissions:
        stated = by_patient[row.values["patient_key"]]
        try:
            start_of(row, setting, staff)
        except CannotDo as error:
            _refuse(row, str(error), stated, report)
            continue
        for accepted in (row, *(statement.row for statement in stated)):
            report.add(accepted, "accepted")
    return report


def _by_patient(
    admissions: Sequence[Row], statements: Sequence[Statement], report: Report
) -> dict[str, list[Statement]]:
    """The statements that can be recorded, by patient key; the others go into the report."""
    found: dict[str, list[Statement]] = defaultdict(list)
    patients = {row.values["patient_key"] for row in admissions}
    for statement in statements:
        if statement.problem:
            report.add(statement.row, "refused", statement.problem)
        elif statement.patient_key not in patients:
            report.add(statement.row, "refused", UNKNOWN_PATIENT)
        else:
            found[statement.patient_key].append(statement)
    return found


def _refuse(row: Row, problem: str, statements: Sequence[Statement], report: Report) -> None:
    report.add(row, "refused", problem)
    for statement in statements:
        report.add(statement.row, "refused", "its admission was refused")


async def _import_patient(
    clinic: Clinic,
    row: Row,
    setting: dict[str, Any],
    staff: StaffDirectory,
    statements: list[Statement],
    report: Report,
) -> None:
    try:
        start = start_of(row, setting, staff)
        is_new = await _episode(clinic, row, start)
    except CannotDo as error:
        _refuse(row, str(error), statements, report)
        return
    report.episodes += is_new
    report.add(row, "accepted" if is_new else "duplicate")
    ordered = sorted(statements, key=lambda s: s.entry["kind"] in ("attendance", "test"))
    for first in range(0, len(ordered), CHUNK):
        chunk = ordered[first : first + CHUNK]
        answers = await clinic.update(
            f"episode-{start['episode_id']}", "record_many", [s.entry for s in chunk]
        )
        for statement, answer in zip(chunk, answers, strict=True):
            if answer["error"]:
                report.add(statement.row, "refused", answer["error"]["message"])
            else:
                report.add(statement.row, "duplicate" if answer["duplicate"] else "accepted")


def start_of(row: Row, setting: dict[str, Any], staff: StaffDirectory) -> dict[str, Any]:
    """The start of a patient's episode. Its id follows from the row, so that an import that was broken off is taken up
    by the next one.

    Raises:
        CannotDo: the row cannot begin an episode; names the field.
    """
    values = row.values
    if row.problem:
        raise CannotDo(row.problem)
    if not values["patient_key"]:
        raise CannotDo("patient_key is empty")
    team = {role: values[role] for role in ROLES if values.get(role)}
    for role, staff_id in team.items():
        known(staff, role, staff_id)
    salt = f"{values['patient_key']}|{values['referred_on']}"
    start = {
        **setting,
        "episode_id": hashlib.sha256(salt.encode()).hexdigest()[:16],
        "site": values["site"],
        "referred_on": values["referred_on"],
        "team": team,
    }
    read_start(start)
    return start


async def _episode(clinic: Clinic, row: Row, start: dict[str, Any]) -> bool:
    """Begin the patient's episode if there is none; whether there was none."""
    key, episode_id = row.values["patient_key"], start["episode_id"]
    is_new = episode_id not in await clinic.crosswalk.episodes_of(key)
    if is_new:
        try:
            await clinic.crosswalk.open_episode(key, episode_id, read_start(start).referred_on)
        except EpisodeAlreadyOpen as error:
            raise CannotDo(str(error)) from None
    try:
        await clinic.start_episode(start)
    except CannotDo:
        is_new = False
    return is_new


def setting_of(folder: Path) -> dict[str, Any]:
    """What all patients of an export share: `clinic.json` with time zone, schedule, closures and policy."""
    file = folder / "clinic.json"
    if not file.is_file():
        raise CannotDo(f"{folder} holds no clinic.json with the clinic's timezone and schedule.")
    setting = read_object(file)
    closures = setting.get("closures", [])
    if not isinstance(closures, list):
        raise CannotDo(f'{file.name}: closures: give a list of days, such as ["2026-12-25"].')
    calendar = folder / "calendar.csv"
    if calendar.is_file():
        closed = [
            _day(row) for row in read_csv(calendar, ("date", "status")) if row.values["status"] == "closed"
        ]
        setting["closures"] = sorted({*map(str, closures), *closed})
    return setting


def _day(row: Row) -> str:
    try:
        return date.fromisoformat(row.values["date"]).isoformat()
    except ValueError:
        raise CannotDo(
            f"{row.file}, line {row.line}: date: {row.values['date']} is no day; write it as 2026-12-25."
        ) from None
