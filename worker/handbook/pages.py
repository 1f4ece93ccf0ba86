"""The written pages of docs/, whether they are up to date, and how they are brought up to date."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import groupby
from pathlib import Path

from worker.handbook import entries, imports, numbers, pathways, who_may
from worker.handbook.carried import Carried, carried
from worker.handbook.citations import ROOT, Place

DOCS = ROOT / "docs"

HEAD = """# The rules, and what carries them

Written by `make docs`: the sentences stand in `workflows/core/rules.py`; the functions and tests are those that name
the rule, and the numbers are those of the [policy](policy.md). `carepath rules S6` shows one of them on a screen, and
`carepath rules --check` says which rule nothing carries."""


def rules_page() -> str:
    """docs/rules.md."""
    parts = [HEAD]
    for family, rules in groupby(carried(), key=lambda one: one.family):
        parts.append(f"## {family}")
        for rule in rules:
            parts += [f"### {rule.rule}", rule.says, "\n".join(_carriers(rule))]
    return "\n\n".join(parts) + "\n"


def _carriers(rule: Carried) -> list[str]:
    lines = [
        f"- `{file}`" + (f": {', '.join(names)}" if names else "") for file, names in _by_file(rule.functions)
    ]
    lines += [f"- policy: {', '.join(f'`{name}`' for name in rule.numbers)}"] if rule.numbers else []
    for file, names in _by_file(rule.tests or ()):
        lines += [f"- `{file}`", *(f"  - {name}" for name in names)]
    return lines


def _by_file(places: Sequence[Place]) -> Iterator[tuple[str, list[str]]]:
    for file, inside in groupby(places, key=lambda one: one.file):
        yield file, [f"`{one.name}`" for one in inside if one.name]


def _architecture() -> str:
    return imports.with_picture((DOCS / "architecture.md").read_text("utf-8"))


PAGES: Mapping[str, Callable[[], str]] = {
    "architecture.md": _architecture,
    "pathways.md": pathways.pathways_page,
    "entries.md": entries.page,
    "policy.md": numbers.page,
    "rules.md": rules_page,
    "who-may.md": who_may.page,
}


def stale() -> list[Path]:
    """The pages that do not say what the code says."""
    return [DOCS / name for name, page in PAGES.items() if _kept(DOCS / name) != page()]


def _kept(path: Path) -> str | None:
    return path.read_text("utf-8") if path.is_file() else None


def write() -> list[Path]:
    """Bring all pages up to date; those that were not."""
    changed = stale()
    for path in changed:
        path.write_text(PAGES[path.name](), "utf-8")
    return changed
