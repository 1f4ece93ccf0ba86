"""Which mutants are judged."""

from collections import Counter

import pytest

from tests.mutants.making import Place
from tests.mutants.sampling import drawn, kind_of


def _places(path: str, how_many: int) -> list[Place]:
    return [Place(path, line, "AddNot", line, "", ()) for line in range(how_many)]


_ALL = [
    *_places("workflows/core/episode/sobriety/facts.py", 300),
    *_places("workflows/core/episode/sobriety/duties.py", 100),
    *_places("workflows/core/engine/calendar.py", 400),
]


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("workflows/core/episode/gate/facts.py", "gate"),
        ("workflows/core/episode/exits/facts.py", "exits"),
        ("workflows/core/episode/sobriety/facts.py", "facts"),
        ("workflows/core/episode/attendance/ladder.py", "facts"),
        ("workflows/core/episode/gate/conditions.py", "gate"),
        ("workflows/core/referral/duties.py", "duties"),
        ("workflows/core/episode/decisions.py", "decisions"),
        ("workflows/core/engine/calendar.py", "the rest"),
    ],
)
def test_what_a_file_is_of_is_told_by_its_name_wherever_it_stands(path: str, kind: str) -> None:
    assert kind_of(path) == kind


def test_a_seed_gives_its_sample_again_and_another_seed_another() -> None:
    assert drawn(_ALL, 100, seed=7) == drawn(_ALL, 100, seed=7)
    assert set(drawn(_ALL, 100, seed=7)) != set(drawn(_ALL, 100, seed=8))


def test_no_place_stands_twice_in_a_sample() -> None:
    sample = drawn(_ALL, 500, seed=7)
    assert len(sample) == len(set(sample)) >= 500


def test_what_decides_about_people_is_drawn_three_times_as_often() -> None:
    by_file = Counter(place.path.rpartition("/")[2] for place in drawn(_ALL, 160, seed=7))
    assert by_file["facts.py"] == pytest.approx(90, abs=1)
    assert by_file["duties.py"] == pytest.approx(30, abs=1)
    assert by_file["calendar.py"] == pytest.approx(40, abs=1)


def test_of_few_places_all_are_drawn() -> None:
    assert set(drawn(_ALL, 10_000, seed=7)) == set(_ALL)
