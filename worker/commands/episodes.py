"""Commands on episodes: admit, record."""

import asyncio
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import typer

from worker.commands.options import By, Episode, Json, fields, read_file
from worker.episodes import clinic, episode_id
from worker.errors import CannotDo
from worker.people import check_able, check_authors, directory, known
from worker.policies import with_clinic_policies
from worker.settings import load_settings
from worker.show import as_json, console
from workflows.core.engine.errors import Refused
from workflows.core.episode.entries import parse_entry

app = typer.Typer()


@app.command()
def admit(
    file: Annotated[Path | None, typer.Argument(help="JSON or YAML with the start, or - for stdin.")] = None,
    patient_key: Annotated[
        str | None, typer.Option(help="The clinic's own key; it stays in the clinic database.")
    ] = None,
    site: Annotated[str | None, typer.Option(help="Site code.")] = None,
    timezone: Annotated[str | None, typer.Option(help="Time zone, such as America/Chicago.")] = None,
    referred_on: Annotated[str | None, typer.Option(help="Day of the referral; today if absent.")] = None,
    pathway: Annotated[str, typer.Option(help="iop (or iot), or php.")] = "iop",
    case_manager: Annotated[str | None, typer.Option(help="Staff id.")] = None,
    therapist: Annotated[str | None, typer.Option(help="Staff id.")] = None,
    supervisor: Annotated[str | None, typer.Option(help="Staff id.")] = None,
    director: Annotated[str | None, typer.Option(help="Staff id.")] = None,
    session: Annotated[list[str] | None, typer.Option(help="A weekly session: mon@18:00/180/group")] = None,
    json: Json = False,
) -> None:
    """Start an episode from options or a file; a second open one of the same patient is refused (I6)."""
    start: dict[str, Any] = {"pathway": pathway}
    if file:
        content = read_file(file)
        if not isinstance(content, dict):
            raise CannotDo(f"{file}: a start is one object with fields such as site and timezone.")
        start |= content
    entries = start.pop("entries", [])
    _check_entries(entries)
    key_in_file = start.pop("patient_key", None)
    patient_key = patient_key if key_in_file is None else str(key_in_file)
    given = {"site": site, "timezone": timezone, "referred_on": referred_on}
    start |= {name: value for name, value in given.items() if value}
    start.setdefault("referred_on", _today(start.get("timezone")).isoformat())
    team = {
        "case_manager": case_manager,
        "therapist": therapist,
        "supervisor": supervisor,
        "director": director,
    }
    if any(team.values()):
        start["team"] = {**start.get("team", {}), **{role: one for role, one in team.items() if one}}
    if isinstance(start.get("team"), dict):
        _know(start["team"])
    if session:
        start["schedule"] = [_weekly(text) for text in session]
    asyncio.run(_admit(start, entries, patient_key, json))


async def _admit(start: dict[str, Any], entries: list[Any], patient_key: str | None, json: bool) -> None:
    async with clinic() as here:
        new = await here.admit(with_clinic_policies(start, here.settings.policy), patient_key)
        results = await here.update(episode_id(new), "record_many", entries) if entries else []
        if json:
            as_json({"episode_id": new, "entries": results})
        else:
            console.print(f"Started episode-{new}.")
            if not patient_key:
                console.print(
                    "The clinic database knows no patient of it, so no message reaches anybody: `carepath patient "
                    f"link KEY {new}` says who it is.",
                    soft_wrap=True,
                )
        refused = [r for r in results if r["error"]]
        if refused:
            told = " ".join(f"Entry {r['index'] + 1}: {r['error']['message']}" for r in refused)
            raise CannotDo(
                f"episode-{new} was started, but {len(refused)} of {len(results)} entries were refused. {told}"
            )


def _today(zone: Any) -> date:
    """Today where the program is; a zone that is none is refused where the start is read."""
    try:
        return datetime.now(ZoneInfo(zone)).date()
    except (ValueError, OSError, KeyError, TypeError):
        return datetime.now().astimezone().date()


def _check_entries(entries: Any) -> None:
    """What cannot even be read is refused before anything begins."""
    if not isinstance(entries, list):
        raise CannotDo("entries: give a list of entries, or leave it out.")
    for number, entry in enumerate(entries, 1):
        try:
            parse_entry(entry)
        except Refused as error:
            raise CannotDo(f"Nothing was started. Entry {number}: {error}") from None
    if entries:
        check_authors(load_settings(), entries)


def _know(team: dict[str, Any]) -> None:
    """Whoever is named owes tasks from the first day on: a slip of the hand would leave them with nobody."""
    settings = load_settings()
    for role, staff_id in team.items():
        if isinstance(staff_id, str):
            check_able(known(directory(settings), f"team.{role}", staff_id), f"team.{role}", [role])


def _weekly(text: str) -> dict[str, Any]:
    try:
        weekday, _, rest = text.partition("@")
        start, minutes, *service = rest.split("/")
        return {
            "weekday": weekday,
            "start": start,
            "minutes": int(minutes),
            "service": (service or ["group"])[0],
        }
    except ValueError:
        raise CannotDo(f"--session {text}: write it as mon@18:00/180/group.") from None


@app.command()
def record(
    episode: Episode,
    kind: Annotated[str | None, typer.Argument(help="The kind of entry, such as use or contact.")] = None,
    field: Annotated[list[str] | None, typer.Argument(help="Its fields as name=value.")] = None,
    by: By = "",
    file: Annotated[
        Path | None, typer.Option(help="One entry or a list of them, as JSON or YAML; - is stdin.")
    ] = None,
    json: Json = False,
) -> None:
    """Record what happened; the answer says what changed."""
    if file:
        content = read_file(file)
    elif kind:
        need_author(by)
        content = {"kind": kind, "by": by, **fields(field or [])}
    else:
        raise typer.BadParameter("give a kind with its fields, or --file")

    statements = content if isinstance(content, list) else [content]

    async def run() -> None:
        async with clinic() as here:
            asks = any(isinstance(one, dict) and one.get("kind") == "decision" for one in statements)
            shown = await here.query(episode_id(episode), "progress") if asks else {"open_tasks": []}
            check_authors(here.settings, statements, shown["open_tasks"])
            if isinstance(content, list):
                results = await here.update(episode_id(episode), "record_many", content)
                if json:
                    as_json(results)
                for result in [] if json else results:
                    error = result["error"]
                    console.print(
                        f"{result['index'] + 1}: {'refused: ' + error['message'] if error else 'recorded'}"
                    )
                if any(result["error"] for result in results):
                    raise CannotDo(
                        f"{sum(bool(r['error']) for r in results)} of {len(results)} entries were refused."
                    )
                return
            tell(await here.update(episode_id(episode), "record", content), json)

    asyncio.run(run())


def need_author(by: str) -> None:
    if not by.strip():
        raise typer.BadParameter("give your staff id with --by, or once and for all in CAREPATH_BY")


def tell(changed: dict[str, Any], json: bool) -> None:
    """Show the answer to an entry."""
    if json:
        as_json(changed)
        return
    known = " It was known already; nothing changed." if changed["duplicate"] else ""
    console.print(f"Recorded as {changed['entry_id']}.{known}")
    for sentence in changed["changes"]:
        console.print(f"  {sentence}")


def _plain_word(value: str) -> str:
    if not value.replace("_", "").replace("-", "").isalnum():
        raise CannotDo(f"{value} is no code: codes are letters, digits, - and _.")
    return value
