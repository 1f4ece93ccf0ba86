"""What was found out before is not asked again while it holds."""

from pathlib import Path

import pytest

from tests.mutants.keeping import Caught
from tests.mutants.making import Mutant, Place
from tests.mutants.running import Verdict

MUTANT = Mutant(
    Place("workflows/core/episode/sobriety/facts.py", 7, "AddNot", 0, "Facts.holds", ()),
    "",
    "if b:\n",
    "if a:",
    "if b:",
)
OTHER = Mutant(MUTANT.place, "", "if c:\n", "if a:", "if c:")


@pytest.fixture
def module(tmp_path: Path) -> Path:
    """A module of tests."""
    file = tmp_path / "tests" / "test_use.py"
    file.parent.mkdir()
    file.write_text("def test_S2(): ...\n")
    return file


def test_a_mutant_that_was_caught_stays_caught_in_the_next_run(tmp_path: Path, module: Path) -> None:
    verdict = Verdict("tests/test_use.py::test_S2", 3, 1.5)
    Caught(tmp_path / "caught", tmp_path).keep(MUTANT, verdict)
    again = Caught(tmp_path / "caught", tmp_path)
    assert (again.verdict_of(MUTANT), again.verdict_of(OTHER)) == (verdict, None)


def test_it_is_judged_anew_when_the_module_of_its_test_has_changed(tmp_path: Path, module: Path) -> None:
    Caught(tmp_path / "caught", tmp_path).keep(MUTANT, Verdict("tests/test_use.py::test_S2", 3, 1.5))
    module.write_text("def test_S3(): ...\n")
    assert Caught(tmp_path / "caught", tmp_path).verdict_of(MUTANT) is None


def test_one_that_cannot_run_needs_no_test_to_be_kept(tmp_path: Path) -> None:
    verdict = Verdict("the import of the tests", 0, 0)
    Caught(tmp_path / "caught", tmp_path).keep(MUTANT, verdict)
    assert Caught(tmp_path / "caught", tmp_path).verdict_of(MUTANT) == verdict


def test_a_survivor_is_always_judged_again(tmp_path: Path) -> None:
    Caught(tmp_path / "caught", tmp_path).keep(MUTANT, Verdict(None, 3, 1.5))
    assert Caught(tmp_path / "caught", tmp_path).verdict_of(MUTANT) is None
