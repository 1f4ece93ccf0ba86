"""Telling another workflow something, which may have ended in the meantime."""

from typing import Any

from temporalio import workflow


async def signalled(workflow_id: str, name: str, message: Any) -> bool:
    """Tell it; whether it was there to hear. That it has gone is no error: what it said last is on its way to us."""
    try:
        await workflow.get_external_workflow_handle(workflow_id).signal(name, message)
    except Exception as error:
        workflow.logger.info("%s heard no %s: %s", workflow_id, name, type(error).__name__)
        return False
    return True
