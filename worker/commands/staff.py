"""Commands on the staff: who leaves, who is away and who stands in, and who is back (I4)."""

import asyncio
from dataclasses import asdict
from datetime import UTC, date, datetime
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from activities.clinic_database.absences import Absence, Absences, acting_for
from activities.clinic_database.credentials import Credentials
from activities.staff_directory import StaffDirectory
from worker.commands.options import By, Json, read_day
from worker.commands.signing_in import login, logout
from worker.episodes import Clinic, clinic, clinic_database, must_be_signed_in
from worker.errors import CannotDo
from worker.executions import OPEN
from worker.people import check_able, directory, known, named
from worker.settings import Settings, load_settings
from worker.show import as_json, console, table
from worker.staffing import Running, Told, hand_over_tasks, running, tell_absences
from workflows import visibility

staff = typer.Typer(
    help="Who is signed in, who is away, who stands in, and who has left.", no_args_is_help=True
)
staff.command()(login)
staff.command()(logout)
Person = Annotated[str, typer.Argument(help="Staff id.")]
AGAIN = "run the same command again: what is done stays done, and nobody hears of it twice."


@staff.command()
def leave(
    person: Person,
    to: Annotated[str, typer.Option(help="Who takes over everything.")],
    by: By,
    on: Annotated[str | None, typer.Option(help="From this day on; today if absent.")] = None,
    json: Json = False,
) -> None:
    """Somebody leaves: all their episodes and open tasks go to another person, each of which is told once."""
    settings = load_settings()
    since = read_day("--on", on) if on else _today(settings)
    _take_over(settings, person, to, since, None, by, json, option="--to", for_good=True)


@staff.command()
def absent(
    person: Person,
    substitute: Annotated[str, typer.Option(help="Who stands in.")],
    by: By,
    from_: Annotated[str | None, typer.Option("--from", help="The first day; today if absent.")] = None,
    until: Annotated[str | None, typer.Option(help="The last day; until `return` if absent.")] = None,
    json: Json = False,
) -> None:
    """Somebody is away: open and new tasks go to their substitute meanwhile, and return afterwards."""
    settings = load_settings()
    since = read_day("--from", from_) if from_ else _today(settings)
    last = read_day("--until", until) if until else None
    if last and last < max(since, _today(settings)):
        raise CannotDo(
            f"--until: {last} lies before it begins, or in the past; give the last day of the absence."
        )
    _take_over(settings, person, substitute, since, last, by, json, option="--substitute", for_good=False)


@staff.command("return")
def return_(
    person: Person,
    by: By,
    on: Annotated[str | None, typer.Option(help="The first day back; today if absent.")] = None,
    json: Json = False,
) -> None:
    """Somebody is back: what their substitute still has open returns to them."""
    settings = load_settings()
    who = named(settings, "--by", by)
    day = read_day("--on", on) if on else _today(settings)

    async def run() -> Told:
        async with clinic() as here:
            await must_be_signed_in(settings, here.crosswalk.database, who)
            absences = Absences(here.crosswalk.database)
            away = [one for one in await absences.all() if one.staff_id == person]
            if not away:
                raise CannotDo(f"{person} is not noted as away; `carepath staff list` shows who is.")
            if all(one.for_good for one in away):
                raise CannotDo(
                    f"{person} has left, and {away[-1].substitute} has taken over. To give everything back, use "
                    f"`carepath staff leave {away[-1].substitute} --to {person}`."
                )
            ended, told = await absences.end(person, day, who), Told()
            over = [] if ended else [one for one in away if not one.for_good and one.until_on]
            for substitute in {
                one.substitute for one in over
            }:  # over by itself: what was given by hand still returns
                await hand_over_tasks(here, substitute, person, who, told, back=True)
            if over and (told.tasks or told.failed):
                return told
            if not ended:
                raise CannotDo(f"{person} is not away on {day} or later; `carepath staff list` shows who is.")
            await tell_absences(here, ended, await running(here, told), told)
            if day <= _today(settings):
                for substitute in {one.substitute for one in ended}:
                    await hand_over_tasks(here, substitute, person, who, told, back=True)
            return told

    _show(asyncio.run(run()), f"{person} is back from {day} on.", json)


@staff.command("list")
def list_staff(json: Json = False) -> None:
    """Everybody of the staff directory, who is away, and who acts for whom."""
    settings = load_settings()
    today = _today(settings)

    async def run() -> list[Absence]:
        async with clinic_database() as database:
            return [
                one for one in await Absences(database).all() if one.until_on is None or one.until_on >= today
            ]

    away = asyncio.run(run())
    people = directory(settings).staff
    ids = dict.fromkeys([*people, *(one.staff_id for one in away)])
    rows = [
        {
            "staff_id": one,
            "roles": list(people[one].roles) if one in people else [],
            "in_directory": one in people,
            "acting": acting_for(one, today, away),
            "absences": [_plain(absence) for absence in away if absence.staff_id == one],
        }
        for one in ids
    ]
    if json:
        as_json(rows)
        return
    table(
        "Staff",
        ["staff id", "roles", "away"],
        [
            [
                one,
                ", ".join(people[one].roles).replace("_", " ")
                if one in people
                else "not in the staff directory",
                "\n".join(_words(absence) for absence in away if absence.staff_id == one),
            ]
            for one in ids
        ],
        whole=["staff id"],
    )


def _take_over(
    settings: Settings,
    person: str,
    to: str,
    since: date,
    until: date | None,
    by: str,
    json: bool,
    *,
    option: str,
    for_good: bool,
) -> None:
    who, people = named(settings, "--by", by), directory(settings)
    other = known(people, option, to)
    if person == other.staff_id:
        raise CannotDo(f"{option}: {to} cannot act for themselves; name somebody else.")

    async def run() -> Told:
        async with clinic() as here:
            await must_be_signed_in(settings, here.crosswalk.database, who)
            absences, told = Absences(here.crosswalk.database), Told()
            _not_away_themselves(other.staff_id, person, since, until, await absences.all(), option, for_good)
            found = await running(here, told)
            roles = await _roles(here, people, person, since, found)
            check_able(other, option, roles)
            noted = await absences.note(person, other.staff_id, since, until, for_good=for_good, by=who)
            if for_good:
                await Credentials(here.crosswalk.database).revoke(person, datetime.now(UTC))
            await tell_absences(here, [noted], found, told)
            if noted.holds_on(_today(settings)):
                await hand_over_tasks(here, person, other.staff_id, who, told)
            return told

    when = f"from {since} on" if until is None else f"from {since} until {until}"
    told = asyncio.run(run())
    done = f"{other.staff_id} acts for {person} {when}."
    if since > _today(settings):
        done += f" Tasks that somebody has given to {person} by hand stay: say it again on {since}."
    elif told.tasks and not for_good:
        done += (
            f" Tasks given over by hand return with `carepath staff return {person}`, and not by themselves."
        )
    _show(told, done, json)


async def _roles(
    here: Clinic, people: StaffDirectory, person: str, since: date, found: list[Running]
) -> list[str]:
    """What the substitute must be able to sign: the roles of a person, in the directory and in the teams.

    Raises:
        CannotDo: nobody of that id is known anywhere, which is a slip of the hand.
    """
    listed = people.staff[person].roles if person in people.staff else ()
    roles = list(dict.fromkeys([*listed, *(role for one in found for role in one.roles_of(person, since))]))
    if not roles and person not in people.staff and not await _owns_a_task(here, person):
        raise CannotDo(
            f"{person} is nobody of the staff directory, and has neither a role nor a task anywhere."
        )
    return roles


async def _owns_a_task(here: Clinic, person: str) -> bool:
    if set(person) & set("'\"\\"):
        return False
    query = f"WorkflowType = '{visibility.STAFF_TASK}' AND {OPEN} AND CarepathOwner = '{person}'"
    async for _ in here.listed(query):
        return True
    return False


def _not_away_themselves(
    other: str,
    person: str,
    since: date,
    until: date | None,
    noted: list[Absence],
    option: str,
    for_good: bool,
) -> None:
    """Somebody acts at every moment: two people do not stand in for each other at the same time."""
    for one in noted:
        if one.staff_id != other or not one.overlaps(since, until) or (one.for_good and for_good):
            continue
        if one.for_good:
            raise CannotDo(
                f"{option}: {other} has left; {one.substitute} has taken over. Name somebody who is here."
            )
        if acting_for(one.substitute, max(since, one.from_on), noted) == person:
            raise CannotDo(
                f"{option}: {other} is away from {one.from_on} until {one.until_on or 'further notice'}, and {person} "
                "stands in: nobody would act. Name somebody else."
            )


def _show(told: Told, done: str, json: bool) -> None:
    if json:
        as_json(asdict(told))
    else:
        episodes = sum(name.startswith("episode-") for name in told.episodes)
        console.print(
            f"{done} Told: {episodes} episodes; open tasks given over by hand: {len(told.tasks)}.",
            markup=False,
        )
    if told.failed:
        raise CannotDo(told.in_words(AGAIN))


def _today(settings: Settings) -> date:
    return datetime.now(ZoneInfo(settings.timezone)).date()


def _plain(one: Absence) -> dict[str, object]:
    return {
        "substitute": one.substitute,
        "from": one.from_on.isoformat(),
        "until": one.until_on and one.until_on.isoformat(),
        "for_good": one.for_good,
    }


def _words(one: Absence) -> str:
    if one.for_good:
        return f"has left on {one.from_on}; {one.substitute} has taken over"
    return f"{one.from_on} until {one.until_on or 'further notice'}: {one.substitute} stands in"
