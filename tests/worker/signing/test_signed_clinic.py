"""E0: a clinic that signs, on the real server and the command line: who is not signed in states nothing, and whoever
may write to Temporal can forge nothing."""

import asyncio
import base64
import json
import re
import subprocess
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import pytest_asyncio
from temporalio.client import WorkflowUpdateFailedError
from temporalio.exceptions import ApplicationError
from temporalio.testing import WorkflowEnvironment

from activities.clinic_database import ClinicDatabase
from activities.clinic_database.credentials import MOST_TRIES, Credentials
from tests import servers
from tests.signed import FORGED, answered, author, signed
from tests.typed import carepath
from tests.waiting import eventually
from worker.mailbox import read
from worker.settings import Settings
from worker.signed_in import keep, own_folder
from worker.signing_key import load_signing_keys, make_signing_key

pytestmark = [pytest.mark.dear, pytest.mark.asyncio(loop_scope="module")]

CONTACT = ("module", "skill=coping", f"done_on={datetime.now(UTC).date() - timedelta(days=1)}")


@dataclass
class Shared:
    """A clinic that signs."""

    environment: WorkflowEnvironment
    settings: Settings

    async def typed(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        address = self.environment.client.service_client.config.target_host
        return await asyncio.to_thread(carepath, *arguments, settings=self.settings, address=address)

    async def does(self, *arguments: str) -> str:
        done = await self.typed(*arguments)
        assert done.returncode == 0, done.stderr + done.stdout
        return done.stdout

    async def refuses(self, *arguments: str) -> str:
        done = await self.typed(*arguments)
        assert done.returncode == 1, done.stderr + done.stdout
        assert "Traceback" not in done.stderr
        return done.stderr

    async def sign_in(self, *people: str, lasts: timedelta = timedelta(hours=1)) -> None:
        database = ClinicDatabase(self.settings.database)
        try:
            for one in people:
                given = await Credentials(database).issue(one, datetime.now(UTC), lasts)
                keep(own_folder(self.settings), given)
        finally:
            await database.close()

    async def begin(self) -> str:
        started = await self.does(
            "admit", "--site", "north", "--timezone", "America/Chicago", "--json",
            "--case-manager", "cm-1", "--therapist", "th-1", "--supervisor", "su-1", "--director", "di-1",
        )  # fmt: skip
        return str(json.loads(started)["episode_id"])

    async def journal(self, episode: str) -> list[dict[str, Any]]:
        lines: list[dict[str, Any]] = json.loads(await self.does("journal", episode, "--json"))
        return lines

    def code_for(self, staff_id: str) -> str:
        mails = [one for one in read(self.settings.home / "mail.jsonl") if f"{staff_id}@" in str(one)]
        found = re.findall(r"\b\d{8}\b", mails[-1]["body"])
        return str(found[0])


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def clinic(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Shared]:
    async with servers.running_clinic(tmp_path_factory.mktemp("signed")) as (environment, settings):
        make_signing_key(settings)
        yield Shared(environment, settings)


async def test_E0_a_person_signs_in_with_a_code_by_their_own_channel_and_states_as_themselves(
    clinic: Shared,
) -> None:
    episode = await clinic.begin()
    told = await clinic.refuses("record", episode, *CONTACT, "--by", "cm-1")
    assert "carepath staff login cm-1" in told
    assert await clinic.journal(episode) == []

    assert "--code" in await clinic.does("staff", "login", "cm-1")
    code = clinic.code_for("cm-1")
    wrong = f"{(int(code) + 1) % 10**8:08d}"
    assert "not the code" in await clinic.refuses("staff", "login", "cm-1", "--code", wrong)
    assert "half a minute" in await clinic.refuses("staff", "login", "cm-1")
    assert "Signed in as cm-1" in await clinic.does("staff", "login", "cm-1", "--code", code)
    assert "another one" in await clinic.refuses("staff", "login", "cm-1", "--code", code)  # it works once

    await clinic.does("record", episode, *CONTACT, "--by", "cm-1")
    assert "not signed in here" in await clinic.refuses("record", episode, *CONTACT, "--by", "th-1")
    assert [line["signed_by"] for line in await clinic.journal(episode)] == ["cm-1 (case manager)"]
    file = own_folder(clinic.settings) / "cm-1.json"
    assert file.stat().st_mode & 0o777 == 0o600
    databases = list(clinic.settings.home.glob("clinic.db*"))
    for secret in (code, json.loads(file.read_text())["secret"]):
        # By another process: who closes a file of SQLite's lets go of all its locks.
        found = await asyncio.create_subprocess_exec("grep", "-qaF", secret, *databases)
        assert await found.wait() == 1

    await clinic.does("staff", "logout", "cm-1")
    assert "not signed in here" in await clinic.refuses("record", episode, *CONTACT, "--by", "cm-1")


async def test_E0_a_code_is_tried_a_few_times_only(clinic: Shared) -> None:
    await clinic.does("staff", "login", "nu-1")
    code = clinic.code_for("nu-1")
    wrong = f"{(int(code) + 1) % 10**8:08d}"
    for _ in range(MOST_TRIES):
        await clinic.refuses("staff", "login", "nu-1", "--code", wrong)
    assert "ask for another one" in await clinic.refuses("staff", "login", "nu-1", "--code", code)


async def test_E0_a_sign_in_that_has_ended_was_revoked_or_lies_open_signs_nothing(clinic: Shared) -> None:
    episode = await clinic.begin()
    await clinic.sign_in("su-1", lasts=timedelta())
    assert "ended at" in await clinic.refuses("record", episode, *CONTACT, "--by", "su-1")
    await clinic.sign_in("su-1")
    file = own_folder(clinic.settings) / "su-1.json"
    file.chmod(0o644)
    assert "open to others" in await clinic.refuses("record", episode, *CONTACT, "--by", "su-1")
    file.chmod(0o600)
    kept = file.read_text()
    await clinic.does("record", episode, *CONTACT, "--by", "su-1")
    await clinic.does("staff", "logout", "su-1", "--everywhere")
    file.write_text(kept)  # as on another machine
    file.chmod(0o600)
    assert "signed out" in await clinic.refuses("record", episode, *CONTACT, "--by", "su-1")
    file.write_text(kept.replace("su-1", "di-1"))  # another's name on one's own credential
    file.rename(file.with_name("di-1.json"))
    assert await clinic.refuses("record", episode, *CONTACT, "--by", "di-1")


async def test_E0_who_may_write_to_temporal_forges_no_entry_answer_or_hand_over(clinic: Shared) -> None:
    episode = await clinic.begin()
    await clinic.sign_in("cm-1", "th-1", "di-1")
    await clinic.does("record", episode, "screening", 'substances=["alcohol"]', "--by", "cm-1")
    client = clinic.environment.client
    handle = client.get_workflow_handle(f"episode-{episode}")

    async def open_tasks() -> list[dict[str, Any]]:
        return list((await handle.query("progress"))["open_tasks"])

    task = next(one for one in await open_tasks() if one["kind"] == "level_of_care")
    at_task = client.get_workflow_handle(task["task_id"])
    await eventually(lambda: _runs(at_task))
    now, before = datetime.now(UTC), await clinic.journal(episode)
    exit_ = {"kind": "exit", "by": "di-1", "id": "x", "reason": "withdrew", "on": now.date().isoformat()}
    answer = {"by": "th-1", "outcome": "iop", "reason": "suited"}
    forged = signed(exit_, now, to=f"episode-{episode}", keys=FORGED, by=author("di-1"))
    for to, update, said in (
        (handle, "record", exit_),
        (handle, "record", forged),
        (at_task, "complete", answer),
        (at_task, "complete", {**answer, "signature": forged["signature"]}),
        (at_task, "reassign", {"to": "cm-2", "by": "th-1"}),
        (at_task, "acknowledge", {"by": "th-1"}),
    ):
        with pytest.raises(WorkflowUpdateFailedError) as refused:
            await to.execute_update(update, said)
        cause = refused.value.cause
        assert isinstance(cause, ApplicationError)
        assert cause.message.startswith("signature: ")
    results = await handle.execute_update("record_many", [exit_, forged])
    assert all("signature" in result["error"]["message"] for result in results)
    for done in (
        {"task_id": task["task_id"], "known_as": ["director"], **answer},
        {"task_id": task["task_id"], **answer, "signature": forged["signature"]},
        {"task_id": "task-1", **answer},
    ):
        await handle.signal("task_completed", done)
    assert await clinic.journal(episode) == before
    assert task in await open_tasks()
    refused_later = [
        event
        for event in (await handle.fetch_history()).events
        if event.HasField("workflow_execution_update_completed_event_attributes")
        and event.workflow_execution_update_completed_event_attributes.outcome.HasField("failure")
    ]
    assert refused_later == []  # what is forged is turned away before it leaves a trace

    # The person's own answer reaches the episode, signed, and is shown as theirs.
    await clinic.does("complete", task["task_id"], "--outcome", "iop", "--reason", "suited", "--by", "th-1")
    last = (await clinic.journal(episode))[-1]
    assert (last["kind"], last["signed_by"]) == ("decision", "th-1 (therapist)")
    await clinic.does("journal", "verify", episode)


async def test_E0_an_answer_is_not_said_twice_by_a_copy(clinic: Shared) -> None:
    episode = await clinic.begin()
    await clinic.sign_in("cm-1", "th-1", "su-1")
    await clinic.does("record", episode, "screening", 'substances=["alcohol"]', "--by", "cm-1")
    client = clinic.environment.client
    handle = client.get_workflow_handle(f"episode-{episode}")
    task = next(
        one for one in (await handle.query("progress"))["open_tasks"] if one["kind"] == "level_of_care"
    )
    keys = load_signing_keys(clinic.settings)
    assert keys
    at_task = client.get_workflow_handle(task["task_id"])
    await eventually(lambda: _runs(at_task))
    said = answered(task["task_id"], "reassign", {"to": "su-1", "by": "th-1"}, datetime.now(UTC), keys=keys)
    await at_task.execute_update("reassign", said)
    await clinic.does("reassign", task["task_id"], "--to", "th-1", "--by", "su-1")
    with pytest.raises(WorkflowUpdateFailedError) as refused:
        await at_task.execute_update("reassign", said)
    assert "said already" in str(refused.value.cause)
    assert (await at_task.query("task"))["owner"] == "th-1"


async def test_E0_what_is_told_to_many_is_told_by_whoever_is_signed_in_or_not_at_all(clinic: Shared) -> None:
    await clinic.does("staff", "logout", "di-1")
    for command in (
        ("staff", "absent", "th-1", "--substitute", "th-2", "--by", "di-1"),
        ("closure", "add", "2030-01-01", "--reason", "holiday", "--by", "di-1"),
        ("patient", "merge", "MRN-1", "MRN-2", "--by", "di-1"),
    ):
        assert "not signed in here" in await clinic.refuses(*command)
    assert json.loads(await clinic.does("closure", "list", "--json")) == []
    assert all(not one["absences"] for one in json.loads(await clinic.does("staff", "list", "--json")))


async def test_E0_another_key_takes_the_place_of_the_old_one_in_every_open_record(clinic: Shared) -> None:
    episode = await clinic.begin()
    unsigned = await clinic.environment.client.start_workflow(
        "CareEpisode",
        {
            "episode_id": "e77", "site": "north", "timezone": "America/Chicago", "team": {"director": "di-1"},
            "referred_on": datetime.now(UTC).date().isoformat(),
        },
        id="episode-e77", task_queue="carepath",
    )  # fmt: skip
    await clinic.sign_in("cm-1", "th-1", "di-1")
    await clinic.does("record", episode, "screening", 'substances=["alcohol"]', "--by", "cm-1")
    old = load_signing_keys(clinic.settings)
    assert old
    assert "director" in await clinic.refuses(
        "signing", "rotate", "--by", "cm-1"
    )  # and both keys are in force
    await clinic.does("record", episode, *CONTACT, "--by", "cm-1")

    shown = json.loads(await clinic.does("signing", "rotate", "--by", "di-1", "--json"))
    new = load_signing_keys(clinic.settings)
    assert new
    assert list(new.private) == [new.first] == [shown["first"]] != [old.first]
    for one in (episode, "e77"):
        progress = json.loads(await clinic.does("progress", one, "--json"))
        assert progress["signing_keys"] == [new.first]
        await clinic.does("record", one, *CONTACT, "--by", "cm-1")
    with pytest.raises(WorkflowUpdateFailedError) as refused:
        await unsigned.execute_update("record", {"kind": "use", "by": "cm-1", "on": "2026-01-01"})
    assert "signed by nobody" in str(refused.value.cause)

    # An open task has heard of it, and takes no answer that the old key has signed.
    task = next(one for one in progress_tasks(await clinic.does("progress", episode, "--json")))
    at_task = clinic.environment.client.get_workflow_handle(task)
    said = answered(task, "acknowledge", {"by": "th-1"}, datetime.now(UTC), keys=old)
    with pytest.raises(WorkflowUpdateFailedError) as refused:
        await at_task.execute_update("acknowledge", said)
    assert f"{old.first} is no key" in str(refused.value.cause)
    await clinic.does("acknowledge", task, "--by", "th-1")
    await clinic.does("journal", "verify")


def progress_tasks(shown: str) -> list[str]:
    return [task["task_id"] for task in json.loads(shown)["open_tasks"]]


async def test_E0_a_signing_key_that_cannot_be_used_is_told_in_words(clinic: Shared) -> None:
    file = clinic.settings.home / "signing.secret"
    kept = file.read_bytes()
    try:
        for content, says in (
            (b"", "is empty"),
            (b"k1:xx\n", "Line 1"),
            (b"k1:" + base64.b64encode(b"1") + b"\n", "Line 1"),
        ):
            file.write_bytes(content)
            assert says in await clinic.refuses("record", "e", *CONTACT, "--by", "cm-1")
        file.write_bytes(kept)
        file.chmod(0o640)
        assert "open to others" in await clinic.refuses("record", "e", *CONTACT, "--by", "cm-1")
    finally:
        file.chmod(0o600)
        file.write_bytes(kept)


async def _runs(task: Any) -> bool:
    try:
        return bool(await task.query("task"))
    except Exception:
        return False
