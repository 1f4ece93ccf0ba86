"""Telling staff, from inside a workflow: to the owner, else to the next role, and never blocking the episode."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from temporalio import workflow
from temporalio.exceptions import ActivityError, CancelledError, FailureError

with workflow.unsafe.imports_passed_through():
    from activities.models import MESSAGE_PATIENT, NOTIFY_STAFF, PatientMessage, Receipt, StaffNotice
    from activities.policies import PATIENT_MESSAGE, STAFF_NOTICE

NEXT_ROLES = ("supervisor", "director")
"""Who is told when a notice reaches nobody (the ladder goes on to the next role)."""


async def tell_staff(
    *,
    key: str,
    episode_id: str,
    role: str,
    staff_id: str | None,
    subject: str,
    lines: Sequence[str],
    team: Mapping[str, str],
    due_at: datetime | None = None,
    task_id: str | None = None,
    level: int = 0,
) -> list[str]:
    """Send one notice; what could not be delivered, in plain words, role by role."""
    failures: list[str] = []
    recipients = [(role, staff_id)] + [(other, team.get(other)) for other in NEXT_ROLES if other != role]
    for to_role, to_staff in recipients:
        notice = StaffNotice(
            key=key if not failures else f"{key}:{to_role}",
            episode_id=episode_id,
            role=to_role,
            staff_id=to_staff,
            subject_code=subject,
            lines=[*failures, *lines],
            due_at=due_at,
            task_id=task_id,
            level=level,
        )
        try:
            receipt = await workflow.execute_activity(
                NOTIFY_STAFF,
                notice,
                result_type=Receipt,
                summary=f"Tell {to_role.replace('_', ' ')}: {subject.replace('_', ' ')}",
                **STAFF_NOTICE.options(),
            )
        except ActivityError as error:
            failures.append(
                f"A notice to {to_role.replace('_', ' ')} could not be delivered: {_reason(error)}"
            )
            continue
        if receipt.outcome != "uncertain":
            return failures
        # It is not sent again by itself (P9); the next role hears of it, so that the alarm is not lost.
        failures.append(f"It is not certain that a notice to {to_role.replace('_', ' ')} was delivered.")
    return failures


def start_message(
    *, key: str, episode_id: str, template: str, send_before: datetime
) -> workflow.ActivityHandle[Receipt]:
    """Begin to send a neutral message to the patient; it may wait for the end of quiet hours."""
    return workflow.start_activity(
        MESSAGE_PATIENT,
        PatientMessage(key=key, episode_id=episode_id, template=template, send_before=send_before),
        result_type=Receipt,
        summary="Neutral message to the patient",
        # An attempt that runs at this moment is waited for: what has left is noted as sent.
        cancellation_type=workflow.ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
        **PATIENT_MESSAGE.options(),
    )


async def undelivered_message(template: str, sending: workflow.ActivityHandle[Receipt]) -> list[str]:
    """Wait for what becomes of a message; why it was not delivered, in plain words. Taken back, it is none."""
    try:
        receipt = await sending
    except ActivityError as error:
        if isinstance(error.cause, CancelledError):
            return []
        return [f"The message {template} to the patient could not be delivered: {_reason(error)}"]
    if receipt.outcome == "stale":
        return [f"The message {template} to the patient was dropped: its time had passed."]
    return []


def _reason(error: ActivityError) -> str:
    cause = error.cause
    return cause.message if isinstance(cause, FailureError) else "no answer in time"
