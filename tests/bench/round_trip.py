"""How long an update takes, beside a bare workflow on the same server in the same run."""

import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from statistics import median
from typing import Any

from temporalio.client import WorkflowHandle
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Worker

from tests.bench.bare import Bare
from tests.signed import KEYS, signed
from tests.workflows.story import ZONE, Story
from worker.run import running_worker
from worker.settings import Settings

UPDATES = 200


@dataclass(frozen=True)
class RoundTrip:
    """Median milliseconds of one update after the other."""

    bare_ms: float
    carepath_ms: float
    signed_ms: float
    """Of an episode that believes only what is signed; the signing itself is the face's."""


async def round_trip(server: WorkflowEnvironment, settings: Settings) -> RoundTrip:
    """Attendance, contacts and meetings of a patient in the program, each next to an update of the floor."""
    client = server.client
    async with (
        running_worker(client, settings, versioned=False),
        Worker(client, task_queue="bare", workflows=[Bare]),
    ):
        bare = await client.start_workflow("Bare", {}, id="bare", task_queue="bare")
        episode = await _in_the_program(server, "bench")
        signing = await _in_the_program(server, "bench2")
        key = {
            "kind": "signing_key",
            "by": "di-1",
            "key_id": KEYS.first,
            "public_key": KEYS.public[KEYS.first],
        }
        await signing.execute_update("record", key)
        times: dict[str, list[float]] = {"bare": [], "carepath": [], "signed": []}
        for number in range(UPDATES):
            entry = _entry(number)
            times["bare"].append(await _timed(bare, {**entry, "id": f"b{number}"}))
            times["carepath"].append(await _timed(episode, {**entry, "id": f"c{number}"}))
            statement = signed({**entry, "id": f"s{number}"}, datetime.now(UTC), to=signing.id)
            times["signed"].append(await _timed(signing, statement))
        for one in (bare, episode, signing):
            await one.terminate()
    warm = UPDATES // 10
    return RoundTrip(*(median(times[name][warm:]) for name in ("bare", "carepath", "signed")))


async def _in_the_program(server: WorkflowEnvironment, name: str) -> WorkflowHandle[Any, Any]:
    today = datetime.now(UTC).astimezone(ZONE).date()
    story = await Story.begin(server, name, referred_on=(today - timedelta(days=31)).isoformat())
    await story.admit(on=today - timedelta(days=30))
    return story.handle


def _entry(number: int) -> dict[str, Any]:
    today = datetime.now(UTC).astimezone(ZONE).date()
    day = (today - timedelta(days=1 + number % 25)).isoformat()
    kinds: list[dict[str, Any]] = [
        {"kind": "mutual_help", "on": day, "group": "aa"},
        {"kind": "contact", "at": f"{day}T11:00", "channel": "phone", "outcome": "voicemail"},
        {"kind": "attendance", "session": f"{day}T18:00", "status": "attended"},
    ]
    return {"by": "cm-1", **kinds[number % len(kinds)]}


async def _timed(handle: WorkflowHandle[Any, Any], entry: dict[str, Any]) -> float:
    begun = time.perf_counter()
    await handle.execute_update("record", entry)
    return (time.perf_counter() - begun) * 1000
