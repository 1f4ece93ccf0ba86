"""Entries reach their episodes: a patient's whole history at once, so that nothing is judged half told (T7)."""

import asyncio
import hashlib
from collections import defaultdict
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

from activities.clinic_database import EpisodeAlreadyOpen
from worker.episodes import Clinic, read_start
from worker.errors import CannotDo
from worker.importing import rows
from worker.importing.files import Row, read_csv, read_jsonl, read_object
from worker.importing.report import Report
from worker.importing.rows import Statement
from workflows.core.entries import parse_entry
from workflows.core.errors import Refused

AT_ONCE = 4
"""Episodes imported side by side; more than the server can take only makes each of them wait."""

CHUNK = 500
"""Entries of one update. Two years of a patient fit into three; the first holds what the others are judged by."""

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
    setting = setting_of(folder)
    by_patient: dict[str, list[Statement]] = defaultdict(list)
    known = {row.values["patient_key"] for row in admissions}
    for statement in statements:
        if statement.problem:
            report.add(statement.row, "refused", statement.problem)
        elif statement.patient_key not in known:
            report.add(statement.row, "refused", UNKNOWN_PATIENT)
        else:
            by_patient[statement.patient_key].append(statement)
    gate = asyncio.Semaphore(AT_ONCE)
    done = 0

    async def one(row: Row) -> None:
        nonlocal done
        async with gate:
            await _import_patient(clinic, row, setting, by_patient[row.values["patient_key"]], report)
        done += 1
        progress(done, len(admissions))

    async with asyncio.TaskGroup() as group:
        for row in admissions:
            group.create_task(one(row))
    return report


async def _import_patient(
    clinic: Clinic, row: Row, setting: dict[str, Any], statements: list[Statement], report: Report
) -> None:
    try:
        episode_id, is_new = await _episode(clinic, row, setting)
    except CannotDo as error:
        report.add(row, "refused", str(error))
        for statement in statements:
            report.add(statement.row, "refused", "its admission was refused")
        return
    report.episodes += is_new
    report.add(row, "accepted" if is_new else "duplicate")
    ordered = sorted(statements, key=lambda s: s.entry["kind"] in ("attendance", "test"))
    for first in range(0, len(ordered), CHUNK):
        chunk = ordered[first : first + CHUNK]
        answers = await clinic.update(f"episode-{episode_id}", "record_many", [s.entry for s in chunk])
        for statement, answer in zip(chunk, answers, strict=True):
            if answer["error"]:
                report.add(statement.row, "refused", answer["error"]["message"])
            else:
                report.add(statement.row, "duplicate" if answer["duplicate"] else "accepted")


async def _episode(clinic: Clinic, row: Row, setting: dict[str, Any]) -> tuple[str, bool]:
    """The patient's episode, begun if there is none. Its id follows from the row, so that a crash between the
    crosswalk and the server is mended by the next run."""
    values = row.values
    if row.problem:
        raise CannotDo(row.problem)
    if not values["patient_key"]:
        raise CannotDo("patient_key is empty")
    salt = f"{values['patient_key']}|{values['referred_on']}"
    episode_id = hashlib.sha256(salt.encode()).hexdigest()[:16]
    start = {
        **setting,
        "episode_id": episode_id,
        "site": values["site"],
        "referred_on": values["referred_on"],
        "team": {role: values[role] for role in ("case_manager", "therapist", "nurse", "supervisor", "director")
                 if values.get(role)},
    }  # fmt: skip
    begun = read_start(start)
    if episode_id in await clinic.crosswalk.episodes_of(values["patient_key"]):
        is_new = False
    else:
        try:
            await clinic.crosswalk.open_episode(values["patient_key"], episode_id, begun.referred_on)
        except EpisodeAlreadyOpen as error:
            raise CannotDo(str(error)) from None
        is_new = True
    try:
        await clinic.start_episode(start)
    except CannotDo:
        is_new = False
    return episode_id, is_new


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
