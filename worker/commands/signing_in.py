"""Commands with which the staff sign in and out on a command line (E0)."""

import asyncio
import sys
from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer
from temporalio.exceptions import ApplicationError

from activities.assembled import staff_door
from activities.clinic_database import ClinicDatabase
from activities.clinic_database.credentials import CODE_LASTS, Credentials, TooSoon, WrongCode
from activities.staff_directory import StaffMember
from worker.commands.options import Json
from worker.episodes import clinic_database
from worker.errors import CannotDo
from worker.people import directory, known
from worker.settings import Settings, load_settings
from worker.show import as_json, console

Person = Annotated[str, typer.Argument(help="Staff id.")]


def login(
    person: Person,
    code: Annotated[str | None, typer.Option(help="The code that was sent; without it one is sent.")] = None,
    json: Json = False,
) -> None:
    """Sign in: a code goes to the person's own channel, and what they state here is signed as theirs from then on."""
    settings = load_settings()
    member = known(directory(settings), "the person", person)

    async def run() -> None:
        async with clinic_database() as database:
            given = code
            if given is None:
                await _send_code(settings, database, member)
                if not sys.stdin.isatty():
                    _tell_how_to_go_on(member, json)
                    return
                given = typer.prompt(f"The code that was sent to {member.staff_id}")
            await _sign_in(settings, database, member, given.strip().replace(" ", ""), json)

    asyncio.run(run())


async def _send_code(settings: Settings, database: ClinicDatabase, member: StaffMember) -> None:
    now = datetime.now(UTC)
    try:
        code = await Credentials(database).new_code(member.staff_id, now)
    except TooSoon as error:
        raise CannotDo(f"{member.staff_id}: {error}.") from None
    door = staff_door(
        database, smtp_url=settings.smtp, sender=settings.sender, webhook_secret=settings.webhook_secret
    )
    minutes = int(CODE_LASTS.total_seconds() // 60)
    try:
        await door.tell_staff(
            f"sign_in:{member.staff_id}:{now.isoformat()}",
            episode_id="", kind="sign_in_code", recipient=member.staff_id, addresses=member.channels,
            subject="sign-in code",
            body=f"{code}\nWith this code you sign in within {minutes} minutes. Whoever asks you for it is not the "
                 "clinic: give it to nobody.\n",
        )  # fmt: skip
    except ApplicationError as error:
        raise CannotDo(f"No code could be sent to {member.staff_id}: {error.message}") from None


def _tell_how_to_go_on(member: StaffMember, json: bool) -> None:
    if json:
        as_json({"staff_id": member.staff_id, "sent": True})
        return
    console.print(
        f"A code was sent to {member.staff_id}: `carepath staff login {member.staff_id} --code …` signs in with it.",
        soft_wrap=True,
    )


async def _sign_in(
    settings: Settings, database: ClinicDatabase, member: StaffMember, code: str, json: bool
) -> None:
    from worker.signed_in import keep, own_folder

    lasts = timedelta(hours=settings.signed_in_hours)
    try:
        given = await Credentials(database).redeem(member.staff_id, code, datetime.now(UTC), lasts)
    except WrongCode as error:
        raise CannotDo(f"--code: {error}.") from None
    keep(own_folder(settings), given)
    if json:
        as_json({"staff_id": given.staff_id, "until": given.expires_at})
        return
    console.print(
        f"Signed in as {given.staff_id} until {given.expires_at:%Y-%m-%d %H:%M} UTC, on this machine.",
        soft_wrap=True,
    )


def logout(
    person: Person,
    everywhere: Annotated[
        bool, typer.Option("--everywhere", help="Also where they are signed in on other machines.")
    ] = False,
    json: Json = False,
) -> None:
    """Sign out. `--everywhere` is also for whoever runs the clinic, as when somebody has lost a machine."""
    from worker.signed_in import SignedIn, forget

    settings = load_settings()

    async def run() -> int:
        async with clinic_database() as database:
            if everywhere:
                return await Credentials(database).revoke(person, datetime.now(UTC))
            return int(await SignedIn(settings, database).sign_out(person))

    places = asyncio.run(run())
    here = forget(settings, person)
    if json:
        as_json({"staff_id": person, "signed_out": bool(places or here), "places": places})
    elif places or here:
        console.print(f"{person} is signed out{' everywhere' if everywhere else ''}.")
    else:
        console.print(f"{person} was not signed in.")
