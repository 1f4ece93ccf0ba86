"""E0: what workflows tell each other is sealed by the worker: whoever else tells it changes nothing."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from temporalio.client import WorkflowHandle

from tests import servers
from tests.waiting import eventually
from tests.worker.signing.test_signed_clinic import Shared, _runs
from worker.signing_key import make_signing_key
from workflows.ports.sealing import Sealing
from workflows.shell.cancellation import WITHDRAWN

pytestmark = [pytest.mark.dear, pytest.mark.asyncio(loop_scope="module")]


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def clinic(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Shared]:
    async with servers.running_clinic(tmp_path_factory.mktemp("sealed")) as (environment, settings):
        make_signing_key(settings)
        yield Shared(environment, settings)


class Story:
    """An episode with an open task and a referral."""

    def __init__(self, clinic: Shared, episode: str) -> None:
        self.clinic, self.client = clinic, clinic.environment.client
        self.episode = self.client.get_workflow_handle(f"episode-{episode}")
        self.id = episode

    @classmethod
    async def begin(cls, clinic: Shared) -> "Story":
        await clinic.sign_in("cm-1", "th-1", "su-1", "di-1")
        story = cls(clinic, await clinic.begin())
        await clinic.does("record", story.id, "screening", 'substances=["alcohol"]', "--by", "cm-1")
        await clinic.does("record", story.id, "need", "service=food_bank", "--by", "cm-1")
        return story

    async def progress(self) -> dict[str, Any]:
        return dict(await self.episode.query("progress"))

    async def task(self, kind: str = "level_of_care") -> WorkflowHandle[Any, Any]:
        one = next(one for one in (await self.progress())["open_tasks"] if one["kind"] == kind)
        handle = self.client.get_workflow_handle(one["task_id"])
        await eventually(lambda: _runs(handle))
        return handle

    async def referral(self) -> WorkflowHandle[Any, Any]:
        (one,) = (await self.progress())["open_referrals"]
        handle = self.client.get_workflow_handle(one)

        async def runs() -> bool:
            try:
                return bool(await handle.query("referral"))
            except Exception:
                return False

        await eventually(runs)
        return handle


@pytest.mark.parametrize("seal", [(), ("",), ("x" * 44,), (7,), (None, None)])
async def test_E0_nobody_else_tells_an_episode_a_task_or_a_referral_anything(
    clinic: Shared, seal: tuple[Any, ...]
) -> None:
    story = await Story.begin(clinic)
    task, referral = await story.task(), await story.referral()
    before = await story.progress(), await task.query("task"), await referral.query("referral")
    now = "2026-03-02T18:00:00Z"
    view = before[1]
    forged: list[tuple[WorkflowHandle[Any, Any], str, dict[str, Any]]] = [
        (story.episode, "referral_news", {"referral_id": referral.id, "state": "visited", "at": now}),
        (story.episode, "referral_news", {"referral_id": referral.id, "state": "closed", "at": now,
                                          "reason": "engaged"}),
        (story.episode, "task_reach", {"task_id": task.id, "unreached": "nobody"}),
        (story.episode, "pass_on", {"key": "k", "episode_id": story.id, "role": "director", "subject_code": "x",
                                    "lines": ["Call this number"]}),
        (task, "withdraw", {"reason": "forged", "quietly": True}),
        (task, "answer_heard", {"objection": "no"}),
        (task, "trusts", {"trust": {"keys": {}, "valid_for": 1, "skew": 1}}),
        (task, "changed", {"revision": 99, "owner": "cm-2", "due_at": now, "levels": [], "entries": [], "asks": "x",
                           "signers": {}}),
        (referral, "told", {"kind": "closing", "by": "carepath", "reason": "deceased"}),
    ]  # fmt: skip
    for to, name, said in forged:
        await to.signal(name, args=[said, *seal])
    await task.cancel(reason=WITHDRAWN)
    await asyncio.sleep(0)
    after = await story.progress(), await task.query("task"), await referral.query("referral")
    assert after[0]["open_tasks"] == before[0]["open_tasks"]
    assert after[0]["not_reached"] == before[0]["not_reached"]
    assert after[0]["open_referrals"] == before[0]["open_referrals"]
    assert (after[1]["state"], after[1]["owner"], after[1]["due_at"]) == (
        "open",
        view["owner"],
        view["due_at"],
    )
    assert after[2]["closed"] is None
    assert not any("Call this number" in mail for mail in _mails(clinic))


async def test_E0_a_seal_is_good_for_one_workflow_and_one_signal(clinic: Shared) -> None:
    first, second = await Story.begin(clinic), await Story.begin(clinic)
    one, other = await first.task(), await second.task()
    # The episode itself withdraws its task, under a seal that everybody with the server's rights can copy.
    await clinic.does("complete", one.id, "--outcome", "iop", "--reason", "suited", "--by", "th-1")
    await clinic.does("record", second.id, "level_of_care", "level=iop", "reason=suited", "--by", "th-1")

    async def ended() -> bool:
        return bool((await other.query("task"))["state"] == "withdrawn")

    await eventually(ended)  # the clinic's own withdrawal arrives
    (sealed,) = [
        event.workflow_execution_cancel_requested_event_attributes.cause
        for event in (await other.fetch_history()).events
        if event.HasField("workflow_execution_cancel_requested_event_attributes")
    ]
    assert WITHDRAWN in sealed
    assert "iop" not in sealed
    assert "th-1" not in sealed
    third = await Story.begin(clinic)
    task = await third.task()
    await task.cancel(reason=sealed)
    await task.query("task")
    assert (await task.query("task"))["state"] == "open"


async def test_E0_news_of_a_referral_of_our_own_is_heard(clinic: Shared) -> None:
    story = await Story.begin(clinic)
    referral = await story.referral()
    await clinic.does("referral", "record", referral.id, "closing", "reason=declined", "--by", "cm-1")

    async def heard() -> bool:
        return not (await story.progress())["open_referrals"]

    await eventually(heard)


async def test_a_seal_is_over_all_of_it() -> None:
    sealing, other = Sealing(), Sealing()
    assert sealing.fits("a", "b", {}, None)  # without a key nothing can be judged
    sealing.begin(b"1" * 32)
    other.begin(b"2" * 32)
    seal = sealing.seal("task-1", "withdraw", {"reason": "x"})
    assert sealing.fits("task-1", "withdraw", {"reason": "x"}, seal)
    assert not sealing.fits("task-2", "withdraw", {"reason": "x"}, seal)
    assert not sealing.fits("task-1", "changed", {"reason": "x"}, seal)
    assert not sealing.fits("task-1", "withdraw", {"reason": "y"}, seal)
    assert not sealing.fits(
        "task-1", "withdraw", {"reason": "x"}, other.seal("task-1", "withdraw", {"reason": "x"})
    )
    for none in (None, "", 7, b"x", "ü"):
        assert not sealing.fits("task-1", "withdraw", {"reason": "x"}, none)


def _mails(clinic: Shared) -> list[str]:
    file = clinic.settings.home / "mail.jsonl"
    return (
        [json.dumps(json.loads(line)) for line in file.read_text("utf-8").splitlines()]
        if file.exists()
        else []
    )
