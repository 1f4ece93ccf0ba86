"""Options that several commands share, and reading files that people write."""

import contextlib
import json
import re
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import typer
import yaml

from worker.errors import CannotDo
from worker.plain_json import NoJson, read_json

Episode = Annotated[str, typer.Argument(help="The episode's id, with or without 'episode-'.")]

Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]
By = Annotated[str, typer.Option("--by", envvar="CAREPATH_BY", help="Your staff id.")]


class _AsMeant(yaml.SafeLoader):
    """YAML as people mean it: `on` is the name of a field, 18:00 a time of day, and 0012 an id."""


_AsMeant.yaml_implicit_resolvers = {
    first: [(tag, shape) for tag, shape in found if tag.rpartition(":")[2] in ("null", "merge")]
    for first, found in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
for _tag, _shape, _first in (
    ("bool", r"(?:true|True|TRUE|false|False|FALSE)$", "tTfF"),
    ("int", r"[-+]?(?:0|[1-9][0-9]*)$", "-+0123456789"),
    ("float", r"[-+]?[0-9]+\.[0-9]*$", "-+0123456789"),
):
    _AsMeant.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(_shape), list(_first))


def read_file(path: Path) -> Any:
    """Read JSON or YAML; `-` is standard input.

    Raises:
        CannotDo: the file is not there or is neither.
    """
    try:
        text = typer.get_text_stream("stdin").read() if str(path) == "-" else path.read_text("utf-8-sig")
    except OSError as error:
        raise CannotDo(f"{path} cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise CannotDo(f"{path} is not text in UTF-8.") from None
    with contextlib.suppress(NoJson):
        return read_json(text)
    try:
        # A date that is marked as one is turned back to text: entries are plain JSON.
        return json.loads(json.dumps(yaml.load(text, _AsMeant), default=_plain))
    except yaml.MarkedYAMLError as error:
        line = f" in line {error.problem_mark.line + 1}" if error.problem_mark else ""
        raise CannotDo(f"{path} is neither JSON nor YAML: {error.problem}{line}.") from None
    except yaml.YAMLError as error:
        raise CannotDo(f"{path} is neither JSON nor YAML: {str(error).splitlines()[0]}.") from None
    except (ValueError, RecursionError):  # such as a number without end, or brackets in brackets in brackets
        raise CannotDo(f"{path} holds a number that is too long, or is nested too deeply.") from None


def _plain(value: Any) -> str:
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


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
