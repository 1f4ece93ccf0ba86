"""The command `match`: where a patient could go, ranked, with the reason of each rank (C3-C5)."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

import typer

from activities.directory import vocabulary
from activities.directory.asking import Ask, RankedList
from activities.directory.fields import place
from activities.directory.listing import AS_JSON
from activities.directory.times import zone_named
from activities.directory.wishes import WrongWish, read
from activities.find_candidates import ask_of, candidate
from worker.commands.options import Json
from worker.directories import Directories, directories
from worker.errors import CannotDo
from worker.show import as_json, console, table
from workflows.core.episode.linkage.vocabulary import ReferralKind, meaning
from workflows.ports.directory import CandidateSearch

app = typer.Typer()

Several = list[str] | None


@app.command()
def match(
    what: Annotated[
        str,
        typer.Argument(
            help="therapist, mutual_help or a fellowship such as na, or a need such as food_bank."
        ),
    ],
    episode: Annotated[
        str | None, typer.Option(help="Match near the home of this episode's patient.")
    ] = None,
    near: Annotated[str | None, typer.Option(help="Match near this point: LATITUDE,LONGITUDE.")] = None,
    zone: Annotated[
        str | None,
        typer.Option(
            "--timezone", help="Zone in which times are meant; else the patient's, else the clinic's."
        ),
    ] = None,
    max_km: Annotated[float | None, typer.Option(help="No farther than this.")] = None,
    modality: Annotated[
        Literal["in_person", "online", "either"], typer.Option(help="How to attend.")
    ] = "either",
    specialty: Annotated[Several, typer.Option(help="trauma, emdr, dual_diagnosis, family, …")] = None,
    payer: Annotated[Several, typer.Option(help="Who pays, such as medicaid.")] = None,
    language: Annotated[Several, typer.Option(help="A language, such as es.")] = None,
    day: Annotated[Several, typer.Option(help="A weekday, such as mon.")] = None,
    not_before: Annotated[str | None, typer.Option(help="A time of day, such as 18:00.")] = None,
    not_after: Annotated[str | None, typer.Option(help="A time of day.")] = None,
    fellowship: Annotated[Several, typer.Option(help="aa, na, smart, …")] = None,
    format_: Annotated[Several, typer.Option("--format", help="newcomer, women, step_study, …")] = None,
    open_only: Annotated[bool, typer.Option("--open-only", help="Only meetings open to everybody.")] = False,
    max_wait: Annotated[int | None, typer.Option(help="Days until a first visit.")] = None,
    access: Annotated[Several, typer.Option(help="wheelchair, sign_language, childcare.")] = None,
    leave_out: Annotated[
        Several, typer.Option(help="The id of a listing that was tried or declined.")
    ] = None,
    at_most: Annotated[int, typer.Option(min=1, max=100, help="How many.")] = 5,
    json: Json = False,
) -> None:
    """Where a patient could go, the best first, with the reasons; for mutual help always with a secular choice."""
    kind, service = _kind_of(what)
    search = CandidateSearch(
        referral_id="", episode_id=(episode or "").removeprefix("episode-"), kind=kind, service=service,
        leave_out=leave_out or [], at_most=at_most,
        wishes={"max_km": max_km, "modality": modality, "specialties": specialty, "payers": payer,
                "languages": language, "weekdays": day, "not_before": not_before, "not_after": not_after,
                "fellowships": fellowship, "formats": format_, "open_meetings_only": open_only,
                "max_wait_days": max_wait, "access": access},
    )  # fmt: skip

    ask, ranking = asyncio.run(_ranked(search, near, zone))
    if json:
        as_json(_plain(ranking))
    else:
        _show(ask, ranking)


async def _ranked(search: CandidateSearch, near: str | None, zone: str | None) -> tuple[Ask, RankedList]:
    async with directories() as here:
        ask = await _ask(here, search, near, zone)
        return ask, await here.finder.ranking(ask)


def _show(ask: Ask, ranking: RankedList) -> None:
    if not ranking.found:
        console.print(
            "Nothing in the directories fits: leave a wish out, or look at `carepath directory feeds`."
        )
        return
    rows = [
        (number, one.listing.name, one.listing.address or one.listing.join_url or one.listing.url,
         one.listing.phone, ", ".join(one.why))
        for number, one in enumerate(ranking.found, 1)
    ]  # fmt: skip
    said = " for " + vocabulary.in_words(ask.service) if ask.service else ""
    table(
        f"{ask.kind.replace('_', ' ').capitalize()}{said}: {ranking.fitting:,} fit",
        ["", "name", "where", "phone", "why"],
        rows,
    )
    if ask.near is None and ask.kind != "mutual_help":
        console.print(
            "Where the patient lives is not known, so distance plays no part: give --near or --episode."
        )


async def _ask(here: Directories, search: CandidateSearch, near: str | None, zone: str | None) -> Ask:
    try:
        wishes = read(search.wishes)
    except WrongWish as error:
        raise CannotDo(f"{error}.") from None
    patient = await here.patients.of_episode(search.episode_id) if search.episode_id else None
    if search.episode_id and patient is None:
        raise CannotDo(f"There is no episode {search.episode_id}.")
    ask = ask_of(search, wishes, patient, here.finder.zone, datetime.now(UTC))
    point = _point(near) if near else ask.near
    if zone and zone_named(zone) is None:
        raise CannotDo(f"--timezone: {zone} is no time zone; write one such as America/Chicago.")
    return replace(ask, near=point, zone=zone or ask.zone)


def _point(text: str) -> tuple[float, float]:
    latitude, _, longitude = text.partition(",")
    found = place(latitude.strip(), longitude.strip())
    if found is None:
        raise CannotDo(f"--near: {text} is no point; write it as LATITUDE,LONGITUDE, such as 38.63,-90.20.")
    return found.latitude, found.longitude


def _kind_of(what: str) -> tuple[ReferralKind, str]:
    """The kind and the need that a word stands for."""
    if meant := meaning(what):
        return meant.kind, meant.code
    known = ", ".join(sorted(vocabulary.SERVICES))
    raise CannotDo(f"{what} is neither therapist nor mutual_help nor a need that is known here ({known}).")


def _plain(ranking: RankedList) -> dict[str, Any]:
    return {
        "fitting": ranking.fitting,
        "found": [
            {**candidate(one).model_dump(), "points": one.points, "km": None if one.km is None else round(one.km, 1),
             "listing": AS_JSON.dump_python(one.listing, mode="json")}
            for one in ranking.found
        ],
    }  # fmt: skip
