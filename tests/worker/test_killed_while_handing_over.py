"""`carepath staff leave` killed at each of its steps and typed again: all is handed over, each once (F4)."""

import asyncio
import os
import signal
import subprocess
import sys

import pytest
from temporalio.testing import WorkflowEnvironment

from tests.waiting import eventually
from tests.worker.test_people_commands import Run, admit, nobody_has_any, owned, run
from worker.mailbox import Mailbox, read
from worker.settings import Settings

__all__ = ["run"]  # the fixture

pytestmark = pytest.mark.dear

KILLED_AT = """
import os, signal, sys
from worker.episodes import Clinic

once, left = Clinic.update, [int(sys.argv.pop(1))]

async def update(self, workflow_id, name, argument):
    before = left[0]
    left[0] -= 1
    if before == 0 and {before!r}:
        os.kill(os.getpid(), signal.SIGKILL)
    answer = await once(self, workflow_id, name, argument)
    if before == 0:
        os.kill(os.getpid(), signal.SIGKILL)
    return answer

Clinic.update = update
from worker.cli import main
main()
"""


async def test_F4_a_leave_that_is_killed_at_any_step_and_typed_again_hands_over_everything_once(
    run: Run, dev_server: WorkflowEnvironment, clinic_settings: Settings, mailbox: Mailbox
) -> None:
    episodes = [await admit(run, f"MRN-{number}") for number in range(3)]
    by_hand = next(
        task
        for task, row in (await owned(run, by="cm-1", at_least=3)).items()
        if row["episode"] in episodes[1]
    )
    await run("reassign", by_hand, "--to", "th-1", "--by", "su-1")
    await run("record", episodes[0], "screening", 'substances=["alcohol"]', "--by", "cm-1")
    theirs = set(await owned(run, by="th-1", at_least=2))
    assert by_hand in theirs
    given = {f"CAREPATH_{name.upper()}": str(value)
             for name, value in clinic_settings.model_dump(mode="json", exclude_none=True).items()}  # fmt: skip
    address = dev_server.client.service_client.config.target_host
    environment = {**os.environ, **given, "TEMPORAL_ADDRESS": address}
    leave = ("staff", "leave", "th-1", "--to", "th-2", "--by", "su-1")

    def killed(step: int, *, before: bool) -> int:
        program = KILLED_AT.replace("{before!r}", repr(before))
        typed = [sys.executable, "-c", program, str(step), *leave]
        return subprocess.run(typed, env=environment, capture_output=True, check=False).returncode

    codes = [
        await asyncio.to_thread(killed, step, before=before)
        for step, before in ((0, True), (0, False), (1, False), (0, True))
    ]
    assert codes[:2] == [-signal.SIGKILL] * 2
    assert set(codes) <= {-signal.SIGKILL, 0}  # the later ones may find nothing left to do
    assert (await run(*leave))["failed"] == {}
    await nobody_has_any(run, "th-1")
    assert await run(*leave) == {"episodes": {}, "tasks": {}, "failed": {}}
    assert set(await owned(run, by="th-2", at_least=2)) == theirs
    for one in episodes:
        progress = await run("progress", one)
        assert progress["team"]["therapist"] == "th-2"
        assert len(progress["team_changes"]) == 1

    async def each_is_told_once() -> bool:
        mails = [mail["body"] for mail in read(mailbox.file) if mail["to"] == "th-2@clinic.example"]
        counts = [sum(task in body for body in mails) for task in theirs]
        assert max(counts) <= 1
        return min(counts) == 1

    await eventually(each_is_told_once)
