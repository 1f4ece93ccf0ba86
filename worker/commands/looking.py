"""Commands that show where episodes stand: progress, journal, list."""

import asyncio
import sys
from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from operator import itemgetter
from textwrap import wrap
from typing import Annotated, Any

import typer

from worker.commands.options import Episode, Json, read_day
from worker.episodes import Clinic, clinic, episode_id
from worker.errors import CannotDo
from worker.executions import OPEN, Execution, described, why_it_does_not_run
from worker.open_episodes import Listed, open_episodes
from worker.owed import all_lost, lost_from_outside
from worker.owners import Owners
from worker.people import named
from worker.sentences import sentence
from worker.show import as_json, console, table, when
from workflows import visibility
from workflows.core.episode.stages import Stage
from workflows.visibility import FLAG_CODES

app = typer.Typer()
UUID_LENGTH = 36
"""Of the ids that entries get where they bring none; longer ones go over two lines."""


@app.command()
def progress(episode: Episode, json: Json = False) -> None:
    """Where an episode stands today."""

    async def run() -> None:
        async with clinic() as here:
            shown = await here.query(episode_id(episode), "progress")
            await _say_if_it_does_not_run(here, episode_id(episode))
            for one in await all_lost(here, [episode_id(episode)]):
                print(f"Note: {one.says}", file=sys.stderr)
            owners = Owners(here.settings)
        for task in shown["open_tasks"]:
            task["owner_known"] = owners.is_known(task["owner"] or task["role"])
        if json:
            as_json(shown)
            return
        _show_progress(shown, owners)

    asyncio.run(run())


def _show_progress(shown: dict[str, Any], owners: Owners) -> None:
    gate, week = shown["gate"], shown["week"]
    rows = [
        ("Stage", shown["stage"]),
        ("Program day", shown["program_day"]),
        ("Sober since", shown["last_use_on"]),
        ("Days sober", shown["days_sober"]),
        ("Gate opens", gate["opens_on"]),
        (
            "This week",
            f"{week['minutes']} min on {week['days']} days, short by {week['short_by_minutes']} min",
        ),
        ("Missed in a row", shown["consecutive_misses"]),
        ("Extensions", shown["extensions"]),
        ("On hold", ", ".join(shown["on_hold"])),
        ("Flags", ", ".join(shown["flags"])),
        ("Assessments", "\n".join(one["said"] for one in shown["assessments"])),
        ("Nobody was reached", "; ".join(shown["not_reached"])),
        ("Admission waits for", "; ".join(shown["waits_for"])),
        ("Look at this", "\n".join(shown["look_at"])),
        ("Waits until", (d := shown["next_deadline"]) and f"{when(d['at'])} {d['name']}"),
        ("Team", ", ".join(f"{_words(role)} {owners.shown(one)}" for role, one in shown["team"].items())),
        ("Not delivered", "\n".join(shown["undelivered"][-3:])),
        ("Exit", (e := shown["exit"]) and f"{e['reason']} on {e['on']}"),
        ("Times are in", shown["timezone"]),
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
        f"Open tasks (due in {shown['timezone']})",
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


async def _say_if_it_does_not_run(here: Clinic, workflow_id: str) -> None:
    """What has ended answers as it stood then, as if nothing had happened."""
    found = await described(here.client, workflow_id)
    if (says := why_it_does_not_run(workflow_id, found)) and not (found and found.state == "completed"):
        print(f"Note: this is how it stood when it ended. {says}", file=sys.stderr)


@app.command()
def journal(
    episode: Episode,
    as_known_on: Annotated[
        str | None, typer.Option(help="As it was known at the end of this day, such as 2026-03-31.")
    ] = None,
    json: Json = False,
) -> None:
    """Every entry in words, with both its times, its author, and whether it stands."""
    day = read_day("--as-known-on", as_known_on) if as_known_on else None

    async def run() -> None:
        async with clinic() as here:
            lines = await here.query(episode_id(episode), "journal", *([day.isoformat()] if day else []))
            at_the_end = [day.isoformat()] if day else []
            stood = "as_known_on" if day else "progress"
            shown = {} if json else await here.query(episode_id(episode), stood, *at_the_end)
            await _say_if_it_does_not_run(here, episode_id(episode))
        if json:
            as_json(lines)
            return
        table(
            f"Journal of {episode_id(episode)} (times in {shown['timezone']})",
            ["true at", "recorded at", "what, by whom, and its id", "stands"],
            [row for _, row in sorted([*map(_stated, lines), *_moved_by_time(shown)], key=itemgetter(0))],
            whole=["true at", "recorded at"],
        )

    asyncio.run(run())


Row = tuple[datetime, Sequence[str]]
"""When it was recorded, and what the table shows."""


def _stated(line: dict[str, Any]) -> Row:
    said = [sentence(line["entry"]), *_moved(line), _author(line), *wrap(line["entry_id"], UUID_LENGTH)]
    times = (when(line[name]).replace(" ", "\n") for name in ("effective_at", "recorded_at"))
    return datetime.fromisoformat(line["recorded_at"]), (*times, "\n".join(said), _stands(line))


def _moved_by_time(progress: dict[str, Any]) -> list[Row]:
    """What moved the patient without anybody's word."""
    return [
        (
            datetime.fromisoformat(move["at"]),
            (
                when(move["at"]).replace(" ", "\n"),
                "",
                f"{_into(move['to'])}\nby time: {move['deadline']}",
                "",
            ),
        )
        for move in progress["moves"]
        if not move["entry_ids"]
    ]


def _into(stage: str) -> str:
    return f"moved the patient to: {_words(stage)}"


def _moved(line: dict[str, Any]) -> list[str]:
    return [_into(line["moved_to"])] if line.get("moved_to") else []


def _author(line: dict[str, Any]) -> str:
    return f"by {line['by']}" + ("" if line["source"] == "staff" else f" ({line['source']})")


def _stands(line: dict[str, Any]) -> str:
    if line["stands"]:
        return "yes"
    return f"no ({line['undone_by']}: {line['undone_because'] or 'no reason given'})"


@app.command("list")
def list_episodes(
    stage: Annotated[
        str | None, typer.Option(help="intake, program, gate_review, aftercare or closed.")
    ] = None,
    owner: Annotated[str | None, typer.Option(help="Staff id of the case manager.")] = None,
    flag: Annotated[str | None, typer.Option(help="Such as missing, on_leave, gate_on_hold.")] = None,
    everything: Annotated[
        bool, typer.Option("--all", help="Closed ones too, for as long as they take late entries.")
    ] = False,
    json: Json = False,
) -> None:
    """Open episodes, each as what it is: also one that was paused or terminated."""
    if stage and stage not in list(Stage):
        raise CannotDo(f"--stage: there is no stage {stage}; there are {', '.join(Stage)}.")
    if flag and flag not in FLAG_CODES:
        raise CannotDo(f"--flag: there is no flag {flag}; there are {', '.join(FLAG_CODES)}.")

    async def run() -> None:
        async with clinic() as here:
            found = await open_episodes(here)
            owners = Owners(here.settings)
            orphans = await _with_tasks_of_nobody(here, owners)
            lost = Counter(one.episode for one in await lost_from_outside(here))
            if owner and not any(one.attributes.get("owner") == owner for one in found):
                named(here.settings, "--owner", owner)
        shown = [
            one
            for one in found
            if _is_asked_for(one.execution, "stage", stage)
            and _is_asked_for(one.execution, "owner", owner)
            and _is_asked_for(one.execution, "flags", flag)
            and (one.stage != "closed" or everything or stage == "closed")
        ]
        if json:
            as_json(
                [
                    {
                        **one.as_row(),
                        "owner_known": owners.is_known(one.attributes.get("owner")),
                        "tasks_of_unknown_owners": orphans[one.id],
                        "open_and_not_running": lost[one.id],
                    }
                    for one in shown
                ]
            )
            return
        title = "Episodes" if everything or stage else "Open episodes"
        _show_episodes(title, shown, owners, orphans, lost)

    asyncio.run(run())


def _show_episodes(
    title: str, shown: Sequence[Listed], owners: Owners, orphans: Counter[str], lost: Counter[str]
) -> None:
    table(
        title,
        ["episode", "stage", "site", "owner", "gate opens", "flags"],
        [
            (
                one.id,
                _words(one.standing),
                one.attributes.get("site"),
                "\n".join([owners.shown(one.attributes.get("owner")), *_orphaned(orphans[one.id])]),
                one.gate_opens_on,
                _words(", ".join([*one.attributes.get("flags", []), *_of_nobody(one), *_lost(lost[one.id])])),
            )
            for one in shown
        ],
        whole=["episode", "gate opens"],
    )
    if unknown := [one for one in shown if not one.patient_known]:
        console.print(
            f"Of {len(unknown)} of them the clinic database knows no patient: `carepath doctor` says what to do."
        )
    if any(lost[one.id] for one in shown):
        console.print("What is open and does not run reminds nobody: `carepath doctor` says what to do.")
    if stuck := [one for one in shown if one.state != "running"]:
        console.print(
            f"{len(stuck)} of them {'does' if len(stuck) == 1 else 'do'} not run as they should: `carepath doctor` "
            "says why, and what to do."
        )


async def _with_tasks_of_nobody(here: Clinic, owners: Owners) -> Counter[str]:
    """How many open tasks each episode has whose owner is nobody of the clinic."""
    found: Counter[str] = Counter()
    async for one in here.listed(f"WorkflowType = '{visibility.STAFF_TASK}' AND {OPEN}"):
        if not owners.is_known(one.attributes.get("owner")):
            found[episode_id(one.attributes.get("episode") or "")] += 1
    return found


def _lost(number: int) -> list[str]:
    """A task or referral that was terminated is told to nobody else (E9)."""
    return [f"{number} open task{'s' if number > 1 else ''} or referral not running"] if number else []


def _of_nobody(episode: Listed) -> list[str]:
    return [] if episode.patient_known else ["no patient known"]


def _orphaned(tasks: int) -> list[str]:
    return [f"{tasks} open task{'s' if tasks > 1 else ''} of nobody in the staff directory"] if tasks else []


def _is_asked_for(execution: Execution | None, attribute: str, wanted: str | None) -> bool:
    """Whether a filter lets an episode through; one of which nothing is known any more is never left out."""
    if wanted is None or execution is None:
        return True
    value = execution.attributes.get(attribute)
    return wanted in value if isinstance(value, list) else value == wanted


def _words(code: str) -> str:
    """A code in a narrow column, where it breaks between its words."""
    return code.replace("_", " ")
