"""Commands that run the clinic: up, setup, worker, mail."""

import asyncio
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer
from temporalio.client import Client

from worker.commands.options import Json
from worker.connection import connect
from worker.deployment import build_id, deployment_of
from worker.errors import CannotDo
from worker.home import not_found
from worker.mailbox import read
from worker.running import end
from worker.settings import CODEC_PORT, GATEWAY_PORT, load_settings
from worker.setup import set_up
from worker.show import as_json, console, table, when_in
from worker.stopping import until_stopped

app = typer.Typer()

NewServer = Annotated[
    bool,
    typer.Option(
        "--new-server",
        help="The clinic moves to this server from another one; what ran there is not taken along.",
    ),
]


@app.command()
def up(
    empty: Annotated[bool, typer.Option("--empty", help="Without the example clinic.")] = False,
    port: Annotated[int, typer.Option(help="Port of the Temporal server.")] = 7233,
    ui_port: Annotated[int, typer.Option(help="Port of the Web UI.")] = 8233,
    mail_port: Annotated[int, typer.Option(help="Port of the local mailbox.")] = 8025,
    gateway_port: Annotated[
        int, typer.Option(help="Port at which agencies answer; the sample agencies take the two that follow.")
    ] = GATEWAY_PORT,
    codec_port: Annotated[
        int, typer.Option(help="Port of the codec server, if histories are encrypted.")
    ] = CODEC_PORT,
    new_server: NewServer = False,
) -> None:
    """Start everything on this machine: Temporal with its Web UI, worker, mailbox, example clinic."""
    # What runs a clinic takes seconds to load; the other commands of this file do not wait for it.
    from worker.up import Ports
    from worker.up import up as start_everything

    ports = Ports(server=port, ui=ui_port, mail=mail_port, gateway=gateway_port, codec=codec_port)
    asyncio.run(start_everything(ports, empty=empty, is_new=new_server))


@app.command()
def down(json: Json = False) -> None:
    """End the clinic that `carepath up` runs, also what a closed window has left behind. Everything is kept."""
    home = load_settings().home
    if not home.is_dir():
        raise not_found(home)
    ended = end(home)
    if json:
        as_json(ended)
    else:
        console.print(
            f"Ended {' and '.join(ended)}." if ended else f"Nothing runs in {home}.", soft_wrap=True
        )


@app.command()
def setup(new_server: NewServer = False, json: Json = False) -> None:
    """Prepare a server that exists: search attributes and the clinic database. Safe to run again."""

    async def run() -> list[str]:
        settings = load_settings()
        return await set_up(await connect(settings), settings, is_new=new_server)

    done = asyncio.run(run())
    if json:
        as_json(done)
        return
    for what in done:
        console.print(f"Done: {what}.", soft_wrap=True, highlight=False, markup=False)


@app.command()
def worker(
    unversioned: Annotated[
        bool, typer.Option("--unversioned", help="Without worker deployment versions.")
    ] = False,
) -> None:
    """Run a worker against a server that exists, until it is stopped."""
    from worker.run import running_worker  # as above

    async def run() -> None:
        settings = load_settings()
        client = await connect(settings)
        async with running_worker(client, settings, versioned=not unversioned):
            console.print("The worker is running. Stop it with Ctrl-C.")
            if not unversioned:
                await _say_which_is_current(client, build_id(settings))
            await until_stopped()

    asyncio.run(run())


@app.command()
def mail(
    to: Annotated[str | None, typer.Option(help="Only to this address.")] = None,
    number: Annotated[
        int | None, typer.Option("--show", help="Show one message in full, by its number.")
    ] = None,
    json: Json = False,
) -> None:
    """What the local mailbox of `carepath up` has received."""
    messages = [
        (n, one)
        for n, one in enumerate(read(_mailbox(load_settings().home)), 1)
        if to is None or to in one["to"]
    ]
    if number is not None:
        found = dict(messages).get(number)
        if found is None:
            raise CannotDo(f"There is no message {number}.")
        as_json(found) if json else console.print(
            f"To: {found['to']}\nSubject: {found['subject']}\n\n{found['body']}"
        )
    elif json:
        as_json([one for _, one in messages])
    else:
        zone = load_settings().timezone
        rows = [
            (n, when_in(zone, datetime.fromisoformat(one["received_at"])), one["to"], one["subject"])
            for n, one in messages
        ]
        table(f"Mail (times in {zone})", ["#", "received", "to", "subject"], rows)


async def _say_which_is_current(client: Client, own: str) -> None:
    current = (await deployment_of(client)).current
    if current == own:
        console.print(f"Its version {own} is the current one.", soft_wrap=True)
    else:
        console.print(f"Its version is {own}, and {current} is the current one: "
                      f"`carepath deployment promote {own}` lets this one take over.", soft_wrap=True)  # fmt: skip


def _mailbox(home: Path) -> Path:
    if not home.is_dir():
        raise not_found(home)
    return home / "mail.jsonl"
