"""Commands on episodes: admit, record, attend, progress, journal, list."""

import asyncio
from collections import Counter
from datetime import datetime
from pathlib import Path
from textwrap import wrap
from typing import Annotated, Any, get_args

import typer

from worker.commands.options import By, Episode, Json, fields, read_day, read_file
from worker.episodes import Clinic, clinic, episode_id
from worker.errors import CannotDo
from worker.owners import Owners
from worker.people import check_authors, named
from worker.policies import with_clinic_policies
from worker.settings import load_settings
from worker.show import as_json, console, table, when
from workflows import visibility as seen
from workflows.core.entries import parse_entry
from workflows.core.errors import Refused
from workflows.core.pathway import Stage

app = typer.Typer()
UUID_LENGTH = 36
"""Of the ids that entries get where they bring none; longer ones go over two lines."""


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
    start: dict[str, Any] = {
        "pathway": pathway,
        "referred_on": datetime.now().astimezone().date().isoformat(),
    }
    if file:
        content = read_file(file)
        if not isinstance(content, dict):
            raise CannotDo(f"{file}: a start is one object with fields such as site and timezone.")
        start |= content
    entries = start.pop("entries", [])
    _check_entries(entries)
    patient_key = start.pop("patient_key", None) or patient_key
    given = {"site": site, "timezone": timezone, "referred_on": referred_on}
    start |= {name: value for name, value in given.items() if value}
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

    async def run() -> None:
        async with clinic() as here:
            new = await here.admit(with_clinic_policies(start, here.settings.policy), patient_key)
            results = await here.update(episode_id(new), "record_many", entries) if entries else []
            if json:
                as_json({"episode_id": new, "entries": results})
            else:
                console.print(f"Started episode-{new}.")
            refused = [r for r in results if r["error"]]
            if refused:
                told = " ".join(f"Entry {r['index'] + 1}: {r['error']['message']}" for r in refused)
                raise CannotDo(
                    f"episode-{new} was started, but {len(refused)} of {len(results)} entries were refused. {told}"
                )

    asyncio.run(run())


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
            named(settings, f"team.{role}", staff_id)


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


@app.command()
def progress(episode: Episode, json: Json = False) -> None:
    """Where an episode stands today."""

    async def run() -> None:
        async with clinic() as here:
            shown = await here.query(episode_id(episode), "progress")
            owners = Owners(here.settings)
        for task in shown["open_tasks"]:
            task["owner_known"] = owners.is_known(task["owner"] or task["role"])
        if json:
            as_json(shown)
            return
        gate, week = shown["gate"], shown["week"]
        rows = [
            ("Stage", shown["stage"]),
            ("Program day", shown["program_day"]),
            ("Sober since", shown["last_use_on"]),
            ("Days sober", shown["days_sober"]),
            ("Gate opens", gate["earliest_on"]),
            (
                "This week",
                f"{week['minutes']} min on {week['days']} days, short by {week['short_by_minutes']} min",
            ),
            ("Missed in a row", shown["consecutive_misses"]),
            ("Extensions", shown["extensions"]),
            ("On hold", ", ".join(shown["on_hold"])),
            ("Flags", ", ".join(shown["flags"])),
            ("Nobody was reached", "; ".join(shown["not_reached"])),
            ("Admission waits for", "; ".join(shown["waits_for"])),
            ("Waits until", (d := shown["next_deadline"]) and f"{when(d['at'])} {d['name']}"),
            ("Team", ", ".join(f"{_words(role)} {owners.shown(one)}" for role, one in shown["team"].items())),
            ("Exit", (e := shown["exit"]) and f"{e['reason']} on {e['on']}"),
        ]
        table(
            f"episode-{shown['episode_id']}",
            ["fact", "value"],
            [row for row in rows if row[1] not in ("", None)],
        )
        table(
            "Gate",
            ["condition", "met", "why"],
            [(c["name"], "yes" if c["met"] else "no", c["why"]) for c in gate["conditions"]],
        )
        table(
            "Open tasks",
            ["task", "kind", "role and owner", "due", "level"],
            [
                (
                    t["task_id"],
                    _words(t["kind"]),
                    f"{_words(t['role'])}\n{owners.shown(t['owner'])}".rstrip(),
                    when(t["due_at"]),
                    t["level"],
                )
                for t in shown["open_tasks"]
            ],
            whole=["task"],
        )

    asyncio.run(run())


@app.command()
def journal(
    episode: Episode,
    as_known_on: Annotated[
        str | None, typer.Option(help="As it was known at the end of this day, such as 2026-03-31.")
    ] = None,
    json: Json = False,
) -> None:
    """Every entry with both its times, its author, and whether it stands."""
    day = read_day("--as-known-on", as_known_on) if as_known_on else None

    async def run() -> None:
        async with clinic() as here:
            lines = await here.query(episode_id(episode), "journal", *([day.isoformat()] if day else []))
        if json:
            as_json(lines)
            return
        table(
            f"Journal of {episode_id(episode)}",
            ["true at", "recorded at", "kind, author and id", "stands"],
            [
                (
                    when(x["effective_at"]).replace(" ", "\n"),
                    when(x["recorded_at"]).replace(" ", "\n"),
                    "\n".join([f"{x['kind']} by {x['by']}", *wrap(x["entry_id"], UUID_LENGTH)]),
                    "yes"
                    if x["stands"]
                    else f"no ({x['undone_by']}: {x['undone_because'] or 'no reason given'})",
                )
                for x in lines
            ],
            whole=["true at", "recorded at", "kind, author and id"],
        )

    asyncio.run(run())


@app.command("list")
def list_episodes(
    stage: Annotated[
        str | None, typer.Option(help="intake, program, gate_review, aftercare or closed.")
    ] = None,
    owner: Annotated[str | None, typer.Option(help="Staff id of the case manager.")] = None,
    flag: Annotated[str | None, typer.Option(help="Such as missing, on_leave, gate_on_hold.")] = None,
    json: Json = False,
) -> None:
    """Open episodes, as the Temporal Web UI lists them."""
    if stage and stage not in get_args(Stage):
        raise CannotDo(f"--stage: there is no stage {stage}; there are {', '.join(get_args(Stage))}.")
    conditions = ["WorkflowType = 'CareEpisode'", "ExecutionStatus = 'Running'"]
    for name, value in (("CarepathStage", stage), ("CarepathOwner", owner), ("CarepathFlags", flag)):
        if value:
            conditions.append(f"{name} = '{_plain_word(value)}'")

    async def run() -> None:
        async with clinic() as here:
            rows = []
            async for one in here.listed(" AND ".join(conditions)):
                known = {
                    pair.key.name.removeprefix("Carepath").lower(): pair.value
                    for pair in one.typed_search_attributes.search_attributes
                    if pair.key.name.startswith("Carepath")
                }
                rows.append({"episode_id": one.id, **known})
            owners = Owners(here.settings)
            orphans = await _with_tasks_of_nobody(here, owners)
        for row in rows:
            row["owner_known"] = owners.is_known(row.get("owner"))
            row["tasks_of_unknown_owners"] = orphans[row["episode_id"]]
        if json:
            as_json(rows)
            return
        table(
            "Episodes",
            ["episode", "stage", "site", "owner", "gate opens", "flags"],
            [
                (
                    r["episode_id"],
                    _words(r.get("stage") or ""),
                    r.get("site"),
                    "\n".join([owners.shown(r.get("owner")), *_orphaned(r["tasks_of_unknown_owners"])]),
                    str(r.get("gate", ""))[:10],
                    _words(", ".join(r.get("flags", []))),
                )
                for r in rows
            ],
            whole=["episode", "gate opens"],
        )

    asyncio.run(run())


async def _with_tasks_of_nobody(here: Clinic, owners: Owners) -> Counter[str]:
    """How many open tasks each episode has whose owner is nobody of the clinic."""
    found: Counter[str] = Counter()
    async for one in here.listed("WorkflowType = 'StaffTask' AND ExecutionStatus = 'Running'"):
        owner = one.typed_search_attributes.get(seen.OWNER)
        if not owners.is_known(owner):
            found[episode_id(one.typed_search_attributes.get(seen.EPISODE) or "")] += 1
    return found


def _orphaned(tasks: int) -> list[str]:
    return [f"{tasks} open task{'s' if tasks > 1 else ''} of nobody in the staff directory"] if tasks else []


def _words(code: str) -> str:
    """A code in a narrow column, where it breaks between its words."""
    return code.replace("_", " ")


def _plain_word(value: str) -> str:
    if not value.replace("_", "").replace("-", "").isalnum():
        raise CannotDo(f"{value} is no code: codes are letters, digits, - and _.")
    return value
