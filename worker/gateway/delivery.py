"""Bringing an answer that is kept into its referral, through the public contract; tried again until it is clear."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

from temporalio.client import Client, WorkflowUpdateFailedError, WorkflowUpdateRPCTimeoutOrCancelledError
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError, RPCStatusCode

from activities.clinic_database.inbox import AgencyWord, Inbox
from worker.signing import signed_statement, system
from worker.signing_key import SigningKeys
from workflows.core.engine.entry import Source


class Refused(Exception):
    """The referral's rules do not allow the statement; the message says why, to staff only."""


class Closed(Exception):
    """The referral is over, or there is none of that id."""


class Unavailable(Exception):
    """Nobody can record anything at this moment."""


PATIENCE = 10.0
"""Seconds that an answer may take to be recorded while an agency waits; it is kept, and tried again."""

Record = Callable[[str, dict[str, Any]], Awaitable[None]]
"""Records a statement in a referral. Raises Refused, Closed, Unavailable."""


def recorder(client: Client, keys: SigningKeys | None = None) -> Record:
    """Records statements in `Referral` workflows, signed as what the gateway has heard if the clinic signs."""

    async def record(referral_id: str, statement: dict[str, Any]) -> None:
        workflow_id = f"referral-{referral_id.removeprefix('referral-')}"
        handle = client.get_workflow_handle(workflow_id)
        if keys:
            author, now = system(Source.AGENCY), datetime.now(UTC)
            statement = signed_statement(keys, workflow_id, statement, author, now)
        try:
            async with asyncio.timeout(PATIENCE):  # without a worker it would wait for ever
                await handle.execute_update("record", statement)
        except WorkflowUpdateFailedError as error:
            cause = error.cause
            if isinstance(cause, ApplicationError) and cause.type in ("InvalidEntry", "NotAllowedNow"):
                raise Refused(cause.message) from None
            raise Unavailable from None
        except (TimeoutError, WorkflowUpdateRPCTimeoutOrCancelledError):
            raise Unavailable from None
        except RPCError as error:
            raise (Closed if error.status is RPCStatusCode.NOT_FOUND else Unavailable) from None

    return record


async def deliver(answer: AgencyWord, inbox: Inbox, record: Record) -> bool:
    """Record an answer if that was not done before; False where it must be tried again."""
    if answer.state != "received":
        return True
    try:
        await record(answer.referral_id, answer.statement)
    except Refused as refused:
        await inbox.settle(answer.key, "refused", str(refused)[:500])
    except Closed:
        await inbox.settle(answer.key, "closed")
    except Unavailable:
        return False
    else:
        await inbox.settle(answer.key, "recorded")
    return True


async def deliver_the_rest(inbox: Inbox, record: Record) -> None:
    """Try again what nobody could record so far; of each referral in the order in which it came."""
    waiting: set[str] = set()
    for answer in await inbox.unsettled():
        if answer.referral_id in waiting:
            continue
        if not await deliver(answer, inbox, record):
            waiting.add(
                answer.referral_id
            )  # the others go on: one that cannot be recorded holds up only its own
