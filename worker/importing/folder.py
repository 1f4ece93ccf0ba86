"""An export as a whole: who is in it, their stays, and what is told of them."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from activities.clinic_database.journal_chain import Key
from activities.clinic_database.spelling import BadKey, form_of, written
from activities.staff_directory import StaffDirectory
from worker.episodes import read_start
from worker.errors import CannotDo
from worker.importing import rows
from worker.importing.dates import NoDay
from worker.importing.files import file_of, read_jsonl, read_table, table_of
from worker.importing.report import Report
from worker.importing.rows import Statement
from worker.importing.setting import Setting, setting_of
from worker.importing.table import Row
from worker.people import check_able, known
from workflows.core.episode.start import Team

ROLES = tuple(Team.model_fields)
"""Columns of the admissions that hold staff ids."""

UNKNOWN_PATIENT = "patient_key: no such patient in admissions.csv"
"""Nor in the clinic database, which a dry run does not ask."""


@dataclass(frozen=True)
class Admitted:
    """One stay of the export."""

    row: Row
    referred_on: date
    start: Mapping[str, Any] | None
    problem: str | None = None
    """Why its episode cannot begin."""
    plain_id: str = ""
    """The id that imports gave before ids were under the clinic's key: an episode that has it keeps it."""


@dataclass
class Person:
    """One patient of the export: the stays, the earliest first, and all that is told of them."""

    patient_key: str
    admitted: list[Admitted] = field(default_factory=list)
    statements: list[Statement] = field(default_factory=list)
    had_a_row: bool = False
    """Whether the admissions name the patient at all."""


@dataclass(frozen=True)
class Export:
    """What was read of a folder."""

    setting: Setting
    admissions: list[Row]
    statements: list[Statement]


def read_export(folder: Path) -> Export:
    """Read an export.

    Raises:
        CannotDo: a file as a whole cannot be used: it is missing, cannot be read, or lacks a column.
    """
    admissions = table_of(folder, "admissions")
    if admissions is None:
        raise CannotDo(f"{folder} holds no admissions.csv: an export is a folder with clinic.json, admissions.csv and, "
                       "where there are any, attendance.csv, tests.csv (or .xlsx) and events.jsonl.")  # fmt: skip
    setting = setting_of(folder)
    statements: list[Statement] = []
    for name, columns, read in (
        ("attendance", rows.ATTENDANCE, rows.attendance),
        ("tests", rows.TESTS, rows.test),
    ):
        if file := table_of(folder, name):
            statements += [rows.statement(row, read, setting.reading) for row in read_table(file, columns)]
    if file := file_of(folder, "events.jsonl"):
        statements += [rows.statement(row, rows.event, setting.reading) for row in read_jsonl(file)]
    return Export(setting, read_table(admissions, rows.ADMISSIONS), statements)


def people_of(export: Export, staff: StaffDirectory, report: Report, key: Key) -> list[Person]:
    """The people of an export. Rows that belong to nobody go into the report. Ids of stays are under a key."""
    people: dict[str, Person] = {}
    for row in export.admissions:
        _admit(row, export.setting, staff, people, report, key)
    for one in export.statements:
        if one.problem:
            report.add(one.row, "refused", one.problem)
        else:
            people.setdefault(form_of(one.patient_key), Person(one.patient_key)).statements.append(one)
    for person in people.values():
        person.admitted.sort(key=lambda one: one.referred_on)
    return [people[key] for key in sorted(people)]


def _admit(
    row: Row, setting: Setting, staff: StaffDirectory, people: dict[str, Person], report: Report, key: Key
) -> None:
    patient_key = str(row.values["patient_key"])
    try:
        form = form_of(written(patient_key))
    except BadKey as error:
        report.add(row, "refused", row.problem or str(error))
        return
    if row.problem:
        report.add(row, "refused", row.problem)
        return
    person = people.setdefault(form, Person(patient_key))
    person.had_a_row = True
    try:
        referred_on = setting.reading.day(row.values["referred_on"])
    except NoDay as error:
        report.add(row, "refused", f"referred_on: {error}")
        return
    same = next((one for one in person.admitted if one.referred_on == referred_on), None)
    if same and same.row.values == row.values:
        report.add(row, "duplicate")
    elif same:
        why = f"referred_on: the row on line {same.row.line} tells of the same stay, with other staff or another site"
        report.add(row, "refused", why)
    else:
        try:
            start = start_of(row, referred_on, setting, staff, key)
            before = plain_id_of(patient_key, referred_on)
            person.admitted.append(Admitted(row, referred_on, start, plain_id=before))
        except CannotDo as error:
            person.admitted.append(Admitted(row, referred_on, None, str(error)))


def start_of(
    row: Row, referred_on: date, setting: Setting, staff: StaffDirectory, key: Key
) -> dict[str, Any]:
    """The start of the episode of a stay. Its id follows from the row, so that an import that was broken off is taken
    up by the next one.

    Raises:
        CannotDo: the row cannot begin an episode; names the field.
    """
    values = row.values
    team = {role: values[role] for role in ROLES if values.get(role)}
    for role, staff_id in team.items():
        check_able(known(staff, role, staff_id), role, [role])
    start = {
        **setting.start,
        "episode_id": episode_id_of(key, values["patient_key"], referred_on),
        "site": values["site"],
        "referred_on": referred_on.isoformat(),
        "team": team,
    }
    read_start(start)
    return start


def episode_id_of(key: Key, patient_key: str, referred_on: date) -> str:
    """The opaque id of a stay (P1)."""
    return key.opaque("stay", patient_key, referred_on.isoformat())


def plain_id_of(patient_key: str, referred_on: date) -> str:
    """The id that a stay got from an import before; whoever knew how could try out record numbers against it."""
    return hashlib.sha256(f"{patient_key}|{referred_on.isoformat()}".encode()).hexdigest()[:16]


def refuse_all(statements: Sequence[Statement], why: str, report: Report) -> None:
    """Refuse what is told of somebody for one reason."""
    for one in statements:
        report.add(one.row, "refused", why)
