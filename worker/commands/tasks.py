"""Commands on tasks: tasks, complete, reassign, acknowledge, why."""

import asyncio
from contextlib import suppress
from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from worker.asked import Asked, asking
from worker.commands.channels import warn
from worker.commands.episodes import _plain_word
from worker.commands.options import By, Json
from worker.episodes import Clinic, clinic, episode_id, task_id
from worker.errors import CannotDo, Ended
from worker.executions import AT_ONCE, OPEN, described, why_it_does_not_run
from worker.owed import Lost, all_lost, lost_from_outside
from worker.owners import UNKNOWN, Owners
from worker.people import check_signer, named, roles
from worker.settings import load_settings
from worker.show import as_json, console, table, when_in
from worker.web_ui import link
from workflows.core.rules import in_words

app = typer.Typer()
Task = Annotated[str, typer.Argument(help="The task's id.")]


@app.command()
def tasks(
    mine: Annotated[str | None, typer.Option(help="Tasks of this staff id.")] = None,
    role: Annotated[str | None, typer.Option(help="Tasks of a role that no person owns yet.")] = None,
    episode: Annotated[str | None, typer.Option(help="Tasks of one episode.")] = None,
    overdue: Annotated[bool, typer.Option("--overdue", help="Only those past their due time.")] = False,
    unknown_owner: Annotated[
        bool, typer.Option("--unknown-owner", help="Only those whose owner is not in the staff directory.")
    ] = False,
    json: Json = False,
) -> None:
    """The worklist: open tasks, the most urgent first."""
    if mine and role:
        raise CannotDo("Give --mine or --role: --role lists what no person owns yet.")
    conditions = ["WorkflowType = 'StaffTask'", OPEN]
    if owner := mine or role:
        conditions.append(f"CarepathOwner = '{_plain_word(owner)}'")
    if episode:
        conditions.append(f"CarepathEpisode = '{_plain_word(episode.removeprefix('episode-'))}'")
    if overdue:
        conditions.append(f"CarepathDue < '{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}'")

    async def run() -> None:
        async with clinic() as here:
            await _must_be_known(here, role, episode)
            rows: list[dict[str, Any]] = []
            async for one in here.listed(" AND ".join(conditions)):
                nobody = "nobody_reached" in one.attributes.get("flags", [])
                rows.append(
                    {"task_id": one.id, **one.attributes, "state": one.state, "nobody_reached": nobody}
                )
            lost = await _lost(here, episode)
            known = {row["task_id"] for row in rows}
            rows += [
                row
                for one in lost
                if (row := one.as_task())
                and row["task_id"] not in known
                and (not owner or row["owner"] == owner)
                and (not overdue or row["due"] < datetime.now(UTC))
            ]
            warn(await here.faults.now(), here.settings)
            owners = Owners(here.settings)
            rows = [{**row, "owner_known": owners.is_known(row.get("owner"))} for row in rows]
            rows = [row for row in rows if not (unknown_owner and row["owner_known"])]
            rows.sort(key=lambda row: row.get("due") or datetime.max.replace(tzinfo=UTC))
            if mine and not rows:
                named(here.settings, "--mine", mine)
            await _ask_them(here, rows)
        if json:
            as_json(rows)
            return
        _show_tasks(rows, lost, here.settings.timezone)

    asyncio.run(run())


def _show_tasks(rows: list[dict[str, Any]], lost: list[Lost], zone: str) -> None:
    columns = ["task, of episode", "what is asked, and the answers", "owner", "due", "level"]
    table(f"Tasks (due in {zone})", columns, [_line(row, zone) for row in rows], whole=columns[:1])
    shown = {row["task_id"] for row in rows}
    for gone in lost:
        if gone.task is None or gone.id in shown:
            console.print(gone.says, soft_wrap=True)
    for page in dict.fromkeys(row["page"] for row in rows if row.get("page")):
        console.print(page, soft_wrap=True)


async def _lost(here: Clinic, episode: str | None) -> list[Lost]:
    """What is owed and does not run: it must not be missing where everybody looks for what is owed (E9)."""
    if here.problem is not None:
        return []
    return await (all_lost(here, [episode_id(episode)]) if episode else lost_from_outside(here))


async def _must_be_known(here: Clinic, role: str | None, episode: str | None) -> None:
    """An empty list says that nothing is owed: it must not be the answer to a slip of the hand."""
    if role and role not in (known := roles(here.settings)):
        raise CannotDo(f"--role: there is no role {role}; there are {', '.join(known)}.")
    if episode and await described(here.client, episode_id(episode)) is None:
        raise CannotDo(
            f"--episode: there is no {episode_id(episode)}; `carepath list` shows those that are open."
        )


async def _ask_them(here: Clinic, rows: list[dict[str, Any]]) -> None:
    """What each task asks stands in the task alone, encrypted; where nobody answers, the list is without it."""
    gate = asyncio.Semaphore(AT_ONCE)

    async def ask(row: dict[str, Any]) -> None:
        page = link(
            here.settings.web_ui, episode_id(str(row.get("episode"))), namespace=here.client.namespace
        )
        row["page"] = page if row.get("episode") else None
        async with gate:
            with suppress(CannotDo):
                view = await here.query(row["task_id"], "task")
                row |= {"asks": view["why"]["asks"], "outcomes": view["outcomes"]}

    if here.problem is None:
        await asyncio.gather(*map(ask, rows))


def _line(row: dict[str, Any], zone: str) -> list[Any]:
    due = row.get("due")
    ids = f"{row['task_id']}\nepisode-{row.get('episode')}"
    shown = when_in(zone, due) if isinstance(due, datetime) else None
    marks = {UNKNOWN: not row["owner_known"], "nobody was reached": row["nobody_reached"]}
    owner = "\n".join([str(row.get("owner")), *(mark for mark, is_on in marks.items() if is_on)])
    asked = [str(row.get("task")).replace("_", " ")]
    asked += [row["state"].upper()] if row["state"] != "running" else []
    asked += [row["asks"], f"→ {', '.join(row['outcomes'])}"] if "asks" in row else []
    return [ids, "\n".join(asked), owner, shown, row.get("level")]


@app.command()
def complete(
    task: Task,
    outcome: Annotated[str, typer.Option(help="One of the task's outcomes.")],
    by: By,
    reason: Annotated[str | None, typer.Option(help="Needed for some outcomes.")] = None,
    json: Json = False,
) -> None:
    """Complete a task with one of its outcomes."""
    answer = {"by": by, "outcome": outcome, **({"reason": reason} if reason else {})}
    _send(task, "complete", answer, json, f"Completed as {outcome}.", signer=("--by", by))


@app.command()
def reassign(
    task: Task, to: Annotated[str, typer.Option(help="Staff id.")], by: By, json: Json = False
) -> None:
    """Give a task to another person."""
    _know(("--by", by))
    _send(task, "reassign", {"to": to, "by": by}, json, f"Reassigned to {to}.", signer=("--to", to))


@app.command()
def acknowledge(task: Task, by: By, json: Json = False) -> None:
    """Say that you have seen a task; it stays open and still climbs when overdue."""
    _know(("--by", by))
    _send(task, "acknowledge", {"by": by}, json, "Acknowledged.")


def _know(*people: tuple[str, str]) -> None:
    settings = load_settings()
    for option, staff_id in people:
        named(settings, option, staff_id)


def _send(
    task: str,
    update: str,
    argument: dict[str, str],
    json: bool,
    done: str,
    signer: tuple[str, str] | None = None,
) -> None:
    """Send an update to a task; `signer` is whoever must be able to answer it, and the option that names them."""

    async def run() -> None:
        async with clinic() as here:
            asked = await here.query(task_id(task), "task")
            _must_be_open(asked)
            if signer:
                check_signer(here.settings, *signer, asked["kind"], asked["signed_by"])
            view = await _told_if_it_has_ended(here, task_id(task), update, argument)
        if json:
            as_json(view)
            return
        console.print(done)
        for change in view["changes"]:
            console.print(f"  {change}", soft_wrap=True)
        if view["state"] == "completed" and not view["is_heard"]:
            console.print(f"  episode-{view['episode_id']} has not heard of it yet, and will: `carepath doctor` says "
                          "what keeps it.", soft_wrap=True)  # fmt: skip

    asyncio.run(run())


async def _told_if_it_has_ended(
    here: Clinic, task: str, update: str, argument: dict[str, str]
) -> dict[str, Any]:
    """Send an update to a task; somebody may have ended it since it was looked at."""
    try:
        return dict(await here.update(task, update, argument))
    except Ended:
        _must_be_open(await here.query(task, "task"))
        raise


def _must_be_open(task: dict[str, Any]) -> None:
    """A second answer is told how the task has ended, also after its workflow has (E10)."""
    if task["state"] != "open":
        ended = task["ended"] or task["history"][-1]
        by = f" by {ended['by']}" if ended["by"] else ""
        raise CannotDo(f"This task is {task['state']} already: {ended['what']}{by}.")


@app.command()
def why(
    subject: Annotated[str, typer.Argument(help="A task's id, or an episode's for its holds and tasks.")],
    json: Json = False,
) -> None:
    """Which rule and which entries put a task or a hold there."""

    async def run() -> None:
        async with asking() as asked:
            if shown := await _task(asked, subject):
                zone = asked.settings.timezone
                rows = [
                    ("kind", shown["kind"]),
                    ("owner", f"{shown['owner'] or 'nobody yet'}, as {shown['role'].replace('_', ' ')}"),
                    ("due", shown["due_at"] and when_in(zone, datetime.fromisoformat(shown["due_at"]))),
                    ("outcomes", ", ".join(shown["outcomes"])),
                    ("asks", shown["why"]["asks"]),
                    ("because", shown["why"]["rule"] and in_words(shown["why"]["rule"])),
                    ("entries", ", ".join(shown["why"]["entries"]) or "none"),
                    ("state", await _state(asked.here, shown)),
                ]
                if shown["nobody_reached"]:
                    rows.append(("nobody was reached", shown["not_reached"]))
                rows += [
                    (
                        when_in(zone, datetime.fromisoformat(line["at"])),
                        f"{line['what']}{' by ' + line['by'] if line['by'] else ''}",
                    )
                    for line in shown["history"]
                ]
            else:
                progress = await asked.ask(episode_id(subject), "progress")
                shown = {
                    "on_hold": progress["on_hold"],
                    "gate": progress["gate"],
                    "open_tasks": progress["open_tasks"],
                    "not_reached": progress["not_reached"],
                    "may_decide": progress["may_decide"],
                }
                rows = [("on hold", hold) for hold in progress["on_hold"]]
                rows += [("gate needs", c["why"]) for c in progress["gate"]["conditions"] if not c["met"]]
                rows += [("nobody was reached", why) for why in progress["not_reached"]]
                rows += [
                    (
                        f"{t['kind'].replace('_', ' ')} ({t['rule']})",
                        f"{t['asks']} Entries: {', '.join(t['entries']) or 'none'}.",
                    )
                    for t in progress["open_tasks"]
                ]
                rows += [
                    (
                        f"may be decided about {q['about']} ({q['rule']})",
                        f"{q['asks']} Choices: {', '.join(q['choices'])}.",
                    )
                    for q in progress["may_decide"]
                ]
        zone = shown.get("timezone") or asked.settings.timezone
        as_json(shown) if json else table(f"Why: {subject} (times in {zone})", ["what", "why"], rows)

    asyncio.run(run())


async def _state(here: Clinic | None, task: dict[str, Any]) -> str:
    """What has ended from outside answers as it stood then, as if it were open."""
    if task["state"] != "open" or here is None:
        return str(task["state"])
    says = why_it_does_not_run(task["task_id"], await described(here.client, task["task_id"]))
    return f"open, and does not run. {says}" if says else "open"


async def _task(asked: Asked, subject: str) -> dict[str, Any] | None:
    """The task that is meant, with or without its prefix; None where an episode is."""
    if subject.startswith("task-"):
        return await asked.task(subject)
    if not subject.startswith("episode-") and asked.here:
        with suppress(CannotDo):
            return dict(await asked.here.query(task_id(subject), "task"))
    return None
