"""Commands on a patient's identity and contact preferences, which stand in the clinic database alone (P1, P2)."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Annotated, Any

import typer

from activities.clinic_database import ClinicDatabase, Crosswalk, EpisodeAlreadyOpen
from activities.clinic_database.merging import CannotMerge, Merged, Merging
from activities.clinic_database.patients import Patient, Patients
from activities.clinic_database.spelling import BadKey
from worker.commands.options import By, Json, read_file
from worker.commands.patient_fields import birth_date_of, check_reach, place_of, quiet_hours, written, zone_of
from worker.episodes import bare_id, clinic, clinic_database, episode_id, must_be_signed_in
from worker.errors import CannotDo
from worker.executions import described
from worker.people import named
from worker.settings import load_settings
from worker.show import as_json, console, table

patient = typer.Typer(help="Who a patient is, and how to reach them.", no_args_is_help=True)
Key = Annotated[str, typer.Argument(help="The clinic's patient key.")]


@patient.command()
def save(
    key: Key,
    file: Annotated[
        Path | None,
        typer.Option(help="The same as JSON or YAML (given_name, birth_date, phone, …); - is stdin."),
    ] = None,
    ask: Annotated[
        bool, typer.Option("--ask", help="Ask for names, birth date, phone and address one by one.")
    ] = False,
    given_name: Annotated[
        str | None,
        typer.Option(
            help="Seen by everybody on this machine while it runs, as all options are: see --ask, --file."
        ),
    ] = None,
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
    """Keep what is given; what is not given stays as it was.

    What stands on a command line is seen by everybody on the machine while it runs, and in the shell's history: give
    names and birth dates with --ask or --file.
    """
    options = {
        "given_name": given_name, "family_name": family_name, "birth_date": birth_date, "phone": phone,
        "email": email, "language": language, "timezone": timezone, "quiet": quiet, "near": near, "channel": channel,
    }  # fmt: skip
    options = (
        _in_file(file) | {name: one for name, one in options.items() if one is not None} if file else options
    )
    if ask:
        options |= _asked(options)
    _keep(key, options, json)


IN_PRIVATE = ("given_name", "family_name", "birth_date", "phone", "email")
"""Who a person is: what --ask asks for."""

FIELDS = (*IN_PRIVATE, "language", "timezone", "quiet", "near", "channel")


def _in_file(file: Path) -> dict[str, str | None]:
    content = read_file(file)
    if not isinstance(content, dict) or (unknown := sorted(set(content) - set(FIELDS))):
        named = f": {', '.join(map(str, unknown))} is no field" if isinstance(content, dict) else ""
        raise CannotDo(f"{file}{named}; give an object with fields of {', '.join(FIELDS)}.")
    return {name: str(value) for name, value in content.items() if value is not None}


def _asked(known: Mapping[str, str | None]) -> dict[str, str]:
    answers = {
        name: typer.prompt(
            f"{name.replace('_', ' ').capitalize()} (empty: as it was)", default="", show_default=False
        )
        for name in IN_PRIVATE
        if known.get(name) is None
    }
    return {name: answer for name, answer in answers.items() if answer.strip()}


def _keep(key: str, options: Mapping[str, str | None], json: bool) -> None:
    phone, email, language, birth_date = (
        options.get(one) for one in ("phone", "email", "language", "birth_date")
    )
    quiet, near, channel = (options.get(one) for one in ("quiet", "near", "channel"))
    given = {
        "given_name": options.get("given_name"), "family_name": options.get("family_name"),
        "phone": written("--phone", phone, r"\+?[\d .()-]{5,}", "digits, such as 555-0101"),
        "email": written("--email", email, r"[^@\s]+@[^@\s]+\.[^@\s]+", "one address, such as ada@mail.example"),
        "language": written("--language", language, r"[a-z]{2,3}(-[A-Z]{2})?", "a code, such as es"),
        "timezone": zone_of(options.get("timezone")), "birth_date": birth_date_of(birth_date) if birth_date else None,
    }  # fmt: skip
    written("--channel", channel, r"mailto:\S+@\S+|[a-z][a-z0-9+.-]*://\S+", "mailto:… or an Apprise URL")
    if channel:
        check_reach(channel)
    quiet_from, quiet_until = quiet_hours(quiet) if quiet else (None, None)
    latitude, longitude = place_of(near) if near else (None, None)
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
            try:
                await patients.save(kept)
            except BadKey as error:
                raise CannotDo(f"{error}.") from None
            kept = await patients.get(key) or kept
            if channel:
                await Crosswalk(database).save_contact(key, channel, allowed=True)
            channel_kept = await _channel_of(database, key)
        if json:
            as_json({**asdict(kept), **channel_kept})
        else:
            merged = (await patients.keys_of(key))[0] != await Crosswalk(database).spelled(key)
            console.print(
                f"Kept under {kept.patient_key}, into which {key} was merged." if merged else "Kept.",
                markup=False,
            )

    asyncio.run(run())


async def _channel_of(database: ClinicDatabase, key: str) -> dict[str, str | bool]:
    """The safe channel that is on file, and whether the person allows messages by it."""
    contact = await Crosswalk(database).contact_on_file(key)
    return {"channel": contact.channel, "messages_allowed": contact.allowed} if contact else {}


@patient.command("link")
def link_(
    key: Key, episode: Annotated[str, typer.Argument(help="An episode that runs and belongs to nobody yet.")]
) -> None:
    """Say whose an episode is that was started without a patient's key, as from the Web UI (I6)."""

    async def run() -> None:
        async with clinic() as here:
            found = await described(here.client, episode_id(episode))
            if found is None or not found.runs:
                raise CannotDo(f"{episode_id(episode)} does not run; `carepath list` shows those that do.")
            if (owner := await here.crosswalk.patient_of(bare_id(episode))) is not None:
                same = "this patient" if owner == await here.crosswalk.spelled(key) else "another patient"
                raise CannotDo(f"{episode_id(episode)} belongs to {same} already.")
            try:
                await here.crosswalk.open_episode(key, bare_id(episode), found.started_at.date())
            except EpisodeAlreadyOpen as error:
                raise CannotDo(
                    f"{error} If {episode_id(episode)} is not needed, `carepath record {episode_id(episode)} exit "
                    "reason=other on=DATE --by …` closes it."
                ) from None
            except BadKey as error:
                raise CannotDo(f"{error}.") from None
            await here.client.get_workflow_handle(episode_id(episode)).signal("ask_how_it_stands")
        console.print(f"{episode_id(episode)} belongs to this patient now.")

    asyncio.run(run())


@patient.command()
def show(key: Key, json: Json = False) -> None:
    """What is on file; for a key that was merged, under which one the person goes on."""

    async def run() -> dict[str, Any] | None:
        async with clinic_database() as database:
            into, *others = await Patients(database).keys_of(key)
            spelled = await Crosswalk(database).spelled(key)
            found, channel = await Patients(database).get(into), await _channel_of(database, into)
            if not (found or channel or others):
                return None
            merged = {"merged_into": into} if into != spelled else {"merged_from": others} if others else {}
            return {**merged, **asdict(found or Patient(into)), **channel}

    on_file = asyncio.run(run())
    if on_file is None:
        raise CannotDo(f"Nothing is on file for {key}.")
    if json:
        as_json(on_file)
    else:
        if into := on_file.get("merged_into"):
            console.print(f"{key} was merged into {into}; this is what is on file there.", markup=False)
        table(
            on_file["patient_key"],
            ["field", "value"],
            [[_named(name), _said(value)] for name, value in on_file.items() if value is not None],
        )


def _named(field: str) -> str:
    return "safe channel" if field == "channel" else field.replace("_", " ")


def _said(value: object) -> object:
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else value


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
            await must_be_signed_in(load_settings(), database, who)
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
