"""Servers for the tests: the time-skipping test server, and the real dev server, both Python packages."""

import os
from collections.abc import AsyncIterator, Iterator
from itertools import groupby
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from temporalio.client import Client
from temporalio.testing import WorkflowEnvironment
from temporalio.worker._workflow import _WorkflowWorker

from tests import servers
from tests.searching import examples
from worker.mailbox import Mailbox
from worker.settings import Settings

# A slow machine is no defect: nothing here is judged by the clock. A change is judged by the same examples each time it
# is (CI is set); at the desk each run looks for new ones.
settings.register_profile(
    "carepath", deadline=None, derandomize=bool(os.environ.get("CI")), max_examples=examples(100)
)
settings.load_profile("carepath")


def pytest_xdist_auto_num_workers() -> int:
    """More than there are cores: whole clinics wait a third of their time for clocks, disks and each other."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(2, cores * 3 // 2)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Begin with what is dear, so that no core waits for it at the end.

    Each worker is given as many tests in a row as the others, and who has finished takes from the end of another's:
    so the dear modules are dealt round, each in one piece, to the heads of the rows.
    """
    workers = getattr(config, "workerinput", {}).get("workercount", 0)
    if not workers:
        return
    dear = [item for item in items if item.get_closest_marker("dear")]
    others = [item for item in items if not item.get_closest_marker("dear")]
    modules = [list(module) for _, module in groupby(dear, key=lambda item: item.nodeid.partition("::")[0])]
    rows: list[list[pytest.Item]] = []
    left = len(items)
    for worker in range(workers):
        row = [item for module in modules[worker::workers] for item in module]
        fill = max(0, left // (workers - worker) - len(row))
        rows.append(row + others[:fill])
        del others[:fill]
        left -= len(rows[-1])
    items[:] = [item for row in rows for item in row] + others


@pytest.fixture(scope="session", autouse=True)
def patience_with_workflows() -> Iterator[None]:
    """On a busy machine a workflow may take longer than the two seconds after which the SDK takes it for one that hangs
    and interrupts it wherever it is, also where that cannot be put right; it lets nobody set them."""
    make = _WorkflowWorker.__init__

    def made(self: Any, *arguments: Any, **options: Any) -> None:
        make(self, *arguments, **options)
        assert self._deadlock_timeout_seconds == 2
        self._deadlock_timeout_seconds = 60

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_WorkflowWorker, "__init__", made)
        yield


@pytest.fixture
def clinic_settings(tmp_path: Path) -> Settings:
    """A clinic of one test, with its own database and mailbox."""
    return servers.clinic_of(tmp_path)


@pytest.fixture
def mailbox(tmp_path: Path, clinic_settings: Settings) -> Iterator[Mailbox]:
    """A real SMTP server that keeps what it gets."""
    with servers.mailbox_of(clinic_settings, tmp_path) as box:
        yield box


@pytest.fixture
async def time_skipping(clinic_settings: Settings) -> AsyncIterator[WorkflowEnvironment]:
    """The test server whose clock jumps to the next timer."""
    async with servers.time_skipping_server(clinic_settings) as environment:
        yield environment


@pytest.fixture
async def dev_server(clinic_settings: Settings) -> AsyncIterator[WorkflowEnvironment]:
    """The real server, in memory, with its Web UI."""
    async with servers.dev_server(clinic_settings) as environment:
        yield environment


@pytest.fixture
def client(dev_server: WorkflowEnvironment) -> Client:
    """A client of the real server."""
    return dev_server.client
