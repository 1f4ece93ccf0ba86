"""Faults in facts, duties, deadlines, decisions, signing and charts are each caught by the proof, with a story."""

import json
import subprocess
import sys
from collections import Counter

import pytest

from tests.pathways.proof.seeding import place_of
from tests.pathways.proof.seeds import CHARTS, DEADLINES, DECISIONS, DUTIES, FACTS, SEEDS, SIGNING, Seed

IN_DOUBT = "three tests in doubt are counted as a signed exit"


def told(seed: Seed) -> dict[str, list[dict[str, object]]]:
    """What the proof of each pathway finds, in an interpreter in which the fault was seeded."""
    command = [sys.executable, "-m", "tests.pathways.proof.seeding", str(SEEDS.index(seed))]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    found: dict[str, list[dict[str, object]]] = json.loads(ran.stdout)
    return found


def check(seed: Seed) -> None:
    for pathway, found in told(seed).items():
        stories = [one for one in found if one["story"]]
        assert stories, f"{seed.name}: the proof of {pathway} tells of nothing"
        assert stories[-1]["invariant"] in seed.caught_as.split(), stories
        told_first = str(
            stories[-1]["story"]
        )  # by a person's passage, or by the facts under which the chart is asked
        assert "a person is referred" in told_first or "the chart rests in" in told_first


def test_sixty_faults_and_more_are_seeded_of_every_kind_each_in_one_place() -> None:
    assert len(SEEDS) >= 60
    for kind in (FACTS, DUTIES, DEADLINES, DECISIONS, SIGNING, CHARTS):
        assert len(kind) >= 8
    assert [seed.name for seed in SEEDS if not place_of(seed).is_file()] == []
    assert [name for name, times in Counter(seed.name for seed in SEEDS).items() if times > 1] == []


@pytest.mark.dear
def test_E1_three_tests_in_doubt_that_are_counted_as_a_signed_exit_are_caught() -> None:
    (seed,) = [one for one in SEEDS if one.name == IN_DOUBT]
    check(seed)


@pytest.mark.thorough
@pytest.mark.parametrize("seed", SEEDS, ids=lambda seed: seed.name)
def test_a_seeded_fault_is_caught_and_told(seed: Seed) -> None:
    check(seed)
