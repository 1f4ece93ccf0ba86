"""Tables as systems write them: no row is swallowed, none is read that is not there, and no name is read (P1)."""

import csv
import io
import zipfile
from datetime import date, datetime
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from worker.errors import CannotDo
from worker.importing import limits
from worker.importing.dates import looks_like_a_day
from worker.importing.files import read_jsonl, read_table
from worker.importing.rows import ADMISSIONS, ATTENDANCE, TESTS
from worker.importing.table import Row, rows_of_text
from worker.importing.text import decoded, lines

HEADER = "patient_key,session_start,status,minutes,note"

NOTES = st.text(alphabet=st.sampled_from('ab",; \'|"'), max_size=12)
"""What people write into a column that is never read."""


def read(text: str) -> list[Row]:
    return rows_of_text("attendance.csv", lines(text), ATTENDANCE)


def line(number: int, note: str) -> str:
    return f"MRN-{number},2026-01-{5 + number % 20:02d} 18:00,present,180,{note}"


@given(st.lists(NOTES, min_size=1, max_size=12))
def test_a_stray_quote_in_a_column_that_is_never_read_swallows_nobody(notes: list[str]) -> None:
    notes = [note.replace(",", ".") for note in notes]
    found = read("\n".join([HEADER, *(line(number, note) for number, note in enumerate(notes))]))
    assert [row.values["patient_key"] for row in found] == [f"MRN-{number}" for number in range(len(notes))]
    assert {row.values["status"] for row in found} == {"present"}
    assert [row.line for row in found] == list(range(2, 2 + len(notes)))
    assert not any("note" in row.values for row in found)


@given(st.lists(st.text(alphabet=st.sampled_from('ab",\n x'), max_size=30), min_size=1, max_size=8))
def test_what_is_quoted_as_the_standard_has_it_is_one_row_over_several_lines(notes: list[str]) -> None:
    out = io.StringIO()
    writer = csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\n")
    writer.writerow(HEADER.split(","))
    for number, note in enumerate(notes):
        writer.writerow([f"MRN-{number}", "2026-01-05 18:00", "present", "180", note])
    found = read(out.getvalue())
    assume(not any(note.count(",") >= 4 for note in notes))  # a line in it could be a row by itself
    assert [row.values["patient_key"] for row in found] == [f"MRN-{number}" for number in range(len(notes))]
    assert not any(row.problem for row in found)


def test_rows_add_up_to_the_lines_whatever_stands_in_them() -> None:
    text = f"{HEADER}\n{line(1, chr(34))}\n{line(2, 'x')}\n,,,,\n\n{line(3, chr(34) + 'y')}\n   \n{line(4, 'z,z,z')}\n"
    found = read(text)
    assert [row.line for row in found] == [2, 3, 6, 8]
    assert [bool(row.problem) for row in found] == [False, False, False, True]


@pytest.mark.parametrize(
    "text",
    [
        "Patient Key;Session Start;STATUS\nMRN-1;2026-01-05 18:00;present\n",
        "sep=;\nPATIENT_KEY;Session_Start;Status\nMRN-1;2026-01-05 18:00;present\n",
        "patient_key\tsession_start\tstatus\nMRN-1\t2026-01-05 18:00\tpresent\n",
        "patient_key|session_start|status\nMRN-1|2026-01-05 18:00|present\n",
        "\ufeffpatient_key,session_start,status\nMRN-1,2026-01-05 18:00,present\n",
        "Attendance of January\n\npatient_key,session_start,status,,\nMRN-1,2026-01-05 18:00,present,,,,\n,,,,\n",
        '"patient_key","session_start","status"\r\n"MRN-1","2026-01-05 18:00","present"\r\n',
        'note,patient_key,session_start,status\r"5\' 3"" tall",MRN-1,2026-01-05 18:00,present\r',
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_separators_headers_and_encodings_as_systems_write_them(
    text: str, encoding: str, tmp_path: Path
) -> None:
    file = tmp_path / "attendance.csv"
    file.write_bytes(text.encode(encoding))
    (row,) = read_table(file, ATTENDANCE)
    assert row.values == {"patient_key": "MRN-1", "session_start": "2026-01-05 18:00", "status": "present"}
    assert row.problem is None


@given(st.binary(max_size=400))
def test_any_bytes_are_some_text(raw: bytes) -> None:
    decoded(raw)


def test_a_row_of_megabytes_and_a_cell_that_is_too_long_stop_nobody(tmp_path: Path) -> None:
    huge = "x" * 2_500_000
    found = read(f"{HEADER}\n{line(1, huge)}\nMRN-2,2026-01-05 18:00,{huge},180,\n{line(3, '')}\n")
    assert [bool(row.problem) for row in found] == [False, True, False]
    assert "status: the cell has 2,500,000 characters" in str(found[1].problem)
    events = tmp_path / "events.jsonl"
    events.write_text(f'{{"patient_key": "MRN-1", "kind": "use", "note_ref": "{huge}"}}\n{{}}\n')
    assert [bool(row.problem) for row in read_jsonl(events)] == [True, False]


def test_a_file_above_the_bounds_is_refused_as_a_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "attendance.csv"
    file.write_text(f"{HEADER}\n" + "\n".join(line(number, "") for number in range(20)))
    monkeypatch.setattr("worker.importing.table.MOST_ROWS", 10)
    with pytest.raises(CannotDo, match="has 20 rows; at most 10 are read"):
        read_table(file, ATTENDANCE)
    monkeypatch.setattr("worker.importing.files.LARGEST_FILE", 100)
    with pytest.raises(CannotDo, match="bytes; at most 100 are read"):
        read_table(file, ATTENDANCE)


def workbook(path: Path, *rows: list[Any]) -> Path:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for row in rows:
        sheet.append(row)
    book.save(path)
    return path


def test_a_spreadsheet_is_read_whatever_it_is_called(tmp_path: Path) -> None:
    at = datetime(2026, 1, 5, 18)  # noqa: DTZ001
    for name in ("attendance.xlsx", "attendance.csv"):
        first, second = read_table(
            workbook(
                tmp_path / name,
                ["Attendance of January"],
                ["Patient Key", "Session Start", "Status", "Minutes", "Name"],
                [1001, at, "P", 180.0, "Zoë"],
                [None, None, None, None, None],
                ["MRN-2", 46027.75, "absent", None, None],
            ),
            ATTENDANCE,
        )
        assert first.values == {
            "patient_key": "1001", "session_start": "2026-01-05 18:00:00", "status": "P", "minutes": "180",
        }  # fmt: skip
        assert (first.line, second.line, second.values["session_start"]) == (3, 5, "46027.75")
    (row,) = read_table(
        workbook(
            tmp_path / "admissions.xlsx",
            list(ADMISSIONS.needed),
            ["MRN-1", "north", date(2026, 1, 5), "cm-1", "th-1"],
        ),
        ADMISSIONS,
    )
    assert row.values["referred_on"].startswith("2026-01-05")


def test_a_spreadsheet_that_unfolds_to_more_than_the_machine_has_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("worker.importing.workbook.WORKBOOK_BYTES", 300_000_000)
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet["A1"] = "patient_key"
    sheet.cell(row=1_048_576, column=16_384, value="far away")
    book.save(tmp_path / "far.xlsx")
    with zipfile.ZipFile(tmp_path / "bomb.xlsx", "w", zipfile.ZIP_DEFLATED) as bomb:
        with zipfile.ZipFile(tmp_path / "far.xlsx") as far:
            for name in far.namelist():
                if "worksheets" not in name:
                    bomb.writestr(name, far.read(name))
        with bomb.open("xl/worksheets/sheet1.xml", "w", force_zip64=True) as inside:
            inside.write(
                b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
            )
            for _ in range(20):
                inside.write(b'<row><c t="inlineStr"><is><t>' + b"x" * 10_000_000 + b"</t></is></c></row>")
            inside.write(b"</sheetData></worksheet>")
    (tmp_path / "damaged.xlsx").write_bytes(b"PK\x03\x04 no archive")
    for name in ("far.xlsx", "bomb.xlsx", "damaged.xlsx"):
        with pytest.raises(CannotDo, match=name):
            read_table(tmp_path / name, TESTS)


def test_no_bound_of_the_import_is_above_what_an_episode_takes() -> None:
    assert limits.ENTRIES_AT_ONCE <= 1_000
    assert limits.BYTES_AT_ONCE < 2_000_000
    assert looks_like_a_day("10/7/2026 6:00 PM")
    assert not looks_like_a_day("about 7 o'clock")
