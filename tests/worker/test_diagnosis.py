"""What keeps anybody from answering is seen and said, and nobody is waited for in vain (F1)."""

from pathlib import Path

import pytest
from temporalio.api.enums.v1 import TaskQueueType
from temporalio.api.taskqueue.v1 import RateLimit
from temporalio.api.workflowservice.v1 import PauseWorkflowExecutionRequest, UpdateTaskQueueConfigRequest
from temporalio.client import Client

from tests import servers
from tests.waiting import eventually
from worker.asking import answered
from worker.codec.keys import add_key
from worker.codec.marks import settle_keys_of
from worker.connection import converter, runtime
from worker.diagnosis import queue, workflow_problem
from worker.errors import CannotDo
from worker.executions import described
from worker.run import running_worker
from worker.settings import Settings

START = {
    "episode_id": "e1", "site": "north", "timezone": "America/Chicago", "referred_on": "2026-03-02",
    "team": {"case_manager": "cm-1", "therapist": "th-1", "supervisor": "su-1", "director": "di-1"},
}  # fmt: skip


async def test_without_a_worker_it_is_said_and_with_one_there_is_nothing_to_say(
    client: Client, clinic_settings: Settings
) -> None:
    told = (await queue(client)).problem
    assert told is not None
    assert "No worker runs" in told
    assert "carepath worker" in told
    await client.start_workflow("CareEpisode", START, id="episode-e1", task_queue="carepath")
    handle = client.get_workflow_handle("episode-e1")
    with pytest.raises(CannotDo, match="No worker runs"):
        await answered(client, "episode-e1", handle.query("progress"))

    async with running_worker(client, clinic_settings, versioned=False):
        shown = await answered(client, "episode-e1", handle.query("progress"))
        assert shown["stage"] == "intake"
        assert (await queue(client)).problem is None
        assert await workflow_problem(client, "episode-e1") is None
        with pytest.raises(CannotDo, match="is not there or has ended"):
            await answered(client, "episode-e2", client.get_workflow_handle("episode-e2").query("progress"))


async def test_an_episode_that_is_paused_or_fails_says_so(clinic_settings: Settings) -> None:
    pausing = ("--dynamic-config-value", "frontend.WorkflowPauseEnabled=true")
    async with (
        servers.dev_server(clinic_settings, None, *pausing) as environment,
        running_worker(environment.client, clinic_settings, versioned=False),
    ):
        client = environment.client
        handle = await client.start_workflow("CareEpisode", START, id="episode-e1", task_queue="carepath")
        await answered(client, "episode-e1", handle.query("progress"))
        request = PauseWorkflowExecutionRequest(
            namespace=client.namespace,
            workflow_id="episode-e1",
            identity="ops",
            reason="a trial",
            request_id="1",
        )
        await client.workflow_service.pause_workflow_execution(request)
        entry = {"kind": "contact", "by": "cm-1", "at": "2026-03-02T08:00:00-06:00", "channel": "phone"}
        with pytest.raises(CannotDo, match="is paused by ops"):
            await answered(client, "episode-e1", handle.execute_update("record", entry))

        # A step that no worker can take, as after code that breaks it.
        await client.start_workflow("NoWorkflowOfOurs", id="episode-e9", task_queue="carepath")

        async def it_is_seen() -> bool:
            return "cannot go on" in (await workflow_problem(client, "episode-e9") or "")

        await eventually(it_is_seen)


@pytest.mark.parametrize("held", ["carepath", "carepath-at-once"])
async def test_a_queue_that_is_held_is_said_with_the_reason(
    client: Client, clinic_settings: Settings, held: str
) -> None:
    limit = UpdateTaskQueueConfigRequest.RateLimitUpdate(
        rate_limit=RateLimit(requests_per_second=0), reason="a trial"
    )
    request = UpdateTaskQueueConfigRequest(
        namespace=client.namespace, task_queue=held, task_queue_type=TaskQueueType.TASK_QUEUE_TYPE_ACTIVITY,
        update_queue_rate_limit=limit, identity="ops",
    )  # fmt: skip
    async with running_worker(client, clinic_settings, versioned=False):
        await client.workflow_service.update_task_queue_config(request)

        async def it_is_seen() -> bool:
            return f"{held} is held at zero a second (a trial)" in ((await queue(client)).remark or "")

        await eventually(it_is_seen)
        assert (await queue(client)).problem is None  # what is stated is answered all the same


async def test_an_episode_that_the_worker_cannot_decrypt_waits_and_says_so(
    clinic_settings: Settings, tmp_path: Path
) -> None:
    """A key that the clinic has, and this worker does not: the file came to another worker first."""
    older, newer = tmp_path / "older", tmp_path / "newer"
    add_key(older, "2027")
    add_key(newer, "2028")
    newer.write_text(newer.read_text() + older.read_text())
    settings = clinic_settings.model_copy(update={"codec": str(newer)})
    wrong = clinic_settings.model_copy(update={"codec": str(older)})
    async with servers.dev_server(wrong) as environment:
        address = environment.client.service_client.config.target_host
        of_worker = environment.client
        client = await Client.connect(address, data_converter=converter(settings), runtime=runtime())
        async with running_worker(of_worker, wrong, versioned=False):
            await settle_keys_of(settings)
            await client.start_workflow("CareEpisode", START, id="episode-e1", task_queue="carepath")
            for asking in (client, of_worker):

                async def it_is_seen(asking: Client = asking) -> bool:
                    return "CAREPATH_CODEC" in (await workflow_problem(asking, "episode-e1") or "")

                await eventually(it_is_seen)
            found = await described(client, "episode-e1")
            assert found is not None
            assert found.state == "failing"  # and has not ended
