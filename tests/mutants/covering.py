"""Which tests come by which line of the core: found out once for each state of the code, by running each test alone."""

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.mutants.keeping import state_of
from tests.mutants.making import Place, names_given, statements
from tests.mutants.running import Covered, ToRun, cover
from tests.mutants.sampling import CORE
from tests.mutants.sharing import shared

_OF_TESTS = ("tests/core", "tests/pathways")

Telling = Callable[[str, int], Callable[[int], None]]
"""Of what, and of how many of it, it is told how many are done."""


@dataclass(frozen=True)
class Cover:
    """Tests, and the lines that they come by."""

    tests: list[ToRun]
    lines: dict[str, dict[int, int]]
    """For each file and line a bit for each test."""
    at_import: dict[str, set[int]]
    """Lines that are run when a file is imported."""

    def is_at_import(self, root: Path, place: Place) -> bool:
        """Whether a place has been lived through before any test begins."""
        known = self.at_import.get(place.path, set())
        return any(line in known for line in _lines_of(root, place.path, place.line))

    def tests_of(self, root: Path, place: Place) -> list[ToRun]:
        """Whoever comes by a place: first those named after a rule that it carries, of each the quickest first."""
        of_place = self._bits(place.path, _lines_of(root, place.path, place.line))
        groups = [of_place]
        if self.is_at_import(root, place):
            # Whoever reads what is named there, then whoever comes by the file at all, then everyone.
            names = names_given((root / place.path).read_text(), place.line)
            groups = [self._readers(root, names), self._bits(place.path, self.lines.get(place.path, {})), -1]
        return list(dict.fromkeys(one for bits in groups for one in self._in_order(bits, place.rules)))

    def _in_order(self, bits: int, rules: tuple[str, ...]) -> list[ToRun]:
        chosen = [one for number, one in enumerate(self.tests) if bits >> number & 1]
        return sorted(chosen, key=lambda one: (not any(f"_{r}_" in one.test for r in rules), one.seconds))

    def _bits(self, path: str, lines: Iterable[int]) -> int:
        found, known = 0, self.lines.get(path, {})
        for line in lines:
            found |= known.get(line, 0)
        return found

    def _readers(self, root: Path, names: frozenset[str]) -> int:
        found = 0
        for path, known in self.lines.items():
            for number, text in enumerate((root / path).read_text().splitlines(), 1):
                if number in known and any(name in text for name in names):
                    found |= known[number]
        return found


def _lines_of(root: Path, path: str, line: int) -> range:
    first, last = statements((root / path).read_text()).get(line, (line, line))
    return range(first, last + 1)


def cover_of(root: Path, kept_in: Path, processes: int, telling: Telling) -> Cover:
    """As it was found out before; what has changed since is found out now.

    With another core, or other things that tests share, everything is; with another module of tests, its tests.
    """
    file = kept_in / f"cover-{state_of_core(root)}.json"
    known = json.loads(file.read_text()) if file.exists() else {"at_import": {}, "modules": {}}
    states = {module: state_of([root / module], root) for module in _modules(root)}
    modules = {m: tests for m, tests in known["modules"].items() if states.get(m) == tests["state"]}
    missing = [module for module in states if module not in modules]
    if missing:
        known["at_import"] = _found_out(root, missing, states, modules, processes, telling)
        kept_in.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps({**known, "modules": modules}))
    return _as_cover(known["at_import"], modules)


def _found_out(
    root: Path,
    missing: list[str],
    states: dict[str, str],
    modules: dict[str, Any],
    processes: int,
    telling: Telling,
) -> dict[str, list[int]]:
    at_import: dict[str, list[int]] = {}

    wanted: list[str] = []

    def begun(greeting: tuple[list[str], dict[str, list[int]]]) -> Iterator[str]:
        names, imported = greeting
        at_import.update(imported)
        wanted.extend(name for name in names if name.partition("::")[0] in missing)
        return iter(wanted)

    modules.update({module: {"state": states[module], "tests": {}} for module in missing})
    tell = None
    for done, (name, covered) in enumerate(shared(cover, root, processes, begun), 1):
        tell = tell or telling("tests looked at", len(wanted))
        tell(done)
        assert isinstance(covered, Covered), f"{name} has ended its process"
        bits = {path: hex(sum(1 << line for line in lines)) for path, lines in covered.lines.items()}
        modules[name.partition("::")[0]]["tests"][name] = [covered.seconds, bits]
    return at_import


def _as_cover(at_import: dict[str, list[int]], modules: dict[str, Any]) -> Cover:
    tests, lines = list[ToRun](), dict[str, dict[int, int]]()
    for module in modules.values():
        for name, (seconds, of_test) in module["tests"].items():
            bit = 1 << len(tests)
            tests.append(ToRun(name, seconds))
            for path, bits in of_test.items():
                known = lines.setdefault(path, {})
                for line in _set_in(int(bits, 16)):
                    known[line] = known.get(line, 0) | bit
    return Cover(tests, lines, {path: set(found) for path, found in at_import.items()})


def _set_in(bits: int) -> Iterator[int]:
    yield from (line for line, bit in enumerate(reversed(bin(bits)[2:])) if bit == "1")


def _modules(root: Path) -> list[str]:
    found = (file for folder in _OF_TESTS for file in (root / folder).rglob("test_*.py"))
    return sorted(str(file.relative_to(root)) for file in found if "proof" not in file.parts)


def state_of_core(root: Path) -> str:
    """A short name of the core as it is now, with what its tests share."""
    return state_of(_shared_by_all(root), root)


def _shared_by_all(root: Path) -> list[Path]:
    files = [file for folder in (CORE, *_OF_TESTS) for file in (root / folder).rglob("*.py")]
    files += [*(root / "workflows/pathways").glob("*.py"), *(root / "tests").glob("*.py")]
    return [file for file in files if not file.name.startswith("test_") and "proof" not in file.parts]
