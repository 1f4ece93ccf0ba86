"""Waiting for a workflow's answer, and saying why there is none, instead of waiting for ever.

Whoever sees that nobody can answer says so within a few seconds. Only an answer that a living worker owes is waited for
longer, and that too has an end.
"""

import asyncio
from collections.abc import Coroutine
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from temporalio.client import (
    Client,
    WorkflowQueryFailedError,
    WorkflowUpdateFailedError,
    WorkflowUpdateRPCTimeoutOrCancelledError,
)
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError, RPCStatusCode

from worker.diagnosis import Queue, is_being_worked_on, queue, said, version_of, workflow_problem
from worker.errors import CannotDo, Ended
from worker.executions import described, why_it_does_not_run

T = TypeVar("T")

LOOKS = (timedelta(seconds=0.8), timedelta(seconds=3.6))
"""When to look why there is no answer: soon, and when whoever waits would begin to doubt."""

LONGEST = timedelta(seconds=30)
"""How long a living worker may take for one answer."""

ENCODED = "Encoded failure"
"""What the SDK writes in the place of an encrypted reason."""

UNSURE = ("It may still arrive once a worker takes it: look at `carepath journal` or `carepath why` before you say it "
          "again.")  # fmt: skip
"""What is true of a statement that was sent and not answered."""


async def answered(
    client: Client, workflow_id: str, asked: Coroutine[Any, Any, T], unanswered: str = ""
) -> T:
    """Wait for an answer.

    Args:
        client: Of the server.
        workflow_id: Who is asked.
        asked: The question, not yet sent.
        unanswered: What to say of it where no answer comes.

    Raises:
        CannotDo: with the reason of a refusal, that there is nothing of that id, or why nobody answers.
    """
    asking, began = asyncio.ensure_future(asked), datetime.now(UTC)
    try:
        for look in (*LOOKS, LONGEST):
            if (await asyncio.wait({asking}, timeout=(began + look - datetime.now(UTC)).total_seconds()))[0]:
                return asking.result()
            doubtful = look == LOOKS[-1]
            if problem := await _problem(client, workflow_id, began if doubtful else None):
                raise CannotDo(f"{problem} {unanswered}".rstrip())
        raise CannotDo(f"{workflow_id} has not answered within {LONGEST.total_seconds():.0f} s, though a worker runs: "
                       f"its log says why. {unanswered}".rstrip())  # fmt: skip
    except WorkflowUpdateFailedError as error:
        cause = error.cause
        raise CannotDo(cause.message if isinstance(cause, ApplicationError) else str(cause)) from None
    except WorkflowQueryFailedError as error:
        raise CannotDo(f"{workflow_id} does not answer: {_reason(error)}.") from None
    except (RPCError, WorkflowUpdateRPCTimeoutOrCancelledError, ValueError) as error:
        # A ValueError is the SDK's word for a state that is newer than it, such as a pause.
        raise await _refusal(client, workflow_id, error, unanswered) from None
    finally:
        await _given_up(asking)


def _reason(error: WorkflowQueryFailedError) -> str:
    """Why a query has failed, as far as the server (1.32) tells; of an encrypted reason it hands on this alone."""
    told = str(error).rstrip(".")
    return "it has refused the question; the server hands on no encrypted reason" if told == ENCODED else told


async def _problem(client: Client, workflow_id: str, unheard_since: datetime | None) -> str | None:
    """What keeps it from answering; from `unheard_since` on also a worker that does not say any more that it lives."""
    found = await queue(client)
    if found.problem:
        return found.problem
    if problem := await workflow_problem(client, workflow_id, found.workers):
        return problem
    if unheard_since and (silent := await _silent(client, workflow_id, found, unheard_since)):
        return silent
    return None


async def _silent(client: Client, workflow_id: str, found: Queue, since: datetime) -> str | None:
    """Who should answer and has not been heard of since an instant, in words: nothing tells of a worker's death but
    its silence."""
    version = await version_of(client, workflow_id) or found.current
    those = [one for one in found.workers if one.build_id == version] or found.workers
    if not those or not all(one.should_have_been_heard(since) for one in those):
        return None
    if await is_being_worked_on(client, workflow_id):
        return None
    others = sorted({one.build_id for one in found.workers if one.build_id} - {version})
    if version and others:
        return (f"No worker of the version {version} runs any more: the last one has not been heard of for some "
                "seconds. Start that one, or let another take over: "
                f"`carepath deployment promote {others[-1]}`.")  # fmt: skip
    return ("No worker runs any more: the last one has not been heard of for some seconds. Start `carepath "
            "worker`, or `carepath up` on this machine.")  # fmt: skip


async def _refusal(client: Client, workflow_id: str, error: Exception, unanswered: str) -> CannotDo:
    if isinstance(error, RPCError):
        if error.status is RPCStatusCode.NOT_FOUND and "amespace" not in error.message:
            ended = (
                why_it_does_not_run(workflow_id, found)
                if (found := await described(client, workflow_id))
                else None
            )
            return Ended(
                ended
                or f"{workflow_id} is not there or has ended: `carepath list` and `carepath tasks` show what is open."
            )
        with suppress(CannotDo):
            if problem := await _problem(client, workflow_id, None):
                return CannotDo(f"{problem} {unanswered}".rstrip())
        return said(error, client)
    if isinstance(error, ValueError) and (problem := await _problem(client, workflow_id, None)):
        return CannotDo(f"{problem} {unanswered}".rstrip())
    return CannotDo(f"{workflow_id} has not answered in time. {unanswered}".rstrip())


async def _given_up(asking: "asyncio.Future[Any]") -> None:
    if not asking.done():
        asking.cancel()
        await asyncio.wait({asking})
    if not asking.cancelled():
        asking.exception()  # seen by whoever waited, or too late for anybody
