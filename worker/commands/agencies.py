"""Commands on agencies: check the file, and run the sample agencies of the example clinic."""

import asyncio
import os
import sys
from datetime import timedelta
from typing import Annotated

import typer

from activities.agencies.book import (
    AgenciesFileError,
    AnyChannel,
    EmailChannel,
    FhirChannel,
    LetterChannel,
    WebhookChannel,
    load,
)
from activities.agencies.chosen import Agencies, Reach
from worker.commands.options import Json
from worker.errors import CannotDo
from worker.sample_agencies.pace import Pace
from worker.sample_agencies.run import FHIR_PORT, SECRET, TOKEN, WEBHOOK_PORT, sample_agencies
from worker.settings import load_settings
from worker.show import as_json, console, table
from worker.stopping import until_stopped

app = typer.Typer()


@app.command()
def agencies(json: Json = False) -> None:
    """The agencies of the clinic and how each is reached; says what is wrong, and which secret is missing."""
    settings = load_settings()
    try:
        book = load(settings.agencies)
    except AgenciesFileError as error:
        raise CannotDo(str(error)) from None
    if json:
        as_json(
            [{**one.model_dump(mode="json", by_alias=True), "to": _to(one.channel)} for one in book.agencies]
        )
    else:
        rows = [
            (one.agency_id, one.name, one.channel.type, _to(one.channel), ", ".join(one.services))
            for one in book.agencies
        ]
        table("Agencies", ["id", "name", "channel", "to", "services"], rows)
    reach = Reach(settings.smtp, settings.sender, settings.letters)
    if missing := Agencies(book, reach).missing_secrets():
        note = (
            f"In this shell: {'; '.join(missing)}. A worker without it sends them nothing, and loses nothing."
        )
        print(note, file=sys.stderr)


def _to(channel: AnyChannel) -> str:
    match channel:
        case EmailChannel(to=to):
            return to
        case LetterChannel():
            return "by post"
        case FhirChannel(url=url) | WebhookChannel(url=url):
            return url


@app.command("sample-agencies")
def sample(
    pace: Annotated[float, typer.Option(help="Seconds for each step: accept, book, visit.", min=0.05)] = 20,
    fhir_port: Annotated[int, typer.Option(help="Port of the FHIR server.")] = FHIR_PORT,
    webhook_port: Annotated[int, typer.Option(help="Port of the webhook.")] = WEBHOOK_PORT,
) -> None:
    """Run the sample agencies on this machine: they accept referrals, book and confirm a visit by themselves."""
    if missing := [variable for variable in (TOKEN, SECRET) if not os.environ.get(variable)]:
        raise CannotDo(f"{' and '.join(missing)} must be set, here and for the worker, to the same made-up value: with "
                       "them the two sides know each other.")  # fmt: skip

    async def run() -> None:
        rhythm = Pace(timedelta(seconds=pace))
        async with sample_agencies(pace=rhythm, fhir_port=fhir_port, webhook_port=webhook_port):
            console.print(f"A FHIR server on http://127.0.0.1:{fhir_port}/fhir, a webhook on "
                          f"http://127.0.0.1:{webhook_port}/referrals. Stop them with Ctrl-C.")  # fmt: skip
            await until_stopped()

    asyncio.run(run())
