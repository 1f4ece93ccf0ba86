"""Alarms under load (F2): `python -m tests.bench.alarms [crisis] [kills]`.

Figures only; a loss or a doubling ends it with an error.

A crisis behind thousands of ordinary notices; and a worker that is killed again and again while entries come in.
"""

import asyncio
import contextlib
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from temporalio.client import (
    Client,
    WorkflowHandle,
    WorkflowUpdateFailedError,
    WorkflowUpdateRPCTimeoutOrCancelledError,
)
from temporalio.common import Priority
from temporalio.service import RPCError
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Worker

from activities.assembled import assemble
from tests.databases import sealed_for_tests
from tests.mail_server import MailServer
from tests.servers import clinic_of, dev_server
from tests.workflows.story import ZONE, Story
from worker.sandbox import WORKFLOWS, sandbox
from worker.settings import Settings
from worker.workers import working
from workflows.core.engine.urgency import Urgency
from workflows.messages import TaskStart
from workflows.visibility import STAFF_TASK, TASK_QUEUE, of_new_task

ORDINARY = 2_000
EPISODES = 8
FEEDS = 6
"""So many feeds tell of one person at the same time."""
KILLS = 10
BETWEEN_SECONDS = (8.0, 12.0)
"""How long a worker lives before it is killed."""


def task(name: str, kind: str, urgency: Urgency) -> TaskStart:
    """A task of a case manager."""
    return TaskStart(task_id=name, kind=kind, episode_id="e1", site="north", role="case_manager", owner="cm-1",
                     due_at=datetime.now(UTC) + timedelta(days=2), outcomes=["done"], rule="X1", asks="?",
                     urgency=urgency)  # fmt: skip


async def _until(holds: Callable[[], Awaitable[bool]], every: float = 0.02) -> None:
    """Ask until it holds, however long that takes."""
    while True:
        if await holds():
            return
        await asyncio.sleep(every)


async def _waits(client: Client, name: str) -> bool:
    return bool((await client.get_workflow_handle(name).describe()).raw_description.pending_activities)


async def _taken(mail: MailServer, at_least: int) -> bool:
    return len(mail.taken) >= at_least


async def _taken_of(mail: MailServer, word: str) -> bool:
    return any(word in subject for _, subject, _ in mail.taken)


async def crisis_behind_others(server: WorkflowEnvironment, settings: Settings, mail: MailServer) -> str:
    """How many of the notices that waited before a crisis went before it, and how long it waited."""
    client, together, ordinary = server.client, asyncio.Semaphore(50), ORDINARY

    async def begin(one: TaskStart) -> None:
        async with together:
            await client.start_workflow(
                STAFF_TASK, one, id=one.task_id, task_queue=TASK_QUEUE, search_attributes=of_new_task(one),
                priority=Priority(priority_key=one.urgency),
            )  # fmt: skip

    async def until_it_waits(name: str) -> None:
        async with together:
            await _until(lambda: _waits(client, name), 0.2)

    activities = assemble(database_url=settings.database, staff_file=settings.staff, smtp_url=settings.smtp,
                          sender=settings.sender, clinic_phone=settings.clinic_phone,
                          journal=sealed_for_tests)  # fmt: skip
    async with Worker(client, task_queue=TASK_QUEUE, workflows=WORKFLOWS, workflow_runner=sandbox()):
        tasks = [task(f"task-{number}", "plan_review", Urgency.ORDINARY) for number in range(ordinary)]
        await asyncio.gather(*map(begin, tasks))
        await asyncio.gather(*(until_it_waits(one.task_id) for one in tasks))
    async with working(client, activities.callables):
        # The queue is being worked off as the crisis comes.
        await _until(lambda: _taken(mail, ordinary // 40))
        before, begun = len(mail.taken), time.perf_counter()
        await begin(task("task-crisis", "crisis_response", Urgency.IN_DANGER))
        await _until(lambda: _taken_of(mail, "crisis"))
        waited = time.perf_counter() - begun
        place = next(n for n, (_, subject, _) in enumerate(mail.taken) if "crisis" in subject)
        await _until(lambda: _taken(mail, ordinary + 1), 0.2)
        whole = time.perf_counter() - begun
    await activities.database.close()
    return (
        f"{ordinary:,} ordinary notices, {before} sent when the crisis came: {place - before} more went before it, "
        f"{waited:.2f} s; all were sent after {whole:.0f} s"
    )


class KilledWorker:
    """`carepath worker` as a process that is killed with -9 and started again."""

    def __init__(self, client: Client, settings: Settings) -> None:
        given = settings.model_dump(mode="json", exclude_none=True)
        self._environment = {
            **os.environ,
            **{f"CAREPATH_{name.upper()}": str(value) for name, value in given.items()},
            "TEMPORAL_ADDRESS": client.service_client.config.target_host,
        }
        self.kills = 0
        self._process = self._started()

    def _started(self) -> subprocess.Popen[bytes]:
        typed = [sys.executable, "-c", "from worker.cli import main; main()", "worker", "--unversioned"]
        quiet = subprocess.DEVNULL
        return subprocess.Popen(typed, env=self._environment, stdout=quiet, stderr=quiet)

    def kill(self) -> None:
        """Kill it, and start another."""
        self.stop()
        self.kills += 1
        self._process = self._started()

    def stop(self) -> None:
        """Kill it."""
        self._process.send_signal(signal.SIGKILL)
        self._process.wait()


async def killed_under_load(server: WorkflowEnvironment, settings: Settings, mail: MailServer) -> str:
    """Entries of several people come in while the worker is killed: each that was acknowledged is there once.

    Raises:
        AssertionError: one is missing or there twice, or a task has no notice, or two.
    """
    worker = KilledWorker(server.client, settings)
    try:
        today = datetime.now(UTC).astimezone(ZONE).date()
        stories = [await Story.begin(server, f"k{number}", referred_on=f"{today - timedelta(days=31)}")
                   for number in range(EPISODES)]  # fmt: skip
        for story in stories:
            await story.admit(on=today - timedelta(days=30))
        over = asyncio.Event()
        acknowledged: dict[str, list[str]] = {story.handle.id: [] for story in stories}
        feeds = [
            asyncio.create_task(_feed(story.handle, feed, acknowledged[story.handle.id], over))
            for story in stories
            for feed in range(FEEDS)
        ]
        for _ in range(KILLS):
            await asyncio.sleep(random.uniform(*BETWEEN_SECONDS))
            await asyncio.to_thread(worker.kill)
        over.set()
        await asyncio.gather(*feeds)
        for story in stories:
            kept = Counter(line["entry_id"] for line in await story.handle.query("journal"))
            assert max(kept.values()) == 1, [key for key, count in kept.items() if count > 1]
            assert not (lost := set(acknowledged[story.handle.id]) - set(kept)), lost
        tasks = [task["task_id"] async for task in _tasks(stories)]
        sent = await _all_told(tasks, mail)
    finally:
        worker.stop()
    entries = sum(map(len, acknowledged.values()))
    return (
        f"{worker.kills} kills -9 of the worker: {entries} acknowledged entries of {EPISODES} people, none lost, none "
        f"doubled; {len(tasks)} open tasks, {sent}"
    )


async def _feed(
    handle: WorkflowHandle[Any, Any], feed: int, acknowledged: list[str], over: asyncio.Event
) -> None:
    """One entry after the other, each under its own id, until it is acknowledged: as a feed would."""
    today, number = datetime.now(UTC).astimezone(ZONE).date(), 0
    while not over.is_set():
        number += 1
        day, key = today - timedelta(days=number % 25), f"{handle.id}-{feed}-{number}"
        kinds: Sequence[dict[str, Any]] = (
            {"kind": "mutual_help", "on": f"{day}", "group": "aa"},
            {"kind": "contact", "at": f"{day}T00:10", "channel": "phone", "outcome": "voicemail"},
            {"kind": "use", "on": f"{day}"}
            if number < 10
            else {"kind": "mutual_help", "on": f"{day}", "group": "na"},
        )
        entry = {"id": key, "by": "cm-1", **kinds[number % len(kinds)]}
        while True:
            try:
                await asyncio.wait_for(handle.execute_update("record", entry), 60)
                acknowledged.append(key)
                break
            except (RPCError, TimeoutError, WorkflowUpdateRPCTimeoutOrCancelledError):
                continue  # the worker was killed: nobody knows, so it is sent again
            except WorkflowUpdateFailedError as error:
                raise AssertionError(f"{key} was refused: {error.cause}") from None


async def _tasks(stories: Sequence[Story]) -> Any:
    for story in stories:
        for task in (await story.progress())["open_tasks"]:
            yield task


async def _all_told(tasks: Sequence[str], mail: MailServer) -> str:
    """Wait until nothing more is sent, then how often each message was."""
    quiet_since, count = time.perf_counter(), len(mail.taken)
    while time.perf_counter() - quiet_since < 20:
        await asyncio.sleep(0.5)
        if len(mail.taken) != count:
            quiet_since, count = time.perf_counter(), len(mail.taken)
    times = Counter((to, message_id) for to, _, message_id in mail.taken)
    twice = sum(number > 1 for number in times.values())
    return f"{len(times)} notices, {twice} of them sent twice with the same message id"


MEASURES = {"crisis": crisis_behind_others, "kills": killed_under_load}


async def measured() -> None:
    """Both, each on a server and in a clinic of its own."""
    wanted = sys.argv[1:] or list(MEASURES)
    for measure in map(MEASURES.__getitem__, wanted):
        with tempfile.TemporaryDirectory() as folder:
            settings = clinic_of(Path(folder))
            with MailServer(int(settings.smtp.rpartition(":")[2])) as mail:
                async with dev_server(settings) as server:
                    print(await measure(server, settings, mail), flush=True)


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(measured())
