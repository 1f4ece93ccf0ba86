"""What an episode shows in the Temporal Web UI: the progress table and the search attributes.

Dates, codes and staff roles only (P1). Dates rather than counts, so that what is shown stays true while nothing
happens.
"""

import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from temporalio.common import SearchAttributePair, SearchAttributeUpdate, TypedSearchAttributes

from workflows import visibility as seen
from workflows.core import rules
from workflows.core.engine.calendar import day_in_words, in_words
from workflows.core.engine.shown import OpenTaskView
from workflows.core.episode.pathway import IN_PROGRAM
from workflows.core.episode.progress import Progress
from workflows.core.episode.start import EpisodeStart
from workflows.core.referral.referral import Referral
from workflows.core.referral.start import ReferralStart
from workflows.core.referral.views import ReferralView
from workflows.core.referral.words import named
from workflows.held import Held
from workflows.messages import HistoryLine, TaskStart


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
    rows += [("Look at this", text) for text in progress.look_at]
    rows += [("Nobody was reached", text) for text in progress.not_reached]
    rows += [("Not delivered", text) for text in progress.undelivered[-3:]]
    table = ["| | |", "|---|---|", *(f"| **{name}** | {as_text(value)} |" for name, value in rows)]
    return "\n".join([*table, *_task_rows(progress.open_tasks, zone)])


def as_text(value: str) -> str:
    """Text from data, as text: in a table of Markdown a bar ends the cell, and brackets make a link."""
    return re.sub(r"([\\`*\[\]<>|#~])", r"\\\1", " ".join(value.split()))


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


def task_attributes(task: TaskStart) -> TypedSearchAttributes:
    """The search attributes with which a task begins."""
    pairs: list[SearchAttributePair[Any]] = [
        SearchAttributePair(seen.TASK, task.kind),
        SearchAttributePair(seen.SITE, task.site),
        SearchAttributePair(seen.EPISODE, task.episode_id),
        SearchAttributePair(seen.LEVEL, 0),
        SearchAttributePair(seen.DUE, task.due_at),
        SearchAttributePair(seen.OWNER, task.owner or task.role),
    ]
    return TypedSearchAttributes(pairs)


def owner_attributes(task: TaskStart, held: Held) -> list["SearchAttributeUpdate[Any]"]:
    """Whose an open task is now, at which level, and until when."""
    return [
        seen.LEVEL.value_set(held.level),
        seen.OWNER.value_set(held.owner or held.role),
        seen.DUE.value_set(task.due_at),
    ]


def episode_attributes(progress: Progress, start: EpisodeStart) -> list["SearchAttributeUpdate[Any]"]:
    """The search attributes of an episode: plain codes and dates."""
    updates: list[SearchAttributeUpdate[Any]] = [
        seen.STAGE.value_set(progress.stage),
        seen.SITE.value_set(start.site),
        seen.EPISODE.value_set(start.episode_id),
        seen.FLAGS.value_set(flags(progress)),
    ]
    if owner := progress.team.get("case_manager"):
        updates.append(seen.OWNER.value_set(owner))
    if progress.gate.opens_on:
        midnight = datetime.combine(progress.gate.opens_on, time(), start.zone).astimezone(UTC)
        updates.append(seen.GATE.value_set(midnight))
    return updates


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
    rows += [("Nobody was reached", text) for text in shown.not_reached]
    rows += [("Not delivered", text) for text in shown.undelivered[-3:]]
    table = ["| | |", "|---|---|", *(f"| **{name}** | {as_text(value)} |" for name, value in rows)]
    return "\n".join([*table, *_task_rows(shown.open_tasks, zone)])


def referral_start_attributes(start: ReferralStart) -> TypedSearchAttributes:
    """The search attributes with which a referral begins."""
    pairs: list[SearchAttributePair[Any]] = [
        SearchAttributePair(seen.STAGE, "seeking"),
        SearchAttributePair(seen.SITE, start.site),
        SearchAttributePair(seen.EPISODE, start.episode_id),
        SearchAttributePair(seen.FLAGS, [start.kind]),
    ]
    if start.team.case_manager:
        pairs.append(SearchAttributePair(seen.OWNER, start.team.case_manager))
    return TypedSearchAttributes(pairs)


def referral_attributes(shown: ReferralView, start: ReferralStart) -> list["SearchAttributeUpdate[Any]"]:
    """The search attributes of a referral: plain codes, and never what the service is (C5)."""
    marks = {"undelivered": bool(shown.undelivered), "nobody_reached": shown.nobody_reached}
    updates: list[SearchAttributeUpdate[Any]] = [
        seen.STAGE.value_set(shown.state),
        seen.SITE.value_set(start.site),
        seen.EPISODE.value_set(start.episode_id),
        seen.FLAGS.value_set([start.kind, *(name for name, is_on in marks.items() if is_on)]),
    ]
    if owner := shown.team.get("case_manager"):
        updates.append(seen.OWNER.value_set(owner))
    if shown.first_visit_by:
        updates.append(seen.DUE.value_set(shown.first_visit_by))
    return updates


_FLAGS: dict[str, Callable[[Progress], bool]] = {
    "on_leave": lambda progress: progress.on_leave,
    "in_crisis": lambda progress: progress.in_crisis,
    "gate_on_hold": lambda progress: bool(progress.on_hold),
    "missing": lambda progress: progress.consecutive_misses > 0,
    "extended": lambda progress: progress.extensions > 0 and progress.stage in IN_PROGRAM,
    "flagged": lambda progress: bool(progress.flags),
    "undelivered": lambda progress: bool(progress.undelivered),
    "nobody_reached": lambda progress: progress.nobody_reached,
    "needs_second_director": lambda progress: progress.needs_second_director,
}

FLAGS = tuple(_FLAGS)
"""Plain codes to filter by; a flag's own name stays inside, since anybody may read these (P1, C5)."""


def flags(progress: Progress) -> list[str]:
    """Those of `FLAGS` that are up."""
    return [name for name, is_up in _FLAGS.items() if is_up(progress)]


def _marks(progress: Progress) -> str:
    marks = [flag.replace("_", " ") for flag in flags(progress)]
    return f" ({', '.join(marks)})" if marks else ""


def _waits_for(progress: Progress, zone: ZoneInfo) -> str:
    if progress.next_deadline is None:
        return "a person"
    return f"{progress.next_deadline.name} ({in_words(progress.next_deadline.at.astimezone(zone))})"
