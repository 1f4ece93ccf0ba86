"""Reading exports: CSV in whatever encoding and with whatever separator it came, and JSON lines.

Only the columns that an import knows leave this file: what a system writes beside them, such as names and dates
of birth, is dropped while reading (P1).
"""

import csv
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from worker.errors import CannotDo


@dataclass(frozen=True)
class Row:
    """One row of a file, with the line on which it begins. `problem` says why it could not even be read."""

    file: str
    line: int
    values: Mapping[str, Any]
    problem: str | None = None


@dataclass(frozen=True)
class Sheet:
    """The rows of one file, and what a person should know about how it was read."""

    rows: list[Row]
    warnings: list[str] = field(default_factory=list)


def read_csv(
    path: Path, needed: Sequence[str], optional: Sequence[str] = (), called: Mapping[str, str] | None = None
) -> Sheet:
    """The rows of a CSV file, with the needed and the optional columns and no others.

    Args:
        path: The file.
        needed: Columns without which no row means anything.
        optional: Columns that are read where they are there.
        called: What a column is called in this file, where that is not our name for it.

    Raises:
        CannotDo: the file cannot be read, has no header, or lacks a column that is needed.
    """
    text, warnings = _text(path)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_separator(text))
    rows: list[Row] = []
    try:
        header = [name.strip() for name in next(reader, [])]
        places = _places(path, header, needed, optional, called or {})
        begins = reader.line_num + 1
        for cells in reader:
            if any(cell.strip() for cell in cells):
                values = {name: cells[at].strip() for name, at in places.items() if at < len(cells)}
                rows.append(Row(path.name, begins, values, _misshapen(cells, header)))
            begins = reader.line_num + 1
    except csv.Error as error:
        raise CannotDo(f"{path.name} is no CSV from line {reader.line_num} on ({error}): is a quotation mark left "
                       "open, or the file damaged?") from None  # fmt: skip
    return Sheet(rows, warnings)


def read_jsonl(path: Path) -> Sheet:
    """The objects of a file of JSON lines; a line that is none becomes a row with a problem.

    Raises:
        CannotDo: the file cannot be read.
    """
    text, warnings = _text(path)
    # Not splitlines(): it also breaks at characters that may stand inside a JSON string.
    lines = [(number, line) for number, line in enumerate(text.split("\n"), 1) if line.strip()]
    return Sheet([_object(path.name, number, line) for number, line in lines], warnings)


def _object(file: str, number: int, line: str) -> Row:
    try:
        values = json.loads(line, parse_constant=_no_number)
    except json.JSONDecodeError as error:
        cut = " (was the export cut off?)" if error.pos >= len(line.rstrip()) else ""
        return Row(file, number, {}, f"the line is no JSON: {error.msg}{cut}; export it again")
    except (ValueError, RecursionError):
        return Row(file, number, {}, "the line holds a number or a nesting that no JSON reader takes")
    if not isinstance(values, dict):
        return Row(file, number, {}, 'the line is no object such as {"patient_key": …, "kind": …}')
    return Row(file, number, values)


def _no_number(name: str) -> Any:
    raise ValueError(name)


def _places(
    path: Path, header: list[str], needed: Sequence[str], optional: Sequence[str], called: Mapping[str, str]
) -> dict[str, int]:
    if not any(header):
        raise CannotDo(f"{path.name} is empty: its first line must name the columns {', '.join(needed)}.")
    theirs = {name: called.get(name, name) for name in (*needed, *optional)}
    if missing := [theirs[name] for name in needed if theirs[name] not in header]:
        raise CannotDo(
            f"{path.name} lacks the column{'s' if len(missing) > 1 else ''} {', '.join(missing)}. Its columns are: "
            f"{', '.join(header)}. Rename it there, or say under columns in clinic.json what it is called."
        )
    if twice := sorted({name for name in theirs.values() if header.count(name) > 1}):
        raise CannotDo(f"{path.name} has the column {', '.join(twice)} twice; remove one of them.")
    return {ours: header.index(name) for ours, name in theirs.items() if name in header}


def _misshapen(cells: list[str], header: list[str]) -> str | None:
    if len(cells) == len(header):
        return None
    remedy = "was the export cut off?" if len(cells) < len(header) else "a cell with a separator needs quotes"
    return f"the row has {len(cells)} cells and the header {len(header)}: {remedy}"


def _separator(text: str) -> str:
    """What the header is separated by; some spreadsheets write semicolons or tabs."""
    header = text.partition("\n")[0]
    return max(",;\t", key=header.count)


def _text(path: Path) -> tuple[str, list[str]]:
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise CannotDo(f"{path} cannot be read: {error.strerror}.") from None
    if raw[:2] in (b"\xff\xfe", b"\xfe\xff") or b"\x00" in raw[:1000]:
        raise CannotDo(f"{path.name} is in UTF-16 or no text at all; save it as UTF-8.")
    try:
        return raw.decode("utf-8-sig"), []
    except UnicodeDecodeError as error:
        # Old systems write names in Latin-1. Such columns are not imported, and every code is plain ASCII.
        line = raw.count(b"\n", 0, error.start) + 1
        return raw.decode("latin-1"), [f"{path.name} is not UTF-8 (line {line}); it was read as Latin-1."]
