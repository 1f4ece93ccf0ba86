"""The search attributes by which staff find work: plain codes and dates, never anything of a person (P1).

Search attributes are stored unencrypted and bypass the payload codec, so each value here must be one that
may stand on a screen in a corridor: a stage, a site, a staff id, a date.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, time
from typing import TYPE_CHECKING, Any

from temporalio.common import (
    SearchAttributeKey,
    SearchAttributePair,
    SearchAttributeUpdate,
    TypedSearchAttributes,
)

from workflows.core.episode.stages import IN_PROGRAM

if TYPE_CHECKING:  # whoever asks the server for a list names attributes, and waits for no engine to load
    from workflows.core.engine.holding import Held
    from workflows.core.episode.progress import Progress
    from workflows.core.episode.start import EpisodeStart
    from workflows.core.referral.start import ReferralStart
    from workflows.core.referral.views import ReferralView
    from workflows.messages import TaskStart

STAGE = SearchAttributeKey.for_keyword("CarepathStage")
SITE = SearchAttributeKey.for_keyword("CarepathSite")
OWNER = SearchAttributeKey.for_keyword("CarepathOwner")
EPISODE = SearchAttributeKey.for_keyword("CarepathEpisode")
TASK = SearchAttributeKey.for_keyword("CarepathTask")
LEVEL = SearchAttributeKey.for_int("CarepathLevel")
DUE = SearchAttributeKey.for_datetime("CarepathDue")
GATE = SearchAttributeKey.for_datetime("CarepathGate")
FLAGS = SearchAttributeKey.for_keyword_list("CarepathFlags")

ALL = (STAGE, SITE, OWNER, EPISODE, TASK, LEVEL, DUE, GATE, FLAGS)

TASK_QUEUE = "carepath"
CARE_EPISODE = "CareEpisode"
STAFF_TASK = "StaffTask"
REFERRAL = "Referral"
DIRECTORY_SYNC = "DirectorySync"
RESTORING = "Restoring"


def of_new_task(task: TaskStart) -> TypedSearchAttributes:
    """The search attributes with which a task begins."""
    pairs: list[SearchAttributePair[Any]] = [
        SearchAttributePair(TASK, task.kind),
        SearchAttributePair(SITE, task.site),
        SearchAttributePair(EPISODE, task.episode_id),
        SearchAttributePair(LEVEL, 0),
        SearchAttributePair(DUE, task.due_at),
        SearchAttributePair(OWNER, task.owner or task.role),
    ]
    return TypedSearchAttributes(pairs)


def of_owner(task: TaskStart, held: Held) -> list[SearchAttributeUpdate[Any]]:
    """Whose an open task is now, at which level, and until when."""
    return [
        LEVEL.value_set(held.level),
        OWNER.value_set(held.owner or held.role),
        DUE.value_set(task.due_at),
    ]


def of_episode(progress: Progress, start: EpisodeStart) -> list[SearchAttributeUpdate[Any]]:
    """The search attributes of an episode: plain codes and dates."""
    updates: list[SearchAttributeUpdate[Any]] = [
        STAGE.value_set(progress.stage),
        SITE.value_set(start.site),
        EPISODE.value_set(start.episode_id),
        FLAGS.value_set(flags(progress)),
    ]
    if owner := progress.team.get("case_manager"):
        updates.append(OWNER.value_set(owner))
    if progress.gate.opens_on:
        midnight = datetime.combine(progress.gate.opens_on, time(), start.zone).astimezone(UTC)
        updates.append(GATE.value_set(midnight))
    return updates


def of_new_referral(start: ReferralStart) -> TypedSearchAttributes:
    """The search attributes with which a referral begins."""
    pairs: list[SearchAttributePair[Any]] = [
        SearchAttributePair(STAGE, "seeking"),
        SearchAttributePair(SITE, start.site),
        SearchAttributePair(EPISODE, start.episode_id),
        SearchAttributePair(FLAGS, [start.kind]),
    ]
    if start.team.case_manager:
        pairs.append(SearchAttributePair(OWNER, start.team.case_manager))
    return TypedSearchAttributes(pairs)


def of_referral(shown: ReferralView, start: ReferralStart) -> list[SearchAttributeUpdate[Any]]:
    """The search attributes of a referral: plain codes, and never what the service is (C5)."""
    marks = {
        "undelivered": bool(shown.undelivered),
        "nobody_reached": shown.nobody_reached,
        "not_kept": shown.journal_behind,
    }
    updates: list[SearchAttributeUpdate[Any]] = [
        STAGE.value_set(shown.state),
        SITE.value_set(start.site),
        EPISODE.value_set(start.episode_id),
        FLAGS.value_set([start.kind, *(name for name, is_on in marks.items() if is_on)]),
    ]
    if owner := shown.team.get("case_manager"):
        updates.append(OWNER.value_set(owner))
    if shown.first_visit_by:
        updates.append(DUE.value_set(shown.first_visit_by))
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
    "not_kept": lambda progress: progress.journal_behind,
    "needs_second_director": lambda progress: progress.needs_second_director,
}

FLAG_CODES = tuple(_FLAGS)
"""Plain codes to filter by; a flag's own name stays inside, since anybody may read these (P1, C5)."""


def flags(progress: Progress) -> list[str]:
    """Those of `FLAG_CODES` that are up."""
    return [name for name, is_up in _FLAGS.items() if is_up(progress)]
