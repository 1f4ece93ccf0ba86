"""Where the sources name a rule: in a docstring, a comment, a duty, or the name of a test."""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from workflows.core.rules import RULES

ROOT = Path(__file__).parents[2]
"""The checkout, or the folder in which the packages are installed."""

PACKAGES = ("workflows", "activities", "worker")

IS_CHECKOUT = (ROOT / "pyproject.toml").is_file()
"""Whether tests and pages are at hand; a wheel has neither."""

_RANGE = re.compile(r"\b([A-Z])(\d{1,2})-\1(\d{1,2})\b")
_ONE = re.compile(r"(?<![\w.:-])([A-Z]\d{1,2})(?![\w-])")
_IN_A_NAME = re.compile(r"(?<=_)[A-Z]\d{1,2}(?=_|$)")

ABOUT_RULES = (
    "workflows/core/rules.py",
    "worker/handbook/",
    "worker/commands/rules.py",
    "tests/worker/handbook/",
)
"""Files that name rules because they are about rules, and carry none."""


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """Where a rule is named: a file, and what in it; without a name the file as a whole."""

    file: str
    name: str = ""

    def __str__(self) -> str:
        return f"{self.file}::{self.name}" if self.name else self.file


def rules_in(text: str) -> tuple[str, ...]:
    """Every rule that a text names, in its order; `E1-E5` names five."""
    spelled = _RANGE.sub(
        lambda m: " ".join(f"{m[1]}{number}" for number in range(int(m[2]), int(m[3]) + 1)), text
    )
    return tuple(dict.fromkeys(one for one in _ONE.findall(spelled) if one in RULES))


@cache
def in_sources(rule: str | None = None) -> dict[str, list[Place]]:
    """For each rule, or for one of them, everything in the packages that names it."""
    return _by_rule(one for package in PACKAGES for one in _places(ROOT / package, rule))


def in_tests(rule: str | None = None) -> dict[str, list[Place]] | None:
    """For each rule, or for one, the tests that have it in their name or docstring; None where there are no tests."""
    if not IS_CHECKOUT:
        return None
    return _of_tests(rule)


@cache
def _of_tests(asked: str | None) -> dict[str, list[Place]]:
    return _by_rule((rule, place) for rule, place in _places(ROOT / "tests", asked) if _is_test(place))


def _is_test(place: Place) -> bool:
    return place.name.rpartition(".")[2].startswith("test_")


def _by_rule(found: Iterator[tuple[str, Place]]) -> dict[str, list[Place]]:
    kept: dict[str, set[Place]] = {rule: set() for rule in RULES}
    for rule, place in found:
        kept[rule].add(place)
    return {rule: sorted(places) for rule, places in kept.items()}


def _places(folder: Path, asked: str | None) -> Iterator[tuple[str, Place]]:
    for path in sorted(folder.rglob("*.py")):
        file = path.relative_to(ROOT).as_posix()
        text = path.read_text("utf-8")
        if file.startswith(ABOUT_RULES) or not (_ONE.search(text) or _IN_A_NAME.search(text)):
            continue
        if asked and asked not in (*rules_in(text), *_IN_A_NAME.findall(text)):
            continue  # to read what a file says is quickly done, to find what says it is not
        spans = list(_spans(ast.parse(text).body))
        for name, _first, _last in spans:
            yield from ((rule, Place(file, name)) for rule in _IN_A_NAME.findall(name) if rule in RULES)
        for number, line in enumerate(text.splitlines(), 1):
            for rule in rules_in(line):
                inside = [name for name, first, last in spans if first <= number <= last]
                yield rule, Place(file, inside[-1] if inside else "")


def _spans(body: list[ast.stmt], within: str = "") -> Iterator[tuple[str, int, int]]:
    """What a file defines, with its first and last line; the outer before the inner. What stands in a function is the
    function's. A text behind an assignment is its docstring."""
    for statement, after in zip(body, [*body[1:], None], strict=True):
        last = statement.end_lineno or statement.lineno
        if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            name = f"{within}{statement.name}"
            first = min([statement.lineno, *(one.lineno for one in statement.decorator_list)])
            yield name, first, last
            if isinstance(statement, ast.ClassDef):
                yield from _spans(statement.body, f"{name}.")
        elif target := assigned(statement):
            if after is not None and docstring_of(after) is not None:
                last = after.end_lineno or last
            yield f"{within}{target}", statement.lineno, last


def assigned(statement: ast.stmt) -> str | None:
    """The one name to which a statement assigns."""
    target = statement.targets[0] if isinstance(statement, ast.Assign) else getattr(statement, "target", None)
    return target.id if isinstance(target, ast.Name) and not isinstance(statement, ast.For) else None


def docstring_of(statement: ast.stmt) -> str | None:
    """The text of a statement that is nothing but a text."""
    is_text = isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
    value = statement.value.value if is_text else None  # type: ignore[attr-defined]
    return value if isinstance(value, str) else None
