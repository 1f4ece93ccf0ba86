"""Whom an activity serves: a workflow of ours that owes what it asks for, about what is its own, and nobody else.

Whoever may write to the Temporal server can ask a worker for a single activity, or write a workflow that does. Without
this door they could state another person's consents and have something sent under them (P3, P4).
"""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from temporalio import activity
from temporalio.exceptions import ApplicationError, ApplicationErrorCategory
from temporalio.worker import ActivityInboundInterceptor, ExecuteActivityInput, Interceptor

from workflows.ports.agencies import ASK_AGENCY, DISCLOSE, GIVE_UP, NOTE_TOLD, RECONCILE
from workflows.ports.clinic_files import KEEP_CONSENTS, NOTE_EPISODE, WHAT_IS_KNOWN
from workflows.ports.directory import DIRECTORY_ALARMS, FIND_CANDIDATES, LIST_FEEDS, TAKE_FEED
from workflows.ports.journal import KEEP_JOURNAL, RESTORE
from workflows.ports.patients import MESSAGE_PATIENT
from workflows.ports.staff import NOTIFY_STAFF, WHO_IS
from workflows.ports.unreadable import Unreadable
from workflows.visibility import CARE_EPISODE, DIRECTORY_SYNC, REFERRAL, RESTORING, STAFF_TASK

_log = logging.getLogger(__name__)

NOT_FOR_YOU = "NotForYou"
"""The type of the error with which a stranger is turned away."""

PREFIXES: Mapping[str, tuple[str, ...]] = {
    CARE_EPISODE: ("episode-",),
    STAFF_TASK: ("task-",),
    REFERRAL: ("referral-",),
    RESTORING: ("episode-", "referral-"),
    DIRECTORY_SYNC: ("",),
}
"""What the ids of our workflows begin with. A reading of the directories is of nobody, and may have any."""

IsOwn = Callable[[str, tuple[Any, ...]], bool]
"""Whether what is asked is about the workflow that asks, by its id."""


@dataclass(frozen=True, slots=True)
class Door:
    """Who may ask for an activity, and whether it is their own that they ask about."""

    askers: frozenset[str]
    is_own: IsOwn


def of_episode(workflow_id: str, asked: tuple[Any, ...]) -> bool:
    """Asked by an episode, about itself."""
    return bool(workflow_id == f"episode-{asked[0].episode_id}")


def of_episode_or_its_next(workflow_id: str, asked: tuple[Any, ...]) -> bool:
    """Asked by an episode, about itself or about the one that it begins."""
    return bool(workflow_id == f"episode-{asked[0].follows or asked[0].episode_id}")


def of_referral(workflow_id: str, asked: tuple[Any, ...]) -> bool:
    """Asked by a referral, about itself."""
    return bool(workflow_id == asked[0].referral_id)


def of_sending(workflow_id: str, asked: tuple[Any, ...]) -> bool:
    """Asked by a referral, about a sending of its own: whatever it sends or notes has a key that begins with its id."""
    return bool(
        asked[0].key.startswith(f"{workflow_id}:")
        and getattr(asked[0], "referral_id", workflow_id) == workflow_id
    )


def of_record(workflow_id: str, asked: tuple[Any, ...]) -> bool:
    """Asked by an episode or a referral, about its own journal."""
    return bool(workflow_id == asked[0].workflow_id)


def of_notice(workflow_id: str, asked: tuple[Any, ...]) -> bool:
    """Asked by whoever has a notice. A referral's id does not tell whose it is; it passes on what its tasks leave."""
    notice = asked[0]
    if workflow_id.startswith("episode-"):
        return bool(workflow_id == f"episode-{notice.episode_id}")
    if workflow_id.startswith("task-"):
        return bool(workflow_id == notice.task_id)
    return workflow_id.startswith("referral-") or not notice.episode_id


def of_nobody(_workflow_id: str, _asked: tuple[Any, ...]) -> bool:
    """About nobody in particular."""
    return True


def _by(*askers: str, is_own: IsOwn) -> Door:
    return Door(frozenset(askers), is_own)


DOORS: Mapping[str, Door] = {
    NOTIFY_STAFF: _by(CARE_EPISODE, REFERRAL, STAFF_TASK, DIRECTORY_SYNC, is_own=of_notice),
    WHO_IS: _by(CARE_EPISODE, STAFF_TASK, is_own=of_nobody),
    MESSAGE_PATIENT: _by(CARE_EPISODE, is_own=of_episode),
    WHAT_IS_KNOWN: _by(CARE_EPISODE, is_own=of_episode),
    KEEP_CONSENTS: _by(CARE_EPISODE, is_own=of_episode),
    NOTE_EPISODE: _by(CARE_EPISODE, is_own=of_episode_or_its_next),
    KEEP_JOURNAL: _by(CARE_EPISODE, REFERRAL, is_own=of_record),
    RESTORE: _by(RESTORING, is_own=of_record),
    FIND_CANDIDATES: _by(REFERRAL, is_own=of_referral),
    ASK_AGENCY: _by(REFERRAL, is_own=of_referral),
    DISCLOSE: _by(REFERRAL, is_own=of_sending),
    GIVE_UP: _by(REFERRAL, is_own=of_sending),
    RECONCILE: _by(REFERRAL, is_own=of_sending),
    NOTE_TOLD: _by(REFERRAL, is_own=of_sending),
    LIST_FEEDS: _by(DIRECTORY_SYNC, is_own=of_nobody),
    TAKE_FEED: _by(DIRECTORY_SYNC, is_own=of_nobody),
    DIRECTORY_ALARMS: _by(DIRECTORY_SYNC, is_own=of_nobody),
}
"""Every activity that a worker of ours runs."""


class Callers(Interceptor):
    """For the worker: turns away whoever an activity is not for."""

    def intercept_activity(self, next: ActivityInboundInterceptor) -> ActivityInboundInterceptor:
        return _AtTheDoor(next)


class _AtTheDoor(ActivityInboundInterceptor):
    async def execute_activity(self, input: ExecuteActivityInput) -> Any:
        info, asked = activity.info(), tuple(input.args)
        # What our own workflow asks and this worker cannot read is tried again: a key may be on its way (P3).
        is_tried_again = False
        why = refusal(info.activity_type, info.workflow_type, info.workflow_id)
        if why is None and (unread := next((one for one in asked if isinstance(one, Unreadable)), None)):
            why, is_tried_again = f"What {info.activity_type} was asked cannot be read. {unread.why}", True
        elif why is None and not is_own(info.activity_type, info.workflow_id or "", asked):
            why = f"{info.activity_type} was asked for about something that is not the asking workflow's own."
        if why is None:
            return await self.next.execute_activity(input)
        # An id that a stranger has chosen may be anything, so it is not repeated, by the SDK neither (P1).
        _log.warning("An activity was not done: %s", why)
        raise ApplicationError(
            f"{why} Nothing was done.",
            type=NOT_FOR_YOU,
            non_retryable=not is_tried_again,
            category=ApplicationErrorCategory.BENIGN,
        )


def refusal(name: str, workflow_type: str | None, workflow_id: str | None) -> str | None:
    """Why an activity is not done for whoever asks for it; None: it may be.

    Args:
        name: The activity's.
        workflow_type: Of the workflow that asks; None: it was asked for by itself.
        workflow_id: As well.
    """
    door = DOORS.get(name)
    if door is None:
        return f"{name} is for nobody: no door of it is known (worker/callers.py)."
    of_ours = " and ".join(sorted(door.askers))
    if workflow_type is None or workflow_id is None:
        return f"{name} runs for workflows of carepath alone ({of_ours}), and was asked for by itself."
    if workflow_type not in door.askers or not workflow_id.startswith(PREFIXES[workflow_type]):
        return f"{name} runs for workflows of carepath alone ({of_ours}), and another one has asked for it."
    return None


def is_own(name: str, workflow_id: str, asked: tuple[Any, ...]) -> bool:
    """Whether what is asked is the asking workflow's own."""
    try:
        return DOORS[name].is_own(workflow_id, asked)
    except (AttributeError, IndexError):  # several values, or none
        return False
