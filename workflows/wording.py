"""What people read of an episode, a referral and a task on its page in the Temporal Web UI.

Dates, codes and staff roles only (P1). Dates rather than counts, so that what is shown stays true while nothing
happens.
"""

import re
from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from workflows.core import rules
from workflows.core.engine.calendar import day_in_words, in_words
from workflows.core.engine.holding import Held
from workflows.core.engine.shown import OpenTaskView
from workflows.core.episode.progress import Progress
from workflows.core.episode.stages import IN_PROGRAM
from workflows.core.referral.referral import Referral
from workflows.core.referral.views import ReferralView
from workflows.core.referral.words import named
from workflows.messages import HistoryLine, TaskStart
from workflows.visibility import flags

_MARKUP = re.compile(r"([\\`*\[\]<>|#~])")


def progress_table(progress: Progress, zone: ZoneInfo) -> str:
    """The progress as a Markdown table, for the current details."""
    gate = progress.gate
    needs = [condition.why for condition in gate.conditions if not condition.met]
    rows = [
        ("Stage", progress.stage.replace("_", " ") + _marks(progress)),
        ("Admitted on", day_in_words(progress.admitted_on) if progress.admitted_on else "—"),
        ("Sober since", day_in_words(progress.last_use_on) if progress.last_use_on else "not known"),
        ("Gate opens", day_in_words(gate.opens_on) if gate.opens_on else "not known"),
        ("Gate needs", "; ".join(needs) if needs else "nothing more"),
        ("Extensions", str(progress.extensions)),
        ("Missed in a row", str(progress.consecutive_misses)),
        ("Waits for", _waits_for(progress, zone)),
        ("Times are in", zone.key),
    ]
    if progress.stage in IN_PROGRAM:
        week = progress.week
        rows.insert(
            6, ("This week", f"{week.minutes} min on {week.days} days, short by {week.short_by_minutes} min")
        )
    if progress.exit:
        rows.append(("Exit", f"{progress.exit.reason.replace('_', ' ')} on {day_in_words(progress.exit.on)}"))
    rows += [("Admission waits for", "; ".join(progress.waits_for))] if progress.waits_for else []
    rows += [("Assessment", one.said) for one in progress.assessments]
    rows += [("Look at this", text) for text in progress.look_at]
    rows += [("Not kept yet", text) for text in progress.not_kept]
    rows += [("Nobody was reached", text) for text in progress.not_reached]
    rows += [("Not delivered", text) for text in progress.undelivered[-3:]]
    table = ["| | |", "|---|---|", *(f"| **{name}** | {as_text(value)} |" for name, value in rows)]
    return "\n".join([*table, *_task_rows(progress.open_tasks, zone)])


def as_text(value: str) -> str:
    """Text from data, as text: in a table of Markdown a bar ends the cell, and brackets make a link."""
    return _MARKUP.sub(r"\\\1", " ".join(value.split()))


def _task_rows(tasks: Sequence[OpenTaskView], zone: ZoneInfo) -> list[str]:
    if not tasks:
        return []
    return [
        "",
        "| Open task | Role | Due | Why |",
        "|---|---|---|---|",
        *(
            f"| `{task.task_id}` {task.kind.replace('_', ' ')} | {task.role.replace('_', ' ')} | "
            f"{in_words(task.due_at.astimezone(zone))} | {as_text(task.asks)} ({task.rule}) |"
            for task in tasks
        ),
    ]


def task_page(task: TaskStart, held: Held, unreached: str | None, ended: HistoryLine | None) -> str:
    """A task as Markdown: what is asked and why in words, and the codes behind them; of one that has ended, first how
    (F8)."""
    nobody = f"**Nobody was reached so far**; it is tried on. {as_text(unreached)}\n\n" if unreached else ""
    page = (
        f"{nobody}**{task.kind.replace('_', ' ')}** for the {held.role.replace('_', ' ')} "
        f"(`{held.owner or 'no staff id'}`), due {in_utc(task.due_at)}, level {held.level}\n\n"
        f"{as_text(task.asks)}\n\nOutcomes: {', '.join(map(as_text, task.outcomes))}\n\n"
        f"Why: {as_text(rules.in_words(task.rule))} Entries {', '.join(map(as_text, task.entries)) or 'none'} · "
        f"episode `episode-{task.episode_id}`"
    )
    if ended is None:
        return page
    by = f" by `{ended.by}`" if ended.by else ""
    how = f"**{as_text(ended.what)}**{by}, {in_utc(ended.at)}: nothing is owed here any more."
    return f"{how}\n\nIt was:\n\n{page}"


def in_utc(instant: datetime) -> str:
    """An instant to the minute, with its zone."""
    return f"{instant:%Y-%m-%d %H:%M %Z}"


def referral_table(shown: ReferralView, referral: Referral) -> str:
    """A referral as a Markdown table: codes, dates and roles, and neither the service nor a place by name (C5)."""
    zone = referral.zone
    rows = [
        ("Referral for", named(referral.facts)),
        ("State", shown.state.replace("_", " ")),
        ("Since", day_in_words(shown.since.date())),
        ("Places offered", str(len(shown.offered))),
        ("Places tried", str(len(shown.attempts))),
        ("First visit by", in_words(shown.first_visit_by.astimezone(zone)) if shown.first_visit_by else "—"),
        ("First visit", day_in_words(shown.first_visit_on) if shown.first_visit_on else "—"),
        (
            "FHIR status",
            f"{shown.fhir.status} {shown.fhir.business_status or ''}" if shown.fhir.status else "—",
        ),
        ("Waits for", shown.waits_for),
        ("Times are in", zone.key),
        ("Episode", f"episode-{shown.episode_id}"),
    ]
    if shown.cancelling:
        rows.append(("Cancellations not confirmed", str(len(shown.cancelling))))
    if shown.closed:
        rows.append(("Closed", f"{shown.closed.reason.replace('_', ' ')} on {day_in_words(shown.closed.on)}"))
    rows += [("Not kept yet", text) for text in shown.not_kept]
    rows += [("Nobody was reached", text) for text in shown.not_reached]
    rows += [("Not delivered", text) for text in shown.undelivered[-3:]]
    table = ["| | |", "|---|---|", *(f"| **{name}** | {as_text(value)} |" for name, value in rows)]
    return "\n".join([*table, *_task_rows(shown.open_tasks, zone)])


def _marks(progress: Progress) -> str:
    marks = [flag.replace("_", " ") for flag in flags(progress)]
    return f" ({', '.join(marks)})" if marks else ""


def _waits_for(progress: Progress, zone: ZoneInfo) -> str:
    if progress.next_deadline is None:
        return "a person"
    return f"{progress.next_deadline.name} ({in_words(progress.next_deadline.at.astimezone(zone))})"
