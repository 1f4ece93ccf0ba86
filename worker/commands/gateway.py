"""Commands on the gateway: run it, and look at answers that no referral has taken."""

import asyncio
from typing import Annotated

import typer

from activities.agencies.book import AgenciesFileError
from activities.clinic_database.inbox import Answer, Inbox
from worker.commands.options import Json
from worker.connection import connect
from worker.database import check_database
from worker.episodes import clinic_database
from worker.errors import CannotDo
from worker.gateway.running import PORT, gateway
from worker.run import until_stopped
from worker.settings import load_settings
from worker.show import as_json, console, table, when_in

app = typer.Typer()


@app.command("gateway")
def run_gateway(
    host: Annotated[str, typer.Option(help="Address to listen on; put a TLS proxy before it.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on.")] = PORT,
) -> None:
    """Take what agencies answer, and STOP from telephones, until it is stopped."""

    async def run() -> None:
        settings = load_settings()
        client = await connect(settings)
        await check_database(settings)
        async with gateway(client, settings, port, host):
            console.print(f"The gateway listens on http://{host}:{port}. Stop it with Ctrl-C.")
            await until_stopped()

    try:
        asyncio.run(run())
    except AgenciesFileError as error:
        raise CannotDo(str(error)) from None


@app.command()
def answers(json: Json = False) -> None:
    """Answers of agencies that no referral has taken: it was over, its rules refused them, or nobody was there."""

    async def run() -> list[Answer]:
        async with clinic_database() as database:
            return await Inbox(database).unsettled()

    found = asyncio.run(run())
    if json:
        as_json(
            [
                {"received_at": one.received_at, "agency": one.agency, "referral_id": one.referral_id,
                 "statement": one.statement, "state": one.state, "detail": one.detail}
                for one in found
            ]
        )  # fmt: skip
        return
    zone = load_settings().timezone
    rows = [
        [
            when_in(zone, one.received_at),
            one.agency,
            one.referral_id,
            one.statement["status"],
            one.state,
            one.detail,
        ]
        for one in found
    ]
    table("Answers not taken", ["received", "agency", "referral", "says", "state", "why"], rows)
