"""An activity runs only for a workflow of ours that owes it, about what is its own (P1, P3, P4)."""

import asyncio
from asyncio.subprocess import PIPE, STDOUT
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from temporalio import workflow
from temporalio.client import ActivityFailureError, Client, WorkflowFailureError
from temporalio.exceptions import ActivityError, ApplicationError
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Worker

from activities.assembled import assemble
from activities.clinic_database import ClinicDatabase, Crosswalk
from activities.clinic_database.consents import Consents
from activities.clinic_database.ledger_verifying import Verifier
from activities.clinic_database.patients import Patient, Patients
from tests.activities.disclosure.clinic import TERMS
from tests.activities.http_server import Answering, answering
from tests.databases import JOURNAL_KEY, sealed_for_tests
from tests.servers import binary
from tests.workflows.story import Story
from worker.callers import DOORS, NOT_FOR_YOU, PREFIXES, is_own, of_nobody, refusal
from worker.mailbox import Mailbox, read
from worker.restoring import Restorer
from worker.run import running_worker
from worker.sandbox import WORKFLOWS
from worker.settings import Settings
from workflows.ports.agencies import DISCLOSE, RECONCILE, Disclosure, Reconciliation
from workflows.ports.clinic_files import KEEP_CONSENTS, NOTE_EPISODE, ConsentsStated, EpisodeNote
from workflows.ports.journal import KEEP_JOURNAL, JournalLines
from workflows.ports.staff import NOTIFY_STAFF, StaffNotice
from workflows.visibility import TASK_QUEUE

ATTEMPT = timedelta(seconds=20)
CONSENT = {**TERMS, "entry_id": "n1", "recorded_by": "cm-1", "stands": True, "revocation": None}
STATED = ConsentsStated(episode_id="e1", version=999, consents=[CONSENT], lifted=[])
TOLD = Disclosure(
    key="referral-1:x", episode_id="e1", referral_id="referral-1", agency="food-1", service="hiv_testing",
    purpose="referral", content=["referral"],
)  # fmt: skip
NOTICE = StaffNotice(
    key="x", episode_id="e1", role="case_manager", staff_id="cm-1", subject_code="crisis", lines=["Come."]
)  # fmt: skip
GIVEN: dict[str, Any] = {KEEP_CONSENTS: STATED, DISCLOSE: TOLD, NOTIFY_STAFF: NOTICE}


@workflow.defn(name="Stranger", sandboxed=False)
class Stranger:
    """Somebody else's workflow, on a worker and a queue of their own."""

    @workflow.run
    async def run(self, name: str, given: Any) -> None:
        await workflow.execute_activity(name, given, task_queue=TASK_QUEUE, schedule_to_close_timeout=ATTEMPT)


@workflow.defn(name="Referral", sandboxed=False)
class NamedAsOurs(Stranger):
    """As well, under the name of one of ours."""

    @workflow.run
    async def run(self, name: str, given: Any) -> None:
        await super().run(name, given)


@dataclass
class Clinic:
    client: Client
    database: ClinicDatabase
    agency: Answering
    mailbox: Mailbox

    async def nothing_has_happened(self) -> None:
        assert self.agency.taken == []
        assert not [one for one in read(self.mailbox.file) if "crisis" in one["subject"]]
        found = await Verifier(self.database, JOURNAL_KEY).verify()
        assert (found.lines, found.problems) == (0, ())
        assert await Consents(self.database).of_episode("e1") == []

    async def turned_away(self, stranger: type, workflow_id: str, name: str, says: str) -> None:
        with pytest.raises(WorkflowFailureError) as failed:
            await self.client.execute_workflow(
                stranger.run,  # type: ignore[attr-defined]
                args=[name, GIVEN[name]], id=workflow_id, task_queue="theirs",
            )  # fmt: skip
        assert isinstance(failed.value.cause, ActivityError)
        is_turned_away(failed.value.cause.cause, says)


@pytest.fixture
async def clinic(
    dev_server: WorkflowEnvironment, clinic_settings: Settings, mailbox: Mailbox, tmp_path: Path
) -> AsyncIterator[Clinic]:
    database = ClinicDatabase(clinic_settings.database)
    with answering() as agency:
        channel = {
            "type": "webhook",
            "url": f"http://{agency.address}/",
            "secret_env": "CAREPATH_TEST_SECRET",
        }
        book = f"agencies: [{{id: food-1, name: Example, services: [food_bank], channel: {channel}}}]"
        (tmp_path / "agencies.yaml").write_text(book)
        await Patients(database).save(Patient("MRN-1", given_name="Ada"))
        async with running_worker(dev_server.client, clinic_settings, versioned=False):
            story = await Story.begin(dev_server)
            await Crosswalk(database).open_episode("MRN-1", "e1", await story.today())
            yield Clinic(dev_server.client, database, agency, mailbox)
    await database.close()


async def test_every_activity_of_a_worker_has_a_door_and_every_door_is_of_workflows_of_ours(
    clinic_settings: Settings,
) -> None:
    activities = assemble(
        database_url=clinic_settings.database, staff_file=clinic_settings.staff, smtp_url="", sender="",
        clinic_phone="", journal=sealed_for_tests,
    )  # fmt: skip
    registered = [*activities.callables, Restorer(sealed_for_tests(activities.database)).restore]
    names = {one.__temporal_activity_definition.name for one in registered}  # type: ignore[attr-defined]
    ours = {workflow._Definition.must_from_class(one).name for one in WORKFLOWS}
    assert names == set(DOORS)
    assert ours == set(PREFIXES)
    assert {asker for door in DOORS.values() for asker in door.askers} <= ours
    await activities.database.close()


async def test_P3_P4_an_activity_that_is_asked_for_by_itself_is_not_done(clinic: Clinic) -> None:
    for name, given in GIVEN.items():
        with pytest.raises(ActivityFailureError) as failed:
            await clinic.client.execute_activity(
                name, given, id=name, task_queue=TASK_QUEUE, schedule_to_close_timeout=ATTEMPT
            )
        is_turned_away(failed.value.cause, "was asked for by itself")
    command = await asyncio.create_subprocess_exec(
        binary("temporal"), "activity", "execute", "--type", DISCLOSE, "--activity-id", "mine",
        "--task-queue", TASK_QUEUE, "--schedule-to-close-timeout", "20s", "--input", TOLD.model_dump_json(),
        "--address", clinic.client.service_client.config.target_host, stdout=PIPE, stderr=STDOUT,
    )  # fmt: skip
    said, _ = await command.communicate()
    assert command.returncode == 1
    assert b"was asked for by itself. Nothing was done." in said
    await clinic.nothing_has_happened()


async def test_P3_P4_a_workflow_of_somebody_else_is_turned_away(clinic: Clinic) -> None:
    async with Worker(clinic.client, task_queue="theirs", workflows=[Stranger]):
        for name in GIVEN:
            await clinic.turned_away(Stranger, "referral-1", name, "another one has asked")
    async with Worker(clinic.client, task_queue="theirs", workflows=[NamedAsOurs]):
        for name in GIVEN:
            await clinic.turned_away(NamedAsOurs, "any-1", name, "another one has asked")
        await clinic.turned_away(NamedAsOurs, "referral-2", KEEP_CONSENTS, "another one has asked")
        await clinic.turned_away(NamedAsOurs, "referral-2", DISCLOSE, "not the asking workflow's own")
    await clinic.nothing_has_happened()


@pytest.mark.parametrize(
    ("asker", "workflow_id", "name", "asked"),
    [
        ("CareEpisode", "episode-e2", KEEP_CONSENTS, STATED),
        ("CareEpisode", "episode-e2", NOTIFY_STAFF, NOTICE),
        ("CareEpisode", "episode-e2", NOTE_EPISODE, EpisodeNote(episode_id="e1")),
        ("CareEpisode", "episode-e2", NOTE_EPISODE, EpisodeNote(episode_id="e2", follows="e1")),
        (
            "CareEpisode",
            "episode-e2",
            KEEP_JOURNAL,
            JournalLines(workflow_id="episode-e1", first=0, lines=[]),
        ),
        ("Referral", "referral-2", DISCLOSE, TOLD),
        ("Referral", "referral-2", DISCLOSE, TOLD.model_copy(update={"referral_id": "referral-2"})),
        ("Referral", "referral-2", RECONCILE, Reconciliation(key="referral-1:x", arrived=True, by="cm-1")),
        ("StaffTask", "task-2", NOTIFY_STAFF, NOTICE.model_copy(update={"task_id": "task-1"})),
        ("DirectorySync", "directory-sync", NOTIFY_STAFF, NOTICE),
    ],
)
def test_P4_a_workflow_asks_about_what_is_its_own(
    asker: str, workflow_id: str, name: str, asked: Any
) -> None:
    assert refusal(name, asker, workflow_id) is None
    assert not is_own(name, workflow_id, (asked,))


@pytest.mark.parametrize("name", DOORS)
@pytest.mark.parametrize("asked", [(), (None,), (1, 2)])
def test_what_is_no_question_is_nobodys_own(name: str, asked: tuple[Any, ...]) -> None:
    asker = sorted(DOORS[name].askers)[0]
    assert is_own(name, f"{PREFIXES[asker][0]}1", asked) is (DOORS[name].is_own is of_nobody)


def is_turned_away(error: BaseException | None, says: str) -> None:
    assert isinstance(error, ApplicationError)
    assert (error.type, error.non_retryable) == (NOT_FOR_YOU, True)
    assert says in error.message
