"""What is asked of an episode or a referral, answered from its journal by the core, without a workflow (T2, T3, E9)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from activities.clinic_database.journal import Journal, OtherKey
from worker.errors import CannotDo
from workflows.core.episode import views
from workflows.core.episode.episode import Episode
from workflows.core.referral.referral import Referral
from workflows.core.referral.views import view
from workflows.pathways.reliving import lived, told


@dataclass(frozen=True)
class Recorded:
    """An episode or a referral as its journal tells it, and what is wrong with that, in words."""

    living: Episode | Referral
    problems: tuple[str, ...]
    kept_at: datetime | None
    """When its last line was kept."""


async def recorded(journal: Journal, workflow_id: str, until: datetime) -> Recorded | None:
    """How something stands by its journal; None: there is none.

    Raises:
        CannotDo: there is one, and it cannot be read.
    """
    try:
        lines = await journal.lines(workflow_id)
        if not lines:
            return None
        verified = await journal.verify(workflow_id)
        living = lived(told(lines), until)
        return Recorded(living, verified.problems, await journal.kept_since(workflow_id))
    except OtherKey as error:
        raise CannotDo(f"The journal of {workflow_id} cannot be read: {error}.") from None
    except (ValueError, KeyError, TypeError) as error:
        raise CannotDo(
            f"The journal of {workflow_id} cannot be read ({type(error).__name__}): `carepath journal verify "
            f"{workflow_id}` says which lines are not what was written."
        ) from None


async def task_in(journal: Journal, task_id: str, now: datetime) -> dict[str, Any] | None:
    """A task as the journal that it stands in tells it, like the query `task`; None: it is in none."""
    for workflow_id in await journal.all_ids():
        try:
            found = await recorded(journal, workflow_id, now)
        except CannotDo:  # another journal may still have it
            continue
        if found and (duty := found.living.worklist.asked_by(task_id)):
            return _as_task(found.living, task_id, duty, now)
    return None


def _as_task(living: Episode | Referral, task_id: str, duty: str, now: datetime) -> dict[str, Any]:
    start = living.start
    shown = next((one for one in living.worklist.shown(now) if one.task_id == task_id), None)
    answered = living.record.get(f"{task_id}:completed")
    history = []
    if answered:
        said = getattr(answered.entry, "choice", None) or answered.entry.kind
        history = [{"at": answered.recorded_at.isoformat(), "what": said, "by": answered.entry.by}]
    known: dict[str, Any] = shown.model_dump(mode="json") if shown else {"kind": duty.partition(":")[0]}
    why = {"rule": known.get("rule"), "entries": known.get("entries", []), "asks": known.get("asks", "")}
    return {
        "task_id": task_id, "kind": known["kind"], "episode_id": start.episode_id, "role": known.get("role", ""),
        "owner": known.get("owner"), "due_at": known.get("due_at"), "level": known.get("level", 0),
        "state": "open" if shown else "completed" if answered else "withdrawn",
        "outcomes": known.get("outcomes", []), "signed_by": known.get("signed_by", []), "nobody_reached": False,
        "why": why, "history": history, "timezone": start.timezone,
    }  # fmt: skip


def answer(living: Episode | Referral, name: str, arguments: Sequence[Any], now: datetime) -> Any:
    """What the query of a workflow would answer, as plain JSON.

    Raises:
        CannotDo: it is no question for this.
    """
    if isinstance(living, Referral):
        if name == "referral":
            return view(living, now).model_dump(mode="json")
        if name == "journal":
            return [line.model_dump(mode="json") for line in views.journal(living)]
    elif name == "progress":
        return views.progress(living, now).model_dump(mode="json")
    elif name == "journal":
        known_by = living.at_close_of(date.fromisoformat(arguments[0]), now) if arguments else None
        lines = views.journal(living, known_by, living.moved_by)
        return [line.model_dump(mode="json") for line in lines]
    elif name == "as_known_on":
        instant = living.at_close_of(date.fromisoformat(arguments[0]), now)
        return views.progress(views.as_known_at(living, instant), instant).model_dump(mode="json")
    raise CannotDo(f"The journal answers no question called {name}.")
