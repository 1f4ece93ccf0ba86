"""Commands on a patient's identity and contact preferences; they touch the clinic database alone (P1, P2)."""

import asyncio
import re
from collections.abc import Awaitable, Callable
from dataclasses import asdict, replace
from datetime import date, datetime, time
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from activities.channels.reach import OutOfBounds, check_address
from activities.clinic_database import Crosswalk
from activities.clinic_database.merging import CannotMerge, Merged, Merging
from activities.clinic_database.patients import Patient, Patients
from worker.commands.options import By, Json, read_day
from worker.episodes import clinic_database
from worker.errors import CannotDo
from worker.people import named
from worker.settings import load_settings
from worker.show import as_json, console, table

patient = typer.Typer(help="Who a patient is, and how to reach them.", no_args_is_help=True)
Key = Annotated[str, typer.Argument(help="The clinic's patient key.")]


@patient.command()
def save(
    key: Key,
    given_name: Annotated[str | None, typer.Option()] = None,
    family_name: Annotated[str | None, typer.Option()] = None,
    birth_date: Annotated[str | None, typer.Option(help="YYYY-MM-DD")] = None,
    phone: Annotated[str | None, typer.Option()] = None,
    email: Annotated[str | None, typer.Option()] = None,
    language: Annotated[str | None, typer.Option(help="The language to write in, such as es.")] = None,
    timezone: Annotated[
        str | None, typer.Option(help="Where the person lives, if not in the clinic's.")
    ] = None,
    quiet: Annotated[str | None, typer.Option(help="Quiet hours, such as 21:00-08:00.")] = None,
    near: Annotated[
        str | None, typer.Option(help="Latitude,longitude of the home, to find what is near.")
    ] = None,
    channel: Annotated[
        str | None, typer.Option(help="A safe channel for messages: mailto:… or an Apprise URL.")
    ] = None,
    json: Json = False,
) -> None:
    """Keep what is given; what is not given stays as it was."""
    if not key.strip():
        raise CannotDo("The patient's key is empty; give the clinic's own key.")
    given = {
        "given_name": given_name, "family_name": family_name,
        "phone": _written("--phone", phone, r"\+?[\d .()-]{5,}", "digits, such as 555-0101"),
        "email": _written("--email", email, r"[^@\s]+@[^@\s]+\.[^@\s]+", "one address, such as ada@mail.example"),
        "language": _written("--language", language, r"[a-z]{2,3}(-[A-Z]{2})?", "a code, such as es"),
        "timezone": _zone(timezone), "birth_date": _birth_date(birth_date) if birth_date else None,
    }  # fmt: skip
    _written("--channel", channel, r"mailto:\S+@\S+|[a-z][a-z0-9+.-]*://\S+", "mailto:… or an Apprise URL")
    if channel:
        _check_reach(channel)
    quiet_from, quiet_until = _quiet(quiet) if quiet else (None, None)
    latitude, longitude = _place(near) if near else (None, None)
    changes = {
        name: value
        for name, value in {
            **given,
            "quiet_from": quiet_from,
            "quiet_until": quiet_until,
            "latitude": latitude,
            "longitude": longitude,
        }.items()
        if value is not None
    }
    if not changes and not channel:
        raise CannotDo("There is nothing to keep: give at least one option, such as --phone.")

    async def run() -> None:
        async with clinic_database() as database:
            patients = Patients(database, load_settings().region)
            kept = replace(await patients.get(key) or Patient(key), **changes)  # type: ignore[arg-type]
            await patients.save(kept)
            if channel:
                await Crosswalk(database).save_contact(key, channel, allowed=True)
        as_json(asdict(kept)) if json else console.print("Kept.")

    asyncio.run(run())


def _check_reach(channel: str) -> None:
    try:
        check_address(channel)
    except OutOfBounds as error:
        raise CannotDo(f"--channel: this address {error}.") from None


@patient.command()
def show(key: Key, json: Json = False) -> None:
    """What is on file."""

    async def run() -> Patient | None:
        async with clinic_database() as database:
            return await Patients(database).get(key)

    found = asyncio.run(run())
    if found is None:
        raise CannotDo(f"Nothing is on file for {key}.")
    if json:
        as_json(asdict(found))
    else:
        table(
            key,
            ["field", "value"],
            [[n.replace("_", " "), v] for n, v in asdict(found).items() if v is not None],
        )


@patient.command()
def stop(key: Key) -> None:
    """The person wants no further messages: none is sent from now on."""
    _stopped(key, True, "No further message is sent to this person.")


@patient.command()
def resume(key: Key) -> None:
    """The person wants messages again."""
    _stopped(key, False, "Messages are sent again.")


@patient.command()
def merge(
    key_from: Annotated[str, typer.Argument(help="The key that is given up.")],
    key_into: Annotated[str, typer.Argument(help="The key under which the person goes on.")],
    by: By,
    json: Json = False,
) -> None:
    """Two keys were found to be one person: everything goes on under the second one.

    What is on file there stands, the other one fills gaps; about messages the safer of the two holds. The accounting
    shows the disclosures of both. With two open episodes nothing is merged (I6). `unmerge` takes it back.
    """
    done = _merging(by, lambda merging, who: merging.merge(key_from, key_into, who))
    if json:
        as_json(asdict(done))
        return
    if not done.is_new:
        console.print(f"{key_from} was merged into {done.into_key} before; nothing changed.", markup=False)
        return
    console.print(f"{key_from} is {done.into_key} now.{_moved(done)}", markup=False)
    if done.differed:
        said = ", ".join(done.differed).replace("_", " ")
        console.print(
            f"The two differed in: {said}. What stood under {done.into_key} stands; check it with `carepath patient "
            f"show {done.into_key}`.",
            markup=False,
        )


@patient.command()
def unmerge(
    key_from: Annotated[str, typer.Argument(help="The key that was given up.")], by: By, json: Json = False
) -> None:
    """They are two people after all: what was merged goes back, what was changed or begun since stays where it is."""
    done = _merging(by, lambda merging, who: merging.unmerge(key_from, who))
    if json:
        as_json(asdict(done))
        return
    console.print(f"{key_from} and {done.into_key} are two people again.{_moved(done)}", markup=False)
    if done.differed:
        said = ", ".join(done.differed).replace("_", " ")
        console.print(f"Left under {done.into_key} as it is now, check it: {said}.", markup=False)


def _moved(done: Merged) -> str:
    return f" Moved: {', '.join(f'episode-{one}' for one in done.episodes)}." if done.episodes else ""


def _merging(by: str, do: Callable[[Merging, str], Awaitable[Merged]]) -> Merged:
    who = named(load_settings(), "--by", by)

    async def run() -> Merged:
        async with clinic_database() as database:
            return await do(Merging(database), who)

    try:
        return asyncio.run(run())
    except CannotMerge as error:
        raise CannotDo(str(error)) from None


def _stopped(key: str, stopped: bool, words: str) -> None:
    async def run() -> None:
        async with clinic_database() as database:
            if not await Patients(database).knows(key):
                raise CannotDo(f"Nothing is on file for {key}.")
            await Patients(database).stop(key, stopped)

    asyncio.run(run())
    console.print(words)


def _birth_date(text: str) -> date:
    day = read_day("--birth-date", text)
    if not date(1900, 1, 1) <= day <= datetime.now().astimezone().date():
        raise CannotDo("--birth-date: nobody here was born on that day; write it as 1988-04-02.")
    return day


def _written(option: str, text: str | None, pattern: str, so: str) -> str | None:
    if text is not None and not re.fullmatch(pattern, text):
        raise CannotDo(
            f"{option}: write it as {so}."
        )  # what was typed stays out of logs: it may be anything (P1)
    return text


def _zone(name: str | None) -> str | None:
    try:
        return ZoneInfo(name).key if name else None
    except (ValueError, OSError, KeyError):
        raise CannotDo(
            f"--timezone: {name} is not a time zone; use a name such as America/Chicago."
        ) from None


def _quiet(text: str) -> tuple[time, time]:
    begin, _, end = text.partition("-")
    try:
        return time.fromisoformat(begin.strip()), time.fromisoformat(end.strip())
    except ValueError:
        raise CannotDo(f"--quiet: {text} are no hours; write them as 21:00-08:00.") from None


def _place(text: str) -> tuple[float, float]:
    latitude, _, longitude = text.partition(",")
    try:
        place = float(latitude), float(longitude)
    except ValueError:
        raise CannotDo(f"--near: {text} is no place; write it as 41.88,-87.63.") from None
    if not (-90 <= place[0] <= 90 and -180 <= place[1] <= 180):
        raise CannotDo(f"--near: {text} is not on earth; write latitude,longitude as 41.88,-87.63.")
    return place
