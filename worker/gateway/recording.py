"""Recording an agency's answer in its referral, through the public contract."""

from typing import Any

from temporalio.client import Client, WorkflowUpdateFailedError
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError, RPCStatusCode

from worker.gateway.app import Closed, Record, Refused, Unavailable


def recorder(client: Client) -> Record:
    """Records statements in `Referral` workflows."""

    async def record(referral_id: str, statement: dict[str, Any]) -> None:
        handle = client.get_workflow_handle(f"referral-{referral_id.removeprefix('referral-')}")
        try:
            await handle.execute_update("record", statement)
        except WorkflowUpdateFailedError as error:
            cause = error.cause
            if isinstance(cause, ApplicationError) and cause.type in ("InvalidEntry", "NotAllowedNow"):
                raise Refused(cause.message) from None
            raise Unavailable from None
        except RPCError as error:
            raise (Closed if error.status is RPCStatusCode.NOT_FOUND else Unavailable) from None

    return record
