"""Mutants: what can be made of a file of the core, and what of it would say nothing about the tests."""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from cosmic_ray.ast import ast_nodes, get_ast
from cosmic_ray.mutating import mutate_code

from tests.mutants.operators import OPERATORS

_RULE = re.compile(r"\b[A-Z]\d{1,2}\b")
_OF_CLASSES = ("frozen", "slots", "strict", "extra", "repr", "init", "eq", "kw_only")


@dataclass(frozen=True)
class Place:
    """Where a fault can be put."""

    path: str
    line: int
    operator: str
    occurrence: int
    """Which of the places where the operator could change the file."""
    within: str
    """The function or class around it, or nothing."""
    rules: tuple[str, ...]
    """The rules that it carries."""

    @property
    def module(self) -> str:
        """As the file is imported."""
        return self.path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


@dataclass(frozen=True)
class Mutant:
    """One file of the core with one fault."""

    place: Place
    sound: str
    source: str
    """The whole file without and with the fault."""
    before: str
    after: str
    """The line without and with the fault."""

    @property
    def name(self) -> str:
        """By which it is found again when lines have moved."""
        return f"{self.place.path} {self.place.within}: {self.before} -> {self.after}"


def places_in(root: Path, path: str) -> Iterator[Place]:
    """Every place of a file where a fault says something about the tests."""
    tree = get_ast((root / path).read_text())
    nodes = list(ast_nodes(tree))
    for name, operator_class in OPERATORS.items():
        operator = operator_class()
        found = ((node, start) for node in nodes for start, _ in operator.mutation_positions(node))
        for occurrence, (node, start) in enumerate(found):
            if why_in_vain(node) is None:
                yield Place(path, start[0], name, occurrence, *_within(node))


def mutant_at(root: Path, place: Place) -> Mutant | None:
    """The file with a fault at a place; None: that would be no program, or the same."""
    source = (root / place.path).read_text()
    changed: str | None = mutate_code(source, OPERATORS[place.operator](), place.occurrence)
    if changed is None or changed == source or not _is_a_program(changed):
        return None
    both = zip(source.splitlines(), changed.splitlines(), strict=False)
    before, after = next((was, now) for was, now in both if was != now)
    return Mutant(place, source, changed, before.strip(), after.strip())


def _is_a_program(source: str) -> bool:
    try:
        ast.parse(source)
    except SyntaxError:
        return False
    return True


def why_in_vain(node: Any) -> str | None:
    """Why a fault at this place would say nothing about the tests; None: it would say something."""
    inner = node
    while (outer := inner.parent) is not None:
        if (
            (outer.type == "annassign" and inner is outer.children[1])
            or (outer.type == "tfpdef" and inner is outer.children[-1])
            or (outer.type == "funcdef" and inner is outer.annotation)
        ):
            return "a type: mypy judges it"
        if "assert_stmt" in (inner.type, outer.type):
            return "an assertion: it tells the types what is known"
        if outer.type == "raise_stmt":
            return "how a refusal is worded: that it is made is another mutant"
        if outer.type == "decorator" or (outer.type == "argument" and _is_of_a_class(outer)):
            return "how a class or a property is kept: not what it is"
        inner = outer
    return None


def _is_of_a_class(argument: Any) -> bool:
    return argument.children[0].get_code().strip() in _OF_CLASSES


def _within(node: Any) -> tuple[str, tuple[str, ...]]:
    """The function or class that a place stands in, and the rules named by it or by what is around it."""
    names: list[str] = []
    rules: list[str] = []
    scope = node
    while (scope := scope.search_ancestor("funcdef", "classdef")) is not None:
        names.insert(0, scope.name.value)
        rules += _RULE.findall(told.value) if (told := scope.get_doc_node()) else []
    return ".".join(names), tuple(dict.fromkeys(rules))


@cache
def statements(source: str) -> dict[int, tuple[int, int]]:
    """For each line the first and the last of the innermost statement; of a compound one, of its head."""
    spans: list[tuple[int, int]] = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Match):
            spans.append((node.lineno, node.cases[0].pattern.lineno - 1))
            spans += [(case.pattern.lineno, case.body[0].lineno - 1) for case in node.cases]
        elif isinstance(node, ast.stmt | ast.ExceptHandler):
            body = getattr(node, "body", None)
            last = body[0].lineno - 1 if body else node.end_lineno or node.lineno
            spans.append((node.lineno, max(node.lineno, last)))
    known: dict[int, tuple[int, int]] = {}
    for first, last in sorted(spans, key=lambda span: span[0] - span[1]):
        known.update(dict.fromkeys(range(first, last + 1), (first, last)))
    return known


@cache
def names_given(source: str, line: int) -> frozenset[str]:
    """What is named by the statements around a line: who reads the name has come by them."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.stmt) and node.lineno <= line <= (node.end_lineno or line):
            if isinstance(node, ast.FunctionDef | ast.ClassDef):
                found.add(node.name)
            targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
            found |= {n.id for one in targets if one for n in ast.walk(one) if isinstance(n, ast.Name)}
    return frozenset(found)
