"""Imports on the real server: once, again, after an end, after the histories are gone (T4, T7, I6, E3, E7)."""

from collections.abc import AsyncIterator
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.workflowservice.v1 import DeleteWorkflowExecutionRequest
from temporalio.client import Client
from temporalio.testing import WorkflowEnvironment

from activities.clinic_database import ClinicDatabase, Crosswalk
from activities.clinic_database.faults import ChannelFaults
from activities.clinic_database.journal_chain import Key
from tests.databases import make_database
from tests.waiting import eventually
from tests.worker.importing.exports import admission, course, export, sessions
from worker.episodes import Clinic
from worker.importing import folder as reading
from worker.importing.episodes import RunningEpisodes, State
from worker.importing.folder import episode_id_of, plain_id_of
from worker.importing.run import import_folder
from worker.journal_key import load_journal_key
from worker.mailbox import Mailbox, read
from worker.run import running_worker
from worker.settings import Settings

pytestmark = pytest.mark.dear

TODAY = datetime.now(ZoneInfo("America/Chicago")).date()
"""Where the program is: elsewhere it may be tomorrow already."""


def ago(days: int) -> date:
    return TODAY - timedelta(days=days)


@pytest.fixture
async def clinic(
    dev_server: WorkflowEnvironment, clinic_settings: Settings, mailbox: Mailbox
) -> AsyncIterator[Clinic]:
    """A clinic with nobody in it."""
    make_database(clinic_settings.database)
    database = ClinicDatabase(clinic_settings.database)
    async with running_worker(dev_server.client, clinic_settings, versioned=False):
        yield Clinic(dev_server.client, clinic_settings, Crosswalk(database), ChannelFaults(database))
    await database.close()


def workflow_of(clinic: Clinic, patient_key: str, referred_on: date) -> str:
    return f"episode-{episode_id_of(load_journal_key(clinic.settings), patient_key, referred_on)}"


async def progress(clinic: Clinic, key: str, referred_on: date) -> dict[str, Any]:
    shown: dict[str, Any] = await clinic.query(workflow_of(clinic, key, referred_on), "progress")
    return shown


async def started(client: Client, kind: str) -> list[str]:
    """Ids of the workflows of a type that were ever started."""
    return [one.id async for one in client.list_workflows(f"WorkflowType='{kind}'")]


async def test_T7_a_take_over_tells_nobody_what_its_own_rows_answer_and_a_correction_is_no_conflict(
    clinic: Clinic, tmp_path: Path, mailbox: Mailbox
) -> None:
    keys = [f"MRN-{number}" for number in range(6)]
    came = {key: sessions(key, ago(38), ago(1)) for key in keys}
    admitted = [row for key in keys for row in course(key, ago(38))]

    def written(name: str) -> Path:
        attendance = [row for key in keys for row in came[key]]
        people = [admission(key, ago(40)) for key in keys]
        closed = [str(TODAY)]  # late in the evening a group of today would be over, and nobody told who came
        return export(tmp_path / name, people, attendance=attendance, events=admitted, closures=closed)

    report = await import_folder(clinic, written("first"))
    assert report.refused == []
    assert len(report.outcomes) == len(keys) * (1 + 6 + len(came["MRN-1"]))
    assert {one.result for one in (await import_folder(clinic, written("again"))).outcomes} == {"duplicate"}
    before = await progress(clinic, "MRN-1", ago(40))
    came["MRN-1"][-1] |= {"minutes": "90"}
    came["MRN-2"][0] |= {"status": "absent", "minutes": ""}
    corrected = await import_folder(clinic, written("corrected"))
    told = [one for one in corrected.outcomes if one.result != "duplicate"]
    assert [(one.row.file, one.result) for one in told] == [("attendance.csv", "accepted")] * 2
    assert all("corrects entry import-" in one.reason for one in told)
    after = await progress(clinic, "MRN-1", ago(40))
    assert before["week"]["minutes"] - after["week"]["minutes"] in (0, 90), "unless today begins a new week"
    asked = [await clinic.query(one, "task") for one in await started(clinic.client, "StaffTask")]
    # A test may be drawn for today (S4); all else is answered by the rows.
    assert {(task["kind"], task["level"]) for task in asked} <= {("collect_test", 0)}
    assert not [mail for mail in read(mailbox.file) if "verdue" in str(mail)]


async def test_E7_who_has_died_stays_dead_whatever_is_imported_and_whatever_temporal_forgets(
    clinic: Clinic, tmp_path: Path, mailbox: Mailbox
) -> None:
    for key in ("MRN-1", "MRN-2"):
        await clinic.crosswalk.save_contact(key, f"mailto:{key}@home.example", allowed=True)
    events = [*course("MRN-1", ago(38)), *course("MRN-2", ago(38))]
    folder = export(
        tmp_path / "export",
        [
            admission("MRN-1", ago(40)),
            admission("MRN-2", ago(40)),
            admission("MRN-3", ago(40), nurse="nobody"),
        ],
        attendance=[*sessions("MRN-1", ago(38), ago(9)), *sessions("MRN-2", ago(38), ago(1))],
        events=events,
    )
    await import_folder(clinic, folder)
    dead, alive = (workflow_of(clinic, key, ago(40)) for key in ("MRN-1", "MRN-2"))
    died = {"kind": "exit", "by": "cm-1", "reason": "deceased", "on": ago(0).isoformat()}
    await clinic.update(dead, "record", died)
    closed = await eventually(lambda: clinic.crosswalk.is_closed(dead.removeprefix("episode-")))
    assert closed
    again = await import_folder(clinic, folder)
    assert {one.result for one in again.outcomes} == {"duplicate", "refused"}
    assert [one.row.line for one in again.refused] == [4], (
        "the others are imported, and every row has its word"
    )
    # In the evening the session of today, which the export does not hold yet, may be over.
    missed_today = (await progress(clinic, "MRN-2", ago(40)))["consecutive_misses"]
    for workflow_id in (dead, alive):
        await clinic.client.get_workflow_handle(workflow_id).terminate("somebody pressed Terminate")
    stopped = (await import_folder(clinic, folder)).refused
    assert any("carepath revive" in one.reason for one in stopped), (
        "what it knew is more than an export holds"
    )
    for workflow_id in (dead, alive):
        await clinic.client.workflow_service.delete_workflow_execution(
            DeleteWorkflowExecutionRequest(
                namespace=clinic.client.namespace,
                workflow_execution=WorkflowExecution(workflow_id=workflow_id),
            )
        )
    episodes = RunningEpisodes(clinic.client)
    for workflow_id in (dead, alive):

        async def is_gone(episode_id: str = workflow_id.removeprefix("episode-")) -> bool:
            return await episodes.state_of(episode_id) is State.GONE

        await eventually(is_gone)
    lost = await import_folder(clinic, folder)
    assert lost.begun_again == [alive.removeprefix("episode-")]
    assert [one.row.line for one in lost.refused] == [4]
    assert len(lost.outcomes) == len(again.outcomes)
    assert await episodes.state_of(dead.removeprefix("episode-")) is State.GONE
    shown = await progress(clinic, "MRN-2", ago(40))
    assert (shown["stage"], shown["consecutive_misses"]) == ("program", missed_today)
    late = sessions("MRN-1", ago(8), ago(1), status="absent", minutes="")
    late_folder = export(
        tmp_path / "late", [admission("MRN-1", ago(40))], attendance=late, events=course("MRN-1", ago(38))
    )
    refused = (await import_folder(clinic, late_folder)).refused
    assert len(refused) == len(late)
    assert {f"its stay ended on {ago(0)}" in one.reason for one in refused} == {True}
    assert not [mail for mail in read(mailbox.file) if "home.example" in str(mail)]


async def test_I6_E3_several_stays_are_several_episodes_and_who_is_in_treatment_is_in_the_list(
    clinic: Clinic, tmp_path: Path
) -> None:
    events = [
        *course("MRN-1", ago(200)),
        {"patient_key": "MRN-1", "kind": "exit", "by": "cm-1", "reason": "withdrew", "on": str(ago(150))},
        *course("MRN-1", ago(30), last_use_on=ago(60)),
        *course("MRN-2", ago(200)),
        *course("MRN-2", ago(30)),
    ]
    folder = export(
        tmp_path / "export",
        [admission(key, ago(days)) for key in ("MRN-1", "MRN-2") for days in (31, 202)],
        attendance=[
            *sessions("MRN-1", ago(200), ago(151)),
            *sessions("MRN-1", ago(30), ago(1)),
            *sessions("MRN-2", ago(30), ago(1)),
        ],
        events=events,
    )
    report = await import_folder(clinic, folder)
    first, second = await clinic.crosswalk.passages_of("MRN-1")
    assert (first.closed_on, second.closed_on) == (ago(150), None)
    shown = await progress(clinic, "MRN-1", ago(31))
    assert (shown["stage"], shown["last_use_on"]) == ("program", str(ago(60)))
    description = await clinic.client.get_workflow_handle(f"episode-{second.episode_id}").fetch_history()
    start = description.events[0].workflow_execution_started_event_attributes.input.payloads[0].data.decode()
    assert f'"follows":"{first.episode_id}"' in start
    # Of the second person the export holds no end of the earlier stay: nothing of the present one is recorded there.
    assert len(await clinic.crosswalk.passages_of("MRN-2")) == 1
    refused = [one for one in report.refused if one.row.file == "admissions.csv"]
    assert [one.row.values["referred_on"] for one in refused] == [str(ago(31))]
    assert "already has the open episode" in refused[0].reason
    assert "tell its exit in events.jsonl" in refused[0].reason
    there = await clinic.query(workflow_of(clinic, "MRN-2", ago(202)), "journal")
    assert len(there) == 6
    assert len(report.outcomes) == 4 + len(events) + len(sessions("", ago(200), ago(151))) + 2 * len(
        sessions("", ago(30), ago(1))
    )


async def test_P1_nobody_without_the_key_can_try_out_record_numbers_against_an_id(
    clinic: Clinic, tmp_path: Path
) -> None:
    await import_folder(clinic, export(tmp_path / "export", [admission("MRN-1", ago(40))]))
    (known,) = await clinic.crosswalk.all_episodes()
    assert known.episode_id == workflow_of(clinic, "MRN-1", ago(40)).removeprefix("episode-")
    other = Key(b"o" * 32)
    tried = [f"MRN-{number}" for number in range(100)]
    assert known.episode_id not in [plain_id_of(one, ago(40)) for one in tried]
    assert known.episode_id not in [episode_id_of(other, one, ago(40)) for one in tried]


async def test_T4_an_episode_that_an_earlier_release_has_imported_is_known_under_its_old_id(
    clinic: Clinic, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = export(tmp_path / "export", [admission("MRN-1", ago(40))], events=course("MRN-1", ago(38)))

    def as_before(_: Key, patient_key: str, referred_on: date) -> str:
        return plain_id_of(patient_key, referred_on)

    with monkeypatch.context() as before:
        before.setattr(reading, "episode_id_of", as_before)
        assert not (await import_folder(clinic, folder)).refused
    again = await import_folder(clinic, folder)
    assert {one.result for one in again.outcomes} == {"duplicate"}
    assert [one.episode_id for one in await clinic.crosswalk.all_episodes()] == [
        plain_id_of("MRN-1", ago(40))
    ]
