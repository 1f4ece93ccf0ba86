"""The packages and the direction of their imports, as a picture: read from the imports themselves."""

import ast
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

from worker.handbook.citations import PACKAGES, ROOT

DEPTH: Mapping[str, int] = {"workflows": 3, "activities": 1, "worker": 1}
"""How far the packages are told apart: `workflows.core.engine` is a box of its own, `worker.commands` is the worker."""

Graph = dict[str, set[str]]


def graph() -> Graph:
    """For each package those from which it imports something."""
    files = {_dotted(path): path for package in PACKAGES for path in (ROOT / package).rglob("*.py")}
    packages = {name for name, path in files.items() if path.name == "__init__.py"}
    found: Graph = {}
    for name, path in files.items():
        own = _box(name, packages)
        found.setdefault(own, set())
        found[own] |= {_box(one, packages) for one in _imported(path, files)} - {own}
    return found


def _dotted(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def _box(module: str, packages: set[str]) -> str:
    parts = module.split(".")[: DEPTH[module.partition(".")[0]]]
    while ".".join(parts) not in packages:
        parts.pop()
    return ".".join(parts)


def _imported(path: Path, files: Mapping[str, Path]) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module:
            whole = (f"{node.module}.{alias.name}" for alias in node.names)
            yield from (one if one in files else node.module for one in whole if node.module in files)
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in files)


def mermaid(imports: Graph) -> str:
    """The picture. Packages that know each other stand in one frame; an arrow that others imply is left out."""
    frames = _frames(imports)
    frame_of = {package: frame for frame, inside in frames.items() for package in inside}
    between: Graph = {
        frame: {frame_of[one] for package in inside for one in imports[package]} - {frame}
        for frame, inside in frames.items()
    }
    lines = ["flowchart TD"]
    for frame, inside in sorted(frames.items()):
        if len(inside) == 1:
            lines.append(f'    {_id(frame)}["{frame}"]')
            continue
        lines.append(f'    subgraph {_id(frame)}_frame["know each other"]')
        lines += [f'        {_id(package)}["{package}"]' for package in sorted(inside)]
        lines.append("    end")
    for frame, others in sorted(between.items()):
        implied = {further for one in others for further in _reached(between, one)}
        for other in sorted(others - implied):
            lines.append(f"    {_end(frame, frames)} --> {_end(other, frames)}")
    return "\n".join(lines)


def _frames(imports: Graph) -> dict[str, set[str]]:
    """Packages that reach each other, under the name of the first of them."""

    @cache
    def reached(package: str) -> frozenset[str]:
        return frozenset(_reached(imports, package))

    frames: dict[str, set[str]] = {}
    for package in sorted(imports):
        mutual = {one for one in reached(package) if package in reached(one)} | {package}
        frames.setdefault(min(mutual), mutual)
    return frames


def _reached(imports: Graph, start: str) -> set[str]:
    found: set[str] = set()
    ahead = list(imports[start])
    while ahead:
        one = ahead.pop()
        if one not in found:
            found.add(one)
            ahead += imports[one]
    return found


def _end(frame: str, frames: Mapping[str, set[str]]) -> str:
    return _id(frame) if len(frames[frame]) == 1 else f"{_id(frame)}_frame"


def _id(package: str) -> str:
    return package.replace(".", "_")


BEGINS, ENDS = "<!-- written by make docs: who imports whom -->", "<!-- until here -->"


def with_picture(text: str) -> str:
    """A page with the picture put between its marks.

    Raises:
        ValueError: it has no marks.
    """
    before, begins, rest = text.partition(BEGINS)
    _, ends, after = rest.partition(ENDS)
    if not (begins and ends):
        raise ValueError(f"the page has no place for the picture: put {BEGINS} and {ENDS} into it")
    return f"{before}{BEGINS}\n```mermaid\n{mermaid(graph())}\n```\n{ENDS}{after}"
