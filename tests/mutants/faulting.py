"""How a fault gets into a process: into functions that are there already, or into a module before it is imported."""

import gc
import sys
from collections.abc import Iterable, Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import spec_from_file_location
from pathlib import Path
from types import CodeType, FunctionType, ModuleType


def living_functions() -> dict[str, list[FunctionType]]:
    """Every function of this process, by its file."""
    found: dict[str, list[FunctionType]] = {}
    for one in gc.get_objects():
        if type(one) is FunctionType:
            found.setdefault(one.__code__.co_filename, []).append(one)
    return found


def put_into(functions: Iterable[FunctionType], path: Path, sound: str, faulty: str) -> int:
    """Give every function of a file whose code has a fault that code; how many there were.

    What holds the function (a fact, a property, a table) is left as it is. A fault that has been lived through while
    the file was imported is not seen so: see `Faulty`.
    """
    both = zip(*(_codes(compile(source, str(path), "exec")) for source in (sound, faulty)), strict=False)
    changed = {_place(was): now for was, now in both if was != now and _place(was) == _place(now)}
    touched = [function for function in functions if _place(function.__code__) in changed]
    for function in touched:
        function.__code__ = changed[_place(function.__code__)]
    return len(touched)


def _codes(code: CodeType) -> list[CodeType]:
    return [code, *(found for one in code.co_consts if isinstance(one, CodeType) for found in _codes(one))]


def _place(code: CodeType) -> tuple[str, int]:
    return code.co_qualname, code.co_firstlineno


class Faulty(MetaPathFinder, Loader):
    """Imports one module with its fault, and leaves all others alone."""

    def __init__(self, module: str, path: Path, source: str) -> None:
        self._module, self._path, self._source = module, path, source

    def find_spec(
        self, name: str, _path: Sequence[str] | None, _target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Ours, if it is the one."""
        if name != self._module:
            return None
        inside = [str(self._path.parent)] if self._path.name == "__init__.py" else None
        return spec_from_file_location(name, self._path, loader=self, submodule_search_locations=inside)

    def exec_module(self, module: ModuleType) -> None:
        """The source with the fault."""
        exec(compile(self._source, str(self._path), "exec"), module.__dict__)

    def begin(self) -> None:
        """From now on."""
        assert self._module not in sys.modules
        sys.meta_path.insert(0, self)
