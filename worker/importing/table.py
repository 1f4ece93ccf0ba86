"""Rows and columns, as comma-separated text or out of a spreadsheet, become rows by the names of their columns.

Files of other systems are seldom as the standard has them: a nickname in quotes, an inch sign, or half a quote in a
note must not swallow the people on the next lines. So a line is a row of its own, and a cell in quotes runs over
several only where its quote is closed as it should be and no line within it is a row by itself.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from worker.errors import CannotDo
from worker.importing.dates import looks_like_a_day
from worker.importing.limits import HEADER_WITHIN, LINES_OF_A_CELL, LONGEST_CELL, MOST_COLUMNS, MOST_ROWS

DELIMITERS = (",", ";", "\t", "|")


@dataclass(frozen=True)
class Row:
    """One row of a file, with the line on which it begins. `problem` says why it could not even be read."""

    file: str
    line: int
    values: dict[str, Any]
    problem: str | None = None


@dataclass(frozen=True)
class Columns:
    """The columns of a kind of file: all that are read, those that it must have, and the one that holds a day."""

    names: tuple[str, ...]
    needed: tuple[str, ...]
    day: str


@dataclass(frozen=True)
class Header:
    """Where the columns of one file stand. What no rule names, such as a person's name, is not looked at (P1)."""

    columns: Columns
    places: dict[str, int]
    width: int
    line: int

    def row(self, file: str, line: int, cells: Sequence[str]) -> Row:
        """A row by the names of its columns."""
        values = {name: _cell(cells, place) for name, place in self.places.items()}
        problem = None
        if any(cell.strip() for cell in cells[self.width :]):
            problem = "the row has more cells than the header"
        for name, value in values.items():
            if len(value) > LONGEST_CELL:
                problem = f"{name}: the cell has {len(value):,} characters; at most {LONGEST_CELL:,} are read"
                values[name] = ""
        return Row(file, line, values, problem)

    def is_row(self, cells: Sequence[str]) -> bool:
        """Whether a line is a row by itself: it has a day where the file has its days, or as many cells and a key."""
        if looks_like_a_day(_cell(cells, self.places[self.columns.day])):
            return True
        key = _cell(cells, self.places.get("patient_key", 0))
        return len(cells) == self.width > 1 and any(character.isdigit() for character in key)


def rows_of_text(file: str, lines: Sequence[str], columns: Columns) -> list[Row]:
    """The rows of a text with separators. Lines without anything in them are none.

    Raises:
        CannotDo: it has no header, or lacks a column that is needed.
    """
    header, split = _header_of_text(file, lines, columns)
    rows: list[Row] = []
    number = header.line
    while number < len(lines):
        cells, used = _record(lines, number, header, split)
        if any(cell.strip() for cell in cells):
            rows.append(header.row(file, number + 1, cells))
        number += used
    return _bounded(file, rows)


def rows_of_cells(file: str, grid: Sequence[Sequence[str]], columns: Columns) -> list[Row]:
    """The rows of a spreadsheet, whose cells are given as text from its first line on.

    Raises:
        CannotDo: it has no header, or lacks a column that is needed.
    """
    header = _header(file, grid[:HEADER_WITHIN], columns)
    body = enumerate(grid[header.line :], header.line + 1)
    return _bounded(
        file, [header.row(file, line, cells) for line, cells in body if any(map(str.strip, cells))]
    )


class Splitter:
    """Cuts a line at a delimiter. A quote opens a cell only where it is closed before a delimiter or the end."""

    def __init__(self, delimiter: str) -> None:
        self.delimiter = delimiter
        mark = re.escape(delimiter)
        self._quoted = re.compile(rf'[ ]*"((?:[^"]|"")*)"[ ]*(?={mark}|\Z)')

    def cells(self, line: str) -> list[str]:
        """The cells of a line."""
        return [cell for cell, _ in self._read(line)] if '"' in line else line.split(self.delimiter)

    def is_open(self, line: str) -> bool:
        """Whether a cell begins with a quote that is not closed."""
        return '"' in line and any(not closed for _, closed in self._read(line))

    def _read(self, line: str) -> Iterator[tuple[str, bool]]:
        at = 0
        while True:
            if quoted := self._quoted.match(line, at):
                yield quoted[1].replace('""', '"'), True
                at = quoted.end()
            else:
                end = line.find(self.delimiter, at)
                end = len(line) if end < 0 else end
                yield line[at:end], not line[at:end].lstrip(" ").startswith('"')
                at = end
            if at >= len(line):
                return
            at += 1


def _record(lines: Sequence[str], number: int, header: Header, split: Splitter) -> tuple[list[str], int]:
    """The cells of the row that begins on a line, and how many lines it takes."""
    line = lines[number]
    if split.is_open(line):
        joined = line
        for used, following in enumerate(lines[number + 1 : number + LINES_OF_A_CELL], 2):
            if header.is_row(split.cells(following)):
                break
            joined = f"{joined}\n{following}"
            if not split.is_open(joined):
                cells = split.cells(joined)
                if len(cells) <= header.width:
                    return cells, used
                break
    return split.cells(line), 1


def _header_of_text(file: str, lines: Sequence[str], columns: Columns) -> tuple[Header, Splitter]:
    first = list(lines[:HEADER_WITHIN])
    best: CannotDo | None = None
    most = -1
    for delimiter in DELIMITERS:
        split = Splitter(delimiter)
        # Excel names its delimiter on a line of its own.
        grid = [[] if line.strip().lower().startswith("sep=") else split.cells(line) for line in first]
        try:
            return _header(file, grid, columns), split
        except CannotDo as error:
            if (width := max(map(len, grid), default=0)) > most:
                best, most = error, width
    assert best is not None
    raise best


def _header(file: str, first: Sequence[Sequence[str]], columns: Columns) -> Header:
    """The first line that names every column that is needed."""
    for line, cells in enumerate(first, 1):
        names = [_plain(cell) for cell in cells]
        places = {name: names.index(_plain(name)) for name in columns.names if _plain(name) in names}
        if all(name in places for name in columns.needed):
            while names and not names[-1]:
                names.pop()
            _check_header(file, names, columns)
            return Header(columns, places, len(names), line)
    named = next((cells for cells in first if any(cell.strip() for cell in cells)), ())
    has = {_plain(cell) for cell in named}
    missing = ", ".join(name for name in columns.needed if _plain(name) not in has)
    found = ", ".join(cell.strip()[:40] for cell in named[:20] if cell.strip()) or "none"
    raise CannotDo(f"{file} lacks the column {missing}. Its columns are: {found}.")


def _check_header(file: str, names: Sequence[str], columns: Columns) -> None:
    if len(names) > MOST_COLUMNS:
        raise CannotDo(f"{file} has {len(names):,} columns; at most {MOST_COLUMNS} are read.")
    if twice := [name for name in columns.names if names.count(_plain(name)) > 1]:
        raise CannotDo(f"{file} has the column {twice[0]} twice; leave one of them out.")


def _bounded(file: str, rows: list[Row]) -> list[Row]:
    if len(rows) > MOST_ROWS:
        raise CannotDo(
            f"{file} has {len(rows):,} rows; at most {MOST_ROWS:,} are read. Divide it into folders."
        )
    return rows


def _plain(name: str) -> str:
    """A column's name as it is compared: `Patient Key`, `PATIENT_KEY` and `patient-key` are one."""
    return re.sub(r"[^a-z0-9]", "", name.casefold())


def _cell(cells: Sequence[str], place: int) -> str:
    return cells[place].strip() if place < len(cells) else ""
