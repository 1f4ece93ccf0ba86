"""Telling medical personnel in an emergency, without a consent and on record at once (P6)."""

import asyncio
import uuid
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Annotated
from zoneinfo import ZoneInfo

import typer
from pydantic import ValidationError
from temporalio.exceptions import ApplicationError

from activities.agencies.chosen import Agencies, Reach
from activities.clinic_database import ClinicDatabase
from activities.clinic_database.ledger import Ledger
from activities.clinic_database.patients import Patients
from activities.disclose import Discloser
from activities.emergencies import Emergency, InEmergency, told
from worker.commands.disclosures import ledger
from worker.commands.options import By, Episode, Json, read_moment
from worker.episodes import bare_id, clinic_database
from worker.errors import CannotDo
from worker.journal_key import load_journal_key
from worker.people import named
from worker.settings import Settings, links, load_settings
from worker.show import as_json, console
from workflows.core.episode.consent.grounds import EMERGENCY_PURPOSE, Profession
from workflows.core.episode.entries import in_words
from workflows.core.referral.effects import NOT_WAITED_FOR
from workflows.ports.agencies import DisclosureReceipt, Reconciliation

SERVICE = "emergency_care"

app = typer.Typer()


@app.command()
def emergency(
    episode: Episode,
    by: By,
    recipient: Annotated[str, typer.Option(help="Who is told, by name: medical personnel only.")],
    profession: Annotated[Profession, typer.Option(help="What they are.")],
    facility: Annotated[str, typer.Option(help="Where they work.")],
    nature: Annotated[str, typer.Option(help="The nature of the emergency.")],
    content: Annotated[list[str], typer.Option(help="What is told, such as identity; several times.")],
    at: Annotated[
        str | None, typer.Option(help="When it was told, such as 2026-03-31T18:05; now if absent.")
    ] = None,
    agency: Annotated[
        str | None,
        typer.Option(
            help="Send it over this agency's channel. Without it, it has been told by telephone or in person, and is "
            "written down."
        ),
    ] = None,
    json: Json = False,
) -> None:
    """Tell medical personnel in an emergency, and put it on record at once (P6, 42 CFR 2.51).

    Never family, an emergency contact or the police. It works without a Temporal server.
    """
    settings = load_settings()
    who = named(settings, "--by", by)
    reason = _emergency(
        recipient=recipient, profession=profession, facility=facility, nature=nature, discloser=who
    )
    if agency and at:
        raise CannotDo("--at: what is sent is sent now; leave it out, or leave --agency out.")
    moment = read_moment("--at", at, ZoneInfo(settings.timezone)) if at else datetime.now(UTC)
    if moment > datetime.now(UTC):
        raise CannotDo(f"--at: {at} lies ahead; state when it was told.")
    key = f"emergency-{uuid.uuid4().hex[:16]}"

    async def run() -> dict[str, str]:
        async with clinic_database() as database:
            await _known(database, bare_id(episode))
            if agency is None:
                await told(
                    database, load_journal_key(settings), bare_id(episode), key, reason, content, moment
                )
                return {"key": key, "outcome": "recorded"}
            receipt = await _send(database, settings, bare_id(episode), key, agency, reason, content)
            return receipt.model_dump(mode="json", exclude_none=True)

    done = asyncio.run(run())
    if json:
        as_json(done)
    elif done["outcome"] == "uncertain":
        console.print(f"Nobody knows whether it arrived: call {recipient}, then "
                      f"`carepath ledger reconcile {key} --arrived --by {by}`, or --not-arrived.")  # fmt: skip
    else:
        console.print("It is on record." if agency is None else f"Sent to {agency}, and on record.")


@ledger.command()
def reconcile(
    key: Annotated[str, typer.Argument(help="The key that `carepath ledger uncertain` shows.")],
    by: By,
    arrived: Annotated[bool, typer.Option("--arrived/--not-arrived", help="What you have found out.")],
) -> None:
    """State whether an uncertain sending has arrived (P9). For a referral's, complete its task instead."""
    settings = load_settings()
    who = named(settings, "--by", by)

    async def run() -> None:
        async with clinic_database() as database:
            if key not in [uncertain for _, uncertain in await Ledger(database).uncertain()]:
                raise CannotDo(
                    f"{key}: no sending of that key is uncertain; `carepath ledger uncertain` lists them."
                )
            if not key.startswith("emergency-") and not any(f":{what}" in key for what in NOT_WAITED_FOR):
                raise CannotDo(f"{key} belongs to a referral, which waits for the answer: complete its task "
                               "'reconcile_sending', which `carepath tasks` shows.")  # fmt: skip
            await _discloser(database, settings).reconcile(Reconciliation(key=key, arrived=arrived, by=who))

    asyncio.run(run())
    console.print(
        "It is on record that it arrived." if arrived else "It is on record that it did not arrive."
    )


def _emergency(**given: str) -> Emergency:
    try:
        return Emergency.model_validate(given)
    except ValidationError as error:
        raise CannotDo(f"This emergency cannot be recorded: {in_words(error, Emergency)}") from None


async def _known(database: ClinicDatabase, episode: str) -> None:
    if await Patients(database).of_episode(episode) is None:
        raise CannotDo(f"{episode}: the clinic database knows no such episode; `carepath list` shows them.")


def _discloser(database: ClinicDatabase, settings: Settings) -> Discloser:
    reach = Reach(settings.smtp, settings.sender, settings.letters)
    return Discloser(
        database,
        lambda: Agencies.of_file(settings.agencies, reach),
        links(settings),
        ZoneInfo(settings.timezone),
        load_journal_key(settings),
    )


async def _send(
    database: ClinicDatabase,
    settings: Settings,
    episode: str,
    key: str,
    agency: str,
    reason: Emergency,
    content: Iterable[str],
) -> DisclosureReceipt:
    wanted = InEmergency(
        key=key,
        episode_id=episode,
        referral_id=key,
        agency=agency,
        service=SERVICE,
        purpose=EMERGENCY_PURPOSE,
        content=list(content),
        emergency=reason,
    )
    try:
        receipt = await _discloser(database, settings).disclose(wanted)
    except ApplicationError as error:
        raise CannotDo(f"Nothing was sent: {error.message}. Call {reason.recipient} instead, and record that "
                       "without --agency.") from None  # fmt: skip
    if receipt.outcome == "withheld":
        raise CannotDo(f"Nothing was sent: {receipt.reason}.")
    return receipt
