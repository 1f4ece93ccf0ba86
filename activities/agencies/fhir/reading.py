"""What an agency says of a referral, read from its Task.

Agencies speak one of two dialects: BSeR says it in `businessStatus`, Gravity in `status` and `output`. Most fill only
one of them, so each is enough. Words of theirs (`statusReason.text`) stay over there: only codes and times come in.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any

from pydantic import ValidationError

from activities.agencies.fhir.codes import BusinessStatus, TaskStatus
from activities.agencies.fhir.resources import Task
from activities.agencies.port import AgencyWord, Status

SAID_BY_STATUS: Mapping[TaskStatus, Status | None] = MappingProxyType(
    {
        TaskStatus.DRAFT: None,  # ours, as we sent it: the agency has said nothing
        TaskStatus.REQUESTED: None,
        TaskStatus.RECEIVED: "received",
        TaskStatus.ACCEPTED: "accepted",
        TaskStatus.READY: "accepted",
        TaskStatus.IN_PROGRESS: "accepted",
        TaskStatus.ON_HOLD: "waitlisted",
        TaskStatus.REJECTED: "declined",
        TaskStatus.FAILED: "declined",  # accepted and then not possible: somebody else is needed, as after a no
        TaskStatus.ENTERED_IN_ERROR: "declined",
        TaskStatus.CANCELLED: "cancelled",
        TaskStatus.COMPLETED: "ended",
    }
)
"""The word for each status by itself."""

ENDED = frozenset(
    {
        TaskStatus.REJECTED,
        TaskStatus.FAILED,
        TaskStatus.ENTERED_IN_ERROR,
        TaskStatus.CANCELLED,
        TaskStatus.COMPLETED,
    }
)
"""Nothing comes after these: a business status that was left standing from before says no more."""

SAID_BY_BUSINESS_STATUS: Mapping[BusinessStatus, Status | None] = MappingProxyType(
    {
        BusinessStatus.CREATED: "received",
        BusinessStatus.ACCEPTED: "accepted",
        BusinessStatus.DECLINED: "declined",
        BusinessStatus.ACTIVE: "accepted",
        BusinessStatus.SCHEDULED: "scheduled",
        BusinessStatus.UNATTENDED: "missed",
        BusinessStatus.APPOINTMENT_CANCELLED: "accepted",  # they still want to see the person: a new time is due
        BusinessStatus.EVENT_DONE: "visited",
        BusinessStatus.CANCELLATION_REQUESTED: None,  # that is our word; theirs is the status beside it
        BusinessStatus.CANCELLED: "cancelled",
        BusinessStatus.COMPLETED: "ended",
    }
)

RESULTING_ACTIVITY = "resulting-activity"
"""Gravity's type of an output that tells what was done for the person."""


class Unreadable(Exception):
    """What the agency answered is no Task; the message names the field, and never what stands in it (P1)."""


def read(content: Any) -> Task:
    """A Task from JSON.

    Raises:
        Unreadable: it is none.
    """
    try:
        return Task.model_validate(content)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        place = ".".join(map(str, ("Task", *first["loc"])))
        # What should stand there is ours to tell; what stands there is not.
        raise Unreadable(f"{place} is not as FHIR R4 has it ({first['type'].replace('_', ' ')})") from None
    except RecursionError:
        raise Unreadable("Task is nested without an end") from None


def word_of(task: Task) -> AgencyWord | None:
    """What the agency says with a Task; None while it has said nothing.

    Raises:
        Unreadable: a time in it is no time.
    """
    status = _status(task)
    if status is None:
        return None
    at = _moment(task.last_modified, "lastModified") or _moment(
        task.meta.last_updated if task.meta else None, "meta.lastUpdated"
    )
    return AgencyWord(
        status=status,
        at=at,
        appointment_at=_appointment(task) if status in ("scheduled", "visited", "missed") else None,
        detail={"task_status": task.status.value, **_business_detail(task)},
    )


def _status(task: Task) -> Status | None:
    business = business_status(task)
    if task.status in ENDED:
        return (
            "visited" if task.status is TaskStatus.COMPLETED and _done(task) else SAID_BY_STATUS[task.status]
        )
    if business and (said := SAID_BY_BUSINESS_STATUS[business]):
        return said
    if task.status is TaskStatus.IN_PROGRESS and _appointment(task):
        return "scheduled"
    return SAID_BY_STATUS[task.status]


def business_status(task: Task) -> BusinessStatus | None:
    """BSeR's code, whichever code system the agency names for it; None for another's code."""
    codings = (task.business_status.coding if task.business_status else None) or ()
    for coding in codings:
        if coding.code in {one.value for one in BusinessStatus}:
            return BusinessStatus(coding.code)
    return None


def _done(task: Task) -> bool:
    """Whether the outputs tell that the person was served."""
    if business_status(task) is BusinessStatus.EVENT_DONE:
        return True
    return any(
        coding.code == RESULTING_ACTIVITY and (output.value_reference or output.value_codeable_concept)
        for output in task.output or ()
        for coding in output.type.coding or ()
    )


def _appointment(task: Task) -> datetime | None:
    """The time of the visit, from the outputs or the task's period; a day without a time of day is none."""
    for number, output in enumerate(task.output or ()):
        start = output.value_period.start if output.value_period else None
        for name, text in (
            ("valueDateTime", output.value_date_time),
            ("valueInstant", output.value_instant),
            ("valuePeriod.start", start),
        ):
            if moment := _moment(text, f"output.{number}.{name}"):
                return moment
    period = task.execution_period
    return _moment(period.start if period else None, "executionPeriod.start")


def _business_detail(task: Task) -> dict[str, str]:
    business = business_status(task)
    return {"business_status": business.value} if business else {}


_DATE = re.compile(r"[0-9]{4}(-[0-9]{2}(-[0-9]{2})?)?")
_DATE_TIME = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?(Z|[+-][0-9]{2}:[0-9]{2})"
)


def _moment(text: str | None, field: str) -> datetime | None:
    """A FHIR dateTime as a moment; None where it is absent or tells the day alone."""
    if text is None or _DATE.fullmatch(text):
        return None
    if not _DATE_TIME.fullmatch(text):
        raise Unreadable(f"Task.{field} is no time with a zone")
    # Python reads at most six digits of a second.
    text = re.sub(r"(\.[0-9]{6})[0-9]+", r"\1", text)
    try:
        return datetime.fromisoformat(text).astimezone(UTC)
    except (ValueError, OverflowError):
        raise Unreadable(f"Task.{field} is no time with a zone") from None
