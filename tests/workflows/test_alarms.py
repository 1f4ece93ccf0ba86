"""Alarms arrive: a notice lives as long as what it is about, through any outage of a real mail server (P9, T7)."""

from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from typing import Any

import pytest
from temporalio.client import WorkflowHandle
from temporalio.service import RPCError
from temporalio.testing import WorkflowEnvironment

from tests.mail_server import MailServer, asking_for_a_password
from tests.waiting import eventually, idle
from tests.workflows.golden import intake_over_three_days
from tests.workflows.story import Story
from worker.run import running_worker
from worker.settings import Settings

pytestmark = pytest.mark.dear

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
ON_CALL, SUPERVISOR, DIRECTOR = (f"{one}@clinic.example" for one in ("nu-1", "su-1", "di-1"))


@pytest.fixture
def mail(clinic_settings: Settings) -> Iterator[MailServer]:
    with MailServer(int(clinic_settings.smtp.rpartition(":")[2])) as server:
        yield server


@pytest.fixture
async def story(
    time_skipping: WorkflowEnvironment, clinic_settings: Settings, mail: MailServer
) -> AsyncIterator[Story]:
    async with running_worker(time_skipping.client, clinic_settings, versioned=False):
        yield await Story.begin(time_skipping)


async def pass_by(story: Story, ahead: timedelta) -> None:
    """Let time pass; in steps, because the test server answers each within a bound, and in no more of them than that
    takes. It loses one of a thousand on a busy machine: then it is asked for what is left."""
    environment, whole, lost = story.environment, max(HOUR / 2, ahead / 24), 0
    then = await environment.get_current_time() + ahead
    while (left := then - await environment.get_current_time()) > timedelta(seconds=1):
        try:
            await environment.sleep(min(left, whole))
        except RPCError:
            lost += 1
            if lost > 2:
                raise


async def crisis(story: Story) -> WorkflowHandle[Any, Any]:
    await story.record("crisis", type="overdose", at=(await story.environment.get_current_time()).isoformat())
    return await story.task("crisis_response")


async def shown(story: Story, task: WorkflowHandle[Any, Any]) -> dict[str, bool]:
    """Whether nobody was reached, wherever the task is shown."""
    view, progress = await task.query("task"), await story.progress()
    of_task = (await task.describe()).typed_search_attributes
    of_episode = (await story.handle.describe()).typed_search_attributes
    from workflows.visibility import FLAGS

    return {
        "task": view["nobody_reached"],
        "open task": any(
            one["nobody_reached"] for one in progress["open_tasks"] if one["task_id"] == task.id
        ),
        "progress": progress["nobody_reached"],
        "flag of the task": "nobody_reached" in (of_task.get(FLAGS) or []),
        "flag of the episode": "nobody_reached" in (of_episode.get(FLAGS) or []),
    }


async def test_P9_a_crisis_while_the_server_greylists_reaches_the_on_call_role_when_it_takes_mail_again(
    story: Story, mail: MailServer
) -> None:
    mail.answers["RCPT"] = "451 greylisted, try again in 300 seconds"
    task = await crisis(story)
    await pass_by(story, 2 * MINUTE)
    assert set((await shown(story, task)).values()) == {True}
    await pass_by(story, 3 * MINUTE)
    assert mail.taken == []
    mail.answers.clear()
    await pass_by(story, 10 * MINUTE)
    assert mail.subjects_of(ON_CALL) == ["task crisis response · case e1"]
    assert set((await shown(story, task)).values()) == {False}
    # Once the one it is for was reached, nobody else is bothered with it.
    assert [
        one for one in mail.subjects_of(SUPERVISOR) + mail.subjects_of(DIRECTOR) if "level" not in one
    ] == []


async def test_P9_each_level_that_a_crisis_has_reached_is_tried_until_it_hears(
    story: Story, mail: MailServer
) -> None:
    mail.close()
    await crisis(story)
    await pass_by(story, 5 * HOUR)
    mail.open()
    await pass_by(story, HOUR)
    assert "task crisis response · case e1" in mail.subjects_of(ON_CALL)
    assert "[level 1] task overdue · case e1" in mail.subjects_of(SUPERVISOR)


@pytest.mark.parametrize(
    "away", [10 * MINUTE, 3 * HOUR, 62 * HOUR], ids=["10 minutes", "3 hours", "a weekend"]
)
async def test_T7_an_outage_loses_no_notice_about_an_open_task_and_brings_no_stale_or_doubled_one(
    story: Story, mail: MailServer, away: timedelta
) -> None:
    await eventually(lambda: told(mail, "screening"), story.environment.sleep)
    before = len(mail.taken)
    mail.close()
    if (
        away < DAY
    ):  # what follows a crisis is tried every ten minutes: a weekend of that is a minute of this machine
        crisis_task = await crisis(story)
        await crisis_task.execute_update("complete", {"by": "nu-1", "outcome": "safe"})
    await story.record("screening", substances=["alcohol"])
    level_of_care = await story.task("level_of_care")
    await pass_by(story, away)
    mail.open()
    await pass_by(story, 3 * HOUR)
    subjects = [(to, subject) for to, subject, _ in mail.taken]
    assert len(mail.taken) == len(set(mail.taken)), "nothing is doubled: each has an id of its own"
    ended = {"task crisis response · case e1", "task screening · case e1"}
    assert ended.isdisjoint(subject for _, subject in subjects[before:]), "what has ended is not told"
    assert ("th-1@clinic.example", "task level of care · case e1") in subjects
    assert not (await level_of_care.query("task"))["nobody_reached"]


async def test_F2_an_expired_password_is_no_refusal_and_all_are_told_once_it_is_mended(
    time_skipping: WorkflowEnvironment, clinic_settings: Settings
) -> None:
    port = int(clinic_settings.smtp.rpartition(":")[2])
    settings = clinic_settings.model_copy(update={"smtp": f"smtp://office:secret@127.0.0.1:{port}"})
    with asking_for_a_password(port) as mail:
        mail.lets_in = False
        async with running_worker(time_skipping.client, settings, versioned=False):
            story = await Story.begin(time_skipping)
            task = await crisis(story)
            await pass_by(story, 5 * HOUR)
            view = await task.query("task")
            assert view["nobody_reached"]
            assert "535" in view["not_reached"]
            mail.lets_in = True
            await pass_by(story, HOUR)
            assert not (await task.query("task"))["nobody_reached"]
        assert mail.subjects_of(ON_CALL) == ["task crisis response · case e1"]


async def test_F2_a_refused_owner_is_shown_and_the_next_role_hears_at_once(
    story: Story, mail: MailServer
) -> None:
    mail.answers[ON_CALL] = "550 no such user"
    task = await crisis(story)

    async def noted() -> bool:
        history = (await task.query("task"))["history"]
        return any(
            "on call could not be delivered" in one["what"] and "550" in one["what"] for one in history
        )

    await eventually(noted, story.environment.sleep)
    assert not (await task.query("task"))["nobody_reached"]
    assert mail.subjects_of(SUPERVISOR) == ["task crisis response · case e1"]
    before = mail.tried
    await pass_by(story, 3 * HOUR)
    assert mail.tried - before <= 3, "an address that refuses is not asked again and again"


async def test_F2_a_reassigned_task_is_told_to_its_new_owner_and_no_more_to_the_old_one(
    story: Story, mail: MailServer
) -> None:
    await story.record("screening", substances=["alcohol"])
    task = await story.task("level_of_care")
    await eventually(lambda: told(mail, "level of care"), story.environment.sleep)
    mail.close()
    need = await crisis(story)
    await need.execute_update("reassign", {"to": "th-1", "by": "su-1"})
    assert (await task.query("task"))["state"] == "open"
    await pass_by(story, 20 * MINUTE)
    mail.open()
    await pass_by(story, HOUR)
    assert "task crisis response · case e1" not in mail.subjects_of(ON_CALL)
    assert [one for one in mail.subjects_of("th-1@clinic.example") if "reassigned" in one]


async def test_A5_who_was_alerted_hears_that_it_is_withdrawn_also_after_an_outage(
    story: Story, mail: MailServer
) -> None:
    today = await story.admit()
    slip = await story.record("use", on=today)
    await eventually(lambda: told(mail, "safety check"), story.environment.sleep)
    task = await story.task("safety_check")
    await idle(task)
    mail.close()
    await story.record("retraction", entry_id=slip["entry_id"], reason="wrong person")
    await pass_by(story, 3 * HOUR)
    assert (await task.describe()).status is not None
    assert (await task.describe()).status.name == "COMPLETED"  # type: ignore[union-attr]
    mail.open()
    await pass_by(story, 2 * HOUR)
    withdrawn = [to for to, subject, _ in mail.taken if "withdrawn" in subject]
    assert withdrawn


async def test_F2_a_notice_that_is_tried_on_comes_along_into_a_new_run(
    story: Story, mail: MailServer
) -> None:
    admitted = await intake_over_three_days(story)
    run = (await story.handle.describe()).run_id
    mail.close()
    answer = {"task_id": "task-of-another-run", "by": "th-1", "outcome": "done"}
    await story.handle.signal("task_completed", answer)
    await story.until(admitted, "21:05")
    await story.record("attendance", session=f"{admitted}T18:00", status="attended")
    assert any("answer too late" in why for why in (await story.progress())["not_reached"])
    await story.until(admitted + DAY, "12:00")
    assert (await story.handle.describe()).run_id != run
    assert any("answer too late" in why for why in (await story.progress())["not_reached"])
    mail.open()
    await pass_by(story, 2 * HOUR)
    told_of = [one for one in mail.subjects_of("th-1@clinic.example") if "answer too late" in one]
    assert len(told_of) == 1
    assert not (await story.progress())["not_reached"]


async def told(mail: MailServer, what: str) -> bool:
    return any(what in subject for _, subject, _ in mail.taken)
