"""Which numbers of a policy were read: noted by the policy itself while the proof runs, and by nothing else."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from pydantic import BaseModel

from workflows.core.engine.escalation import Escalation
from workflows.core.engine.policy import Part
from workflows.core.episode.policy import Policy, Rung, TestPhase

_IN_LISTS: Mapping[type[BaseModel], str] = {
    Rung: "attendance.ladder",
    TestPhase: "tests.phases",
    Escalation: "escalation",
}


def parts_of(policy: Policy) -> dict[type[BaseModel], str]:
    """The parts of a policy with the name under which each stands; the whole has none."""
    named = {
        type(value): name
        for name in Policy.model_fields
        if isinstance(value := getattr(policy, name), BaseModel)
    }
    alone: dict[type[BaseModel], str] = {cls: name for cls, name in named.items() if issubclass(cls, Part)}
    return {Policy: "", **alone, **_IN_LISTS}


def all_numbers(policy: Policy) -> frozenset[str]:
    """Every number, by its dotted name as it stands in a policy file."""
    parts = parts_of(policy)
    inside = set(parts.values())
    return frozenset(
        dotted
        for cls, part in parts.items()
        for name in cls.model_fields
        if (dotted := f"{part}.{name}".lstrip(".")) not in inside
    )


def values_of(policy: Policy) -> dict[str, str]:
    """Each number with its value in words; of a list, the values one after the other."""
    found = {}
    for dotted in sorted(all_numbers(policy)):
        *path, name = dotted.split(".")
        part: Any = policy
        for step in path:
            part = getattr(part, step)
        several = part if isinstance(part, tuple) else (part,)
        found[dotted] = ", ".join(_said(getattr(one, name)) for one in several)
    return found


def _said(value: Any) -> str:
    if isinstance(value, BaseModel):
        given = value.model_dump(exclude_none=True, mode="json")
        return " ".join(
            name.replace("_", " ") if one is True else f"{one} {name.replace('_', ' ')}"
            for name, one in given.items()
        )
    if isinstance(value, Mapping | tuple):
        return f"{len(value)} of them"
    return "none" if value is None else str(value)


@contextmanager
def noted(policy: Policy) -> Iterator[set[str]]:
    """Note, while it lasts, each number that anybody reads of a policy of this shape."""
    read: set[str] = set()
    numbers = all_numbers(policy)
    watched = list(parts_of(policy).items())

    def noting(part: str) -> Any:
        def look_up(self: BaseModel, name: str) -> Any:
            dotted = f"{part}.{name}".lstrip(".")
            if dotted in numbers:
                read.add(dotted)
            return object.__getattribute__(self, name)

        return look_up

    for cls, part in watched:
        setattr(cls, "__getattribute__", noting(part))  # noqa: B010  # of the class, as the interpreter asks it
    try:
        yield read
    finally:
        for cls, _ in watched:
            delattr(cls, "__getattribute__")
