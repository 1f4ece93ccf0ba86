"""Open tasks and referrals follow the team and the calendar, on a server: each new owner hears of each task once."""

import pytest
from temporalio.testing import WorkflowEnvironment

from tests.waiting import eventually
from tests.workflows.linkage import Linking
from tests.workflows.story import Story, client_of
from worker.mailbox import Mailbox, read
from worker.run import running_worker
from worker.settings import Settings


@pytest.mark.usefixtures("mailbox")
async def test_open_tasks_and_referrals_follow_the_team_and_each_new_owner_is_told_once(
    time_skipping: WorkflowEnvironment, clinic_settings: Settings, mailbox: Mailbox
) -> None:
    async with running_worker(time_skipping.client, clinic_settings, versioned=False):
        story = await Story.begin(time_skipping)
        today = await story.admit()
        await story.record("use", on=today)
        await story.record("need", service="transport")
        referral = await Linking.of(story)
        by_hand = await story.task("plan_review")
        await by_hand.execute_update("reassign", {"to": "nu-1", "by": "su-1"})
        theirs = {
            task["task_id"]: task["kind"]
            for task in (await story.progress())["open_tasks"]
            if task["owner"] == "th-1" and task["kind"] != "plan_review"
        }
        assert theirs
        await story.record("team", role="therapist", staff_id="th-2", **{"from": today})
        await story.record("team", role="case_manager", staff_id="cm-2", **{"from": today})

        async def they_have_them() -> bool:
            views = [await client_of(story).get_workflow_handle(task).query("task") for task in theirs]
            return all(view["owner"] == "th-2" for view in views)

        await eventually(they_have_them, story.environment.sleep)
        assert (await by_hand.query("task"))["owner"] == "nu-1"

        async def the_referral_has_heard() -> bool:
            return bool((await referral.shown())["team"]["case_manager"] == "cm-2")

        await eventually(the_referral_has_heard, story.environment.sleep)

        async def all_are_told() -> bool:
            told = [mail["body"] for mail in read(mailbox.file) if mail["to"] == "th-2@clinic.example"]
            assert all(sum(task in body for body in told) <= 1 for task in theirs)
            return all(any(task in body for body in told) for task in theirs)

        await eventually(all_are_told, story.environment.sleep)
        await story.record("team", role="therapist", staff_id="th-2", **{"from": today})
        await all_are_told()


@pytest.mark.usefixtures("mailbox")
async def test_E0_the_staff_directory_is_asked_about_whoever_is_appointed(
    time_skipping: WorkflowEnvironment, clinic_settings: Settings
) -> None:
    async with running_worker(time_skipping.client, clinic_settings, versioned=False):
        story = await Story.begin(time_skipping)
        today = await story.today()
        for role, staff_id, why in (
            ("director", "zz-1", "the staff directory knows nobody called zz-1"),
            ("director", "th-2", "who is therapist, may not"),
            ("therapist", "cm-2", "who is case manager, may not"),
        ):
            refused = await story.refused("team", role=role, staff_id=staff_id, by="su-1", **{"from": today})
            assert why in str(refused)
        told = await story.record("team", role="case_manager", staff_id="zz-2", by="su-1", **{"from": today})
        assert "the staff directory knows nobody called zz-2" in " ".join(told["changes"])
        await story.record("team", role="therapist", staff_id="th-2", by="su-1", **{"from": today})
        await story.handle.terminate()
