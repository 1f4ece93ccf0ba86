"""Commands on days on which a site, or the whole clinic, is closed (T6, A3)."""

import asyncio
from typing import Annotated

import typer

from activities.clinic_database.closures import ClosedDay, Closures
from worker.commands.options import By, Json, read_day
from worker.commands.staff import AGAIN
from worker.episodes import clinic, clinic_database, must_be_signed_in
from worker.errors import CannotDo
from worker.people import named
from worker.settings import load_settings
from worker.show import as_json, console, table
from worker.staffing import Told, tell_closure
from workflows.core.engine.errors import Refused
from workflows.core.episode.entries import parse_entry

closure = typer.Typer(
    help="Days on which a site, or the whole clinic, is closed. One episode alone: `carepath record EPISODE closure`.",
    no_args_is_help=True,
)
Day = Annotated[str, typer.Argument(help="The day, such as 2026-12-24.")]
Site = Annotated[str | None, typer.Option(help="The site; the whole clinic if absent.")]


@closure.command()
def add(
    day: Day,
    reason: Annotated[str, typer.Option(help="Why, such as snow or holiday.")],
    by: By,
    site: Site = None,
    json: Json = False,
) -> None:
    """A day is closed: in all open episodes its sessions are no misses, and business deadlines move off it."""
    who, on = named(load_settings(), "--by", by), read_day("DAY", day)
    try:  # what an episode would refuse is refused before anything is noted
        parse_entry({"kind": "closure", "by": who, "on": on.isoformat(), "reason": reason})
    except Refused as error:
        raise CannotDo(str(error)) from None

    async def run() -> Told:
        async with clinic() as here:
            await must_be_signed_in(here.settings, here.crosswalk.database, who)
            noted, told = await Closures(here.crosswalk.database).add(on, site, reason.strip(), who), Told()
            await tell_closure(here, noted, told)
            return told

    _show(asyncio.run(run()), f"{on} is closed{_where(site)}.", json)


@closure.command()
def retract(day: Day, by: By, site: Site = None, json: Json = False) -> None:
    """The day is not closed after all: misses and deadlines are as they would have been."""
    who, on = named(load_settings(), "--by", by), read_day("DAY", day)

    async def run() -> Told:
        async with clinic() as here:
            await must_be_signed_in(here.settings, here.crosswalk.database, who)
            noted, told = await Closures(here.crosswalk.database).take_back(on, site, who), Told()
            if noted is None:
                raise CannotDo(
                    f"{on} is not noted as closed{_where(site)}; `carepath closure list` shows what is."
                )
            await tell_closure(here, noted, told)
            return told

    _show(asyncio.run(run()), f"{on} is open{_where(site)}.", json)


@closure.command("list")
def list_closures(json: Json = False) -> None:
    """Every closed day of the clinic and of its sites."""

    async def run() -> list[ClosedDay]:
        async with clinic_database() as database:
            return await Closures(database).standing()

    days = asyncio.run(run())
    if json:
        as_json(
            [{"on": one.on, "site": one.site, "reason": one.reason, "by": one.recorded_by} for one in days]
        )
    else:
        rows = [[one.on, one.site or "the whole clinic", one.reason, one.recorded_by] for one in days]
        table("Closed days", ["day", "where", "why", "by"], rows)


def _where(site: str | None) -> str:
    return f" at {site}" if site else " in the whole clinic"


def _show(told: Told, done: str, json: bool) -> None:
    if json:
        as_json({"episodes": told.episodes, "failed": told.failed})
    else:
        console.print(f"{done} Told: {len(told.episodes)} episodes and referrals.", markup=False)
    if told.failed:
        raise CannotDo(told.in_words(AGAIN))
