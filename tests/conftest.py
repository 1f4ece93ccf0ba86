"""Servers for the tests: the time-skipping test server, and the real dev server, both Python packages."""

import shutil
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from temporalio.client import Client
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.testing import WorkflowEnvironment

from worker.mailbox import Mailbox
from worker.settings import Settings
from worker.setup import set_up

HERE = Path(sys.executable).parent
EXAMPLE = Path(__file__).parent.parent / "deploy" / "example"


def binary(name: str) -> str:
    """A program of the environment."""
    found = shutil.which(name, path=str(HERE)) or shutil.which(name)
    assert found, f"{name} comes with the development dependencies"
    return found


@pytest.fixture
def free_port() -> int:
    """A port that nobody listens on."""
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def clinic_settings(tmp_path: Path, free_port: int) -> Settings:
    """A clinic of one test, with its own database and mailbox."""
    return Settings(
        database=f"sqlite+aiosqlite:///{tmp_path / 'clinic.db'}",
        staff=EXAMPLE / "staff.yaml",
        smtp=f"smtp://127.0.0.1:{free_port}",
    )


@pytest.fixture
def mailbox(tmp_path: Path, free_port: int) -> "AsyncIterator[Mailbox]":
    """A real SMTP server that keeps what it gets."""
    with Mailbox(tmp_path / "mail.jsonl", free_port) as box:
        yield box  # type: ignore[misc]


@pytest.fixture
async def time_skipping(clinic_settings: Settings) -> AsyncIterator[WorkflowEnvironment]:
    """The test server whose clock jumps to the next timer."""
    async with await WorkflowEnvironment.start_time_skipping(
        test_server_existing_path=binary("temporal-test-server"), data_converter=pydantic_data_converter
    ) as environment:
        await set_up(environment.client, clinic_settings)
        yield environment


@pytest.fixture
async def dev_server(clinic_settings: Settings) -> AsyncIterator[WorkflowEnvironment]:
    """The real server, in memory, with its Web UI."""
    async with await WorkflowEnvironment.start_local(
        dev_server_existing_path=binary("temporal"), data_converter=pydantic_data_converter, ui=True,
        dev_server_log_level="error",
    ) as environment:  # fmt: skip
        await set_up(environment.client, clinic_settings)
        yield environment


@pytest.fixture
def client(dev_server: WorkflowEnvironment) -> Client:
    """A client of the real server."""
    return dev_server.client
