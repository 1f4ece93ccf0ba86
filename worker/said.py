"""What each command says of itself in the list of all, read from its source: to import them all takes seconds."""

import ast
from collections.abc import Iterator, Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path

from typer.core import TyperCommand


class Said(Mapping[str, TyperCommand]):
    """The commands by name, each with nothing but the text that stands behind it in the list.

    Args:
        places: Where each stands in worker/commands: file and Typer app.
    """

    def __init__(self, places: Mapping[str, str]) -> None:
        self._places = places

    def __getitem__(self, name: str) -> TyperCommand:
        module, _, app = self._places[name].partition(".")
        return TyperCommand(name, help=_said(f"worker.commands.{module}", app, name))

    def __iter__(self) -> Iterator[str]:
        return iter(self._places)

    def __len__(self) -> int:
        return len(self._places)


def _said(module: str, app: str, name: str) -> str | None:
    """The docstring of a command of an app; where it has none of the name, it is a group, and says it in its help."""
    group = None
    for statement in _source(module):
        match statement:
            case ast.FunctionDef(decorator_list=[ast.Call(ast.Attribute(ast.Name(of), "command"), named)]):
                own = ast.literal_eval(named[0]) if named else statement.name.replace("_", "-")
                if (of, own) == (app, name):
                    return ast.get_docstring(statement)
            case ast.Assign([ast.Name(of)], ast.Call(keywords=options)) if of == app:
                group = next((ast.literal_eval(one.value) for one in options if one.arg == "help"), None)
            case ast.ImportFrom(str(other), names) if app in {one.name for one in names}:
                group = _said(other, app, name)
    return group


def _source(module: str) -> Sequence[ast.stmt]:
    spec = find_spec(module)
    assert spec is not None, module
    assert spec.origin is not None, module
    return ast.parse(Path(spec.origin).read_text("utf-8")).body
