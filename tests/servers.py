"""What tests and benchmarks run against: Temporal (time-skipping, and the real one), a mailbox, the example clinic."""

import asyncio
import shutil
import socket
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date, timedelta
from pathlib import Path

from temporalio.api.workflowservice.v1 import ListWorkersRequest
from temporalio.client import Client
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.testing import TimeSkippingConfig, WorkflowEnvironment

from tests.databases import make_database
from worker.connection import converter, runtime
from worker.mailbox import Mailbox
from worker.run import running_worker
from worker.settings import Settings
from worker.setup import set_up

SLOWEST_START = timedelta(seconds=60)
"""How long a server may take to start beside others: the SDK waits five seconds."""

EXAMPLE = Path(__file__).parent.parent / "deploy" / "example"


def generated(folder: Path, today: date) -> Path:
    """The example clinic's export, written for a day."""
    subprocess.run(
        [sys.executable, EXAMPLE / "generate.py", folder, "--today", today.isoformat()], check=True
    )
    return folder


def binary(name: str) -> str:
    """A program of the environment."""
    found = shutil.which(name, path=str(Path(sys.executable).parent)) or shutil.which(name)
    assert found, f"{name} comes with the development dependencies"
    return found


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def until_a_worker_is_heard(port: int, heartbeats: int, build_id: str | None = None) -> None:
    """Wait until the server has heard so many heartbeats of a worker; of any version, if none is named."""
    client = await Client.connect(f"127.0.0.1:{port}")
    heard: set[int] = set()
    request = ListWorkersRequest(namespace=client.namespace, query='TaskQueue="carepath"')
    while len(heard) < heartbeats:
        for one in (await client.workflow_service.list_workers(request)).workers_info:
            beat = one.worker_heartbeat
            if build_id in (None, beat.deployment_version.build_id):
                heard.add(beat.heartbeat_time.ToNanoseconds())
        await asyncio.sleep(0.1)


def clinic_of(folder: Path) -> Settings:
    """A clinic of one test, with its own database and mailbox."""
    return Settings(
        home=folder,
        database=f"sqlite+aiosqlite:///{folder / 'clinic.db'}",
        staff=EXAMPLE / "staff.yaml",
        credentials=folder / "signed-in",
        smtp=f"smtp://127.0.0.1:{free_port()}",
    )


def mailbox_of(settings: Settings, folder: Path) -> Mailbox:
    """The mail server of a clinic, which keeps what it gets."""
    return Mailbox(folder / "mail.jsonl", int(settings.smtp.rpartition(":")[2]))


@asynccontextmanager
async def time_skipping_server(settings: Settings) -> AsyncIterator[WorkflowEnvironment]:
    """The test server whose one clock jumps to the next timer; it begins on a Monday morning, whatever day it is."""
    async with await WorkflowEnvironment.start_time_skipping(
        test_server_existing_path=binary("temporal-test-server"),
        test_server_startup_timeout=SLOWEST_START,
        data_converter=pydantic_data_converter,
    ) as environment:
        make_database(settings.database)
        await set_up(environment.client, settings)
        now = await environment.get_current_time()
        monday = (now + timedelta(days=7 - now.weekday())).replace(hour=15, minute=0)
        await environment.sleep(monday - now)
        yield environment


@asynccontextmanager
async def dev_server(
    settings: Settings, ui_port: int | None = None, *arguments: str
) -> AsyncIterator[WorkflowEnvironment]:
    """The real server, in memory, with its Web UI; encrypted as the settings say."""
    async with await WorkflowEnvironment.start_local(
        dev_server_existing_path=binary("temporal"), data_converter=converter(settings), ui=True,
        ui_port=ui_port, runtime=runtime(), dev_server_log_level="error", dev_server_extra_args=arguments,
        dev_server_startup_timeout=SLOWEST_START,
    ) as environment:  # fmt: skip
        make_database(settings.database)
        await set_up(environment.client, settings)
        yield environment


@asynccontextmanager
async def skipping_dev_server(settings: Settings) -> AsyncIterator[WorkflowEnvironment]:
    """The real server, on which each workflow has a clock of its own that `fast_forward` moves."""
    # The second value makes a skip take 0.2 s instead of 1 s.
    dynamic = ("frontend.WorkflowTimeSkippingEnabled=true", 'history.timerProcessorMaxTimeShift="1ms"')
    async with await WorkflowEnvironment.start_time_skipping_v2(
        ts_config=TimeSkippingConfig(
            enabled=True, fast_forward_config=None, disable_propagation=True, max_session_skip_count=0
        ),
        dev_server_existing_path=binary("temporal"), data_converter=pydantic_data_converter,
        runtime=runtime(), dev_server_log_level="error", dev_server_startup_timeout=SLOWEST_START,
        dev_server_extra_args=[part for value in dynamic for part in ("--dynamic-config-value", value)],
    ) as environment:  # fmt: skip
        make_database(settings.database)
        await set_up(environment.client, settings)
        yield environment


@asynccontextmanager
async def running_clinic(folder: Path) -> AsyncIterator[tuple[WorkflowEnvironment, Settings]]:
    """A clinic on the real server: its database, its mailbox, and a worker."""
    settings = clinic_of(folder)
    with mailbox_of(settings, folder):
        async with (
            dev_server(settings) as environment,
            running_worker(environment.client, settings, versioned=False),
        ):
            yield environment, settings
