"""Finding and reading the files of an export: CSV, spreadsheets, JSON and JSON lines."""

from pathlib import Path
from typing import Any

from activities.written import Unreadable, parse_json
from worker.errors import CannotDo
from worker.importing.limits import LARGEST_FILE, LONGEST_STATEMENT, MOST_ROWS
from worker.importing.table import Columns, Row, rows_of_cells, rows_of_text
from worker.importing.text import decoded, lines
from worker.importing.workbook import is_workbook, read_workbook

TABLES = (".csv", ".tsv", ".txt", ".xlsx", ".xlsm", ".xls", ".ods")
"""How a table may be called; what it is, is seen from how it begins."""


def table_of(folder: Path, name: str) -> Path | None:
    """The file of a folder that holds a table, such as `admissions`; None where there is none.

    Raises:
        CannotDo: there are two.
    """
    found = sorted(
        file for file in _files(folder) if file.stem.casefold() == name and file.suffix.casefold() in TABLES
    )
    if len(found) > 1:
        names = " and ".join(file.name for file in found)
        raise CannotDo(f"{folder} holds {names}: which of them is meant? Leave one.")
    return found[0] if found else None


def file_of(folder: Path, name: str) -> Path | None:
    """A file of a folder by its name, in capitals or not."""
    return next((file for file in sorted(_files(folder)) if file.name.casefold() == name), None)


def _files(folder: Path) -> list[Path]:
    try:
        return [file for file in folder.iterdir() if file.is_file()]
    except OSError as error:
        raise CannotDo(f"{folder} cannot be read: {error.strerror}.") from None


def read_table(path: Path, columns: Columns) -> list[Row]:
    """The rows of a table.

    Raises:
        CannotDo: the file cannot be read, is too large, has no header, or lacks a column that is needed.
    """
    raw = _raw(path)
    try:
        if is_workbook(path):
            return rows_of_cells(path.name, read_workbook(path), columns)
    except OSError as error:
        raise CannotDo(f"{path} cannot be read: {error.strerror}.") from None
    return rows_of_text(path.name, lines(decoded(raw)), columns)


def read_object(path: Path) -> dict[str, Any]:
    """The one object that a JSON file holds.

    Raises:
        CannotDo: the file cannot be read or holds something else.
    """
    try:
        content = parse_json(decoded(_raw(path)))
    except Unreadable as error:
        raise CannotDo(f"{path.name} is no JSON: {error}.") from None
    if not isinstance(content, dict):
        raise CannotDo(f"{path.name} must be one object.")
    return content


def read_jsonl(path: Path) -> list[Row]:
    """The objects of a file of JSON lines; a line that is none becomes a row with a problem.

    Raises:
        CannotDo: the file cannot be read, or is too large.
    """
    rows = [
        _statement(path.name, line, text)
        for line, text in enumerate(lines(decoded(_raw(path))), 1)
        if text.strip()
    ]
    if len(rows) > MOST_ROWS:
        raise CannotDo(
            f"{path.name} has {len(rows):,} rows; at most {MOST_ROWS:,} are read. Divide it into folders."
        )
    return rows


def _statement(file: str, line: int, text: str) -> Row:
    if len(text) > LONGEST_STATEMENT:
        return Row(
            file, line, {}, f"the line has {len(text):,} characters; at most {LONGEST_STATEMENT:,} are read"
        )
    try:
        values = parse_json(text)
    except Unreadable as error:
        return Row(file, line, {}, f"the line is no JSON: {error}")
    if not isinstance(values, dict):
        return Row(file, line, {}, "the line is no object")
    return Row(file, line, values)


def _raw(path: Path) -> bytes:
    try:
        if (size := path.stat().st_size) > LARGEST_FILE:
            raise CannotDo(
                f"{path.name} has {size:,} bytes; at most {LARGEST_FILE:,} are read. Divide it into folders."
            )
        return path.read_bytes()
    except OSError as error:
        raise CannotDo(f"{path} cannot be read: {error.strerror}.") from None
