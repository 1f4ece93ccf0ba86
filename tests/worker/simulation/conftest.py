"""A small simulated clinic, followed for less than a year so that its tests are quick."""

from typing import Any

import pytest

from worker.simulation.behaviour import Person
from worker.simulation.journey import Journey
from worker.simulation.parameters import Parameters, load_parameters
from worker.simulation.run import Simulated, simulate

SHORT: dict[str, Any] = {"caseload": {"followed_for_days": 200}}


def clinic(**parts: Any) -> Parameters:
    """The default parameters, followed for a shorter time, with some parts changed."""
    return load_parameters({**SHORT, **parts})


def journey(parameters: Parameters, number: int = 0, policy: dict[str, Any] | None = None) -> Journey:
    """A journey that has been lived through."""
    lived = Journey(Person(parameters, 1, number), policy, 1)
    lived.run()
    return lived


@pytest.fixture(scope="package")
def caseload() -> Simulated:
    """Patients of the default clinic under the default policy, some of whom complete the program."""
    return simulate(clinic(), patients=20, seed=3)


@pytest.fixture(scope="package")
def large_caseload() -> Simulated:
    """As many as it takes to see a share: two standard errors of one near 0.4 among two hundred are seven points."""
    return simulate(clinic(), patients=200, seed=3)
