"""Taking a clinic over: what is read from an export, and that its order does not matter (T4, T7)."""

import random
from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from tests.servers import EXAMPLE, generated
from tests.typed import carepath
from worker.errors import CannotDo
from worker.importing.files import read_table
from worker.importing.folder import read_export
from worker.importing.rows import ATTENDANCE, CALENDAR
from worker.importing.run import check_folder
from worker.importing.setting import setting_of
from worker.settings import Settings
from workflows.core.engine.errors import Refused
from workflows.core.episode.entries import parse_entry
from workflows.core.episode.episode import Episode
from workflows.core.episode.progress import Progress
from workflows.core.episode.start import EpisodeStart
from workflows.core.episode.views import progress
from workflows.pathways import pathway_named

EXPORT = EXAMPLE / "export"
TODAY = date(2026, 3, 16)
NOW = datetime(2026, 3, 16, 12, tzinfo=ZoneInfo("America/Chicago"))


def taken_over(folder: Path, shuffle: random.Random | None = None) -> dict[str, Progress]:
    """Every patient of an export in the pure core, as the import records them; by patient key."""
    export = read_export(folder)
    admissions, statements = export.admissions, export.statements
    if shuffle:
        shuffle.shuffle(statements)
    found = {}
    for row in admissions:
        key = row.values["patient_key"]
        start = EpisodeStart.model_validate(
            {"episode_id": key, "site": row.values["site"], "timezone": NOW.tzinfo.key,  # type: ignore[union-attr]
             "referred_on": row.values["referred_on"], "closures": [TODAY - timedelta(days=5)],
             "team": {role: row.values[role] for role in ("case_manager", "therapist", "supervisor", "director")},
             "schedule": [{"weekday": day, "start": "18:00", "minutes": 180} for day in ("mon", "wed", "fri")]}
        )  # fmt: skip
        episode = Episode(start, pathway_named("iop"), NOW)
        for therapist in (
            "th-1",
            "th-2",
        ):  # as the workflow hears from the staff directory, whosever team it is
            episode.vouch(therapist, ("therapist",))
        entries = [
            parse_entry({"id": f"{s.about}|{s.content}"[:120], **s.entry})
            for s in statements
            if s.patient_key == key and not s.problem
        ]
        results = episode.apply_many(entries, NOW)
        refused = [str(result) for result in results if isinstance(result, Refused)]
        assert [why for why in refused if "future" not in why] == []
        found[key] = progress(episode, NOW)
    return found


def test_the_example_export_in_the_repository_is_what_the_generator_writes(tmp_path: Path) -> None:
    fresh = generated(tmp_path / "fresh", TODAY)
    assert {file.name: file.read_bytes() for file in EXPORT.iterdir()} == {
        file.name: file.read_bytes() for file in fresh.iterdir()
    }


def test_the_example_holds_patients_in_every_stage_over_a_clock_change_and_a_holiday() -> None:
    stages = {shown.stage for shown in taken_over(EXPORT).values()}
    assert stages == {"intake", "program", "gate_review", "aftercare", "closed"}
    calendar = read_table(EXPORT / "calendar.csv", CALENDAR)
    days = [row.values["date"] for row in calendar]
    assert days[0] <= "2026-03-08" <= days[-1], "clocks change on 8 March 2026"
    assert [row.values["date"] for row in calendar if row.values["status"] == "closed"] == ["2026-03-11"]


@pytest.fixture(scope="module")
def in_their_order() -> dict[str, Progress]:
    return taken_over(EXPORT)


@pytest.mark.parametrize("seed", range(4))
def test_T4_rows_in_any_order_give_the_same_clinic(in_their_order: dict[str, Progress], seed: int) -> None:
    assert taken_over(EXPORT, random.Random(seed)) == in_their_order


def test_an_import_reads_the_disorder_of_real_data_and_no_names() -> None:
    statements = read_export(EXPORT).statements
    refused = [statement for statement in statements if statement.problem]
    assert [statement.row.file for statement in refused] == ["attendance.csv"]
    assert "session_start" in (refused[0].problem or "")
    assert not any("Müller" in str(statement.entry) for statement in statements)
    assert (EXPORT / "attendance.csv").read_bytes().count("ü".encode("latin-1")) > 0
    again = [(statement.about, statement.content) for statement in read_export(EXPORT).statements]
    assert again == [(statement.about, statement.content) for statement in statements]


def test_a_file_that_cannot_be_used_is_refused_as_a_whole(tmp_path: Path) -> None:
    file = tmp_path / "attendance.csv"
    file.write_text("patient_key,status\nMRN-1,present\n")
    with pytest.raises(CannotDo, match="lacks the column session_start"):
        read_table(file, ATTENDANCE)
    with pytest.raises(CannotDo, match=r"holds no admissions\.csv"):
        read_export(tmp_path)
    file.write_text("")
    with pytest.raises(CannotDo, match="Its columns are: none"):
        read_table(file, ATTENDANCE)
    file.write_text("patient_key,session_start,status,Status\n")
    with pytest.raises(CannotDo, match="has the column status twice"):
        read_table(file, ATTENDANCE)


@pytest.mark.parametrize(
    ("setting", "calendar", "words"),
    [
        ('{"timezone": "América"'.encode("latin-1"), "", r"clinic\.json is no JSON"),
        (b'{"closures": 5}', "", r"clinic\.json: closures"),
        (b"[]", "", r"clinic\.json must be one object"),
        (b"{}", "2026-99-99,closed\n", r"calendar\.csv, line 2: date: there is no day '2026-99-99'"),
        (b'{"dates": "english"}', "", r'clinic\.json: dates: write "month_first" or "day_first"'),
        (b"{}", "9/10/2026,closed\n", r"calendar\.csv, line 2: date: '9/10/2026' could be two days"),
    ],
)
def test_the_setting_of_a_clinic_is_refused_by_file_and_field(
    tmp_path: Path, setting: bytes, calendar: str, words: str
) -> None:
    (tmp_path / "clinic.json").write_bytes(setting)
    (tmp_path / "calendar.csv").write_text(f"date,status\n{calendar}")
    with pytest.raises(CannotDo, match=words):
        setting_of(tmp_path)


def test_a_dry_run_says_that_nothing_was_imported_and_what_would_be_refused_and_writes_nothing(
    tmp_path: Path, clinic_settings: Settings
) -> None:
    before = sorted(tmp_path.rglob("*"))
    dry = carepath("import", str(EXPORT), "--dry-run", settings=clinic_settings)
    assert (dry.returncode, "Nothing was imported." in dry.stdout) == (0, True)
    assert "no such patient in admissions.csv" in dry.stdout
    assert f"Which, and why: carepath import {EXPORT} --report rows.csv" in " ".join(dry.stdout.split())
    assert sorted(tmp_path.rglob("*")) == before
    report = str(tmp_path / "no" / "rows.csv")
    nowhere = carepath("import", str(EXPORT), "--dry-run", "--report", report, settings=clinic_settings)
    assert (nowhere.returncode, "--report: " in nowhere.stderr) == (1, True)


def export(folder: Path, admissions: str, **files: str) -> Path:
    """A small export; admissions are lines under the usual header."""
    folder.mkdir()
    (folder / "clinic.json").write_text((EXPORT / "clinic.json").read_text())
    (folder / "admissions.csv").write_text(
        f"patient_key,site,referred_on,case_manager,therapist\n{admissions}"
    )
    for name, content in files.items():
        (folder / name.replace("_", ".")).write_text(content)
    return folder


def test_a_row_that_no_program_could_read_is_refused_and_the_others_go_on(
    tmp_path: Path, clinic_settings: Settings
) -> None:
    use = '"patient_key": "MRN-1", "kind": "use", "by": "cm-1", "on": "2026-02-01"'
    odd = [
        f'{{{use}, "id": {"9" * 5000}}}',
        f'{{{use}, "id": "\\ud800"}}',
        f'{{{use}, "id": {"[" * 100_000}{"]" * 100_000}}}',
        f'{{{use}, "id": "fine"}}',
    ]
    attendance = (
        "patient_key,session_start,status,minutes\n"
        f"MRN-1,2026-02-02T18:00,{'x' * 200_000},\n"
        "MRN-1,2026-02-02T18:00,present,²\n"
        f"MRN-1,2026-02-02T18:00,present,{'9' * 5000}\n"
        "MRN-1,2026-02-02T18:00,present,180\n"
    )
    folder = export(
        tmp_path / "odd",
        "MRN-1,north,2026-01-05,cm-1,th-1\n",
        events_jsonl="\n".join(odd),
        attendance_csv=attendance,
    )
    report = check_folder(folder, clinic_settings)
    assert [(one.row.file, one.row.line) for one in report.refused] == [
        ("attendance.csv", 2), ("attendance.csv", 3), ("attendance.csv", 4),
        ("events.jsonl", 1), ("events.jsonl", 2), ("events.jsonl", 3),
    ]  # fmt: skip
    assert sum(one.result == "accepted" for one in report.outcomes) == 3


def test_an_admission_whose_staff_nobody_knows_is_refused_before_anything_is_imported(
    tmp_path: Path, clinic_settings: Settings
) -> None:
    rows = "MRN-1,north,2026-01-05,cm-9,th-1\nMRN-2,north,soon,cm-1,th-1\nMRN-3,north,2026-01-05,cm-1,th-1\n"
    events = '{"patient_key": "MRN-1", "kind": "use", "by": "cm-1", "on": "2026-02-01"}'
    report = check_folder(export(tmp_path / "staff", rows, events_jsonl=events), clinic_settings)
    told = {(one.row.file, one.row.line): one.reason for one in report.refused}
    assert "case_manager: the staff directory has nobody for staff id cm-9" in told["admissions.csv", 2]
    assert "referred_on" in told["admissions.csv", 3]
    assert told["events.jsonl", 1] == "its admission was refused"
    (tmp_path / "staff" / "clinic.json").unlink()
    with pytest.raises(CannotDo, match=r"no clinic\.json"):
        check_folder(tmp_path / "staff", clinic_settings)


def test_E0_an_admission_whose_staff_could_not_sign_what_their_role_signs_is_refused(
    tmp_path: Path, clinic_settings: Settings
) -> None:
    rows = [
        "patient_key,site,referred_on,case_manager,therapist,director",
        "MRN-1,north,2026-01-05,th-1,cm-1,di-1",
        "MRN-2,north,2026-01-05,cm-1,th-1,su-1",
        "MRN-3,north,2026-01-05,th-1,th-2,di-1",
    ]
    folder = export(tmp_path / "seats", "")
    (folder / "admissions.csv").write_text("\n".join(rows))
    refused = {one.row.line: one.reason for one in check_folder(folder, clinic_settings).refused}
    assert set(refused) == {2, 3}
    assert "therapist: a therapist signs what cm-1, who is case manager, may not" in refused[2]
    assert "director: a director signs what su-1, who is supervisor, may not" in refused[3]


@pytest.mark.parametrize("day", ["2028-01-01", "1926-01-05"])
def test_T5_a_referral_that_nobody_can_mean_is_a_row_refused(
    tmp_path: Path, clinic_settings: Settings, day: str
) -> None:
    folder = export(tmp_path / "days", f"MRN-1,north,{day},cm-1,th-1\nMRN-2,north,2026-01-05,cm-1,th-1\n")
    report = check_folder(folder, clinic_settings)
    assert [(one.row.line, f"referred_on: {day} lies" in one.reason) for one in report.refused] == [(2, True)]


@pytest.mark.parametrize("sign", ["\n", "\r", "\r\n", "\n\n"])
def test_I6_a_line_break_in_a_quoted_key_makes_no_other_patient(
    tmp_path: Path, clinic_settings: Settings, sign: str
) -> None:
    folder = export(
        tmp_path / "broken",
        f'"X{sign}9",north,2026-01-05,cm-1,th-1\nMRN-2,north,2026-01-05,cm-1,th-1\n',
        attendance_csv="patient_key,session_start,status\n"
        f'"X{sign}9",2026-02-02T18:00,present\nMRN-2,2026-02-02T18:00,present\n',
    )
    report = check_folder(folder, clinic_settings)
    accepted = [one.row for one in report.outcomes if one.result == "accepted"]
    assert [row.values["patient_key"] for row in accepted] == ["MRN-2", "MRN-2"]
    assert all("patient_key" in one.reason for one in report.refused), report.refused
