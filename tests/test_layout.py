"""What CONTRIBUTING asks of every file is held here: a module is read in one sitting, a function at one glance."""

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parent.parent
PACKAGES = ("workflows", "activities", "worker")

MODULE_LINES = 350
FUNCTION_LINES = 60

LONG_MODULES: set[str] = set()
"""Longer at present. Whoever shortens one takes it out; nobody puts one in."""

LONG_FUNCTIONS = {
    "activities/clinic_database/migrations/versions/0003_consent_and_ledger.py upgrade",
    "workflows/core/episode/exits/duties.py _steps_of_discharge",
    "workflows/core/referral/refusals.py refuse",
    "workflows/pathways/openings.py shared_openings",
    "workflows/pathways/promises.py shared_promises",
    "workflows/pathways/proof/moves.py _course",
}
"""The same of functions."""


def test_every_module_can_be_read_in_one_sitting() -> None:
    long = {name for name, text in _modules() if len(text.splitlines()) > MODULE_LINES}
    assert long == LONG_MODULES, "divide by subject what is new here, and take out what has become shorter"


def test_every_function_can_be_read_at_one_glance() -> None:
    long = {
        f"{name} {function.name}"
        for name, text in _modules()
        for function in ast.walk(ast.parse(text))
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef)
        and _lines_of(function) > FUNCTION_LINES
    }
    assert long == LONG_FUNCTIONS, "divide by thought what is new here, and take out what has become shorter"


def _modules() -> Iterator[tuple[str, str]]:
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            yield path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8")


def _lines_of(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    assert function.end_lineno is not None
    return function.end_lineno - function.lineno + 1
