"""The workflows and where their code runs; apart from the activities, so that a simulation can host them too."""

from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner, SandboxRestrictions

from workflows.care_episode import CareEpisode
from workflows.directory_sync import DirectorySync
from workflows.referral import Referral
from workflows.staff_task import StaffTask

WORKFLOWS = [CareEpisode, StaffTask, Referral, DirectorySync]


def sandbox() -> SandboxedWorkflowRunner:
    """Where workflow code runs. The core is pure and imports no clock: passing it through saves its reload."""
    return SandboxedWorkflowRunner(
        restrictions=SandboxRestrictions.default.with_passthrough_modules(
            "workflows.core", "workflows.pathways", "activities", "pydantic", "statemachine"
        )
    )
