"""Spreadsheets: .xlsx, .xls and .ods, read in a process of their own.

A file of a few kilobytes can unfold to more than the machine has (a zip bomb, or one cell in the last row and column).
So another process reads it, with an end to its memory and its time, and what becomes of it is no harm to this one.
"""

import json
import subprocess
import sys
from datetime import date, datetime, timedelta
from pathlib import Path

from worker.errors import CannotDo
from worker.importing.limits import MOST_COLUMNS, MOST_ROWS, WORKBOOK_BYTES, WORKBOOK_SECONDS

_BEGINNINGS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
"""How a file of either format begins, whatever it is called: a zip archive, or a compound document."""


def is_workbook(path: Path) -> bool:
    """Whether a file is a spreadsheet, by how it begins.

    Raises:
        OSError: it cannot be read.
    """
    with path.open("rb") as file:
        return file.read(4) in _BEGINNINGS


def read_workbook(path: Path) -> list[list[str]]:
    """The cells of the first sheet as text, from its first line on.

    Raises:
        CannotDo: it is no spreadsheet that can be read, is protected, or unfolds to more than is read.
    """
    reader = [sys.executable, "-m", "worker.importing.workbook", str(path), str(WORKBOOK_BYTES)]
    try:
        done = subprocess.run(reader, capture_output=True, timeout=WORKBOOK_SECONDS, check=False)
    except subprocess.TimeoutExpired:
        raise CannotDo(
            f"{path.name} could not be read within {WORKBOOK_SECONDS} s; save its first sheet as CSV (UTF-8)."
        ) from None
    try:
        answer = json.loads(done.stdout)
    except ValueError:  # it came to an end before it could say anything, as when its memory was used up
        raise CannotDo(
            f"{path.name} unfolds to more than is read at once, or is damaged; save its first sheet as CSV (UTF-8)."
        ) from None
    if "problem" in answer:
        raise CannotDo(f"{path.name}: {answer['problem']}")
    grid: list[list[str]] = answer["grid"]
    return grid


def _grid(path: str) -> list[list[str]]:
    from python_calamine import CalamineWorkbook

    sheet = CalamineWorkbook.from_path(path).get_sheet_by_index(0)
    if sheet.total_height > MOST_ROWS or sheet.total_width > MOST_COLUMNS:
        raise ValueError(
            f"the first sheet has {sheet.total_height:,} rows and {sheet.total_width:,} columns; at most {MOST_ROWS:,} "
            f"and {MOST_COLUMNS} are read. Delete what lies beyond the table."
        )
    return [[_text(cell) for cell in row] for row in sheet.to_python(skip_empty_area=False)]


def _text(cell: object) -> str:
    match cell:
        case bool():
            return "true" if cell else "false"
        case float():
            return str(int(cell)) if cell.is_integer() else repr(cell)
        case datetime():
            return cell.isoformat(" ")
        case date():
            return cell.isoformat()
        case timedelta():
            return str(cell)
        case _:
            return str(cell)


def _bound_this_process(most: int) -> None:
    try:
        import resource
    except ImportError:  # not on every system; the time-out of the parent holds on all
        return
    resource.setrlimit(resource.RLIMIT_AS, (most, most))


def _main(path: str, most: int) -> dict[str, object]:
    _bound_this_process(most)
    try:
        return {"grid": _grid(path)}
    except ValueError as error:
        return {"problem": str(error)}
    except Exception as error:
        protected = type(error).__name__ == "PasswordError"
        why = (
            "it is protected by a password; save it without"
            if protected
            else "it is no spreadsheet that can be read"
        )
        return {"problem": f"{why}, or save its first sheet as CSV (UTF-8)."}


if __name__ == "__main__":
    json.dump(_main(sys.argv[1], int(sys.argv[2])), sys.stdout)
