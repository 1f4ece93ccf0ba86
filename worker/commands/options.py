"""Options that several commands share, and reading files that people write."""

import json
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import typer
import yaml

from worker.errors import CannotDo

Episode = Annotated[str, typer.Argument(help="The episode's id, with or without 'episode-'.")]

Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]
By = Annotated[str, typer.Option("--by", envvar="CAREPATH_BY", help="Your staff id.")]


def read_file(path: Path) -> Any:
    """Read JSON or YAML; `-` is standard input.

    Raises:
        CannotDo: the file is not there or is neither.
    """
    try:
        text = typer.get_text_stream("stdin").read() if str(path) == "-" else path.read_text("utf-8")
    except OSError as error:
        raise CannotDo(f"{path} cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise CannotDo(f"{path} is not text in UTF-8.") from None
    try:
        # YAML dates and times are turned back to text: entries are plain JSON.
        return json.loads(json.dumps(yaml.safe_load(text), default=_plain))
    except yaml.YAMLError as error:
        raise CannotDo(f"{path} is neither JSON nor YAML: {str(error).splitlines()[0]}.") from None


def _plain(value: Any) -> str:
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


def fields(pairs: list[str]) -> dict[str, Any]:
    """Read `name=value` pairs; a value may be JSON, and is text otherwise.

    Raises:
        CannotDo: a pair has no `=`.
    """
    found: dict[str, Any] = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals:
            raise CannotDo(f"'{pair}' is no field: write name=value, such as on=2026-03-01.")
        try:
            found[name] = (
                json.loads(value) if value[:1] in '[{"tf0123456789' and not _is_code(value) else value
            )
        except json.JSONDecodeError:
            found[name] = value
    return found


def _is_code(value: str) -> bool:
    """Ids such as 0012 and dates are text, though they begin with a digit."""
    return value[:1].isdigit() and (
        (len(value) > 1 and value[0] == "0") or not value.replace(".", "", 1).isdigit()
    )


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
