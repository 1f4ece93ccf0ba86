"""Reading exports: CSV in whatever encoding it came, and JSON lines."""

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from activities.written import Unreadable, parse_json
from worker.errors import CannotDo

LONGEST_CELL = 10_000_000
"""In characters. One that no field takes is refused with its row, and does not stop the file."""


@dataclass(frozen=True)
class Row:
    """One row of a file, with the line on which it begins. `problem` says why it could not even be read."""

    file: str
    line: int
    values: dict[str, Any]
    problem: str | None = None


def read_csv(path: Path, needed: tuple[str, ...]) -> list[Row]:
    """The rows of a CSV file.

    Raises:
        CannotDo: the file cannot be read, has no header, or lacks a column that is needed.
    """
    csv.field_size_limit(LONGEST_CELL)
    reader = csv.DictReader(io.StringIO(_text(path), newline=""))
    columns = [name.strip() for name in reader.fieldnames or []]
    if missing := [name for name in needed if name not in columns]:
        found = ", ".join(columns) or "none"
        raise CannotDo(f"{path.name} lacks the column {', '.join(missing)}. Its columns are: {found}.")
    reader.fieldnames = columns
    rows = []
    for values in _each(reader, path):
        problem = "the row has more cells than the header" if None in values else None
        cells = {name: (value or "").strip() for name, value in values.items() if name is not None}
        rows.append(Row(path.name, reader.line_num, cells, problem))
    return rows


def _each(reader: Iterator[dict[str | Any, str | Any]], path: Path) -> Iterator[dict[str | Any, str | Any]]:
    try:
        yield from reader
    except csv.Error as error:
        raise CannotDo(f"{path.name} is no CSV file: {error}.") from None


def read_object(path: Path) -> dict[str, Any]:
    """The one object that a JSON file holds.

    Raises:
        CannotDo: the file cannot be read or holds something else.
    """
    try:
        content = parse_json(_text(path))
    except Unreadable as error:
        raise CannotDo(f"{path.name} is no JSON: {error}.") from None
    if not isinstance(content, dict):
        raise CannotDo(f"{path.name} must be one object.")
    return content


def read_jsonl(path: Path) -> list[Row]:
    """The objects of a file of JSON lines; a line that is none becomes a row with a problem."""
    rows = []
    for line, text in enumerate(_text(path).splitlines(), 1):
        if not text.strip():
            continue
        try:
            values = parse_json(text)
        except Unreadable as error:
            rows.append(Row(path.name, line, {}, f"the line is no JSON: {error}"))
            continue
        problem = None if isinstance(values, dict) else "the line is no object"
        rows.append(Row(path.name, line, values if problem is None else {}, problem))
    return rows


def _text(path: Path) -> str:
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise CannotDo(f"{path} cannot be read: {error.strerror}.") from None
    if raw[:2] in (b"\xff\xfe", b"\xfe\xff") or b"\x00" in raw[:200]:
        raise CannotDo(f"{path.name} is in UTF-16; save it as UTF-8.")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        # Old systems write names in Latin-1. Those columns are never imported, and every code is ASCII.
        return raw.decode("latin-1")
