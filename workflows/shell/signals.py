"""Telling another workflow something, which may have ended in the meantime."""

from typing import Any

from pydantic import BaseModel
from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from workflows.ports.sealing import SEALING


async def signalled(workflow_id: str, name: str, message: Any) -> bool:
    """Tell it, under our seal; whether it was there to hear. That it has gone is no error: what it said last is on its
    way to us."""
    said = message.model_dump(mode="json") if isinstance(message, BaseModel) else message
    seal = SEALING.seal(workflow_id, name, said)
    try:
        told = [said, seal] if seal else [said]
        await workflow.get_external_workflow_handle(workflow_id).signal(name, args=told)
    except Exception as error:
        workflow.logger.info("%s heard no %s: %s", workflow_id, name, type(error).__name__)
        return False
    return True
