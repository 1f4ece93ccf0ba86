"""The commands `directory import`, `sync`, `search` and `feeds`."""

import asyncio
import csv
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from activities.directory import vocabulary
from activities.directory.feeds import Feed
from activities.directory.listing import AS_JSON, Listing
from activities.directory.reading import Line
from activities.directory.store import FeedState
from activities.directory.times import in_words
from worker.commands.options import Json
from worker.directories import Directories, by_hand, directories
from worker.errors import CannotDo
from worker.settings import load_settings
from worker.show import as_json, console, table, when_in
from workflows.ports.directory import FeedOutcome

directory = typer.Typer(help="Public directories: meetings, therapists and services.", no_args_is_help=True)


@directory.command("import")
def import_feed(
    source: Annotated[
        str, typer.Argument(help="A feed of the feeds file by name; or a file, folder or address.")
    ],
    format_: Annotated[
        str | None, typer.Option("--format", help="meeting_guide, bmlt, hsds, hsds_csv, fhir or nppes.")
    ] = None,
    timezone: Annotated[str | None, typer.Option(help="Zone of its times, such as America/Chicago.")] = None,
    name: Annotated[str | None, typer.Option(help="What to call it.")] = None,
    fellowship: Annotated[str | None, typer.Option(help="Of a feed of meetings: aa, na, smart, …")] = None,
    trust: Annotated[str | None, typer.Option(help="official, partner or unverified.")] = None,
    even_if_smaller: Annotated[
        bool, typer.Option("--even-if-smaller", help="Take it although it has shrunk to a tenth.")
    ] = False,
    report: Annotated[
        Path | None, typer.Option(help="Write what became of each row to this CSV file.")
    ] = None,
    json: Json = False,
) -> None:
    """Read one directory now, and say row by row what could not be used. Safe to run again.

    A feed that cannot be used as a whole leaves the last good one in force (exit code 1).
    """

    async def run() -> tuple[FeedOutcome, list[Line]]:
        async with directories() as here:
            if format_ or timezone:
                if format_ is None or timezone is None:
                    raise CannotDo(
                        "Give both --format and --timezone: a feed does not say in which zone its times are."
                    )
                called = _name_by_hand(here, name or vocabulary.slug(Path(source).stem))
                feed = by_hand(
                    source, name=called, format=format_, timezone=timezone, fellowship=fellowship, trust=trust
                )
                taken = await here.take(feed, origin="by_hand", even_if_smaller=even_if_smaller)
            else:
                taken = await here.take(_in_feeds_file(here, source), even_if_smaller=even_if_smaller)
            return taken, await here.store.lines(taken.feed)

    outcome, lines = asyncio.run(run())
    if report:
        _write(report, lines)
    if json:
        as_json({**outcome.model_dump(), "lines": [_line(line) for line in lines]})
    else:
        rows = [(line.number, line.source_id, line.became, line.reason) for line in lines]
        table(
            f"Rows of {outcome.feed} of which there is something to say",
            ["row", "id", "became", "reason"],
            rows,
        )
        for warning in outcome.warnings:
            console.print(f"Note: {warning}.", markup=False)
        if outcome.result == "taken":
            console.print(_said(outcome), markup=False)
    if outcome.result == "kept":
        raise CannotDo(_said(outcome))


def _name_by_hand(here: Directories, called: str) -> str:
    if here.settings.directories.exists() and called in here.feeds():
        raise CannotDo(f"The feeds file has a feed {called} already; choose another --name.")
    return called


def _in_feeds_file(here: Directories, source: str) -> Feed:
    feeds = here.feeds()
    if source not in feeds:
        raise CannotDo(
            f"There is no feed {source} in {here.settings.directories} (there are "
            f"{', '.join(feeds) or 'none'}); for a file or an address give --format and --timezone."
        )
    return feeds[source]


@directory.command()
def sync(json: Json = False) -> None:
    """Read all directories of the feeds file now, as each night. One that is broken keeps its last good state.

    The exit code is 1 when one of them could not be used.
    """

    async def run() -> list[FeedOutcome]:
        async with directories() as here:
            return await here.take_all()

    outcomes = asyncio.run(run())
    if json:
        as_json([outcome.model_dump() for outcome in outcomes])
    else:
        table(
            "Directories",
            ["feed", "result", "rows", "usable", "refused", "new", "changed", "gone", "say"],
            [
                (o.feed, o.result, o.rows, o.became.get("taken", 0) + o.became.get("remarked", 0),
                 o.became.get("refused", 0), o.new, o.changed, o.gone, "; ".join(filter(None, [o.reason, *o.warnings])))
                for o in outcomes
            ],
        )  # fmt: skip
    if kept := [outcome.feed for outcome in outcomes if outcome.result == "kept"]:
        raise CannotDo(f"Not usable: {', '.join(kept)}. What was good before stays in force.")


@directory.command()
def search(
    words: Annotated[
        list[str] | None, typer.Argument(help="Words of the name, the place or the need.")
    ] = None,
    kind: Annotated[
        str | None, typer.Option(help="therapist, mutual_help, service or level_of_care.")
    ] = None,
    feed: Annotated[str | None, typer.Option(help="Only of this feed.")] = None,
    everything: Annotated[
        bool, typer.Option("--all", help="Also what is closed or from a directory that is too old.")
    ] = False,
    at_most: Annotated[int, typer.Option(min=1, help="How many to show.")] = 50,
    json: Json = False,
) -> None:
    """Look something up in the directories, by words."""
    sought = " ".join(words or []).lower().split()

    async def run() -> list[tuple[Listing, FeedState]]:
        async with directories() as here:
            now = datetime.now(UTC)
            states = [state for state in await here.store.states() if feed in (None, state.name)]
            if feed and not states:
                raise CannotDo(f"There is no directory {feed}; `carepath directory feeds` lists them.")
            return [
                (one, state)
                for state in states
                if everything or state.in_force(now)
                for one in await here.store.listings(state.name)
                if (everything or one.offered) and kind in (None, one.kind) and _has(one, sought)
            ]

    found = asyncio.run(run())
    if json:
        as_json([_shown(one) for one, _ in found[:at_most]])
        return
    rows = [(one.listing_id, one.name, _what(one), one.address or one.modality, _times(one), one.status)
            for one, _ in found[:at_most]]  # fmt: skip
    table("Listings", ["id", "name", "what", "where", "when", "state"], rows)
    if len(found) > at_most:
        console.print(f"{len(found) - at_most} more: add words, or --at-most.")


@directory.command()
def feeds(json: Json = False) -> None:
    """How each directory stands: what is in force, since when, and what went wrong."""

    async def run() -> list[FeedState]:
        async with directories() as here:
            return await here.store.states()

    states, now = asyncio.run(run()), datetime.now(UTC)
    if json:
        as_json([_state(one, now) for one in states])
        return
    zone = load_settings().timezone
    table(
        f"Directories (times in {zone})",
        ["feed", "format", "state", "listings", "last good", "in force until", "say"],
        [
            (
                one.name,
                one.format,
                one.state if one.in_force(now) or one.state == "retired" else "not in force",
                one.listings,
                when_in(zone, one.good_at) if one.good_at else "",
                f"{one.good_until:%Y-%m-%d}" if one.good_until else "",
                "; ".join(filter(None, [one.reason, *one.warnings])),
            )
            for one in states
        ],
    )


def _said(outcome: FeedOutcome) -> str:
    if outcome.result == "kept":
        return f"The directory {outcome.feed} was not taken: {outcome.reason}. What was good before stays in force."
    became = outcome.became
    return (
        f"Took {became['taken'] + became['remarked']:,} of {outcome.rows:,} rows of {outcome.feed} "
        f"({became['remarked']:,} with a remark, {became['duplicate']:,} duplicate, {became['refused']:,} refused): "
        f"{outcome.new:,} new, {outcome.changed:,} changed, {outcome.gone:,} gone."
    )


def _line(line: Line) -> dict[str, Any]:
    return {"row": line.number, "id": line.source_id, "became": line.became, "reason": line.reason}


def _write(path: Path, lines: list[Line]) -> None:
    try:
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, ["row", "id", "became", "reason"])
            writer.writeheader()
            writer.writerows(map(_line, lines))
    except OSError as error:
        raise CannotDo(f"{path} cannot be written: {error.strerror}.") from None


def _has(one: Listing, words: list[str]) -> bool:
    text = " ".join((one.name, one.address, one.region, one.fellowship, *one.services, *one.specialties, *one.formats,
                     *map(vocabulary.in_words, (*one.services, *one.specialties)))).lower()  # fmt: skip
    return all(word in text for word in words)


def _shown(one: Listing) -> dict[str, Any]:
    return {"listing_id": one.listing_id, **AS_JSON.dump_python(one, mode="json")}


def _what(one: Listing) -> str:
    said = (one.fellowship,) if one.fellowship else one.services or one.specialties
    return ", ".join(map(vocabulary.in_words, said)) or one.kind.replace("_", " ")


def _times(one: Listing) -> str:
    shown = [in_words(slot.weekday, slot.start, slot.weeks) for slot in one.weekly[:2]]
    return ", ".join(shown) + (" …" if len(one.weekly) > 2 else "") or one.other_times


def _state(one: FeedState, now: datetime) -> dict[str, Any]:
    return {"feed": one.name, "format": one.format, "origin": one.origin, "state": one.state,
            "in_force": one.in_force(now), "listings": one.listings, "good_at": one.good_at, "tried_at": one.tried_at,
            "good_until": one.good_until, "bad_since": one.bad_since, "reason": one.reason,
            "warnings": list(one.warnings)}  # fmt: skip
