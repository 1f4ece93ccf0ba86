"""The status of a referral as others read it: FHIR `Task.status` and `businessStatus`.

Each attempt is one FHIR Task, because each is a referral to another place. `Task.status` is of the value set that the
Gravity project binds for a referral's Task (without `received` and `ready`), the business status a code of BSeR,
harmonised with IHE 360X. The moves are BSeR's table; its `received` is Gravity's `requested`.
"""

from collections import deque
from typing import Literal, NamedTuple, get_args

from workflows.core.referral.attempt import Attempt, Reached

TaskStatus = Literal[
    "draft", "requested", "accepted", "rejected", "in-progress", "on-hold", "cancelled", "completed", "failed",
    "entered-in-error",
]  # fmt: skip
"""Gravity: SDOHCC ValueSet Referral Task Status."""

BusinessStatus = Literal["2.0", "3.0", "4.0", "5.1.1", "5.1.2", "5.1.3", "5.1.4", "5.2", "6.0", "7.0"]
"""BSeR: TaskBusinessStatusCS. Its code 5.1 stands in its table and not in its code system, so it is not used."""

TASK_STATUSES: tuple[str, ...] = get_args(TaskStatus)
BUSINESS_STATUSES: tuple[str, ...] = get_args(BusinessStatus)


class Exported(NamedTuple):
    """What others read of one attempt."""

    status: TaskStatus
    business: BusinessStatus | None


DRAFT = Exported("draft", None)
RECEIVED = Exported("requested", "2.0")
ACCEPTED = Exported("accepted", "3.0")
REJECTED = Exported("rejected", "4.0")
SCHEDULED = Exported("in-progress", "5.1.1")
NO_SHOW = Exported("in-progress", "5.1.2")
APPOINTMENT_CANCELLED = Exported("in-progress", "5.1.3")
EVENT_DONE = Exported("in-progress", "5.1.4")
CANCEL_REQUESTED = Exported("in-progress", "5.2")
CANCELLED = Exported("cancelled", "6.0")
COMPLETED = Exported("completed", "7.0")
ENTERED_IN_ERROR = Exported("entered-in-error", None)


class Row(NamedTuple):
    """One trigger of BSeR's table; the actor is the initiator (I), which is us, or the recipient (R)."""

    number: int
    actor: Literal["I", "R"]
    before: Exported
    after: Exported


TABLE: tuple[Row, ...] = (
    Row(1, "I", DRAFT, RECEIVED),
    Row(2, "R", RECEIVED, ACCEPTED),
    Row(3, "R", RECEIVED, REJECTED),
    Row(4, "I", RECEIVED, CANCEL_REQUESTED),
    Row(5, "R", ACCEPTED, REJECTED),
    Row(6, "R", ACCEPTED, SCHEDULED),
    Row(7, "I", ACCEPTED, CANCEL_REQUESTED),
    Row(8, "R", ACCEPTED, EVENT_DONE),
    Row(9, "R", ACCEPTED, COMPLETED),
    Row(10, "R", SCHEDULED, REJECTED),
    Row(11, "R", SCHEDULED, SCHEDULED),
    Row(12, "R", SCHEDULED, NO_SHOW),
    Row(13, "R", SCHEDULED, APPOINTMENT_CANCELLED),
    Row(14, "I", SCHEDULED, CANCEL_REQUESTED),
    Row(15, "R", SCHEDULED, EVENT_DONE),
    Row(16, "R", SCHEDULED, COMPLETED),
    Row(17, "R", NO_SHOW, REJECTED),
    Row(18, "R", NO_SHOW, SCHEDULED),
    Row(19, "R", NO_SHOW, APPOINTMENT_CANCELLED),
    Row(20, "I", NO_SHOW, CANCEL_REQUESTED),
    Row(21, "R", APPOINTMENT_CANCELLED, SCHEDULED),
    Row(22, "I", APPOINTMENT_CANCELLED, CANCEL_REQUESTED),
    Row(23, "R", CANCEL_REQUESTED, CANCELLED),
    Row(24, "R", CANCEL_REQUESTED, COMPLETED),
    Row(25, "R", EVENT_DONE, REJECTED),
    Row(26, "R", EVENT_DONE, SCHEDULED),
    Row(27, "R", EVENT_DONE, APPOINTMENT_CANCELLED),
    Row(28, "I", EVENT_DONE, CANCEL_REQUESTED),
    Row(29, "R", EVENT_DONE, EVENT_DONE),
    Row(30, "R", EVENT_DONE, COMPLETED),
)
"""Rows 31 to 34 of the original are coarser variants of these with the code 5.1, which is in no code system."""

_OF_STEP: dict[Reached, Exported | None] = {
    Reached.QUEUED: DRAFT,
    Reached.CONSENT_NEEDED: DRAFT,
    Reached.UNCERTAIN: DRAFT,
    Reached.NOT_ARRIVED: DRAFT,
    Reached.BY_HAND: DRAFT,
    Reached.JOINING: None,
    Reached.DROPPED: None,
    Reached.SENT: RECEIVED,
    Reached.ACCEPTED: ACCEPTED,
    # FHIR: "accepted" has agreed and not begun yet. "on-hold" would say that the work had begun and paused.
    Reached.WAITLISTED: ACCEPTED,
    Reached.SCHEDULED: SCHEDULED,
    Reached.MISSED: NO_SHOW,
    Reached.UNBOOKED: APPOINTMENT_CANCELLED,
    Reached.VISITED: EVENT_DONE,
    Reached.ENDED: COMPLETED,
    Reached.DECLINED: REJECTED,
    Reached.CANCEL_REQUESTED: CANCEL_REQUESTED,
    Reached.CANCELLED: CANCELLED,
}


def exported(attempt: Attempt, *, joins: bool, is_closed: bool) -> Exported | None:
    """What others read of an attempt; None where nothing was ever to be sent, or was given up before (C4).

    Args:
        attempt: The attempt.
        joins: Whether people go there by themselves, and no one is ever told.
        is_closed: Whether the referral is over.
    """
    if joins:
        return None
    if attempt.step is Reached.VISITED and (attempt.is_done or attempt.passed_at or is_closed):
        return COMPLETED
    return _OF_STEP[attempt.step]


def moves(before: Exported | None, after: Exported | None) -> list[Exported]:
    """The legal moves from one status to another, the last of which is `after`.

    What was learnt at once may have been several moves. Where the table knows no way, as after a correction or when
    an agency changes its mind after a refusal, the Task is entered in error and another takes its place.
    """
    if after is None or after == before:
        return []
    return _way(before or DRAFT, after) or [ENTERED_IN_ERROR, DRAFT, *(_way(DRAFT, after) or [])]


def _way(before: Exported, after: Exported) -> list[Exported] | None:
    """The shortest way through the table."""
    ways: deque[list[Exported]] = deque([[before]])
    known = {before}
    while ways:
        way = ways.popleft()
        if way[-1] == after:
            return way[1:]
        for row in TABLE:
            if row.before == way[-1] and row.after not in known:
                known.add(row.after)
                ways.append([*way, row.after])
    return None
