"""Commands on referrals: referral list, referral show, referral record."""

import asyncio
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from worker.asked import asking
from worker.commands.episodes import _plain_word, need_author, tell
from worker.commands.options import By, Json, fields, read_file
from worker.episodes import clinic
from worker.errors import CannotDo
from worker.executions import OPEN
from worker.people import check_authors, named
from worker.settings import load_settings
from worker.show import as_json, console, table, when, when_in

referral = typer.Typer(help="Referrals: who waits for what, and what happened.", no_args_is_help=True)
Id = Annotated[str, typer.Argument(help="The referral's id, with or without 'referral-'.")]


def referral_id(given: str) -> str:
    """The workflow id of a referral, given with or without its prefix."""
    return given if given.startswith("referral-") else f"referral-{given}"


@referral.command(name="list")
def list_(
    episode: Annotated[str | None, typer.Option(help="Referrals of one episode.")] = None,
    mine: Annotated[str | None, typer.Option(help="Referrals of this case manager.")] = None,
    state: Annotated[str | None, typer.Option(help="Only those in this state, such as scheduled.")] = None,
    json: Json = False,
) -> None:
    """Open referrals, by the day on which the next candidate is due."""
    conditions = ["WorkflowType = 'Referral'", OPEN]
    if episode:
        conditions.append(f"CarepathEpisode = '{_plain_word(episode.removeprefix('episode-'))}'")
    if mine:
        conditions.append(f"CarepathOwner = '{named(load_settings(), '--mine', _plain_word(mine))}'")
    if state:
        conditions.append(f"CarepathStage = '{_plain_word(state)}'")

    async def run() -> None:
        async with clinic() as here:
            rows: list[dict[str, Any]] = []
            async for one in here.listed(" AND ".join(conditions)):
                known = one.attributes
                due = known.get("due")
                rows.append(
                    {
                        "referral_id": one.id,
                        "kind": next(iter(known.get("flags") or []), None),
                        "state": known.get("stage"),
                        "episode": known.get("episode"),
                        "owner": known.get("owner"),
                        "first_visit_by": due.isoformat() if due else None,
                    }
                )
        rows.sort(key=lambda row: (row["first_visit_by"] or "9", row["referral_id"]))
        if json:
            as_json(rows)
            return
        columns = ["referral, of episode", "kind", "state", "case manager", "visit by"]
        zone = here.settings.timezone
        table(
            f"Referrals (times in {zone})",
            columns,
            [_line(row, zone) for row in rows],
            whole=[columns[0], columns[-1]],
        )

    asyncio.run(run())


def _line(row: dict[str, Any], zone: str) -> list[Any]:
    kind, state = (str(row[name] or "").replace("_", " ") for name in ("kind", "state"))
    ids = f"{row['referral_id']}\nepisode-{row['episode']}"
    due = row["first_visit_by"]
    shown = when_in(zone, datetime.fromisoformat(due)).replace(" ", "\n") if due else ""
    return [ids, kind, state, row["owner"], shown]


@referral.command()
def show(referral: Id, json: Json = False) -> None:
    """Where a referral stands: what can be chosen, what was tried, what it waits for."""

    async def run() -> None:
        async with asking() as asked:
            shown = await asked.ask(referral_id(referral), "referral")
        if json:
            as_json(shown)
            return
        fhir, closed, due = shown["fhir"], shown["closed"], shown["first_visit_by"]
        rows = [
            ("For", f"{shown['service']} ({shown['kind'].replace('_', ' ')})"),
            ("State", shown["state"].replace("_", " ")),
            ("Since", when(shown["since"])),
            ("Wishes", ", ".join(f"{name}: {value}" for name, value in shown["wishes"].items())),
            ("First visit by", when(due)),
            ("First visit", shown["first_visit_on"]),
            ("FHIR status", fhir["status"] and f"{fhir['status']} {fhir['business_status'] or ''}"),
            ("Waits for", shown["waits_for"]),
            ("Closed", closed and f"{closed['reason'].replace('_', ' ')} on {closed['on']}"),
            ("Episode", f"episode-{shown['episode_id']}"),
        ]
        rows += [("Nobody was reached", text) for text in shown["not_reached"]]
        rows += [("Not kept yet", text) for text in shown["not_kept"]]
        rows += [("Not delivered", text) for text in shown["undelivered"]]
        rows.append(("Times are in", shown["timezone"]))
        table(shown["referral_id"], ["", ""], [row for row in rows if row[1]])
        if shown["offered"]:
            columns = ["choose with", "place", "agency", "why"]
            places = [
                [one["listing_id"], one["name"], one["agency"], ", ".join(one["why"])]
                for one in shown["offered"]
            ]
            table("To choose from", columns, places)
        if shown["attempts"]:
            tried = [
                [
                    f"{one['listing_id']}\n{one['name']}",
                    one["agency"],
                    one["step"].replace("_", " "),
                    when(one["chosen_at"]),
                    when(one["appointment_at"]),
                    one["visited_on"],
                ]
                for one in shown["attempts"]
            ]
            table("Chosen", ["id, place", "agency", "step", "chosen", "appointment", "visited"], tried)
        if shown["open_tasks"]:
            owed = [[one["task_id"], when(one["due_at"]), one["asks"]] for one in shown["open_tasks"]]
            table("Open tasks", ["task", "due", "what is asked"], owed)

    asyncio.run(run())


@referral.command()
def record(
    referral: Id,
    kind: Annotated[
        str | None, typer.Argument(help="What is stated, such as choice, answer or visit.")
    ] = None,
    field: Annotated[list[str] | None, typer.Argument(help="Its fields as name=value.")] = None,
    by: By = "",
    file: Annotated[Path | None, typer.Option(help="The statement as JSON or YAML; - is stdin.")] = None,
    json: Json = False,
) -> None:
    """State what happened to a referral; the answer says what changed."""
    if file:
        content = read_file(file)
        if not isinstance(content, dict):
            raise CannotDo(f"{file}: a statement is one object with a kind, such as kind: visit.")
    elif kind:
        need_author(by)
        content = {"kind": kind, "by": by, **fields(field or [])}
    else:
        raise typer.BadParameter("give a kind with its fields, or --file")

    async def run() -> None:
        async with clinic() as here:
            check_authors(here.settings, [content])
            changed = await here.update(referral_id(referral), "record", content)
        tell(changed, json)
        if not json:
            console.print(f"  The referral is now: {changed['stage'].replace('_', ' ')}.")

    asyncio.run(run())
