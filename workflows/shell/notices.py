"""Telling staff, from inside a workflow: beside its life, and for as long as what it is about lasts."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, time

from temporalio import workflow
from temporalio.common import Priority
from temporalio.exceptions import ActivityError, ApplicationError, CancelledError, FailureError

with workflow.unsafe.imports_passed_through():
    from workflows.core.engine.urgency import Urgency
    from workflows.ports.patients import MESSAGE_PATIENT, PatientMessage
    from workflows.ports.sending import Receipt
    from workflows.ports.staff import NOTIFY_STAFF, StaffNotice
    from workflows.ports.timeouts import (
        ATTEMPT,
        NOTICE_AT_FIRST,
        NOTICE_FOR_INFORMATION,
        NOTICE_IN_DANGER,
        NOTICE_OF_DANGER,
        NOTICE_OF_EVENT,
        NOTICE_OF_TASK,
        PATIENT_MESSAGE,
        Timeouts,
    )
    from workflows.ports.unreadable import UNREADABLE
    from workflows.shell.life import Life

Heard = Callable[[Receipt | None, list[str]], None]
"""Is told what has become of a notice so far: the receipt of whoever was reached, or None; and who was not, and why."""


def until_the_task_ends(urgency: Urgency) -> Timeouts:
    """How a notice about an open task is tried on: it is taken back when the task ends."""
    return NOTICE_IN_DANGER if urgency is Urgency.IN_DANGER else NOTICE_OF_TASK


def until_it_is_old(urgency: Urgency) -> Timeouts:
    """How a notice about no task is tried on."""
    by_urgency = {Urgency.IN_DANGER: NOTICE_OF_DANGER, Urgency.FOR_INFORMATION: NOTICE_FOR_INFORMATION}
    return by_urgency.get(urgency, NOTICE_OF_EVENT)


class StaffNotices:
    """The notices of one workflow that are on their way.

    Each is one activity where all is well. If it reaches nobody after a few attempts, or not the one it is for, that is
    told, and another activity goes on trying, with pauses from a minute to an hour, until it arrives or is taken back.
    """

    def __init__(self) -> None:
        self._on_their_way: dict[str, workflow.ActivityHandle[Receipt] | None] = {}
        self.insisting: dict[str, StaffNotice] = {}
        """What is tried on after it has failed at first, by its key."""
        self._tasks: set[asyncio.Task[None]] = set()

    def begin(
        self,
        notice: StaffNotice,
        urgency: Urgency,
        heard: Heard,
        *,
        at_first: Timeouts | None = NOTICE_AT_FIRST,
        insist: Timeouts | None,
    ) -> "asyncio.Task[None]":
        """Begin to tell; the task ends when it has arrived, is taken back, or its time is over.

        Args:
            notice: To whom and what; its key makes it happen once.
            urgency: What is more urgent passes what waits in the queue; where somebody is in danger, in one of its own.
            heard: Is told at each turn.
            at_first: The attempts after which it is told that nobody was reached; None if that is known already.
            insist: How it is tried on; None if somebody else sees to that.
        """
        self._on_their_way[notice.key] = None
        task = asyncio.create_task(self._tell(notice, urgency, heard, at_first, insist))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    def take_back(self) -> None:
        """Stop trying: what it was about has ended, or belongs to somebody else. An attempt that runs is let finish."""
        for handle in self._on_their_way.values():
            if handle is not None and not handle.cancelling():
                handle.cancel()
        self._on_their_way.clear()

    async def landed(self) -> None:
        """Wait until nothing is on its way any more."""
        await workflow.wait_condition(lambda: not self._tasks)

    async def _tell(
        self,
        notice: StaffNotice,
        urgency: Urgency,
        heard: Heard,
        at_first: Timeouts | None,
        insist: Timeouts | None,
    ) -> None:
        policy = at_first or insist
        if notice.insisting:
            self.insisting[notice.key] = notice
        while policy and notice.key in self._on_their_way:
            sending = self._on_their_way[notice.key] = _send(notice, urgency, policy)
            try:
                receipt = await sending
            except ActivityError as error:
                if isinstance(error.cause, CancelledError) or notice.key not in self._on_their_way:
                    break
                heard(None, [_reason(error)])
                policy = insist if policy is not insist or is_no_answer(error) else None
            else:
                heard(receipt, receipt.missed)
                if not receipt.instead:
                    break
                notice, policy = notice.model_copy(update={"others": []}), insist
            notice = notice.model_copy(update={"insisting": True})
            self.insisting[notice.key] = notice
        self._on_their_way.pop(notice.key, None)
        self.insisting.pop(notice.key, None)


def _send(notice: StaffNotice, urgency: Urgency, policy: Timeouts) -> workflow.ActivityHandle[Receipt]:
    return workflow.start_activity(
        NOTIFY_STAFF,
        notice,
        result_type=Receipt,
        summary=f"Tell {notice.role.replace('_', ' ')}: {notice.subject_code.replace('_', ' ')}",
        priority=Priority(priority_key=urgency),
        # An attempt that runs at this moment is waited for: whoever was reached must hear how it goes on.
        cancellation_type=workflow.ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
        **replace(policy, at_once=urgency is Urgency.IN_DANGER).options(),
    )


def start_message(
    *,
    key: str,
    episode_id: str,
    template: str,
    send_before: datetime,
    quiet: tuple[time, time] | None,
    timezone: str,
) -> workflow.ActivityHandle[Receipt]:
    """Begin to send a neutral message to the patient; it may wait for the end of quiet hours."""
    return workflow.start_activity(
        MESSAGE_PATIENT,
        PatientMessage(
            key=key,
            episode_id=episode_id,
            template=template,
            send_before=send_before,
            quiet=quiet,
            timezone=timezone,
        ),
        result_type=Receipt,
        summary="Neutral message to the patient",
        # An attempt that runs at this moment is waited for: what has left is noted as sent.
        cancellation_type=workflow.ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
        **replace(PATIENT_MESSAGE, altogether=max(send_before - workflow.now(), ATTEMPT)).options(),
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
    if receipt.outcome == "uncertain":
        return [
            f"Nobody knows whether the message {template} reached the patient; it is not sent again by itself."
        ]
    return [f"The message {template} was not taken everywhere: {one}" for one in receipt.missed]


def is_no_answer(error: ActivityError) -> bool:
    """Whether somebody who is not of carepath has answered for an activity: what it was to do may not be done."""
    return isinstance(error.cause, ApplicationError) and error.cause.type == UNREADABLE


def _reason(error: ActivityError) -> str:
    cause = error.cause
    return cause.message if isinstance(cause, FailureError) else "no answer in time"


class Reach:
    """Keeps with an episode or a referral whether its notices about no task have reached somebody."""

    def __init__(self, of: Life, moved: Callable[[], None]) -> None:
        self._of, self._moved = of, moved

    def of_notice(self, notice: StaffNotice) -> Heard:
        """Hears of one notice: at first, and again when it has arrived at last or its time is over."""
        is_tried_on = notice.insisting

        def heard(receipt: Receipt | None, failures: list[str]) -> None:
            nonlocal is_tried_on
            self._of.reached(notice.key)
            if receipt is None and is_tried_on:
                self._of.not_delivered(*failures)
            elif receipt is None:
                subject = notice.subject_code.replace("_", " ")
                self._of.not_reached(notice.key, f"{subject}: {' '.join(failures)}")
            is_tried_on = True
            self._moved()

        return heard
