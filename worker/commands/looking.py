"""Commands that show where episodes stand: progress, list."""

import asyncio
import sys
from collections import Counter
from collections.abc import Sequence
from typing import Annotated, Any

import typer

from worker.asked import asking
from worker.commands.options import Episode, Json
from worker.episodes import Clinic, clinic, episode_id
from worker.errors import CannotDo
from worker.executions import OPEN, Execution, described, why_it_does_not_run
from worker.open_episodes import Listed, open_episodes
from worker.owed import all_lost, lost_from_outside
from worker.owners import Owners
from worker.people import named
from worker.show import as_json, console, table, when
from workflows import visibility
from workflows.core.episode.stages import Stage
from workflows.visibility import FLAG_CODES

app = typer.Typer()


@app.command()
def progress(episode: Episode, json: Json = False) -> None:
    """Where an episode stands today."""

    async def run() -> None:
        async with asking() as asked:
            shown = await asked.ask(episode_id(episode), "progress")
            if asked.here and not asked.noted:
                await say_if_it_does_not_run(asked.here, episode_id(episode))
                for one in await all_lost(asked.here, [episode_id(episode)]):
                    print(f"Note: {one.says}", file=sys.stderr)
            owners = Owners(asked.settings)
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
        ("Not kept yet", "\n".join(shown["not_kept"])),
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


async def say_if_it_does_not_run(here: Clinic, workflow_id: str) -> None:
    """What has ended answers as it stood then, as if nothing had happened."""
    found = await described(here.client, workflow_id)
    if (says := why_it_does_not_run(workflow_id, found)) and not (found and found.state == "completed"):
        print(f"Note: this is how it stood when it ended. {says}", file=sys.stderr)


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
