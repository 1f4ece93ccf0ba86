"""An older commit beside this one, in turns and in one run: what a busy machine does to one it does to the other."""

import io
import json
import os
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path
from statistics import median
from typing import NamedTuple

COMMIT = "c3f7564"
"""The commit that the goals are set against."""

_TURNS = 3
_HERE = Path(__file__).resolve().parents[2]

_MEASURED = """
import json, time
from tests.bench import core
from worker.simulation.parameters import Parameters
from worker.simulation.run import simulate
if __name__ == "__main__":
    core.journey()  # warm
    rate, journey = core.entries_per_second(), core.journey()[0]
    begun = time.process_time()
    simulate(Parameters(), patients=4, seed=1)
    print(json.dumps([rate, journey, 4 / (time.process_time() - begun)]))
"""


class Beside(NamedTuple):
    """How many times the older commit's this one's figures are, each in processor time of one core."""

    entries: float
    journey: float
    patients: float


def beside(commit: str = COMMIT) -> Beside | None:
    """Measure both; None where the commit is not at hand, as in a clone without history."""
    packed = subprocess.run(["git", "archive", commit], cwd=_HERE, capture_output=True, check=False)
    if packed.returncode:
        return None
    with tempfile.TemporaryDirectory() as folder:
        with tarfile.open(fileobj=io.BytesIO(packed.stdout)) as archive:
            archive.extractall(folder, filter="data")
        turns = [(_measured(Path(folder)), _measured(_HERE)) for _ in range(_TURNS)]
    ratios = ([now / then for then, now in zip(*turn, strict=True)] for turn in turns)
    return Beside(*map(median, zip(*ratios, strict=True)))


def _measured(folder: Path) -> list[float]:
    ran = subprocess.run(
        [sys.executable, "-c", _MEASURED], cwd=folder, env={**os.environ, "PYTHONPATH": str(folder)},
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    found: list[float] = json.loads(ran.stdout)
    return found


if __name__ == "__main__":
    print(beside(*sys.argv[1:]))
