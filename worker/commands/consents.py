"""Commands on consents: add, revoke, show (P3, P4)."""

import asyncio
import uuid
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

import typer

from activities.clinic_database.consents import Begun, ConsentOnFile, Consents, TakenBack
from worker.commands.episodes import tell
from worker.commands.options import By, Episode, Json, read_day
from worker.episodes import Clinic, bare_id, clinic, clinic_database, episode_id
from worker.errors import CannotDo
from worker.people import check_authors
from worker.settings import load_settings
from worker.show import as_json, console, table, when_in

consent = typer.Typer(help="What the patient has consented to.", no_args_is_help=True)
Id = Annotated[str, typer.Argument(help="The consent's id.")]


@consent.command()
def add(
    episode: Episode,
    consent_id: Id,
    by: By,
    recipient: Annotated[str | None, typer.Option(help="Agency or contact id; a class for tpo only.")] = None,
    purpose: Annotated[str | None, typer.Option(help="Why, such as referral or treatment.")] = None,
    content: Annotated[
        list[str] | None, typer.Option(help="What, such as referral; give it several times.")
    ] = None,
    signed_on: Annotated[str | None, typer.Option(help="Day of the signature.")] = None,
    expires_on: Annotated[str | None, typer.Option(help="Last day on which it stands.")] = None,
    expires_event: Annotated[
        str | None, typer.Option(help="Or the event that ends it, such as end_of_care.")
    ] = None,
    type_: Annotated[
        str, typer.Option("--type", help="disclosure, tpo, counselling_notes or proceedings.")
    ] = "disclosure",
    authority: Annotated[
        str | None, typer.Option(help="By what right a representative signed, such as guardian.")
    ] = None,
    json: Json = False,
) -> None:
    """Record a signed consent; one that lacks an element is refused with what is missing (P4)."""
    given = {
        "recipient": recipient, "purpose": purpose, "signed_on": signed_on, "expires_on": expires_on,
        "expires_event": expires_event, "authority": authority,
        "signed_by": "representative" if authority else None,
    }  # fmt: skip
    statement: dict[str, Any] = {
        "kind": "consent",
        "by": by,
        "consent_id": consent_id,
        "type": type_,
        "content": content or [],
        **{name: value for name, value in given.items() if value},
    }

    async def run() -> None:
        async with clinic() as here:
            check_authors(here.settings, [statement])
            tell(await here.update(episode_id(episode), "record", statement), json)

    asyncio.run(run())


@consent.command()
def revoke(
    episode: Episode,
    consent_id: Id,
    by: By,
    on: Annotated[str | None, typer.Option(help="Day of the revocation; today if absent.")] = None,
    form: Annotated[
        Literal["written", "spoken", "event"],
        typer.Option(help="How it was said; event: what the consent was to end with has come to pass."),
    ] = "written",
    json: Json = False,
) -> None:
    """Take a consent back. What is queued stops at once, even where the episode does not answer (P4)."""
    day = read_day("--on", on) if on else None
    if day and day > datetime.now(ZoneInfo(load_settings().timezone)).date():
        raise CannotDo(f"--on: {on} lies ahead; take it back on that day, or leave --on out to do it now.")
    entry_id = f"revocation-{uuid.uuid4().hex[:12]}"
    statement: dict[str, Any] = {
        "kind": "revocation", "id": entry_id, "by": by, "consent_id": consent_id, "form": form
    }  # fmt: skip
    if day:
        statement["on"] = day.isoformat()

    async def run() -> None:
        async with clinic_database() as database:
            consents = Consents(database)
            taken = await consents.revoke(bare_id(episode), consent_id, entry_id, datetime.now(UTC), by)
            on_file = {one.consent.consent_id for one in await consents.of_episode(bare_id(episode))}
        if taken.entries and not json:
            for sentence in in_words(taken, load_settings().timezone):
                console.print(sentence, soft_wrap=True)
        async with clinic() as here:
            if consent_id not in on_file:
                await _in_the_record(here, episode, consent_id, on_file)
            if not taken.entries and not json:
                console.print("Nothing was being sent under it any more.")
            done = await here.update(episode_id(episode), "record", statement)
            tell({**done, "begun": [asdict(one) for one in taken.begun]} if json else done, json)

    asyncio.run(run())


def in_words(taken: TakenBack, zone: str) -> list[str]:
    """What a revocation has stopped, and what nobody can call back any more, for whoever took it back (P4)."""
    stopped = {0: "", 1: " One sending that was waiting is stopped."}.get(
        taken.stopped, f" {taken.stopped} sendings that were waiting are stopped."
    )
    return [f"Nothing more leaves under it.{stopped}", *(_begun_in_words(one, zone) for one in taken.begun)]


def _begun_in_words(one: Begun, zone: str) -> str:
    what, at = one.kind.replace("_", " "), when_in(zone, one.since) if one.since else ""
    if one.state == "sending" and not one.since:
        return f"A {what} to {one.recipient} was about to leave: it asks once more before it does, and is kept back."
    if one.state == "sending":
        return (
            f"A {what} to {one.recipient} may be on its way since {at}. Nothing can call it back from here: call them, "
            "and ask them to put it aside."
        )
    if one.state == "uncertain":
        return f"A {what} to {one.recipient} left at {at} or did not: nobody knows. Ask them; a task is open for that."
    if one.state == "to_post":
        return (
            f"A letter to {one.recipient} lies in the folder for letters since {at} ({one.reference}): take it out, "
            "unless it was posted."
        )
    return f"A {what} to {one.recipient} was sent at {at}; it stays in the accounting of disclosures."


async def _in_the_record(here: Clinic, episode: str, consent_id: str, on_file: set[str]) -> None:
    """A consent of this moment may be in the record only. A slip of the hand in its id is in neither."""
    lines = await here.query(episode_id(episode), "journal")
    if not any(line["kind"] == "consent" and line["entry"]["consent_id"] == consent_id for line in lines):
        known = f"it has {', '.join(sorted(on_file))}" if on_file else "it has none"
        raise CannotDo(
            f"{episode_id(episode)} has no consent {consent_id} ({known}); nothing was taken back."
        )


@consent.command()
def show(episode: Episode, json: Json = False) -> None:
    """Every consent of an episode, whether it stands today, and its history."""

    async def run() -> list[ConsentOnFile]:
        async with clinic_database() as database:
            return await Consents(database).of_episode(bare_id(episode))

    found = asyncio.run(run())
    zone = load_settings().timezone
    today = datetime.now(ZoneInfo(zone)).date()
    if json:
        as_json([_plain(one, one.consent.ended(today)) for one in found])
        return
    rows = [
        [
            f"{one.consent.consent_id}\n{one.consent.type}",
            one.consent.recipient,
            f"{one.consent.purpose}:\n{', '.join(sorted(one.consent.content))}",
            f"{one.consent.signed_on} to\n{one.consent.expires_on or one.consent.expires_event}",
            one.consent.ended(today) or "stands",
        ]
        for one in found
    ]
    table("Consents", ["id, type", "recipient", "purpose: content", "signed, ends", "today"], rows)
    if any(one.history for one in found):
        console.print(f"What became of them (times in {zone}):")
    for one in found:
        for at, what, by in one.history:
            console.print(f"  {when_in(zone, at)}  {one.consent.consent_id}: {what}, by {by}")


def _plain(one: ConsentOnFile, ended: str | None) -> dict[str, Any]:
    consent = one.consent
    return {
        "consent_id": consent.consent_id,
        "type": consent.type,
        "discloser": one.discloser,
        "recipient": consent.recipient,
        "purpose": consent.purpose,
        "content": sorted(consent.content),
        "signed_on": consent.signed_on,
        "signed_by": one.signed_by,
        "authority": one.authority,
        "expires_on": consent.expires_on,
        "expires_event": consent.expires_event,
        "stands": ended is None,
        "why_not": ended,
        "history": [{"at": at, "what": what, "by": by} for at, what, by in one.history],
    }
