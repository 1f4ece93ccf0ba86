"""The golden journey and the shell's own promises, on the time-skipping test server."""

from datetime import timedelta

import pytest
from temporalio.client import WorkflowFailureError, WorkflowUpdateFailedError
from temporalio.exceptions import ApplicationError
from temporalio.testing import WorkflowEnvironment

from tests.workflows.story import Story
from worker.mailbox import Mailbox, read
from worker.run import running_worker
from worker.settings import Settings
from workflows.core.episode import Episode

DAY = timedelta(days=1)


@pytest.fixture
async def worker(time_skipping: WorkflowEnvironment, clinic_settings: Settings, mailbox: Mailbox):  # type: ignore[no-untyped-def]
    async with running_worker(time_skipping.client, clinic_settings, versioned=False) as running:
        yield running


@pytest.mark.usefixtures("worker")
async def test_ninety_days_of_program_a_slip_an_extension_the_gate_and_aftercare(
    time_skipping: WorkflowEnvironment, mailbox: Mailbox
) -> None:
    """The golden journey."""
    story = await Story.begin(time_skipping)
    admitted = await story.admit()
    assert (await story.progress())["stage"] == "program"

    async def come(first: int, last: int) -> None:
        for ahead in range(first, last):
            day = admitted + ahead * DAY
            if day.weekday() in (0, 2, 4):
                await story.until(day, "21:05")
                await story.record("attendance", session=f"{day}T18:00", status="attended")
            if ahead % 9 == 4:
                await story.until(day, "21:10")
                await story.record("test", test_id=f"t{ahead}", collected_on=day, result="negative")

    await come(0, 20)
    first_missed = next(
        admitted + n * DAY for n in range(20, 27) if (admitted + n * DAY).weekday() in (0, 2, 4)
    )
    await story.until(first_missed + DAY, "22:00")
    assert (await story.progress())["consecutive_misses"] == 1
    assert "outreach_therapist_call" in await story.tasks()
    await story.complete("outreach_therapist_call", "reached", by="th-1")
    assert "engagement_plan" in await story.tasks()
    await story.complete("engagement_plan", "agreed", by="cm-1")

    ahead = (first_missed - admitted).days + 2
    await come(ahead, 70)
    await story.until(admitted + 70 * DAY, "12:00")
    slip = await story.record("use", on=admitted + 69 * DAY, substance="alcohol")
    assert slip["after"]["last_use_on"] == (admitted + 69 * DAY).isoformat()
    for kind, outcome, by in (("safety_check", "safe", "cm-1"), ("individual_session", "held", "th-1"),
                              ("plan_review", "changed", "th-1")):  # fmt: skip
        await story.complete(kind, outcome, by)

    await come(70, 99)
    progress = await story.progress()
    assert (progress["stage"], progress["extensions"]) == ("program", 1)
    await story.complete("continued_stay_review", "continue", "th-1")
    await story.record("goal", goal_id="g1", status="met")
    await come(99, 100)
    await story.until(admitted + 100 * DAY, "12:00")
    assert (await story.progress())["stage"] == "gate_review"
    await story.complete("gate_review", "pass", "th-1")
    assert (await story.progress())["stage"] == "aftercare"
    assert (await story.progress())["gate"]["passes"]

    await story.until(admitted + 107 * DAY, "12:00")
    assert "checkin" in await story.tasks()
    await story.record("checkin", on=admitted + 107 * DAY, risk=2)
    await story.record("exit", reason="completed", on=admitted + 107 * DAY)
    assert (await story.progress())["stage"] == "closed"
    await story.complete("exit_bundle", "given", "cm-1")
    result = await story.handle.result()
    assert result["exit"]["reason"] == "completed"
    told = [mail["subject"] for mail in read(mailbox.file)]
    assert any("gate review" in subject for subject in told)


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
        error = await story.refused(kind, **fields)  # type: ignore[arg-type]
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
    handle = time_skipping.client.get_workflow_handle((await story.tasks())["screening"])
    with pytest.raises(WorkflowUpdateFailedError) as caught:
        await handle.execute_update("complete", {"by": "cm-1", "outcome": "whatever"})
    assert isinstance(caught.value.cause, ApplicationError)
    assert "is none of done" in caught.value.cause.message
    await handle.execute_update("acknowledge", {"by": "cm-1"})
    await handle.execute_update("reassign", {"to": "cm-2", "by": "cm-1"})
    view = await handle.query("task")
    assert view["owner"] == "cm-2"
    assert [line["what"] for line in view["history"]] == ["opened", "acknowledged", "reassigned to cm-2"]


@pytest.mark.usefixtures("worker")
async def test_an_overdue_task_climbs_and_an_unknown_staff_id_passes_to_the_next_role(
    time_skipping: WorkflowEnvironment, mailbox: Mailbox
) -> None:
    story = await Story.begin(time_skipping, team={"case_manager": "cm-unknown", "therapist": "th-1",
                                                   "supervisor": "su-1", "director": "di-1"})  # fmt: skip
    handle = time_skipping.client.get_workflow_handle((await story.tasks())["screening"])
    await story.until(await story.today() + 9 * DAY, "12:00")
    view = await handle.query("task")
    assert (view["level"], view["role"]) == (2, "director")
    assert any("nobody for staff id cm-unknown" in line["what"] for line in view["history"])
    assert [mail["to"] for mail in read(mailbox.file)][:1] == ["su-1@clinic.example"]


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
