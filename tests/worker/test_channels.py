"""What operators see while nothing can be sent, and what goes first when much waits (F2)."""

import asyncio
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from temporalio.api.enums.v1 import PendingActivityState, TaskQueueType
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflowservice.v1 import DescribeTaskQueueRequest
from temporalio.client import Client
from temporalio.common import Priority
from temporalio.exceptions import ApplicationError
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Worker
from typer.testing import CliRunner

from activities.assembled import Activities, assemble
from activities.clinic_database import ClinicDatabase, Crosswalk
from activities.clinic_database.faults import ChannelFault, ChannelFaults
from tests.databases import make_database, sealed_for_tests
from tests.mail_server import MailServer
from tests.waiting import eventually
from worker.commands import channels
from worker.sandbox import WORKFLOWS, sandbox
from worker.settings import Settings
from worker.workers import AT_THE_SAME_TIME, working
from workflows.core.engine.urgency import Urgency
from workflows.messages import TaskStart
from workflows.ports.patients import PatientMessage
from workflows.ports.staff import Addressee, StaffNotice
from workflows.visibility import STAFF_TASK, TASK_QUEUE, of_new_task

ORDINARY = 60
STARTED = PendingActivityState.PENDING_ACTIVITY_STATE_STARTED


@pytest.fixture
def mail(clinic_settings: Settings) -> Iterator[MailServer]:
    with MailServer(int(clinic_settings.smtp.rpartition(":")[2])) as server:
        yield server


def activities_of(settings: Settings, staff: Path | None = None) -> Activities:
    make_database(settings.database)
    return assemble(database_url=settings.database, staff_file=staff or settings.staff, smtp_url=settings.smtp,
                    sender=settings.sender, clinic_phone=settings.clinic_phone,
                          journal=sealed_for_tests)  # fmt: skip


async def tell(activities: Activities, **changes: Any) -> Any:
    notice = StaffNotice(key="k1", episode_id="e1", role="on_call", staff_id=None, subject_code="task_crisis_response",
                         lines=["Respond to a crisis at once."])  # fmt: skip
    told = next(one for one in activities.callables if one.__name__ == "notify_staff")
    return await told(notice.model_copy(update=changes))


async def faults(settings: Settings) -> list[ChannelFault]:
    database = ClinicDatabase(settings.database)
    try:
        return await ChannelFaults(database).now()
    finally:
        await database.close()


async def test_F2_operators_hear_of_a_fault_of_our_own_until_a_sending_works(
    clinic_settings: Settings, mail: MailServer, caplog: pytest.LogCaptureFixture
) -> None:
    activities = await asyncio.to_thread(activities_of, clinic_settings)
    mail.answers["MAIL"] = "535 5.7.8 credentials expired"
    for _ in range(3):
        with pytest.raises(ApplicationError, match="535") as failed:
            await tell(activities)
        assert not failed.value.non_retryable
    given = {"CAREPATH_DATABASE": clinic_settings.database}
    done = await asyncio.to_thread(CliRunner().invoke, channels.app, [], env=given)
    assert done.exit_code == 1
    assert "Nothing can be sent by e-mail since" in done.stderr
    assert "535" in done.stderr
    (fault,) = await faults(clinic_settings)
    assert (fault.channel, fault.attempts) == ("e-mail", 3)
    assert [record.levelname for record in caplog.records if "Nothing can be sent" in record.message] == [
        "ERROR"
    ]
    mail.answers.clear()
    assert (await tell(activities)).outcome == "sent"
    assert "works again" in caplog.text
    assert await faults(clinic_settings) == []
    await activities.database.close()


async def test_F2_greylisting_and_a_refusal_are_no_faults_of_our_own(
    clinic_settings: Settings, mail: MailServer
) -> None:
    activities = await asyncio.to_thread(activities_of, clinic_settings)
    for answer in ("451 greylisted", "550 no such user"):
        mail.answers["RCPT"] = answer
        with pytest.raises(ApplicationError):
            await tell(activities)
    assert await faults(clinic_settings) == []
    await activities.database.close()


async def test_F2_a_refused_address_is_asked_again_only_when_the_directory_names_another(
    clinic_settings: Settings, mail: MailServer, tmp_path: Path
) -> None:
    staff = tmp_path / "staff.yaml"
    staff.write_text('staff:\n  nu-1: {roles: [on_call], channels: ["mailto:old@clinic.example"]}\n')
    activities = await asyncio.to_thread(activities_of, clinic_settings, staff)
    mail.answers["old@clinic.example"] = "550 no such user"
    for _ in range(3):
        with pytest.raises(ApplicationError):
            await tell(activities, insisting=True)
    assert mail.tried == 1
    staff.write_text('staff:\n  nu-1: {roles: [on_call], channels: ["mailto:new@clinic.example"]}\n')
    assert (await tell(activities, insisting=True)).outcome == "sent"
    assert mail.subjects_of("new@clinic.example")
    await activities.database.close()


async def test_F2_of_two_addresses_of_one_person_one_may_refuse_and_that_is_shown(
    clinic_settings: Settings, mail: MailServer, tmp_path: Path
) -> None:
    staff = tmp_path / "staff.yaml"
    staff.write_text(
        'staff:\n  nu-1: {roles: [on_call], channels: ["mailto:a@clinic.example,b@clinic.example"]}\n'
    )
    activities = await asyncio.to_thread(activities_of, clinic_settings, staff)
    mail.answers["b@clinic.example"] = "550 no such user"
    receipt = await tell(activities)
    assert [to for to, _, _ in mail.taken] == ["a@clinic.example"]
    assert receipt.outcome == "sent"
    assert ["address 2 of 2" in one and "550" in one for one in receipt.missed] == [True]
    mail.answers["a@clinic.example"] = "451 later"
    with pytest.raises(ApplicationError) as failed:
        await tell(activities, key="k2")
    assert not failed.value.non_retryable
    await activities.database.close()


async def test_F2_a_message_to_a_patient_that_one_of_two_addresses_refuses_says_so(
    clinic_settings: Settings, mail: MailServer
) -> None:
    activities = await asyncio.to_thread(activities_of, clinic_settings)
    database = ClinicDatabase(clinic_settings.database)
    await Crosswalk(database).open_episode("MRN-1", "e1", date(2026, 1, 5))
    await Crosswalk(database).save_contact("MRN-1", "mailto:a@home.example,b@home.example", allowed=True)
    mail.answers["b@home.example"] = "550 no such user"
    message = next(one for one in activities.callables if one.__name__ == "message_patient")
    later = datetime.now(UTC) + timedelta(days=2)
    receipt = await message(
        PatientMessage(key="m1", episode_id="e1", template="please_call", send_before=later)
    )
    assert receipt.outcome == "sent"
    assert len(receipt.missed) == 1
    assert "@" not in str(receipt)
    await database.close()
    await activities.database.close()


@pytest.mark.parametrize("change", [{"in_danger": True}, {"insisting": True}])
async def test_F2_others_are_told_at_the_first_failure_where_somebody_is_in_danger(
    clinic_settings: Settings, mail: MailServer, change: dict[str, Any]
) -> None:
    activities = await asyncio.to_thread(activities_of, clinic_settings)
    mail.answers["nu-1@clinic.example"] = "451 later"
    others = [Addressee(role="supervisor"), Addressee(role="director")]
    with pytest.raises(ApplicationError):
        await tell(activities, others=others)
    receipt = await tell(activities, others=others, **change)
    assert (receipt.to, receipt.instead) == ("su-1", True)
    assert len(mail.taken) == 1
    await activities.database.close()


async def test_P9_a_notice_to_staff_goes_out_although_the_clinic_database_cannot_be_written(
    clinic_settings: Settings, mail: MailServer
) -> None:
    nowhere = clinic_settings.model_copy(update={"database": "sqlite+aiosqlite:////nowhere/clinic.db"})
    activities = assemble(database_url=nowhere.database, staff_file=nowhere.staff, smtp_url=nowhere.smtp,
                          sender=nowhere.sender, clinic_phone=nowhere.clinic_phone,
                          journal=sealed_for_tests)  # fmt: skip
    assert (await tell(activities)).outcome == "sent"
    assert mail.subjects_of("nu-1@clinic.example")
    await activities.database.close()


def task(name: str, kind: str, urgency: Urgency) -> TaskStart:
    return TaskStart(task_id=name, kind=kind, episode_id="e1", site="north", role="case_manager", owner="cm-1",
                     due_at=datetime.now(UTC) + timedelta(days=2), outcomes=["done"], rule="X1", asks="?",
                     urgency=urgency)  # fmt: skip


async def begin(client: Client, one: TaskStart) -> None:
    await client.start_workflow(
        STAFF_TASK, one, id=one.task_id, task_queue=TASK_QUEUE, search_attributes=of_new_task(one),
        priority=Priority(priority_key=one.urgency),
    )  # fmt: skip


async def attempts(client: Client, name: str) -> list[Any]:
    """What a task waits for at the moment."""
    described = await client.get_workflow_handle(name).describe()
    return list(described.raw_description.pending_activities)


async def test_F2_a_crisis_waits_for_nothing_while_all_places_hang_at_the_mail_server(
    dev_server: WorkflowEnvironment, clinic_settings: Settings, mail: MailServer
) -> None:
    client = dev_server.client
    activities = await asyncio.to_thread(activities_of, clinic_settings)
    waiting = [
        task(f"task-hangs-{n}", "plan_review", Urgency.ORDINARY) for n in range(AT_THE_SAME_TIME * 3 // 2)
    ]

    async def begun() -> int:
        each = await asyncio.gather(*(attempts(client, one.task_id) for one in waiting))
        return sum(one.state == STARTED for several in each for one in several)

    async def all_places_are_taken() -> bool:
        return await begun() == AT_THE_SAME_TIME

    async def the_crisis_has_begun() -> bool:
        return any(one.state == STARTED for one in await attempts(client, "task-crisis"))

    mail.goes_on.clear()
    try:
        async with working(client, activities.callables):
            try:
                await asyncio.gather(*(begin(client, one) for one in waiting))
                await eventually(all_places_are_taken)
                await begin(client, task("task-crisis", "crisis_response", Urgency.IN_DANGER))
                await eventually(the_crisis_has_begun)
                assert mail.taken == []  # and none of them has ended
            finally:
                mail.goes_on.set()
    finally:
        await activities.database.close()


async def test_F2_what_is_due_today_goes_before_sixty_notices_that_wait(
    dev_server: WorkflowEnvironment, clinic_settings: Settings, mail: MailServer
) -> None:
    client = dev_server.client
    activities = await asyncio.to_thread(activities_of, clinic_settings)

    async def waits(name: str) -> bool:
        return bool(await attempts(client, name))

    async def all_are_in_the_queue() -> bool:
        """What a workflow awaits comes into the queue a moment later; only there one goes before another."""
        request = DescribeTaskQueueRequest(
            namespace=client.namespace, task_queue=TaskQueue(name=TASK_QUEUE), report_stats=True,
            task_queue_type=TaskQueueType.TASK_QUEUE_TYPE_ACTIVITY,
        )  # fmt: skip
        found = await client.workflow_service.describe_task_queue(request)
        return bool(found.stats.approximate_backlog_count > ORDINARY)

    async with Worker(client, task_queue=TASK_QUEUE, workflows=WORKFLOWS, workflow_runner=sandbox()):
        ordinary = [task(f"task-{number}", "plan_review", Urgency.ORDINARY) for number in range(ORDINARY)]
        await asyncio.gather(*(begin(client, one) for one in ordinary))
        for one in ordinary:
            await eventually(lambda name=one.task_id: waits(name))  # type: ignore[misc]
        await begin(client, task("task-today", "safety_check", Urgency.TODAY))
        await eventually(lambda: waits("task-today"))
        await eventually(all_are_in_the_queue)
        notify = [one for one in activities.callables if one.__name__ == "notify_staff"]
        async with Worker(client, task_queue=TASK_QUEUE, activities=notify, max_concurrent_activities=4):

            async def told() -> bool:
                return any("safety" in subject for _, subject, _ in mail.taken)

            await eventually(told)
            before = next(n for n, (_, subject, _) in enumerate(mail.taken) if "safety" in subject)
    assert before < ORDINARY / 10, f"{before} ordinary notices went before it"
    await activities.database.close()
