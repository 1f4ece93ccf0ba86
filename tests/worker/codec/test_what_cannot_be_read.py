"""What comes plain, with another key or as garbage harms the one call that brought it, and no episode (P1, E9)."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from temporalio.api.common.v1 import Payload
from temporalio.api.enums.v1 import EventType, PendingActivityState
from temporalio.client import (
    Client,
    WorkflowFailureError,
    WorkflowHandle,
    WorkflowUpdateFailedError,
)
from temporalio.exceptions import ApplicationError
from temporalio.testing import WorkflowEnvironment

from tests.servers import clinic_of, dev_server
from tests.waiting import eventually
from tests.workflows.test_what_anybody_sends import UNDECODABLE, UNKNOWN, episode, referral, task, throw
from worker.codec.codec import Codec
from worker.codec.keys import add_key, load_keys
from worker.run import running_worker
from worker.settings import Settings
from workflows.care_episode import CareEpisode
from workflows.referral import Referral
from workflows.staff_task import StaffTask

pytestmark = [pytest.mark.dear, pytest.mark.asyncio(loop_scope="module")]


class Stranger(Codec):
    """Writes as somebody does who has not the clinic's key, and reads as the clinic, to see what comes back."""

    def __init__(self, ours: Codec, theirs: Codec | None) -> None:
        super().__init__(ours.keys)
        self._theirs = theirs

    async def encode(self, payloads: Sequence[Payload]) -> list[Payload]:
        return self._theirs.sealed(payloads) if self._theirs else list(payloads)


@dataclass
class Clinic:
    client: Client
    strangers: dict[str, Client]
    settings: Settings


def codec_of(file: Path, key_id: str) -> Codec:
    add_key(file, key_id)
    return Codec(load_keys(file))


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def clinic(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Clinic]:
    folder = tmp_path_factory.mktemp("clinic")
    ours = codec_of(folder / "ours", "2027")
    settings = clinic_of(folder).model_copy(update={"codec": str(folder / "ours")})
    async with (
        dev_server(settings) as environment,
        running_worker(environment.client, settings, versioned=False),
    ):
        strangers = {
            "plain": Stranger(ours, None),
            "another key": Stranger(ours, codec_of(folder / "another", "2028")),
            "another key of the same id": Stranger(ours, codec_of(folder / "same", "2027")),
        }
        yield Clinic(
            environment.client,
            {name: with_codec(environment.client, codec) for name, codec in strangers.items()},
            settings,
        )


def with_codec(client: Client, codec: Codec) -> Client:
    config = client.config()
    converter = config["data_converter"]
    config["data_converter"] = type(converter)(
        payload_converter_class=converter.payload_converter_class,
        payload_codec=codec,
        failure_converter_class=converter.failure_converter_class,
    )
    return Client(**config)


STARTS: dict[str, tuple[type, str, dict[str, Any]]] = {
    "an episode": (CareEpisode, "episode-r1", episode("r1")),
    "a referral": (Referral, "referral-r1", referral("referral-r1")),
    "a task": (StaffTask, "task-r1", task("task-r1")),
}
SAYS = {
    "plain": "is not encrypted, and this clinic takes nothing else",
    "another key": "key 2028 is not in",
    "another key of the same id": "was changed, or was encrypted with another key",
}


SOME_JUNK: list[list[Any]] = [[], [None], [{}], [1, 2], [UNDECODABLE], [UNKNOWN], [{"kind": "screening"}]]
"""What is in it does not matter, once it cannot be read."""


async def never_failed(handle: WorkflowHandle[Any, Any]) -> None:
    kinds = [event.event_type for event in (await handle.fetch_history()).events]
    assert EventType.EVENT_TYPE_WORKFLOW_TASK_FAILED not in kinds


@pytest.mark.parametrize("what", STARTS)
async def test_P1_E9_junk_of_a_stranger_is_refused_in_words_and_harms_nothing(
    clinic: Clinic, what: str
) -> None:
    of, workflow_id, start = STARTS[what]
    handle = await clinic.client.start_workflow(of.__name__, start, id=workflow_id, task_queue="carepath")
    update = {"by": "cm-1", "outcome": "done"} if of is StaffTask else {"kind": "need", "by": "cm-1"}
    for name, stranger in clinic.strangers.items():
        theirs = stranger.get_workflow_handle(workflow_id)
        await throw(theirs, of, SOME_JUNK)
        with pytest.raises(WorkflowUpdateFailedError) as refused:
            await theirs.execute_update("complete" if of is StaffTask else "record", update)
        assert isinstance(refused.value.cause, ApplicationError)
        assert "What came cannot be read." in refused.value.cause.message
        assert SAYS[name] in refused.value.cause.message
    await throw(handle, of, SOME_JUNK)  # and what the clinic itself sends amiss is refused as everywhere
    good: dict[type, tuple[str, dict[str, Any]]] = {
        CareEpisode: ("record", {"kind": "screening", "by": "cm-1", "substances": ["alcohol"], "home_safe": True}),
        Referral: ("record", {"kind": "closing", "by": "cm-1", "reason": "not_needed"}),
        StaffTask: ("complete", {"by": "cm-1", "outcome": "done"}),
    }  # fmt: skip
    name, said = good[of]
    await handle.execute_update(name, said)
    await never_failed(handle)


@pytest.mark.parametrize("name", SAYS)
@pytest.mark.parametrize("what", STARTS)
async def test_P1_what_a_stranger_starts_ends_at_once_and_says_why(
    clinic: Clinic, what: str, name: str
) -> None:
    of, workflow_id, _ = STARTS[what]
    workflow_id = workflow_id.replace("-r1", "-s1")
    started = await clinic.strangers[name].start_workflow(
        of.__name__, {}, id=workflow_id, task_queue="carepath"
    )
    with pytest.raises(WorkflowFailureError) as failed:
        await started.result()
    assert isinstance(failed.value.cause, ApplicationError)
    assert "the input cannot be read" in failed.value.cause.message
    assert SAYS[name] in failed.value.cause.message


async def test_P1_signals_of_the_clinic_are_not_lost_beside_one_that_cannot_be_read(clinic: Clinic) -> None:
    """They come with one step of the workflow, while no worker is there."""
    start = task("task-r9", reports_to="episode-none")
    handle = await clinic.client.start_workflow("StaffTask", start, id="task-r9", task_queue="carepath")
    await handle.query("task")
    theirs = clinic.strangers["plain"].get_workflow_handle("task-r9")
    await theirs.signal("withdraw", {"reason": "forged", "quietly": True})
    await handle.signal("withdraw", {"reason": "done elsewhere", "quietly": True})
    assert await handle.result() == "withdrawn: done elsewhere"
    await never_failed(handle)


@pytest.mark.parametrize("encrypted", [True, False], ids=["encrypted", "plain"])
async def test_E9_whoever_answers_for_an_activity_stops_no_episode(tmp_path: Path, encrypted: bool) -> None:
    settings = clinic_of(tmp_path)
    if encrypted:
        add_key(tmp_path / "keys", "2027")
        settings = settings.model_copy(update={"codec": str(tmp_path / "keys")})
    async with (
        dev_server(settings) as environment,
        running_worker(environment.client, settings, versioned=False),
    ):
        await answered_for(environment)


async def answered_for(environment: WorkflowEnvironment) -> None:
    """A notice waits to be tried again, since no mail server is there."""
    plain = Client(environment.client.service_client)
    handle = await environment.client.start_workflow(
        "StaffTask", task("task-a1"), id="task-a1", task_queue="carepath"
    )

    async def one_waits() -> str:
        pending = (await handle.describe()).raw_description.pending_activities
        waiting = PendingActivityState.PENDING_ACTIVITY_STATE_SCHEDULED
        return next((one.activity_id for one in pending if one.state == waiting), "")

    for answer in ([], [1], ["x"], [{"key": 5}], [UNDECODABLE], [UNKNOWN]):
        activity_id = await eventually(one_waits)
        theirs = plain.get_async_activity_handle(workflow_id="task-a1", run_id=None, activity_id=activity_id)
        await theirs.complete(*answer)
        assert (await handle.query("task"))["state"] == "open"
    done = await handle.execute_update("complete", {"by": "cm-1", "outcome": "done"})
    assert done["state"] == "completed"
    await never_failed(handle)
