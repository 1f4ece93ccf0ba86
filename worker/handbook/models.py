"""A model's fields in words: name, kind of value, bounds, default and meaning, as the model itself says them."""

import ast
import inspect
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import time
from functools import cache
from itertools import pairwise
from typing import Any

from pydantic import BaseModel
from pydantic_core import PydanticUndefined

from worker.handbook.citations import assigned, docstring_of, rules_in
from workflows.core.engine.calendar import Delay

SHOWN = 6
"""So many items of a long list stand on a page; the file has the others."""


@dataclass(frozen=True, slots=True)
class FieldInWords:
    """One field of a model."""

    name: str
    kind: str
    default: str
    meaning: str
    rules: tuple[str, ...]


def fields_of(model: type[BaseModel], leave_out: Sequence[str] = ()) -> list[FieldInWords]:
    """A model's fields in their order; the rules of one are those it names, else those of its model."""
    schema = model.model_json_schema(by_alias=True)
    own = rules_in(said_of(model))
    found = []
    for name, field in model.model_fields.items():
        if name in leave_out:
            continue
        meaning = _texts(model).get(name, "")
        shown = field.alias or name
        default = field.get_default(call_default_factory=True, validated_data={})
        found.append(
            FieldInWords(
                shown,
                _kind(schema["properties"][shown], schema.get("$defs", {})),
                "needed" if default is PydanticUndefined else value_in_words(default),
                meaning,
                rules_in(meaning) or own,
            )
        )
    return found


def said_of(model: type[BaseModel]) -> str:
    """What a model says of itself, on one line a paragraph."""
    paragraphs = inspect.cleandoc(model.__doc__ or "").split("\n\n")
    return "\n\n".join(" ".join(one.split()) for one in paragraphs)


@cache
def _texts(model: type[BaseModel]) -> Mapping[str, str]:
    """The texts that stand behind the fields, also of the models from which it inherits."""
    found: dict[str, str] = {}
    for one in reversed(model.__mro__):
        if not issubclass(one, BaseModel) or one is BaseModel:
            continue
        (definition,) = ast.parse(textwrap.dedent(inspect.getsource(one))).body
        body = definition.body if isinstance(definition, ast.ClassDef) else []
        for statement, after in pairwise(body):
            name, text = assigned(statement), docstring_of(after)
            if name and text:
                found[name] = " ".join(text.split())
    return found


def value_in_words(value: Any) -> str:
    """A default as people read it."""
    match value:
        case None:
            return "—"
        case bool():
            return "yes" if value else "no"
        case Delay():
            return _delay_in_words(value)
        case time():
            return f"{value:%H:%M}"
        case BaseModel():
            given = {name: getattr(value, name) for name in type(value).model_fields}
            return ", ".join(f"{name}: {value_in_words(one)}" for name, one in given.items())
        case Mapping():
            return _listed([f"{name} → {value_in_words(one)}" for name, one in value.items()], "; ")
        case tuple() | list() if value and isinstance(value[0], BaseModel):
            return f"{len(value)} lines, below"
        case tuple() | list():
            return _listed([value_in_words(one) for one in value])
    return str(value)


def _listed(words: list[str], between: str = ", ") -> str:
    more = [f"… ({len(words)} in all)"] if len(words) > SHOWN + 1 else []
    return between.join([*words[:SHOWN], *more] if more else words) or "—"


def _delay_in_words(delay: Delay) -> str:
    if delay.by_close_of_business:
        return "by close of business"
    if delay.by_end_of_day:
        return "by the end of the day"
    ((name, length),) = delay.model_dump(exclude_none=True).items()
    unit = name.replace("_", " ")
    return f"{length} {unit.removesuffix('s') if length == 1 else unit}"


_FORMATS = {"date": "day", "date-time": "date and time", "time": "time of day"}


def _kind(schema: Mapping[str, Any], models: Mapping[str, Any]) -> str:
    """What a field takes."""
    if name := str(schema.get("$ref", "")).rpartition("/")[2]:
        if "enum" in models[name]:
            return _kind(models[name], models)
        return {"Delay": "delay", "BusinessHours": "opening hours"}.get(name, f"`{name}`")
    if options := schema.get("anyOf"):
        kinds = [_kind(one, models) for one in options if one.get("type") != "null"]
        return " or ".join(dict.fromkeys(kinds))
    if "const" in schema:
        return f"`{schema['const']}`"
    if "enum" in schema:
        return f"one of {', '.join(f'`{one}`' for one in schema['enum'])}"
    match schema.get("type"):
        case "array":
            least = ", at least one" if schema.get("minItems") else ""
            return f"list of {_kind(schema.get('items', {}), models)}{least}"
        case "integer" | "number":
            return f"number{_bounds(schema)}"
        case "boolean":
            return "yes or no"
        case "string":
            if "format" in schema:
                return _FORMATS.get(schema["format"], "text")
            longest = schema.get("maxLength")
            return f"text, at most {longest} characters" if longest else "text"
        case "object":
            return "table"
    return "anything"


def _bounds(schema: Mapping[str, Any]) -> str:
    least = schema.get("minimum")
    above, most = schema.get("exclusiveMinimum"), schema.get("maximum")
    words = []
    if above is not None:
        words.append(f"above {above:g}")
    if least is not None and most is not None:
        return f", {least:g} to {most:g}"
    if least is not None:
        words.append(f"at least {least:g}")
    if most is not None:
        words.append(f"at most {most:g}")
    return f", {' and '.join(words)}" if words else ""


def table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table."""
    lines = [columns, ["---"] * len(columns), *rows]
    return "\n".join(f"| {' | '.join(cell.replace('|', '/') for cell in line)} |" for line in lines)
