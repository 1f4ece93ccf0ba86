"""Seeded draws. Each subject of each patient has a stream of its own, so that a draw more or less for one of them
moves no other: the same patient meets two policies with the same luck."""

import math
from collections.abc import Mapping
from random import Random

from worker.simulation.parameters import Spread


def stream(seed: int, number: int, subject: str) -> Random:
    """The random stream of one subject of one patient; the same on every machine."""
    return Random(f"{seed}:{number}:{subject}")


def length(random: Random, spread: Spread) -> float:
    """A length from a lognormal spread, in the unit of its median."""
    return spread.median * math.exp(random.gauss(0, spread.sigma))


def one_of(random: Random, weights: Mapping[str, float]) -> str | None:
    """One name by weight; None where nothing has any."""
    total = sum(weights.values())
    if not total:
        return None
    at = random.random() * total
    for name, weight in weights.items():
        at -= weight
        if at < 0:
            return name
    return name
