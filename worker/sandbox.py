"""The workflows and where their code runs; apart from the activities, so that a simulation can host them too."""

from temporalio.api.common.v1 import Payload
from temporalio.bridge.proto.workflow_activation import WorkflowActivation
from temporalio.bridge.proto.workflow_completion import WorkflowActivationCompletion
from temporalio.converter import StorageDriverStoreContext
from temporalio.worker import WorkflowInstance, WorkflowInstanceDetails
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner, SandboxRestrictions

from worker.enduring import Enduring
from workflows.care_episode import CareEpisode
from workflows.directory_sync import DirectorySync
from workflows.referral import Referral
from workflows.restoring import Restoring
from workflows.shell.arriving import SURPLUS
from workflows.staff_task import StaffTask

WORKFLOWS = [CareEpisode, StaffTask, Referral, DirectorySync, Restoring]


class Sandbox(SandboxedWorkflowRunner):
    """The SDK's sandbox, with two things of our own.

    It hands each workflow one value to begin with: several, which the SDK could not pass on and would try for ever,
    become one that says so, and the workflow ends with a sentence. And it answers by itself that payloads are
    converted and encrypted alike wherever they go: the SDK would enter the sandbox for each payload, several times, to
    find out, which took a quarter of the time of a replay.
    """

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
        instance.get_serialization_context = _alike_everywhere  # type: ignore[method-assign]
        instance.get_external_store_context = _stored_nowhere_else  # type: ignore[method-assign]
        return instance


def _alike_everywhere(command_info: object) -> None:
    return None


def _stored_nowhere_else(command_info: object) -> StorageDriverStoreContext:
    return StorageDriverStoreContext(target=None)


def sandbox() -> SandboxedWorkflowRunner:
    """Where workflow code runs. The core is pure and imports no clock: passing it through saves its reload."""
    return Sandbox(
        restrictions=SandboxRestrictions.default.with_passthrough_modules(
            "workflows.core",
            "workflows.pathways",
            "workflows.ports",
            "worker.enduring",
            "pydantic",
            "statemachine",
        ),
        runner_class=Enduring,
    )
