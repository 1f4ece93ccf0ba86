"""The golden journey and the shell's own promises, on the time-skipping test server."""

from datetime import timedelta
from typing import Any
from unittest.mock import ANY

import pytest
from temporalio import activity
from temporalio.client import WorkflowFailureError, WorkflowUpdateFailedError
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.exceptions import ApplicationError
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Replayer

from tests.waiting import eventually
from tests.workflows.golden import golden_journey
from tests.workflows.histories import histories_of
from tests.workflows.linkage import clinic_with
from tests.workflows.story import Story
from worker.mailbox import Mailbox, read
from worker.run import running_worker
from worker.sandbox import WORKFLOWS, sandbox
from worker.settings import Settings
from workflows.core.episode.episode import Episode
from workflows.ports.patients import MESSAGE_PATIENT, QUIET_HOURS, PatientMessage
from workflows.ports.sending import Receipt

pytestmark = pytest.mark.dear

DAY = timedelta(days=1)


class QuietPost:
    """A night in which no message goes out."""

    def __init__(self) -> None:
        self.asked = 0

    @activity.defn(name=MESSAGE_PATIENT)
    async def message_patient(self, message: PatientMessage) -> Receipt:
        self.asked += 1
        raise ApplicationError("quiet hours", type=QUIET_HOURS, next_retry_delay=timedelta(hours=10))

    @property
    def activities(self) -> list[Any]:
        return [self.message_patient]


@pytest.fixture
async def worker(time_skipping: WorkflowEnvironment, clinic_settings: Settings, mailbox: Mailbox):  # type: ignore[no-untyped-def]
    async with running_worker(time_skipping.client, clinic_settings, versioned=False) as running:
        yield running


@pytest.mark.usefixtures("worker")
async def test_ninety_days_of_program_a_slip_an_extension_the_gate_and_aftercare_and_all_of_it_replays(
    time_skipping: WorkflowEnvironment, mailbox: Mailbox
) -> None:
    story = await Story.begin(time_skipping)
    result = await golden_journey(story)
    assert result["exit"] == {"reason": "completed", "on": ANY, "entry_id": ANY, "stay_ended_on": ANY}
    told = [mail["subject"] for mail in read(mailbox.file)]
    assert any("gate review" in subject for subject in told)
    replayer = Replayer(
        workflows=WORKFLOWS, workflow_runner=sandbox(), data_converter=pydantic_data_converter
    )
    run_id = story.handle.first_execution_run_id
    for history in await histories_of(time_skipping.client, story.handle.id, run_id):
        await replayer.replay_workflow(history)


@pytest.mark.usefixtures("worker", "mailbox")
async def test_a_refused_entry_says_why_and_harms_nothing(time_skipping: WorkflowEnvironment) -> None:
    story = await Story.begin(time_skipping)
    for kind, fields, words in (
        ("nonsense", {}, "unknown kind"),
        ("use", {"on": "2026-02-30"}, "on:"),
        ("use", {"on": (await story.today()) + 3 * DAY}, "in the future"),
        ("retraction", {"entry_id": "none", "reason": "x"}, "no entry none"),
        ("consent", {"consent_id": "c1"}, "recipient"),
    ):
        error = await story.refused(kind, **fields)
        assert error.type == "InvalidEntry"
        assert words in error.message
    error = await story.refused("decision", about="gate_review", choice="pass")
    assert error.type == "NotAllowedNow"
    assert "Open for decision are" in error.message
    assert await story.handle.query("journal") == []
    assert (await story.record("need", service="transport"))["duplicate"] is False


@pytest.mark.usefixtures("worker", "mailbox")
async def test_T4_the_same_entry_id_has_one_effect_across_runs(time_skipping: WorkflowEnvironment) -> None:
    story = await Story.begin(time_skipping)
    first = await story.record("need", service="transport", id="n1")
    await story.admit()  # continues as new
    again = await story.record("need", service="transport", id="n1")
    assert (first["duplicate"], again["duplicate"]) == (False, True)


@pytest.mark.usefixtures("worker", "mailbox")
async def test_record_many_is_all_or_nothing_for_each_entry(time_skipping: WorkflowEnvironment) -> None:
    story = await Story.begin(time_skipping)
    entries = [{"kind": "need", "by": "cm-1", "service": "legal"}, {"kind": "use", "by": "cm-1"}, "nothing"]
    results = await story.handle.execute_update("record_many", entries)
    assert [result["error"] and result["error"]["type"] for result in results] == [
        None, "InvalidEntry", "InvalidEntry",
    ]  # fmt: skip
    assert len(await story.handle.query("journal")) == 1


@pytest.mark.usefixtures("worker", "mailbox")
async def test_a_wrong_start_fails_the_workflow_in_words(time_skipping: WorkflowEnvironment) -> None:
    story = await Story.begin(time_skipping, timezone="Mars/Olympus")
    with pytest.raises(WorkflowFailureError) as caught:
        await story.handle.result()
    assert "Mars/Olympus is not a time zone" in str(caught.value.cause)


@pytest.mark.usefixtures("worker", "mailbox")
async def test_a_task_completed_twice_is_refused_and_an_unknown_outcome_listed(
    time_skipping: WorkflowEnvironment,
) -> None:
    story = await Story.begin(time_skipping)
    handle = await story.task("screening")
    with pytest.raises(WorkflowUpdateFailedError) as caught:
        await handle.execute_update("complete", {"by": "cm-1", "outcome": "whatever"})
    assert isinstance(caught.value.cause, ApplicationError)
    assert "is none of not_reached, declined" in caught.value.cause.message
    await handle.execute_update("acknowledge", {"by": "cm-1"})
    await handle.execute_update("reassign", {"to": "cm-2", "by": "cm-1"})
    view = await handle.query("task")
    assert view["owner"] == "cm-2"
    assert [line["what"] for line in view["history"]] == ["opened", "acknowledged", "reassigned to cm-2"]


@pytest.mark.usefixtures("worker", "mailbox")
async def test_E10_a_task_is_not_ended_by_a_person_who_may_not_sign_it(
    time_skipping: WorkflowEnvironment,
) -> None:
    story = await Story.begin(time_skipping)
    await story.record("screening", substances=["alcohol"])
    handle = await story.task("level_of_care")
    for update, change, field in (
        ("complete", {"by": "cm-1", "outcome": "iop", "reason": "suited"}, "by"),
        ("reassign", {"to": "cm-1", "by": "su-1"}, "to"),
    ):
        with pytest.raises(WorkflowUpdateFailedError, match="update failed") as caught:
            await handle.execute_update(update, change)
        assert isinstance(caught.value.cause, ApplicationError)
        assert caught.value.cause.message.startswith(f"{field}: level_of_care is decided by the therapist")
    assert (await handle.query("task"))["state"] == "open"
    await story.complete("level_of_care", "iop", by="th-1")
    assert "level_of_care" not in await story.tasks()


@pytest.mark.usefixtures("worker")
async def test_E9_what_an_answer_without_effect_leaves_owed_is_asked_anew(
    time_skipping: WorkflowEnvironment,
) -> None:
    story = await Story.begin(time_skipping)
    await story.record("screening", substances=["alcohol"])
    before = (await story.tasks())["level_of_care"]
    answer = {"task_id": before, "by": "th-1", "outcome": "no-longer-offered"}
    await story.handle.signal("task_completed", answer)
    after = (await story.tasks())["level_of_care"]
    assert after != before
    await story.task("level_of_care")


@pytest.mark.usefixtures("worker")
async def test_an_overdue_task_climbs_and_an_unknown_staff_id_passes_to_the_next_role(
    time_skipping: WorkflowEnvironment, mailbox: Mailbox
) -> None:
    story = await Story.begin(time_skipping, team={"case_manager": "cm-unknown", "therapist": "th-1",
                                                   "supervisor": "su-1", "director": "di-1"})  # fmt: skip
    handle = await story.task("screening")
    await story.until(await story.today() + 9 * DAY, "12:00")
    view = await handle.query("task")
    assert (view["level"], view["role"]) == (2, "director")
    assert any("nobody for staff id cm-unknown" in line["what"] for line in view["history"])
    assert [mail["to"] for mail in read(mailbox.file)][:1] == ["su-1@clinic.example"]


async def test_E7_a_message_that_waits_for_the_end_of_quiet_hours_is_taken_back_when_the_person_has_died(
    time_skipping: WorkflowEnvironment, clinic_settings: Settings, mailbox: Mailbox
) -> None:
    post = QuietPost()
    async with clinic_with(post, time_skipping.client, clinic_settings):
        story = await Story.begin(time_skipping)
        today = await story.admit()
        await story.until(today, "23:00")
        assert post.asked == 1
        await story.record("exit", reason="deceased", on=today)
        await story.until(today + 2 * DAY, "12:00")
        assert (await story.progress())["undelivered"] == []
    assert post.asked == 1
    assert not any("message_not_sent" in mail["subject"] for mail in read(mailbox.file))


@pytest.mark.usefixtures("worker", "mailbox")
async def test_E3_a_withdrawal_is_reopened_within_its_time(time_skipping: WorkflowEnvironment) -> None:
    story = await Story.begin(time_skipping)
    today = await story.admit()
    await story.record("exit", reason="withdrew", on=today)
    assert (await story.progress())["stage"] == "closed"
    await story.record("decision", about="reopening", choice="reopen")
    assert (await story.progress())["stage"] == "program"


@pytest.mark.usefixtures("worker", "mailbox")
async def test_T2_progress_as_it_was_known(time_skipping: WorkflowEnvironment) -> None:
    story = await Story.begin(time_skipping)
    today = await story.admit()
    await story.until(today + 3 * DAY, "12:00")
    await story.record("use", on=today)
    known = await story.handle.query("as_known_on", (today + DAY).isoformat())
    assert known["last_use_on"] == (today - 5 * DAY).isoformat()
    ahead = await story.handle.query("as_known_on", "9999-12-31")
    assert (ahead["stage"], ahead["last_use_on"]) == ("program", today.isoformat())
    assert len(await story.handle.query("journal", "9999-12-31")) == len(await story.handle.query("journal"))
    assert (await story.progress())["last_use_on"] == today.isoformat()


@pytest.mark.usefixtures("worker", "mailbox")
async def test_an_unexpected_error_of_the_core_reaches_the_caller_and_does_not_stop_the_episode(
    time_skipping: WorkflowEnvironment, monkeypatch: pytest.MonkeyPatch
) -> None:
    story = await Story.begin(time_skipping)

    def broken(*_: object) -> None:
        raise ZeroDivisionError

    with monkeypatch.context() as patched:
        patched.setattr(Episode, "apply", broken)
        error = await story.refused("need", service="legal")
    assert error.type == "EngineError"
    assert (await story.record("need", service="legal"))["duplicate"] is False


@pytest.mark.usefixtures("worker", "mailbox")
async def test_E1_a_cancellation_from_the_web_ui_ends_neither_the_episode_nor_a_task(
    time_skipping: WorkflowEnvironment,
) -> None:
    story = await Story.begin(time_skipping)
    task = await story.task("screening")
    await story.handle.cancel()
    await task.cancel()
    await story.record("need", service="transport")
    assert (await story.progress())["stage"] == "intake"
    assert any("cancellation was requested" in text for text in (await story.progress())["undelivered"])
    view = await task.query("task")
    assert view["state"] == "open"
    assert "stays open" in view["history"][-1]["what"]
    await story.record("screening", substances=["alcohol"])
    assert "screening" not in await story.tasks()


@pytest.mark.usefixtures("worker")
async def test_T3_I4_a_corrected_screening_reaches_the_open_task_and_whoever_has_it(
    time_skipping: WorkflowEnvironment, mailbox: Mailbox
) -> None:
    story = await Story.begin(time_skipping)
    first = await story.record("screening", substances=["alcohol"], home_safe=True)
    task = await story.task("level_of_care")
    changed = await story.record(
        "screening",
        substances=["alcohol"],
        withdrawal_risk="high",
        supersedes=first["entry_id"],
        reason="mistyped",
    )
    assert [
        one
        for one in changed["changes"]
        if one.startswith("Changed for therapist: Decide on the level of care")
    ]

    async def it_says_so() -> bool:
        shown = await task.query("task")
        noted = [line["what"] for line in shown["history"]]
        return shown["why"]["entries"] == [changed["entry_id"]] and "what it asks has changed" in noted

    async def its_owner_was_told() -> bool:
        return any(
            mail["to"].startswith("th-1") and mail["subject"].startswith("task changed")
            for mail in read(mailbox.file)
        )

    await eventually(it_says_so, story.environment.sleep)
    await eventually(its_owner_was_told, story.environment.sleep)
    assert "withdrawal" in (await task.query("task"))["why"]["asks"]


@pytest.mark.usefixtures("worker", "mailbox")
async def test_A2_a_start_whose_schedule_names_a_service_that_nobody_knows_ends_with_a_sentence(
    time_skipping: WorkflowEnvironment,
) -> None:
    schedule = [{"weekday": "mon", "start": "18:00", "minutes": 180, "service": "yoga"}]
    story = await Story.begin(time_skipping, schedule=schedule)
    with pytest.raises(WorkflowFailureError) as failed:
        await story.handle.result()
    assert "schedule.0.service: yoga is no service" in str(failed.value.cause)
