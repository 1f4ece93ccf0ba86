"""What a caseload as a whole must show: calibrated, reproducible, flat in memory."""

import gc
import json
import tracemalloc
from dataclasses import replace
from math import sqrt
from pathlib import Path

import pytest

from tests.worker.simulation.conftest import clinic, journey
from worker.simulation.plots import PICTURES, draw
from worker.simulation.report import tables
from worker.simulation.results import as_json
from worker.simulation.run import Simulated, simulate
from worker.simulation.tally import Tally
from workflows.core.episode.episode import Episode

pytestmark = pytest.mark.dear


@pytest.mark.thorough
@pytest.mark.parametrize("reason", ["completed", "transferred", "dropped_out", "terminated", "other"])
def test_the_program_ends_as_often_in_each_way_as_published(large_caseload: Simulated, reason: str) -> None:
    published = large_caseload.parameters.published.reasons[reason]
    assert large_caseload.tally.share(reason) == pytest.approx(published, abs=0.07)


@pytest.mark.thorough
@pytest.mark.parametrize("reason", ["transferred", "dropped_out", "terminated", "other"])
def test_stays_that_end_early_last_about_as_long_as_published(large_caseload: Simulated, reason: str) -> None:
    published = large_caseload.parameters.published.median_stay_days[reason]
    stays = large_caseload.tally.stays[reason]
    # The rank of a median among n is known to one part in the square root of n (two standard errors): a dozen
    # stays of many lengths tell little, and a fixed tolerance would ask the dice, not the calibration.
    margin = 1 / sqrt(stays.total)
    shortest, longest = stays.quantile(0.5 - margin), stays.quantile(0.5 + margin)
    assert shortest is not None
    assert longest is not None
    assert shortest <= published <= longest


def test_who_completes_stays_for_the_whole_length_of_the_program(caseload: Simulated) -> None:
    assert (caseload.tally.stays["completed"].quantile(0.0) or 0) >= 90
    assert caseload.tally.share("completed")


def test_the_report_shows_every_subject(caseload: Simulated) -> None:
    titles = {table.title for table in tables(caseload)}
    assert {"Course", "Extensions", "Tasks by role", "Seats in use", "After the step-down"} <= titles
    text = "\n".join(table.markdown() for table in tables(caseload))
    assert "| completed |" in text
    assert json.loads(json.dumps(as_json(caseload), default=str))["patients"] == 20


def test_seats_are_those_of_everybody_and_are_given_back(caseload: Simulated) -> None:
    seats = caseload.tally.seats.running()
    assert sum(seats) == caseload.tally.seat_days
    assert min(seats) >= 0
    assert max(seats) <= caseload.tally.admitted


def test_the_same_seed_gives_the_same_simulation_and_another_one_does_not() -> None:
    runs = [as_json(simulate(clinic(), patients=2, seed=seed)) for seed in (5, 5, 6)]
    assert runs[0] == runs[1]
    assert {**runs[1], "seed": 6} != runs[2]


def test_a_longer_caseload_begins_with_the_same_patients(tmp_path: Path) -> None:
    for name, patients in (("short", 2), ("long", 3)):
        (tmp_path / name).mkdir()
        simulate(clinic(), patients=patients, seed=1, out=tmp_path / name)
    short, long = ((tmp_path / name / "patients.csv").read_text().splitlines() for name in ("short", "long"))
    assert long[: len(short)] == short


def test_a_tally_does_not_grow_with_the_number_of_patients() -> None:
    parameters = clinic()
    outcomes = [journey(parameters, number).desk.outcome for number in range(4)]
    tally = Tally(parameters.caseload)

    def count(times: int) -> None:
        for number in range(times):
            tally.add(replace(outcomes[number % 4], number=number))

    count(100)
    tracemalloc.start()
    count(3000)
    grown, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert grown < 40_000  # the counters' numbers themselves become larger, and nothing else
    assert tally.patients == 3100


def test_no_episode_outlives_its_patient() -> None:
    gc.collect()
    before = sum(isinstance(one, Episode) for one in gc.get_objects())
    simulate(clinic(), patients=3, seed=1)
    gc.collect()
    assert sum(isinstance(one, Episode) for one in gc.get_objects()) == before


def test_pictures_are_png_and_svg_and_the_same_each_time(caseload: Simulated, tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    for folder in (first, second):
        folder.mkdir()
        draw(caseload, folder)
    names = {file.name for file in first.iterdir()}
    assert names == {f"{name}.{ending}" for name in PICTURES if name != "work" for ending in ("png", "svg")}
    assert all((first / name).read_bytes() == (second / name).read_bytes() for name in names)
