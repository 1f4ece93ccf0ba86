"""The workflows and where their code runs; apart from the activities, so that a simulation can host them too."""

from temporalio.api.common.v1 import Payload
from temporalio.bridge.proto.workflow_activation import WorkflowActivation
from temporalio.bridge.proto.workflow_completion import WorkflowActivationCompletion
from temporalio.worker import WorkflowInstance, WorkflowInstanceDetails
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner, SandboxRestrictions

from workflows.care_episode import CareEpisode
from workflows.directory_sync import DirectorySync
from workflows.referral import Referral
from workflows.shell.arriving import SURPLUS
from workflows.staff_task import StaffTask

WORKFLOWS = [CareEpisode, StaffTask, Referral, DirectorySync]


class OneStart(SandboxedWorkflowRunner):
    """Hands each workflow one value to begin with: several, which the SDK could not pass on and would try for ever,
    become one that says so, and the workflow ends with a sentence."""

    def create_instance(self, det: WorkflowInstanceDetails) -> WorkflowInstance:
        """Where one run of a workflow lives."""
        instance = super().create_instance(det)
        activate = instance.activate

        def activate_with_one(act: WorkflowActivation) -> WorkflowActivationCompletion:
            for job in act.jobs:
                if len(given := job.initialize_workflow.arguments) > 1:
                    del given[:]
                    given.append(Payload(metadata={"encoding": SURPLUS}))
            return activate(act)

        instance.activate = activate_with_one  # type: ignore[method-assign]
        return instance


def sandbox() -> SandboxedWorkflowRunner:
    """Where workflow code runs. The core is pure and imports no clock: passing it through saves its reload."""
    return OneStart(
        restrictions=SandboxRestrictions.default.with_passthrough_modules(
            "workflows.core", "workflows.pathways", "workflows.ports", "pydantic", "statemachine"
        )
    )
