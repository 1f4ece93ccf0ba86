"""A simulation from the first patient to the last: one patient in the memory of a process at a time."""

import csv
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

from worker.simulation.compare import Comparison
from worker.simulation.parameters import Parameters
from worker.simulation.processes import Trial, lived_through
from worker.simulation.tally import Tally


@dataclass(frozen=True)
class Simulated:
    """What a simulation found."""

    patients: int
    seed: int
    parameters: Parameters
    tally: Tally
    against: Tally | None = None
    comparison: Comparison | None = None


def simulate(
    parameters: Parameters,
    *,
    patients: int,
    seed: int,
    policy: dict[str, Any] | None = None,
    against: dict[str, Any] | None = None,
    out: Path | None = None,
    processes: int = 1,
    progress: Callable[[int, int], None] = lambda done, of: None,
) -> Simulated:
    """Run a caseload, and the same caseload under a second policy where one is given.

    Args:
        parameters: Behaviour and staff.
        patients: How many.
        seed: The same seed gives the same patients, on every machine.
        policy: The policy, as a file gives it; None is the default.
        against: A second policy for the same patients; None: no comparison.
        out: A folder in which one line per patient is written while the simulation runs.
        processes: How many work at the same time; what is found is the same for any number.
        progress: Told how many patients are done, and of how many.

    Raises:
        InvalidPolicy: a policy contradicts itself; nothing was run.
        Fault: the engine met an unexpected error; it says with which patient.
        CannotDo: a process was ended from outside.
    """
    tally = Tally(parameters.caseload)
    other = None if against is None else Tally(parameters.caseload)
    comparison = None if against is None else Comparison()
    differences = out / "differences.csv" if out and against is not None else None
    trial = Trial(parameters, seed, policy, against)
    with (
        _Lines(out / "patients.csv" if out else None) as lines,
        _Lines(differences) as differing,
        closing(lived_through(trial, patients, processes)) as lived,
    ):
        for done, (first, second) in enumerate(lived, 1):
            tally.add(first)
            lines.write(first.row())
            if other is not None and comparison is not None and second is not None:
                other.add(second)
                if line := comparison.add(first, second):
                    differing.write(line)
            progress(done, patients)
    return Simulated(patients, seed, parameters, tally, other, comparison)


class _Lines:
    """A CSV file whose columns are those of its first line; without a path, nothing is written."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._file: TextIO | None = None
        self._writer: csv.DictWriter[str] | None = None

    def __enter__(self) -> "_Lines":
        if self._path:
            self._file = self._path.open("w", encoding="utf-8", newline="", buffering=1)
        return self

    def write(self, line: dict[str, object]) -> None:
        """Write one line."""
        if self._file is None:
            return
        if self._writer is None:
            self._writer = csv.DictWriter(self._file, list(line))
            self._writer.writeheader()
        self._writer.writerow(line)

    def __exit__(self, *_exc: object) -> None:
        if self._file:
            self._file.close()
