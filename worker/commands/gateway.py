"""Commands on the gateway: run it, and look at answers that no referral has taken."""

import asyncio
from typing import Annotated, Any

import typer

from activities.agencies.book import AgenciesFileError
from activities.clinic_database.inbox import AgencyWord, Inbox
from activities.clinic_database.patients import Patients
from activities.clinic_database.texts import Text, Texts
from worker.codec.marks import check_keys_of
from worker.commands.episodes import need_author
from worker.commands.options import By, Json
from worker.connection import connect
from worker.database import check_database
from worker.episodes import clinic_database, must_be_signed_in
from worker.errors import CannotDo
from worker.home_server import check_server_of
from worker.people import named
from worker.settings import GATEWAY_PORT, load_settings
from worker.show import as_json, console, table, when_in
from worker.stopping import until_stopped

app = typer.Typer()


@app.command("gateway")
def run_gateway(
    host: Annotated[str, typer.Option(help="Address to listen on; put a TLS proxy before it.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on.")] = GATEWAY_PORT,
) -> None:
    """Take what agencies answer, and STOP from telephones, until it is stopped."""
    from worker.gateway.running import (
        gateway,  # whoever looks at answers does not wait for a web server to load
    )

    async def run() -> None:
        settings = load_settings()
        client = await connect(settings)
        await check_database(settings)
        await check_keys_of(settings)
        await check_server_of(client, settings)
        async with gateway(client, settings, port, host):
            console.print(f"The gateway listens on http://{host}:{port}. Stop it with Ctrl-C.")
            await until_stopped()

    try:
        asyncio.run(run())
    except AgenciesFileError as error:
        raise CannotDo(str(error)) from None


@app.command()
def answers(
    seen: Annotated[
        str | None,
        typer.Option(help="The key of a text message that you have seen to; it is listed no more."),
    ] = None,
    by: By = "",
    json: Json = False,
) -> None:
    """What came in and nobody has taken: answers of agencies, and text messages of people that were not understood."""
    settings = load_settings()
    if seen:
        need_author(by)
        named(settings, "--by", by)

    async def run() -> tuple[list[AgencyWord], list[tuple[Text, list[str]]]]:
        async with clinic_database() as database:
            texts, patients = Texts(database), Patients(database, settings.region)
            if seen:
                await must_be_signed_in(settings, database, by)
            if seen and not await texts.seen(seen, by):
                raise CannotDo(
                    f"There is no unseen text message {seen}; `carepath answers` lists their keys."
                )
            unseen = [(one, await patients.reached_at(one.sender)) for one in await texts.unseen()]
            return await Inbox(database).unsettled(), unseen

    found, texts = asyncio.run(run())
    if json:
        as_json([*map(_answer, found), *(_text(one, whose) for one, whose in texts)])
        return
    _show_answers(found, texts, settings.timezone)


def _show_answers(found: list[AgencyWord], texts: list[tuple[Text, list[str]]], zone: str) -> None:
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
    table(
        f"Answers not taken (times in {zone})",
        ["received", "agency", "referral", "says", "state", "why"],
        rows,
    )
    if texts:
        rows = [
            [
                when_in(zone, one.received_at),
                one.key[:8],
                one.sender,
                ", ".join(whose) or "nobody here",
                one.text,
            ]
            for one, whose in texts
        ]
        table(
            f"Text messages that a person must read (times in {zone})",
            ["received", "key", "from", "patient", "says"],
            rows,
        )


def _answer(one: AgencyWord) -> dict[str, Any]:
    return {
        "received_at": one.received_at, "agency": one.agency, "referral_id": one.referral_id,
        "statement": one.statement, "state": one.state, "detail": one.detail,
    }  # fmt: skip


def _text(one: Text, whose: list[str]) -> dict[str, Any]:
    return {
        "received_at": one.received_at, "agency": None, "referral_id": None, "statement": {"text": one.text},
        "state": "unseen", "detail": None, "key": one.key, "from": one.sender, "patients": whose,
    }  # fmt: skip
