"""Which faults are made, and which of them would say nothing."""

from pathlib import Path

import pytest

from tests.mutants.making import Mutant, mutant_at, names_given, places_in, statements

_FACTS = '''"""Facts."""

LIMIT: int | None = 14


class Facts:
    """Of use (S2)."""

    def holds(self, day: int, other: "int | None" = None) -> "list[int] | None":
        """What holds (S6)."""
        assert day > 0
        if day < 0 and other:
            raise ValueError(f"day {day + 1} is none")
        return [
            one
            for one in range(day)
            if one != other
        ]
'''


@pytest.fixture
def mutants(tmp_path: Path) -> list[Mutant]:
    """All that are made of a small file."""
    (tmp_path / "facts.py").write_text(_FACTS)
    made = (mutant_at(tmp_path, place) for place in places_in(tmp_path, "facts.py"))
    return [mutant for mutant in made if mutant]


def _changes(mutants: list[Mutant]) -> set[str]:
    return {mutant.after for mutant in mutants}


def test_a_condition_is_turned_round_shifted_or_forgotten(mutants: list[Mutant]) -> None:
    changes = _changes(mutants)
    assert {"if day <= 0 and other:", "if day < 0 or other:", "if True and other:"} <= changes
    assert {"if one == other", "if True"} <= changes


def test_numbers_are_one_more_and_one_less(mutants: list[Mutant]) -> None:
    assert {"LIMIT: int | None = 15", "LIMIT: int | None = 13"} <= {
        " ".join(change.split()) for change in _changes(mutants)
    }


def test_types_assertions_and_wording_are_left_alone(mutants: list[Mutant]) -> None:
    touched = {mutant.before for mutant in mutants}
    assert not any("def holds" in line or "assert" in line or "raise" in line for line in touched)
    assert not any("&" in change for change in _changes(mutants))


def test_each_mutant_differs_in_one_line_that_it_names(mutants: list[Mutant]) -> None:
    for mutant in mutants:
        differ = [
            number
            for number, (was, now) in enumerate(
                zip(_FACTS.splitlines(), mutant.source.splitlines(), strict=True), 1
            )
            if was != now
        ]
        assert differ == [mutant.place.line], mutant.name


def test_a_mutant_knows_the_rules_of_its_function_and_of_its_class(mutants: list[Mutant]) -> None:
    inside = {mutant.place.rules for mutant in mutants if mutant.place.within == "Facts.holds"}
    assert inside == {("S6", "S2")}


def test_of_a_statement_all_lines_count_and_of_a_compound_one_its_head() -> None:
    known = statements(_FACTS)
    assert known[12] == (12, 12)
    assert known[14] == known[17] == (14, 18)


def test_who_reads_a_name_has_come_by_what_gives_it() -> None:
    assert names_given(_FACTS, 3) == {"LIMIT"}
    assert names_given(_FACTS, 9) == {"Facts", "holds"}
