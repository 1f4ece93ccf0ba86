"""One process that has imported and collected the core's tests, and forks for each question about them.

A test that is run in a fork has no past: what earlier tests keep for later ones, so that a patient is admitted only
once, is lived through again, and with the fault.
"""

import gc
import os
import resource
import signal
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import pytest
from coverage import Coverage
from hypothesis import Phase, settings

from tests.mutants.faulting import Faulty, living_functions, put_into
from tests.mutants.making import Mutant, Place
from tests.mutants.sampling import CORE

TESTS = ("tests/core", "tests/pathways", "--deselect=tests/pathways/proof")
_OPTIONS = ("--numprocesses=0", "-p", "no:cacheprovider", "--capture=no", "-q")
_MEMORY = 6 * 1024**3


@dataclass(frozen=True)
class ToRun:
    """A test, and how much processor time it has needed without a fault."""

    test: str
    seconds: float

    @property
    def hangs_after(self) -> int:
        """Seconds after which it goes round in circles."""
        return int(10 + 20 * self.seconds)


@dataclass(frozen=True)
class Verdict:
    """What the tests have said of one mutant."""

    caught_by: str | None
    """The test that did not pass, or what happened instead; None: it has survived."""
    ran: int
    seconds: float


@dataclass(frozen=True)
class Question:
    """Is this mutant caught by these tests, in this order, within this much processor time?"""

    mutant: Mutant
    to_run: tuple[ToRun, ...]
    bound: float
    afresh: bool
    """Whether the module has to be imported with its fault."""


@dataclass(frozen=True)
class Covered:
    """Which lines of the core a test comes by, and the processor time that it needs."""

    seconds: float
    lines: dict[str, list[int]]


def search_the_same_each_time(examples: int) -> None:
    """A law is asked of the same examples each time, and an answer of no needs no shorter one."""
    settings.register_profile(
        "mutants",
        deadline=None,
        derandomize=True,
        database=None,
        phases=(Phase.explicit, Phase.generate),
        max_examples=examples,
    )
    settings.load_profile("mutants")


class Tests:
    """A pytest plugin: the collected tests, and whether one of them has not passed."""

    def __init__(self, begin: Callable[["Tests"], None], examples: int = 100) -> None:
        self._begin, self._examples = begin, examples
        self._failed: list[str] = []
        self._items: dict[str, pytest.Item] = {}
        self.has_begun = False

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection(self) -> None:
        """After the settings of the suite, before its tests are read."""
        search_the_same_each_time(self._examples)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """A module that cannot be imported is a test that does not pass."""
        if report.failed:
            self._failed.append(report.nodeid)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Set-up, test and what comes after it."""
        if report.failed:
            self._failed.append(report.nodeid)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """In the place of running all tests."""
        self._items = {item.nodeid: item for item in session.items}
        self.has_begun = True
        self._begin(self)
        return True

    @property
    def names(self) -> list[str]:
        """All that have been collected."""
        return list(self._items)

    def run(self, to_run: Iterable[ToRun], bound: float) -> Verdict:
        """One after the other, until one does not pass or the time is used up."""
        began, ran = time.process_time(), 0
        if self._failed:
            return Verdict(f"{self._failed[0]} cannot be imported", 0, 0)
        items = [(self._items[one.test], one) for one in to_run if one.test in self._items]
        for number, (item, one) in enumerate(items):
            after = items[number + 1][0] if number + 1 < len(items) else None
            if time.process_time() - began > bound:
                break
            signal.setitimer(signal.ITIMER_PROF, one.hangs_after)
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=after)
            signal.setitimer(signal.ITIMER_PROF, 0)
            ran += 1
            if self._failed:
                return Verdict(self._failed[0], ran, time.process_time() - began)
        return Verdict(None, ran, time.process_time() - began)


def in_a_fork(work: Callable[[], Any]) -> tuple[Any, float]:
    """What a piece of work answers in a process of its own, or None if that has died; and its processor time."""
    here, there = Pipe(duplex=False)
    child = os.fork()
    if child == 0:
        here.close()
        try:
            resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
            there.send(work())
        finally:
            os._exit(0)
    there.close()
    try:
        answer = here.recv()
    except EOFError:
        answer = None
    here.close()
    _, _, used = os.wait4(child, 0)
    return answer, used.ru_utime + used.ru_stime


def _verdict(work: Callable[[], Verdict | None]) -> Verdict:
    answer, seconds = in_a_fork(work)
    if answer is None:
        return Verdict("a test that went round in circles, or ended the process", 0, seconds)
    return Verdict(answer.caught_by, answer.ran, seconds)


def serve(link: Connection, root: Path) -> None:
    """Answer questions about mutants until there is none left."""
    _be_quiet(root)
    collected, other_end = Pipe()
    if os.fork() == 0:
        collected.close()
        pytest.main(
            [*_OPTIONS, *TESTS], plugins=[Tests(lambda tests: _answer_in_forks(tests, other_end, root))]
        )
        os._exit(0)
    other_end.close()
    _import_what_is_not_ours()
    while (question := link.recv()) is not None:
        if question.afresh:
            link.send(_verdict(partial(_judge_afresh, question, root)))
        else:
            collected.send(question)
            link.send(collected.recv())
    collected.send(None)
    os.wait()


def _answer_in_forks(tests: Tests, link: Connection, root: Path) -> None:
    functions = living_functions()
    gc.collect()
    gc.freeze()

    def judge(question: Question) -> Verdict:
        file = root / question.mutant.place.path
        put_into(functions.get(str(file), []), file, question.mutant.sound, question.mutant.source)
        return tests.run(question.to_run, question.bound)

    while (question := link.recv()) is not None:
        link.send(_verdict(partial(judge, question)))


def _judge_afresh(question: Question, root: Path) -> Verdict:
    place, verdicts = question.mutant.place, list[Verdict]()
    Faulty(place.module, root / place.path, question.mutant.source).begin()
    tests = Tests(lambda tests: verdicts.append(tests.run(question.to_run, question.bound)))
    files = dict.fromkeys(one.test.partition("::")[0] for one in question.to_run)
    pytest.main([*_OPTIONS, "--continue-on-collection-errors", *files], plugins=[tests])
    return verdicts[0] if verdicts else Verdict("the import of the tests", 0, 0)


def cover(link: Connection, root: Path) -> None:
    """Tell what each test comes by, one by one, when asked for it by name; first of all, what the import comes by.

    Of a law a few examples show that.
    """
    _be_quiet(root)
    os.environ["CAREPATH_SEARCH_TIMES"] = "0.2"
    imported = _import_all_of_it(root)

    def answer(tests: Tests) -> None:
        link.send((tests.names, imported))
        while (name := link.recv()) is not None:
            link.send(in_a_fork(partial(_covered, tests, name, root))[0])

    pytest.main([*_OPTIONS, *TESTS], plugins=[Tests(answer, examples=20)])


def _import_all_of_it(root: Path) -> dict[str, list[int]]:
    """What the import of the core comes by, and not what modules of tests live through when they are imported."""
    sys.path.insert(0, str(root))
    coverage = _coverage(root)
    coverage.start()
    for file in sorted((root / CORE).rglob("*.py")):
        import_module(Place(str(file.relative_to(root)), 0, "", 0, "", ()).module)
    coverage.stop()
    return _lines(coverage, root)


def _covered(tests: Tests, name: str, root: Path) -> Covered:
    coverage = _coverage(root)
    coverage.start()
    verdict = tests.run([ToRun(name, 600)], 600)
    coverage.stop()
    assert verdict.caught_by is None, f"{name} does not pass without any fault"
    return Covered(verdict.seconds, _lines(coverage, root))


def _coverage(root: Path) -> Coverage:
    return Coverage(data_file=None, config_file=False, include=[str(root / CORE / "*")])


def _lines(coverage: Coverage, root: Path) -> dict[str, list[int]]:
    data = coverage.get_data()
    return {str(Path(f).relative_to(root)): sorted(data.lines(f) or ()) for f in data.measured_files()}


def _import_what_is_not_ours() -> None:
    """So that a fork that imports the core afresh imports nothing else."""
    import aiosmtpd.controller
    import pydantic_settings
    import sqlalchemy.ext.asyncio
    import starlette.applications
    import statemachine
    import temporalio.testing
    import temporalio.worker

    del aiosmtpd, pydantic_settings, sqlalchemy, starlette, statemachine, temporalio
    assert not any(name.partition(".")[0] == "workflows" for name in sys.modules)


def _be_quiet(root: Path) -> None:
    os.chdir(root)
    silent = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(silent, descriptor)
