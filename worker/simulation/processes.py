"""A caseload lived through by several processes, told in the order of its patients.

Who lives through a patient makes no difference: each has random streams of their own (`chance`). So the processes take
the next number whenever they are free, and what comes out is put in order again.
"""

import contextlib
import multiprocessing
import os
import signal
import traceback
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection, wait
from typing import Any

from worker.errors import CannotDo, Fault, in_words
from worker.simulation.behaviour import Person
from worker.simulation.journey import Journey
from worker.simulation.outcome import Outcome
from worker.simulation.parameters import Parameters
from workflows.core.engine.errors import Refused

_SPAWNED = multiprocessing.get_context("spawn")
"""A fork would take over whatever threads and locks the caller has; a fresh interpreter is the same everywhere."""

_AHEAD = 2
"""Numbers that a process holds: the next one is there when it has finished one."""

_ENDED_AFTER_SECONDS = 5.0
"""How long a process that was told to end may take; then it is killed."""

Lived = tuple[Outcome, Outcome | None]
"""What became of one patient, and what would have under the second policy where there is one."""


@dataclass(frozen=True)
class Trial:
    """What a caseload is lived through with; a seed and a number make a patient."""

    parameters: Parameters
    seed: int
    policy: dict[str, Any] | None = None
    against: dict[str, Any] | None = None

    def lived(self, number: int) -> Lived:
        """One patient, under each policy from the beginning.

        Raises:
            InvalidPolicy: a policy contradicts itself.
            Fault: anything else; it says at which patient.
        """
        try:
            first = self._under(self.policy, number)
            return first, None if self.against is None else self._under(self.against, number)
        except Refused:
            raise
        except Exception as error:
            raise Fault(f"Patient {number} of seed {self.seed}: {in_words(error)}") from error

    def _under(self, policy: dict[str, Any] | None, number: int) -> Outcome:
        return Journey(Person(self.parameters, self.seed, number), policy, self.seed).run()


def all_cores() -> int:
    """How many processor cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def lived_through(trial: Trial, patients: int, processes: int) -> Generator[Lived, None, None]:
    """Each patient of a caseload in the order of their numbers; one process is this one.

    However it ends (the last patient, an error, Ctrl-C, a consumer that stops), no process is left running.

    Raises:
        InvalidPolicy, Fault: what `Trial.lived` raises.
        CannotDo: a process was ended from outside.
    """
    if min(processes, patients) <= 1:
        yield from map(trial.lived, range(patients))
        return
    others: list[_Other] = []
    try:
        for _ in range(min(processes, patients)):
            others.append(_Other(trial))
        yield from _in_order(others, patients)
    finally:
        _end(others)


def _in_order(others: list["_Other"], patients: int) -> Iterator[Lived]:
    numbers = iter(range(patients))
    for _ in range(_AHEAD):
        for other, number in zip(others, numbers, strict=False):
            other.give(number)
    early: dict[int, Lived | Exception] = {}
    due = 0
    while due < patients:
        ready = wait([other.pipe for other in others])
        for other in others:
            if other.pipe in ready:
                number, answer = other.taken()
                early[number] = answer
                other.give(next(numbers, None))
        while due in early:
            lived = early.pop(due)
            if isinstance(lived, Exception):
                raise lived
            yield lived
            due += 1


class _Other:
    """Another process that lives through patients, seen from this one."""

    def __init__(self, trial: Trial) -> None:
        self.pipe, theirs = _SPAWNED.Pipe()
        self._process = _SPAWNED.Process(target=_live, args=(theirs, trial), daemon=True)
        with _no_interrupts():
            self._process.start()
        theirs.close()

    def give(self, number: int | None) -> None:
        """Hand it another patient; None: there are no more."""
        with contextlib.suppress(OSError):  # it has ended, which is told when its answer is taken
            if number is not None:
                self.pipe.send(number)

    def taken(self) -> tuple[int, Lived | Exception]:
        """Its next answer, and of whom."""
        try:
            answer: tuple[int, Lived | Exception] = self.pipe.recv()
        except (EOFError, OSError):
            self._process.join(_ENDED_AFTER_SECONDS)
            raise CannotDo(
                f"A process of the simulation was ended from outside (exit code {self._process.exitcode}); where "
                "memory is short, let fewer work at a time with --processes. Nothing that was counted is shown."
            ) from None
        return answer

    def end(self) -> None:
        """Tell it to end, whatever it does."""
        self._process.terminate()

    def ended(self) -> None:
        """Wait until it has, and see to it."""
        self._process.join(_ENDED_AFTER_SECONDS)
        if self._process.exitcode is None:
            self._process.kill()
            self._process.join()
        self.pipe.close()


def _end(others: list[_Other]) -> None:
    for other in others:
        other.end()
    for other in others:
        other.ended()


@contextlib.contextmanager
def _no_interrupts() -> Iterator[None]:
    """A process that is started in here never sees a Ctrl-C: a terminal sends it to all, and we end the others."""
    # With the first process the library starts its own tracker, and lets Ctrl-C through again when it has.
    resource_tracker.ensure_running()
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _live(pipe: Connection, trial: Trial) -> None:
    """What another process does: live through whom it is given, until the pipe is closed, as by the caller's end."""
    with contextlib.suppress(EOFError, OSError):
        while True:
            number = pipe.recv()
            pipe.send((number, _lived(trial, number)))


def _lived(trial: Trial, number: int) -> Lived | Exception:
    try:
        return trial.lived(number)
    except Exception as error:
        error.add_note(traceback.format_exc())  # its frames stay in this process
        return error
