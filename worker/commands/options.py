"""Options that several commands share, and reading files that people write."""

import json
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import typer

from activities.written import MOST_JSON, Unreadable, decoded, parse, read_document
from worker.errors import CannotDo

Episode = Annotated[str, typer.Argument(help="The episode's id, with or without 'episode-'.")]

Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]
By = Annotated[str, typer.Option("--by", envvar="CAREPATH_BY", help="Your staff id.")]


def read_file(path: Path) -> Any:
    """Read JSON or YAML; `-` is standard input.

    Raises:
        CannotDo: the file is not there, is neither, or is larger than any such file.
    """
    try:
        if str(path) == "-":
            return parse(decoded(typer.get_binary_stream("stdin").read(MOST_JSON + 1)))
        return read_document(path)
    except Unreadable as error:
        raise CannotDo(f"{path} {error}.") from None


def fields(pairs: list[str]) -> dict[str, Any]:
    """Read `name=value` pairs; a list or an object is JSON, and all else text, which its field reads as it needs.

    Raises:
        CannotDo: a pair has no `=`.
    """
    found: dict[str, Any] = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals:
            raise CannotDo(f"'{pair}' is no field: write name=value, such as on=2026-03-01.")
        try:
            found[name] = json.loads(value) if value[:1] in ("[", "{", '"') or value in _TRUTHS else value
        except json.JSONDecodeError:
            found[name] = value
    return found


_TRUTHS = ("true", "false")


def read_day(option: str, text: str) -> date:
    """A calendar day.

    Raises:
        CannotDo: names the option and what would be right.
    """
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise CannotDo(f"{option}: {text} is no day; write it as 2026-03-31.") from None


def read_moment(option: str, text: str, zone: ZoneInfo) -> datetime:
    """A moment; without an offset it is wall-clock time in `zone`.

    Raises:
        CannotDo: names the option and what would be right.
    """
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise CannotDo(f"{option}: {text} is no time; write it as 2026-03-31T18:05.") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=zone)
