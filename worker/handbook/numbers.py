"""Every number of the policy by its dotted name, as it stands in a policy file."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from worker.handbook.models import FieldInWords, fields_of, said_of, table, value_in_words
from workflows.core.engine.calendar import Delay
from workflows.core.episode.policy import Policy, load_policy
from workflows.pathways import PATHWAYS

_UNITS = {
    "minutes": "minutes", "days": "days", "weeks": "weeks", "month": "months", "years": "years", "day": "program day",
    "risk": "score, 0 to 10", "misses": "misses", "slips": "slips", "tests": "tests", "attempts": "attempts",
    "extensions": "extensions", "most": "places",
}  # fmt: skip
"""The unit of a number by a word of its name, the length of time before what is counted."""


@dataclass(frozen=True, slots=True)
class Number(FieldInWords):
    """A number of the policy; its name is dotted."""

    @property
    def unit(self) -> str:
        """What is counted; a delay says it itself."""
        if not self.kind.startswith("number"):
            return self.kind.partition(" of ")[0] if self.kind.startswith("list") else self.kind
        words = self.name.rpartition(".")[2].split("_")
        return next((unit for word, unit in _UNITS.items() if word in words), "count")


def numbers() -> list[Number]:
    """All of them, in the order of the policy."""
    alone = {one.name: one for one in fields_of(Policy)}
    found = []
    for name, part in _parts():
        of_part = fields_of(part) if part else [alone[name]]
        found += [_named(one, f"{name}." if part else "") for one in of_part]
    return found


def _named(field: FieldInWords, within: str) -> Number:
    return Number(f"{within}{field.name}", field.kind, field.default, field.meaning, field.rules)


def _parts() -> Iterator[tuple[str, type[BaseModel] | None]]:
    for name, field in Policy.model_fields.items():
        of_part: Any = field.annotation
        is_part = isinstance(of_part, type) and issubclass(of_part, BaseModel) and of_part is not Delay
        yield name, of_part if is_part else None


def _values(policy: Policy) -> dict[str, Any]:
    """What a policy has for each number."""
    found: dict[str, Any] = {}
    for name, part in _parts():
        value = getattr(policy, name)
        found |= {f"{name}.{field}": one for field, one in value} if part else {name: value}
    return found


def _is_of_lines(value: Any) -> bool:
    """Whether a number is a list of small tables, such as the rungs of the ladder."""
    return isinstance(value, tuple) and bool(value) and isinstance(value[0], BaseModel)


def page() -> str:
    """docs/policy.md."""
    known = numbers()
    parts = [HEAD]
    for name, part in _parts():
        if part:
            of_part = [one for one in known if one.name.startswith(f"{name}.")]
            parts += [f"## {name}", said_of(part), _table(of_part)]
    alone = [one for one in known if "." not in one.name]
    parts += ["## Beside the parts", _table(alone)]
    for name, value in _values(Policy()).items():
        if _is_of_lines(value):
            model = type(value[0])
            of_line = [_named(one, "") for one in fields_of(model)]
            parts += [
                f"## Each line of `{name}`",
                said_of(model),
                _table(of_line),
                "By default:",
                _given(value),
            ]
    parts += list(_pathways())
    return "\n\n".join(parts) + "\n"


HEAD = """# The policy: every number that a program may change

Written by `make docs` from `workflows/core/episode/policy.py`, which gathers the parts from the folders of their
subjects. A policy file names what it changes, part by part, and all else keeps its default;
`carepath policy check FILE` says by field what cannot be used. A *delay* is exactly one of `minutes`, `hours`, `days`,
`business_hours`, `business_days`, `by_close_of_business` or `by_end_of_day`, such as `{business_days: 2}`. The
identifiers are explained in [rules](rules.md)."""


def _table(rows: list[Number]) -> str:
    return table(
        ["number", "default", "unit or kind", "meaning", "rule"],
        [
            [f"`{one.name}`", one.default, one.unit, one.meaning or "—", ", ".join(one.rules) or "—"]
            for one in rows
        ],
    )


def _given(lines: tuple[BaseModel, ...]) -> str:
    """The lines of a default, with the columns in which they differ from the model's own."""
    used = [
        name
        for name, field in type(lines[0]).model_fields.items()
        if any(getattr(line, name) != field.default for line in lines)
    ]
    return table(used, [[value_in_words(getattr(line, name)) for name in used] for line in lines])


def _pathways() -> Iterator[str]:
    """What a pathway has otherwise than the general default."""
    plain = _values(Policy())
    for name, pathway in PATHWAYS.items():
        own = _values(load_policy(None, pathway.defaults))
        changed = {number: value for number, value in own.items() if value != plain[number]}
        if not changed:
            continue
        yield f"## What `{name}` has otherwise by default"
        single = {number: value for number, value in changed.items() if not _is_of_lines(value)}
        rows = [[f"`{n}`", value_in_words(plain[n]), value_in_words(value)] for n, value in single.items()]
        yield table(["number", "in general", f"in {name}"], rows)
        for number in [one for one in changed if one not in single]:
            yield f"`{number}`:"
            yield _given(changed[number])
