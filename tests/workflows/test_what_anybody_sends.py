"""Whatever is pressed in the Web UI or sent by a program, no workflow task fails for ever."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from temporalio import workflow
from temporalio.api.common.v1 import Payload
from temporalio.client import (
    WorkflowFailureError,
    WorkflowHandle,
    WorkflowHistoryEventFilterType,
    WorkflowQueryFailedError,
    WorkflowUpdateFailedError,
)
from temporalio.common import RawValue
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError
from temporalio.testing import WorkflowEnvironment

from tests.servers import dev_server
from tests.workflows.story import SCHEDULE, TEAM, ZONE
from worker.mailbox import Mailbox
from worker.run import running_worker
from worker.settings import Settings
from workflows.care_episode import CareEpisode
from workflows.messages import TaskStart
from workflows.referral import Referral
from workflows.staff_task import StaffTask

pytestmark = pytest.mark.dear


def raw(text: bytes, encoding: bytes = b"json/plain") -> RawValue:
    """A value as it is sent by whatever does not use this SDK."""
    return RawValue(Payload(metadata={"encoding": encoding}, data=text))


UNDECODABLE, UNKNOWN = raw(b"{not json"), raw(b"\x00\x01", b"of/another")
JUNK: list[list[Any]] = [
    [], [None], [0], [""], [[]], [{}], ["{"], [["a"] * 3], [{"kind": None}], [{"kind": "screening"}], [1, 2],
    [{}, {}, {}], [UNDECODABLE], [UNKNOWN], [{"by": {"a": 1}, "outcome": []}],
    [{"kind": "use", "by": "cm-1", "on": "x" * 9000}],
    [raw(b"[" * 900 + b"]" * 900)], [raw(b'{"kind":' * 10_000 + b"1" + b"}" * 10_000)], [raw(b"1" * 5_000)],
    [raw(b'{"kind": "\\ud800", "by": "\\ud800", "to": "\\ud800", "outcome": "\\ud800"}')],
    [raw(b'{"kind": "use", "by": "cm-1", "\\ud800": "\\ud800"}')],
    [raw(b'{"kind": "checkin", "by": "cm-1", "risk": NaN}')],
    [{"by": "cm-1", "to": "x" * 50_000}], [{"by": "cm-1", "outcome": "dne", "surplus": 1}],
    [{"task_id": "", "by": "cm-1", "outcome": "done"}], [{"task_id": "task-\n", "by": "cm-1", "outcome": "done"}],
    [{"task_id": "task-" + "x" * 3_000, "by": "cm-1", "outcome": "done"}],
    [{"task_id": "task-not-there", "by": "cm-1", "outcome": "done"}],
    [list(range(20_000))], [{"kind": "screening", "by": "cm-1", "substances": ["alcohol"] * 5_000}],
]  # fmt: skip


def episode(episode_id: str, **changes: Any) -> dict[str, Any]:
    today = datetime.now(UTC).astimezone(ZONE).date().isoformat()
    return {
        "episode_id": episode_id, "site": "north", "timezone": ZONE.key, "referred_on": today, "pathway": "iop",
        "team": TEAM, "schedule": SCHEDULE, **changes,
    }  # fmt: skip


def referral(referral_id: str, **changes: Any) -> dict[str, Any]:
    return {
        "referral_id": referral_id, "episode_id": "e0", "site": "north", "timezone": ZONE.key, "kind": "service",
        "service": "food_bank", "since": datetime.now(UTC).isoformat(), "team": TEAM, **changes,
    }  # fmt: skip


def task(task_id: str, **changes: Any) -> dict[str, Any]:
    due = datetime.now(UTC) + timedelta(days=1)
    start = TaskStart(
        task_id=task_id, kind="screening", episode_id="e0", site="north", role="case_manager", owner="cm-1",
        due_at=due, outcomes=["done"], rule="I1", asks="Screen the person.",
    )  # fmt: skip
    return {**start.model_dump(mode="json"), **changes}


OF_PYTHON = re.compile(
    r"positional|isoformat|not iterable|object has no|TypeError|ValueError|\b_[a-z]+_[a-z]+\("
)
"""What an exception says that nobody has put into words."""


def is_in_words(error: BaseException) -> None:
    """A sentence for whoever sent something, and no function of ours."""
    said = str(getattr(error, "cause", None) or error)
    assert not OF_PYTHON.search(said), said


async def throw(handle: WorkflowHandle[Any, Any], of: type, junk: Sequence[list[Any]] = JUNK) -> None:
    """Send junk to every update, signal and query; each is refused, or forgotten."""
    known = workflow._Definition.must_from_class(of)
    updates = [name for name in known.updates if name]
    signals = [name for name in known.signals if name] + ["unknown"]
    queries = [name for name in known.queries if name and not name.startswith("_")]
    for arguments in junk:
        for name in updates:
            try:
                await handle.execute_update(name, args=arguments)
            except (WorkflowUpdateFailedError, RPCError) as error:
                is_in_words(error)
        for name in signals:
            await handle.signal(name, args=arguments)
        for name in queries:
            try:
                await handle.query(name, args=arguments)
            except Exception as error:
                assert "Query" in type(error).__name__, error
                is_in_words(error)


ONE_VALUE = {
    "record": "an entry|a statement", "record_many": "a list of entries", "complete": "an object with by, outcome",
    "reassign": "an object with to, by", "acknowledge": "an object with by", "as_known_on": "a day such as",
}  # fmt: skip


@pytest.mark.parametrize("of", [CareEpisode, Referral, StaffTask])
async def test_C11_a_wrong_number_of_values_is_told_in_a_sentence(
    dev_server: WorkflowEnvironment, clinic_settings: Settings, mailbox: Mailbox, of: type
) -> None:
    starts: dict[type, dict[str, Any]] = {
        CareEpisode: episode("n1"),
        Referral: referral("referral-n1"),
        StaffTask: task("task-n1"),
    }
    start = starts[of]
    workflow_id = start.get("task_id") or start.get("referral_id") or "episode-n1"
    known = workflow._Definition.must_from_class(of)
    async with running_worker(dev_server.client, clinic_settings, versioned=False):
        handle = await dev_server.client.start_workflow(
            of.__name__, start, id=workflow_id, task_queue="carepath"
        )
        for name in filter(None, known.updates):
            wrong: list[tuple[list[Any], str]] = [([], "none"), ([{}, {}], "2")]
            for arguments, came in wrong:
                with pytest.raises(WorkflowUpdateFailedError) as refused:
                    await handle.execute_update(name, args=arguments)
                assert isinstance(refused.value.cause, ApplicationError)
                assert re.fullmatch(
                    rf"Give one value, ({ONE_VALUE[name]}).*; {came} came\.", refused.value.cause.message
                )
        for name in (one for one in known.queries if one and not one.startswith("_")):
            with pytest.raises(WorkflowQueryFailedError) as failed:
                await handle.query(name, args=["2026-03-01", 2])
            assert re.search(r"Give one value, .*; 2 came\.|takes no value, and 2 came", str(failed.value))
        if of is CareEpisode:
            for name in ("as_known_on", "journal"):
                for day in ("x", 5, "", "0001-01-01", {"day": 1}):
                    with pytest.raises(WorkflowQueryFailedError, match="Give the day as YYYY-MM-DD"):
                        await handle.query(name, day)
        await handle.terminate()


@pytest.mark.usefixtures("mailbox")
async def test_E9_after_any_junk_a_good_update_still_works(
    clinic_settings: Settings, mailbox: Mailbox
) -> None:
    async with (
        dev_server(clinic_settings) as server,
        running_worker(server.client, clinic_settings, versioned=False),
    ):
        starts = {
            CareEpisode: ("episode-j1", episode("j1")),
            Referral: ("referral-j1", referral("referral-j1")),
            StaffTask: ("task-j1", task("task-j1")),
        }
        for of, (workflow_id, start) in starts.items():
            handle = await server.client.start_workflow(
                of.__name__, start, id=workflow_id, task_queue="carepath"
            )
            await throw(handle, of)
        told = await server.client.get_workflow_handle("episode-j1").execute_update(
            "record", {"kind": "screening", "by": "cm-1", "substances": ["alcohol"], "home_safe": True}
        )
        assert not told["duplicate"]
        stated = await server.client.get_workflow_handle("referral-j1").execute_update(
            "record", {"kind": "closing", "by": "cm-1", "reason": "not_needed"}
        )
        assert stated["stage"] == "otherwise"
        done = await server.client.get_workflow_handle("task-j1").execute_update(
            "complete", {"by": "cm-1", "outcome": "done"}
        )
        assert done["state"] == "completed"


WRONG_STARTS: dict[str, tuple[str, str, list[Any], str]] = {
    "nothing": ("CareEpisode", "episode-w1", [], "empty"),
    "null": ("CareEpisode", "episode-w1", [None], "no JSON object"),
    "undecodable": ("CareEpisode", "episode-w1", [UNDECODABLE], "cannot be decoded"),
    "another encoding": ("CareEpisode", "episode-w1", [UNKNOWN], "cannot be decoded"),
    "a list": ("CareEpisode", "episode-w1", [[]], "no JSON object"),
    "no field": ("CareEpisode", "episode-w1", [{}], "episode_id is missing"),
    "a surplus field": ("CareEpisode", "episode-w1", [episode("w1", colour="red")], "colour is not a field"),
    "no zone": ("CareEpisode", "episode-w1", [episode("w1", timezone="Mars/Base")], "is not a time zone"),
    "no pathway": ("CareEpisode", "episode-w1", [episode("w1", pathway="spa")], "spa"),
    "a bad policy": ("CareEpisode", "episode-w1", [episode("w1", policy={"length": {"days": -1}})], "length.days"),
    "a name": ("CareEpisode", "episode-Maria-Lopez", [episode("Maria-Lopez")], "opaque code"),
    "a copy": ("CareEpisode", "8f2e-copied", [episode("w1")], "a copy of a workflow"),
    "a state": ("CareEpisode", "episode-w1", [{**episode("w1"), "resumed": {"snapshot": "x"}}], "resumed"),
    "bad history": ("CareEpisode", "episode-w1", [episode("w1", history=[{"kind": "use"}])], "use"),
    "a large start": ("CareEpisode", "episode-w1", [episode("w1", history=[{"x": "y" * 1000}] * 500)], "at most"),
    "two values": ("CareEpisode", "episode-w1", [episode("w1"), {}], "several values"),
    "three, undecodable": ("CareEpisode", "episode-w1", [episode("w1"), UNDECODABLE, UNKNOWN], "several values"),
    "a task with two": ("StaffTask", "task-w1", [task("task-w1"), 1], "several values"),
    "a referral with two": ("Referral", "referral-w1", [referral("referral-w1"), UNKNOWN], "several values"),
    "a reading with one": ("DirectorySync", "directory-w1", [{}], "takes no input"),
    "a reading with two": ("DirectorySync", "directory-w1", [UNDECODABLE, {}], "takes no input"),
    "a restoring with one": ("Restoring", "episode-w3", [UNKNOWN], "has no journal of episode-w3"),
    "a restoring with two": ("Restoring", "episode-w3", [UNDECODABLE, {}], "has no journal of episode-w3"),
    "an empty task": ("StaffTask", "task-w1", [], "empty"),
    "a task without end": ("StaffTask", "task-w1", [{"task_id": "task-w1"}], "kind is missing"),
    "a copied task": ("StaffTask", "task-w2", [task("task-w1")], "a copy of a workflow"),
    "an empty referral": ("Referral", "referral-w1", [], "empty"),
    "a referral nowhere": ("Referral", "referral-w1", [referral("referral-w1", timezone="Mars/Base")], "time zone"),
    "a copied referral": ("Referral", "referral-w2", [referral("referral-w1")], "a copy of a workflow"),
}  # fmt: skip


@pytest.mark.usefixtures("mailbox")
async def test_I6_P1_a_start_that_cannot_be_ends_at_once_with_a_sentence(clinic_settings: Settings) -> None:
    async with (
        dev_server(clinic_settings) as server,
        running_worker(server.client, clinic_settings, versioned=False),
    ):
        for what, (type_name, workflow_id, arguments, words) in WRONG_STARTS.items():
            handle = await server.client.start_workflow(
                type_name, args=arguments, id=workflow_id, task_queue="carepath",
                start_signal="task_completed", start_signal_args=[{"task_id": "x"}],
            )  # fmt: skip
            with pytest.raises(WorkflowFailureError) as failed:
                await handle.result()
            cause = failed.value.cause
            assert isinstance(cause, ApplicationError), what
            assert words in cause.message, what
            assert "Maria" not in cause.message


@pytest.mark.usefixtures("mailbox")
async def test_E9_what_is_started_under_a_cron_schedule_ends_with_a_sentence_at_every_turn(
    clinic_settings: Settings,
) -> None:
    """Each turn continues the run before it, as a run does that has begun well."""
    async with (
        dev_server(clinic_settings) as server,
        running_worker(server.client, clinic_settings, versioned=False),
    ):
        starts = {
            "episode-w1": ("CareEpisode", episode("w1", colour="red")),
            "episode-w2": ("CareEpisode", episode("w2")),
            "task-w1": ("StaffTask", {}),
            "referral-w1": ("Referral", referral("referral-w1")),
        }
        turns = {
            workflow_id: await server.client.start_workflow(
                type_name, start, id=workflow_id, task_queue="carepath", cron_schedule="@every 1s"
            )
            for workflow_id, (type_name, start) in starts.items()
        }
        for workflow_id, first in turns.items():
            turn = first.first_execution_run_id
            for _ in range(2):
                run = server.client.get_workflow_handle(workflow_id, run_id=turn)
                (last,) = [
                    event
                    async for event in run.fetch_history_events(
                        wait_new_event=True, event_filter_type=WorkflowHistoryEventFilterType.CLOSE_EVENT
                    )
                ]
                ended = last.workflow_execution_continued_as_new_event_attributes
                assert "cron schedule" in ended.failure.message
                turn = ended.new_execution_run_id
            await server.client.get_workflow_handle(workflow_id).terminate()
