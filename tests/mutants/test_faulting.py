"""How a fault gets into a process that is running, and into one module of many."""

import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from tests.mutants.faulting import living_functions, put_into
from tests.mutants.running import in_a_fork

_SOUND = """class Facts:
    @property
    def holds(self):
        return [n for n in range(4) if n > 1]

def twice(work):
    def done():
        return work() + work()
    return done

@twice
def one():
    return 1
"""


@pytest.fixture
def module(tmp_path: Path) -> ModuleType:
    """Imported without a fault."""
    file = tmp_path / "sound.py"
    file.write_text(_SOUND)
    made = ModuleType("sound")
    made.__file__ = str(file)
    exec(compile(_SOUND, str(file), "exec"), made.__dict__)
    return made


def _put(module: ModuleType, was: str, now: str) -> int:
    file = Path(str(module.__file__))
    return put_into(living_functions()[str(file)], file, _SOUND, _SOUND.replace(was, now))


def test_a_property_has_the_fault_at_once(module: ModuleType) -> None:
    facts = module.Facts()
    assert facts.holds == [2, 3]
    assert _put(module, "n > 1", "n >= 1") == 1
    assert facts.holds == [1, 2, 3]


def test_so_has_a_function_behind_a_decorator_and_the_decorator_s_own(module: ModuleType) -> None:
    assert module.one() == 2
    _put(module, "return 1", "return 5")
    assert module.one() == 10
    _put(module, "work() + work()", "work() - work()")
    assert module.one() == 0


def test_other_functions_of_the_file_are_left_alone(module: ModuleType) -> None:
    holds, one = module.Facts.holds.fget.__code__, module.one.__code__
    _put(module, "n > 1", "n >= 1")
    assert module.Facts.holds.fget.__code__ is not holds
    assert module.one.__code__ is one


def test_a_module_is_imported_with_its_fault_and_its_neighbours_without(tmp_path: Path) -> None:
    package = tmp_path / "pack"
    package.mkdir()
    (package / "__init__.py").write_text("from pack.table import LIMIT\n")
    (package / "table.py").write_text("LIMIT = 14\n")
    (package / "other.py").write_text("OTHER = 14\n")
    script = (
        "from pathlib import Path; from tests.mutants.faulting import Faulty;"
        f"Faulty('pack.table', Path({str(package / 'table.py')!r}), 'LIMIT = 15').begin();"
        "import pack, pack.other; print(pack.LIMIT, pack.other.OTHER)"
    )
    told = subprocess.run(
        [sys.executable, "-c", script],
        env={"PYTHONPATH": f"{Path(__file__).parents[2]}:{tmp_path}"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert told.stdout.split() == ["15", "14"]


def test_what_a_fork_does_stays_in_it() -> None:
    kept: list[int] = []

    def work() -> int:
        kept.append(1)
        return len(kept)

    assert in_a_fork(work)[0] == 1
    assert not kept


def test_a_fork_that_dies_answers_nothing() -> None:
    def dies() -> int:
        raise SystemExit

    assert in_a_fork(dies)[0] is None
