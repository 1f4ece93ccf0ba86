"""A caseload on several processes: the same figures for any number of them, and an end in words that leaves nobody."""

import asyncio
import json
import multiprocessing
import os
import signal
import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import closing, contextmanager, suppress
from itertools import islice
from pathlib import Path

import pytest

from tests.servers import EXAMPLE
from tests.typed import CAREPATH, carepath
from tests.waiting import eventually
from tests.worker.simulation.conftest import clinic
from worker.commands.options import read_file
from worker.errors import CannotDo, Fault
from worker.simulation.parameters import Parameters
from worker.simulation.processes import Lived, Trial, lived_through
from worker.simulation.results import as_json
from worker.simulation.run import simulate
from workflows.core.episode.policy import InvalidPolicy

pytestmark = pytest.mark.dear

ROOT = Path(__file__).parents[3]
PATIENCE_SECONDS = 60
"""A bound for an end that is a matter of seconds, on a machine that does much else."""

BRIEF = clinic(caseload={"followed_for_days": 30})
"""Long enough for misses and for the tasks that come of them."""


class Killed(Trial):
    """The process that has the fourth patient is killed, as by a machine whose memory is at an end."""

    def lived(self, number: int) -> Lived:
        if number == 3:
            os.kill(os.getpid(), signal.SIGKILL)
        return super().lived(number)


class Interrupted(Trial):
    """Each process is sent a Ctrl-C."""

    def lived(self, number: int) -> Lived:
        os.kill(os.getpid(), signal.SIGINT)
        return super().lived(number)


class Endless(Trial):
    """The fourth patient never comes to an end."""

    def lived(self, number: int) -> Lived:
        while number == 3:
            signal.pause()
        return super().lived(number)


def brief_file(folder: Path) -> Path:
    """The same parameters for a command."""
    file = folder / "brief.yaml"
    file.write_text("caseload: {followed_for_days: 30}")
    return file


@contextmanager
def nobody_left() -> Iterator[None]:
    """Whatever is done in here leaves no process behind."""
    before = set(multiprocessing.active_children())
    yield
    assert set(multiprocessing.active_children()) <= before


def test_the_figures_are_the_same_for_any_number_of_processes(tmp_path: Path) -> None:
    second, found = read_file(EXAMPLE / "policy_supervisor_at_24h.yaml"), []
    for processes in (1, 2, 3):
        out = tmp_path / str(processes)
        out.mkdir()
        with nobody_left():
            run = simulate(BRIEF, patients=5, seed=2, against=second, out=out, processes=processes)
        written = {file.name: file.read_text() for file in out.iterdir()}
        found.append((json.dumps(as_json(run), default=str), written))
    assert found[0] == found[1] == found[2]
    assert set(found[0][1]) == {"patients.csv", "differences.csv"}


@pytest.mark.parametrize("processes", [1, 2])
def test_an_error_says_at_which_patient_for_any_number_of_processes(processes: int) -> None:
    broken = Parameters.model_construct(caseload=None)  # type: ignore[arg-type]  # nothing else breaks where a person begins
    with (
        nobody_left(),
        pytest.raises(Fault, match=r"Patient 0 of seed 4: carepath itself has a fault at worker/"),
    ):
        list(lived_through(Trial(broken, 4), 5, processes))


@pytest.mark.parametrize("processes", [1, 2])
def test_a_policy_that_contradicts_itself_is_refused_for_any_number_of_processes(processes: int) -> None:
    with nobody_left(), pytest.raises(InvalidPolicy):
        simulate(BRIEF, patients=3, seed=1, policy={"gate": {"sober_days": -1}}, processes=processes)


def test_a_process_that_is_killed_is_told_and_the_others_end() -> None:
    told: list[Lived] = []
    with nobody_left(), pytest.raises(CannotDo, match=r"ended from outside \(exit code -9\).*--processes"):
        told.extend(lived_through(Killed(BRIEF, 1), 8, 2))


def test_who_stops_listening_leaves_no_process_behind_whatever_it_does() -> None:
    with nobody_left(), closing(lived_through(Endless(BRIEF, 1), 50, 2)) as lived:
        assert [first.number for first, _ in islice(lived, 3)] == [0, 1, 2]


def test_no_process_sees_a_ctrl_c_not_even_the_first_that_an_interpreter_starts() -> None:
    lived = "len(list(lived_through(Interrupted(BRIEF, 1), 2, 2)))"
    line = f"from tests.worker.simulation.test_processes import *; print({lived})"
    ended = subprocess.run([sys.executable, "-c", line], capture_output=True, text=True, cwd=ROOT)
    assert (ended.stdout, ended.stderr, ended.returncode) == ("2\n", "", 0)


@pytest.mark.parametrize(
    ("how", "patients"), [(signal.SIGINT, 0), (signal.SIGINT, 2), (signal.SIGKILL, 2)],
    ids=["Ctrl-C while they begin", "Ctrl-C while they work", "kill -9"],
)  # fmt: skip
def test_the_command_that_is_stopped_leaves_no_process_behind(
    tmp_path: Path, how: signal.Signals, patients: int
) -> None:
    # Whoever is left would hold the streams open: `communicate` waits for the last of them.
    many = ("--patients", "100000", "--processes", "2")
    command = subprocess.Popen(
        [CAREPATH, "simulate", *many, "--parameters", brief_file(tmp_path), "--out", tmp_path],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True,
    )  # fmt: skip
    try:
        asyncio.run(eventually(_has_begun(tmp_path / "patients.csv", patients)))
        # A terminal sends Ctrl-C to all processes of a command; whoever kills one kills one.
        (os.killpg if how == signal.SIGINT else os.kill)(command.pid, how)
        told, said = command.communicate(timeout=PATIENCE_SECONDS)
    finally:
        # Whatever comes of this test, nothing of it goes on.
        with suppress(ProcessLookupError):
            os.killpg(command.pid, signal.SIGKILL)
    assert told == ""
    assert (said, command.returncode) == (("Stopped.\n", 1) if how == signal.SIGINT else ("", -9))


def _has_begun(lines: Path, patients: int) -> Callable[[], Awaitable[bool]]:
    async def so_far() -> bool:
        return lines.exists() and len(lines.read_text().splitlines()) >= patients

    return so_far


def test_the_command_takes_as_many_processes_as_it_is_told(tmp_path: Path) -> None:
    typed = ("simulate", "--patients", "3", "--parameters", str(brief_file(tmp_path)), "--json")
    as_many_as_cores, one = carepath(*typed), carepath(*typed, "--processes", "1")
    assert (as_many_as_cores.returncode, one.returncode) == (0, 0)
    assert as_many_as_cores.stdout == one.stdout
    assert carepath(*typed, "--processes", "0").returncode == 2
