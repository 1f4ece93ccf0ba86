"""Referrals on the time-skipping test server, through the public contract alone."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from temporalio.client import WorkflowExecutionStatus, WorkflowFailureError, WorkflowUpdateFailedError
from temporalio.exceptions import ApplicationError
from temporalio.testing import WorkflowEnvironment

from tests.waiting import eventually
from tests.workflows.linkage import Linking, Outside, clinic_with
from tests.workflows.story import TEAM, ZONE, Story
from worker.mailbox import Mailbox, read
from worker.settings import Settings
from workflows.ports.agencies import AgencyAnswer
from workflows.ports.directory import Candidate

pytestmark = pytest.mark.dear

DAY = timedelta(days=1)


@pytest.fixture
def outside() -> Outside:
    return Outside()


@pytest.fixture
async def story(
    time_skipping: WorkflowEnvironment, clinic_settings: Settings, mailbox: Mailbox, outside: Outside
) -> AsyncIterator[Story]:
    async with clinic_with(outside, time_skipping.client, clinic_settings):
        one = await Story.begin(time_skipping)
        await one.admit()
        yield one


async def consents(story: Story, recipient: str, consent_id: str | None = None) -> dict[str, Any]:
    today = await story.today()
    return await story.record(
        "consent", consent_id=consent_id or f"c-{recipient}", recipient=recipient, purpose="referral",
        content=["referral"], signed_on=today, expires_on=today + 365 * DAY,
    )  # fmt: skip


async def test_C3_a_whole_loop_from_the_need_to_engaged(
    story: Story, outside: Outside, mailbox: Mailbox
) -> None:
    changed = await story.record("need", service="therapist", wishes={"languages": ["es"]})
    assert any("Started a referral (therapist)" in one for one in changed["changes"])
    linking = await Linking.of(story)
    assert linking.handle.id.startswith("referral-")
    await linking.reaches("choosing")
    await linking.complete("choose_candidate", "t1")
    shown = await linking.reaches("waiting_for_consent")
    assert "no consent" in shown["current"]["withheld"]
    assert outside.sent == []
    await consents(story, "harbor")
    shown = await linking.reaches("sent")
    (sent,) = outside.sent
    assert sent.key == f"{linking.handle.id}:t1:1"
    assert (shown["fhir"]["status"], shown["fhir"]["business_status"]) == ("requested", "2.0")
    today = await story.today()
    booked = f"{today + 3 * DAY}T10:00:00-06:00"
    await linking.record("answer", status="accepted", agency="harbor", source="agency", by="gateway")
    await linking.record("answer", status="scheduled", appointment_at=booked, source="agency", by="gateway")
    assert (await linking.shown())["current"]["step"] == "scheduled"
    await story.until(today + 3 * DAY, "20:00")
    await linking.complete("confirm_visit", "attended")
    await linking.reaches("settling")
    await story.until(today + 20 * DAY, "12:00")
    await linking.complete("confirm_engagement", "engaged")
    shown = await linking.reaches("engaged")
    assert shown["fhir"] == {"status": "completed", "business_status": "7.0"}
    await story.without_referral(linking.handle.id)
    assert [one["kind"] for one in await linking.handle.query("journal")][:2] == ["candidates", "choice"]
    assert any("choose candidate" in mail["subject"] for mail in read(mailbox.file))


async def test_C3_the_wait_clock_brings_the_next_candidate_and_the_first_is_cancelled_in_two_phases(
    story: Story, outside: Outside
) -> None:
    await consents(story, "harbor")
    await consents(story, "riverside")
    await story.record("need", service="therapist")
    linking = await Linking.of(story)
    await linking.reaches("choosing")
    await linking.complete("choose_candidate", "t1")
    await linking.reaches("sent")
    outside.answers["harbor"] = AgencyAnswer(status="waitlisted")
    today = await story.today()
    await story.until(today + 11 * DAY, "12:00")
    shown = await linking.reaches("on_waitlist")
    assert "choose_next" in {task["kind"] for task in shown["open_tasks"]}
    await linking.complete("choose_next", "t2")
    shown = await linking.reaches("sent")
    assert [one["step"] for one in shown["attempts"]] == ["cancel_requested", "sent"]

    async def all_three_left() -> bool:
        return {(one.what, one.agency, one.revokes) for one in outside.sent} == {
            ("referral", "harbor", None), ("referral", "riverside", None), ("cancellation", "harbor", "ref-harbor"),
        }  # fmt: skip

    await eventually(all_three_left, story.environment.sleep)
    outside.answers["harbor"] = AgencyAnswer(status="cancelled")
    await story.until(today + 15 * DAY, "18:00")
    shown = await linking.shown()
    assert shown["attempts"][0]["fhir"] == {"status": "cancelled", "business_status": "6.0"}
    assert shown["cancelling"] == []


async def test_P4_a_revocation_in_the_middle_stops_the_next_sending(story: Story, outside: Outside) -> None:
    await consents(story, "harbor")
    await consents(story, "riverside", "c2")
    await story.record("need", service="therapist")
    linking = await Linking.of(story)
    await linking.reaches("choosing")
    await linking.complete("choose_candidate", "t1")
    await linking.reaches("sent")
    await story.record("revocation", consent_id="c2", on=await story.today())
    await linking.record("answer", status="declined", source="agency", by="gateway")
    await linking.reaches("choosing")
    await linking.complete("choose_candidate", "t2")
    shown = await linking.reaches("waiting_for_consent")
    assert [one.agency for one in outside.sent] == ["harbor"]
    assert "referral_consent" in {task["kind"] for task in shown["open_tasks"]}
    assert "consent_revoked" in await story.tasks()


async def test_C3_a_referral_outlives_its_episode(story: Story, outside: Outside) -> None:
    await story.record("policy", policy={"course": {"late_entries_for": {"days": 14}}})  # not six years (E11)
    await consents(story, "harbor")
    await story.record("need", service="therapist")
    linking = await Linking.of(story)
    await linking.reaches("choosing")
    today = await story.today()
    await story.record("exit", reason="withdrew", on=today)
    await story.complete("exit_bundle", "given", "cm-1")
    await linking.complete("choose_candidate", "t1")
    await linking.reaches("sent")
    await story.until(today + 40 * DAY, "12:00")
    assert (await story.handle.describe()).status == WorkflowExecutionStatus.COMPLETED
    # The test server's clock stops for ever when a child ends after its parent: this one is left with its record open.
    await linking.record("visit", status="attended", on=f"{today + 38 * DAY}")
    await linking.record("engaged")
    assert (await linking.reaches("engaged"))["closed"]["reason"] == "engaged"


async def test_P9_an_uncertain_sending_is_reconciled_and_sent_again_only_by_a_person(
    story: Story, outside: Outside
) -> None:
    outside.uncertain.add("harbor")
    await consents(story, "harbor")
    await story.record("need", service="therapist")
    linking = await Linking.of(story)
    await linking.reaches("choosing")
    await linking.complete("choose_candidate", "t1")
    await linking.reaches("uncertain")
    await linking.complete("reconcile_sending", "not_arrived")
    await linking.reaches("lost")
    assert len(outside.sent) == 1
    outside.uncertain.clear()
    await linking.complete("send_again", "send")
    await linking.reaches("sent")
    assert [one.key.rpartition(":")[2] for one in outside.sent] == ["1", "1.1"]

    async def the_ledger_heard() -> bool:
        return [one.arrived for one in outside.reconciled] == [False]

    await eventually(the_ledger_heard, story.environment.sleep)


async def test_P3_what_is_declined_while_the_agency_is_away_does_not_go_out_when_it_is_back(
    story: Story, outside: Outside
) -> None:
    outside.down.add("harbor")
    await consents(story, "harbor")
    await story.record("need", service="therapist")
    linking = await Linking.of(story)
    await linking.reaches("choosing")
    await linking.complete("choose_candidate", "t1")
    await linking.reaches("queued")
    closing = await linking.record("closing", reason="declined")
    await linking.reaches("declined")
    outside.down.clear()
    await story.environment.sleep(3600)
    assert outside.sent == []
    await linking.record("retraction", entry_id=closing["entry_id"], reason="a misunderstanding")
    assert "referral_consent" in {task["kind"] for task in (await linking.shown())["open_tasks"]}
    await linking.complete("referral_consent", "recorded")
    await linking.reaches("sent")
    assert len(outside.sent) == 1


@pytest.mark.parametrize(("how", "state"), [("down", "by_hand"), ("died", "uncertain")])
async def test_P9_a_sending_that_is_tried_no_more_is_asked_about_only_where_it_may_have_left(
    story: Story, outside: Outside, how: str, state: str
) -> None:
    getattr(outside, how).add("harbor")
    await consents(story, "harbor")
    await story.record("need", service="therapist")
    linking = await Linking.of(story)
    await linking.reaches("choosing")
    await linking.complete("choose_candidate", "t1")
    await story.environment.sleep(3600)
    await linking.reaches(state)
    assert outside.tried == 6


async def test_P8_what_staff_tell_by_hand_reaches_the_ledger_and_without_a_consent_people_hear_of_it(
    story: Story, outside: Outside, mailbox: Mailbox
) -> None:
    outside.places = [Candidate(listing_id="t3", name="Oak Street Practice")]
    await story.record("need", service="therapist")
    linking = await Linking.of(story)
    await linking.reaches("choosing")
    await linking.complete("choose_candidate", "t3")
    await linking.reaches("by_hand")
    await linking.complete("contact_by_hand", "made")
    await linking.reaches("sent")

    async def people_heard() -> bool:
        return any("told without consent" in mail["subject"] for mail in read(mailbox.file))

    await eventually(people_heard, story.environment.sleep)
    assert [(one.recipient, one.by) for one in outside.told] == [("t3", "cm-1")]


async def test_C4_mutual_help_sends_nothing_and_believes_the_person(story: Story, outside: Outside) -> None:
    outside.places = [Candidate(listing_id="g1", name="Monday Night")]
    await story.record("need", service="aa", wishes={"fellowships": ["aa"]})
    linking = await Linking.of(story)
    shown = await linking.reaches("choosing")
    assert [place["listing_id"] for place in shown["offered"]] == ["g1", "secular_online"]
    await linking.complete("choose_candidate", "g1")
    await linking.reaches("joining")
    with pytest.raises(WorkflowUpdateFailedError) as refused:
        await linking.record("answer", status="visited", source="agency", by="gateway")
    assert isinstance(refused.value.cause, ApplicationError)
    assert refused.value.cause.type == "NotAllowedNow"
    await story.until(await story.today() + 8 * DAY, "12:00")
    await linking.complete("ask_first_meeting", "attended")
    await linking.reaches("sponsor")
    await linking.record("sponsor", status="not_wanted")
    assert (await linking.reaches("engaged"))["closed"]["reason"] == "engaged"
    assert (outside.sent, outside.withheld) == ([], [])


async def test_C5_what_a_health_service_is_stands_in_no_notice_summary_or_index(
    story: Story, outside: Outside, mailbox: Mailbox
) -> None:
    outside.places = [Candidate(listing_id="h1", name="HIV Test Center", agency="clinic-h")]
    await consents(story, "clinic-h")
    await story.record("need", service="hiv_testing")
    linking = await Linking.of(story)
    await linking.reaches("choosing")
    await linking.complete("choose_candidate", "h1")
    await linking.reaches("sent")
    (sent,) = outside.sent
    assert "hiv" not in sent.service
    assert sent.content == ["identity", "contact"]
    described = await linking.handle.describe()
    index = str(described.typed_search_attributes) + linking.handle.id + str(await described.static_summary())
    told = "".join(f"{mail['subject']} {mail['body']}" for mail in read(mailbox.file))
    assert "hiv" not in (index + told).lower()


async def test_a_refused_statement_says_why_and_a_cancellation_request_ends_nothing(story: Story) -> None:
    await story.record("need", service="transport")
    linking = await Linking.of(story)
    await linking.reaches("choosing")
    for kind, fields, type_, words in (
        ("nonsense", {}, "InvalidEntry", "unknown kind"),
        ("choice", {"listing_id": "x9"}, "InvalidEntry", "is not among those found"),
        ("answer", {"status": "accepted"}, "NotAllowedNow", "No place is chosen yet"),
        ("choice", {"listing_id": "t1", "source": "agency"}, "NotAllowedNow", "an agency states"),
        ("cancellation", {}, "NotAllowedNow", "No place is chosen yet"),
        ("visit", {"on": "2199-01-01"}, "InvalidEntry", "in the future"),
    ):
        with pytest.raises(WorkflowUpdateFailedError) as refused:
            await linking.record(kind, **fields)
        cause = refused.value.cause
        assert isinstance(cause, ApplicationError)
        assert cause.type == type_, cause.message
        assert words in cause.message
    await linking.handle.cancel()
    await linking.record("closing", reason="declined")
    shown = await linking.reaches("declined")
    assert any("cancellation was requested" in text for text in shown["undelivered"])


async def test_I3_not_suited_ends_in_a_referral_that_is_followed_to_the_first_visit(
    time_skipping: WorkflowEnvironment, clinic_settings: Settings, mailbox: Mailbox, outside: Outside
) -> None:
    outside.places = [Candidate(listing_id="r1", name="Residential House", agency="house")]
    async with clinic_with(outside, time_skipping.client, clinic_settings):
        story = await Story.begin(time_skipping)
        await story.record("screening", substances=["alcohol"], home_safe=False)
        await story.record("level_of_care", level="residential", reason="home is not safe", by="th-1")
        linking = await Linking.of(story)
        await linking.reaches("choosing")
        await consents(story, "house")
        await linking.complete("choose_candidate", "r1")
        await linking.reaches("sent")
        await linking.record("answer", status="visited", source="agency", by="gateway")
        assert (await linking.reaches("arrived"))["closed"]["reason"] == "first_visit_attended"
        progress = await story.without_referral(linking.handle.id)
        assert (progress["stage"], progress["open_referrals"]) == ("intake", [])
        (task,) = [one for one in progress["open_tasks"] if one["kind"] == "refer_to_level_of_care"]
        assert "tells of a first visit" in task["asks"]
        await story.complete("refer_to_level_of_care", "first_visit_attended", "cm-1")
        assert (await story.progress())["exit"]["reason"] == "transferred"


@pytest.mark.usefixtures("mailbox")
async def test_a_referral_takes_late_statements_for_a_while_and_then_ends(
    time_skipping: WorkflowEnvironment, clinic_settings: Settings, outside: Outside
) -> None:
    async with clinic_with(outside, time_skipping.client, clinic_settings):
        now = await time_skipping.get_current_time()
        start = {
            "referral_id": "referral-alone", "episode_id": "gone", "site": "north", "timezone": ZONE.key,
            "kind": "service", "service": "food_bank", "since": now.isoformat(), "team": TEAM,
        }  # fmt: skip
        handle = await time_skipping.client.start_workflow(
            "Referral", start, id="referral-alone", task_queue="carepath"
        )
        linking = Linking(Story(time_skipping, handle), handle)
        await linking.reaches("choosing")
        await linking.complete("choose_candidate", "declined")
        await linking.reaches("declined")
        await time_skipping.sleep(10 * DAY)
        late = await linking.record(
            "visit", status="attended", listing_id="t1", source="agency", by="gateway"
        )
        assert late["stage"] == "declined"
        await time_skipping.sleep(5 * DAY)
        result = await handle.result()
        assert (result["closed"]["reason"], result["open_tasks"]) == ("declined", [])


@pytest.mark.usefixtures("mailbox")
async def test_a_wrong_start_fails_the_workflow_in_words(
    time_skipping: WorkflowEnvironment, clinic_settings: Settings, outside: Outside
) -> None:
    async with clinic_with(outside, time_skipping.client, clinic_settings):
        handle = await time_skipping.client.start_workflow(
            "Referral", {"referral_id": "referral-x"}, id="referral-x", task_queue="carepath"
        )
        with pytest.raises(WorkflowFailureError) as caught:
            await handle.result()
        assert "episode_id is missing" in str(caught.value.cause)
