"""Referrals rule by rule (C3-C6, I3, E5, P3, P4, P9)."""

from datetime import timedelta
from typing import Any

import pytest

from tests.core.breaking import broken_off
from tests.core.clinic import at
from tests.core.referral.linked import PLACES, Linked, on
from workflows.core.engine.effects import Notify, OpenTask
from workflows.core.engine.errors import InvalidEntry, NotAllowedNow
from workflows.core.referral.attempt import Reached
from workflows.core.referral.effects import AskAgency, Disclose, FindCandidates, NoteTold, Reconcile
from workflows.core.referral.statements import parse_statement
from workflows.core.referral.status import TABLE, exported
from workflows.pathways.drawing import transitions
from workflows.pathways.referral import ReferralPathway, new_referral


def sent(**changes: object) -> Linked:
    """A referral that the first place has."""
    return Linked(**changes).chooses("t1")  # type: ignore[arg-type]


def booked(day: int = 4) -> Linked:
    """A referral with a first visit booked for a day."""
    linked = sent()
    linked.agency("accepted")
    linked.agency("scheduled", appointment_at=at(on(day), "10:00"))
    return linked


# -- C3: the closed loop --------------------------------------------------------------------------------------


def test_C3_from_the_need_to_engaged_every_step_is_awaited_by_name() -> None:
    linked = Linked()
    assert (linked.referral.stands, linked.tasks) == ("choosing", {"choose_candidate"})
    linked.chooses()
    assert linked.referral.stands == "sent"
    assert linked.shown.waits_for.startswith("The agency is asked for news")
    linked.agency("accepted")
    assert linked.tasks == {"book_appointment"}
    linked.says("appointment", appointment_at=at(on(4), "10:00"))
    assert (linked.referral.stands, linked.tasks) == ("scheduled", set())
    linked.until(on(4), "12:00")
    linked.completes("confirm_visit", "attended")
    assert linked.referral.stands == "settling"
    linked.until(on(19))
    linked.completes("confirm_engagement", "engaged")
    assert linked.shown.closed
    assert linked.shown.closed.reason == "engaged"
    assert linked.reports == [("visited", None), ("closed", "engaged")]
    assert linked.until(on(40)).referral.finished(linked.now)


def test_C3_a_refusal_brings_the_next_candidate_with_the_patients_choice_and_no_mark() -> None:
    linked = sent()
    linked.agency("declined")
    assert (linked.referral.stands, linked.tasks) == ("choosing", {"choose_candidate"})
    assert [place.listing_id for place in linked.shown.offered] == ["t2", "t3"]
    assert "No mark" in linked.asked()[-1]
    linked.chooses("t2")
    assert [one.step for one in linked.shown.attempts] == ["declined", "sent"]


@pytest.mark.parametrize(("day", "is_over"), [(13, False), (14, True)])
def test_C3_the_wait_clock_is_fourteen_days_from_the_choice(day: int, is_over: bool) -> None:
    linked = sent()
    linked.agency("accepted")
    linked.until(on(day), "10:05")
    assert ("choose_next" in linked.tasks) is is_over


def test_C3_who_keeps_waiting_is_asked_again_and_keeps_the_place() -> None:
    linked = sent()
    linked.until(on(14), "12:00")
    linked.completes("choose_next", "keep_waiting")
    assert "choose_next" not in linked.tasks
    assert linked.referral.stands == "sent"
    linked.until(on(20), "12:00")
    assert "choose_next" not in linked.tasks
    linked.until(on(22), "12:00")
    assert "choose_next" in linked.tasks


def test_C3_too_long_on_a_waiting_list_offers_the_next_and_the_first_is_taken_back_in_two_phases() -> None:
    linked = sent()
    linked.agency("waitlisted")
    linked.until(on(7), "11:00")
    linked.completes("choose_next", "t2")
    assert [one.step for one in linked.shown.attempts] == ["cancel_requested", "sent"]
    assert "cancel_requested" in linked.referral.states
    assert [(one.what, one.agency, one.revokes) for one in linked.sendings] == [
        ("referral", "harbor", None), ("referral", "riverside", None), ("cancellation", "harbor", "ref-t1"),
    ]  # fmt: skip
    assert linked.shown.attempts[0].fhir.business_status == "5.2"
    linked.agency("cancelled", agency="harbor")
    assert linked.shown.attempts[0].fhir.business_status == "6.0"
    assert linked.shown.cancelling == []


def test_C3_a_cancellation_that_nobody_confirms_is_asked_about() -> None:
    linked = sent()
    linked.says("cancellation")
    assert linked.referral.stands == "choosing"
    assert "confirm_cancellation" not in linked.tasks
    linked.until(on(3), "12:00")
    assert "confirm_cancellation" in linked.tasks
    linked.completes("confirm_cancellation", "not_reached")
    assert "confirm_cancellation" not in linked.tasks
    linked.until(on(7), "12:00")
    linked.completes("confirm_cancellation", "left_open")
    assert linked.shown.attempts[0].step == "cancelled"


def test_C3_not_comfortable_leads_to_a_new_match_also_after_the_first_visit() -> None:
    linked = booked()
    linked.until(on(4), "12:00")
    linked.completes("confirm_visit", "attended")
    linked.says("not_comfortable")
    assert linked.referral.stands == "choosing"
    assert [place.listing_id for place in linked.shown.offered] == ["t2", "t3"]
    assert linked.shown.attempts[0].fhir.business_status == "7.0"
    assert not linked.shown.cancelling


def test_C3_a_missed_visit_is_booked_again() -> None:
    linked = booked()
    linked.until(on(4), "12:00")
    linked.completes("confirm_visit", "missed")
    assert (linked.referral.stands, linked.tasks) == ("missed", {"rebook_visit"})
    assert linked.shown.fhir.business_status == "5.1.2"
    linked.says("appointment", appointment_at=at(on(8), "10:00"))
    assert (linked.referral.stands, linked.tasks) == ("scheduled", set())


def test_C3_with_nothing_found_a_person_looks_and_their_find_is_offered() -> None:
    linked = Linked(places=[])
    assert linked.tasks == {"find_candidate_by_hand"}
    linked.says("candidates", found=[{"listing_id": "own-1", "name": "A practice in town"}])
    assert linked.tasks == {"choose_candidate"}
    linked.chooses("own-1")
    assert linked.tasks == {"contact_by_hand"}


def test_C3_when_all_have_declined_the_directory_is_asked_once_more_without_them() -> None:
    linked = Linked(places=[PLACES[0]])
    linked.chooses("t1")
    linked.agency("declined")
    searches = [one for one in linked.effects if isinstance(one, FindCandidates)]
    assert [one.leave_out for one in searches] == [(), ("t1",)]
    assert linked.tasks == {"find_candidate_by_hand"}


def test_C3_I3_the_directory_is_told_how_long_a_first_visit_may_be_ahead() -> None:
    def searched(linked: Linked) -> list[int]:
        return [one.longest_wait_days for one in linked.effects if isinstance(one, FindCandidates)]

    assert searched(Linked()) == [14]
    assert searched(Linked(policy={"linkage": {"first_visit": {"days": 21}}})) == [21]
    assert searched(Linked(kind="level_of_care", service="residential")) == [7]


def test_C3_places_are_ranked_by_the_numbers_of_the_program() -> None:
    linked = Linked(policy={"ranking": {"wait_not_said": 0}})
    (searched,) = [one for one in linked.effects if isinstance(one, FindCandidates)]
    assert searched.ranking.wait_not_said == 0


def test_C3_a_wish_searches_anew_and_what_was_found_before_is_not_offered() -> None:
    linked = Linked()
    linked.places = [{"listing_id": "t9", "name": "Consulta"}]
    linked.says("preference", wishes={"languages": ["es"]})
    assert [place.listing_id for place in linked.shown.offered] == ["t9"]
    assert linked.shown.wishes == {"languages": ["es"]}
    assert linked.tasks == {"choose_candidate"}


def test_C3_a_place_of_the_patients_own_can_be_chosen_by_name() -> None:
    linked = Linked(places=[])
    linked.says("choice", listing_id="own", name="Their former therapist")
    assert linked.tasks == {"contact_by_hand"}
    linked.completes("contact_by_hand", "patient_contacts")
    assert linked.referral.stands == "sent"
    assert linked.shown.attempts[0].made_by == "patient"
    linked.says("closing", reason="other")
    assert not linked.shown.cancelling, "who made the contact themselves takes it back themselves"


def test_C3_an_agency_without_a_channel_is_called_and_its_answer_recorded_by_hand() -> None:
    linked = Linked().chooses("t3")
    assert (linked.tasks, linked.sendings) == ({"contact_by_hand"}, [])
    linked.completes("contact_by_hand", "made")
    linked.until(on(3), "12:00")
    linked.completes("ask_for_answer", "accepted")
    assert linked.tasks == {"book_appointment"}
    assert not [one for one in linked.effects if isinstance(one, AskAgency)]


def test_C3_an_agency_is_asked_no_faster_than_the_policy_and_repeats_itself_without_news() -> None:
    linked = sent()
    linked.says_to_polls["harbor"] = ("accepted", None)
    linked.until(on(3), "17:30")
    asked = [one for one in linked.effects if isinstance(one, AskAgency)]
    assert len(asked) == 7  # every four business hours since Monday 10:00
    answers = [line for line in linked.referral.record if line.entry.kind == "answer"]
    assert len(answers) == 1
    with pytest.raises(Exception, match="at most every 15 minutes"):
        Linked(policy={"linkage": {"poll": {"minutes": 5}}})


# -- T3, T4: late, repeated, contradictory ----------------------------------------------------------------------


def test_T4_an_acceptance_that_comes_after_the_booking_does_not_undo_it() -> None:
    linked = booked()
    linked.until(on(1))
    linked.agency("accepted")
    assert linked.referral.stands == "scheduled"
    linked.says("answer", status="accepted", id="same", at=linked.now)
    assert linked.says("answer", status="accepted", id="same", at=linked.now).duplicate
    assert linked.referral.stands == "scheduled"


def test_T4_an_answer_about_an_earlier_place_is_about_that_place() -> None:
    linked = sent()
    linked.until(on(1))
    linked.agency("declined")
    linked.chooses("t2")
    linked.until(on(2))
    linked.agency("accepted", at=at(on(0), "12:00"), agency="harbor")
    assert [one.step for one in linked.shown.attempts] == ["declined", "sent"]


def test_T3_a_visit_that_was_recorded_by_mistake_leads_back() -> None:
    linked = booked()
    linked.until(on(4), "12:00")
    visit = linked.says("visit", status="attended", at=linked.now)
    assert linked.referral.stands == "settling"
    linked.says("retraction", entry_id=visit.entry_id, reason="another patient")
    assert (linked.referral.stands, linked.tasks) == ("scheduled", {"confirm_visit"})
    assert linked.reports[-1] == ("open", None)


def test_E10_a_second_closing_decision_is_refused_and_told_the_state() -> None:
    linked = sent()
    linked.says("closing", reason="declined")
    with pytest.raises(NotAllowedNow, match=r"closed \(declined\)"):
        linked.says("choice", listing_id="t2")
    assert linked.tasks == set()


# -- P3, P4, P9: sending ----------------------------------------------------------------------------------------


def test_P3_a_withheld_sending_waits_for_a_consent_and_goes_out_under_the_same_key() -> None:
    answers = iter([("withheld", {"reason": "no consent is on file"}), ("sent", {"reference": "r"})])
    linked = Linked(receipts=lambda asked: next(answers)).chooses("t1")
    assert (linked.referral.stands, linked.tasks) == ("waiting_for_consent", {"referral_consent"})
    linked.says("consent", consent_id="c1")
    assert linked.referral.stands == "sent"
    first, second = linked.sendings
    assert first.key == second.key == "referral-r1:t1:1"
    assert first.try_id != second.try_id


def test_P4_a_revocation_stops_what_is_queued_and_goes_to_the_case_manager() -> None:
    linked = Linked(receipts=lambda asked: ("withheld", {"reason": "none"})).chooses("t1")
    linked.says("revocation", consent_id="c1")
    assert linked.tasks == {"referral_consent"}
    tries = len(linked.sendings)
    linked.until(on(1))
    assert len(linked.sendings) == tries


def test_P4_a_consent_that_does_not_serve_after_a_revocation_is_a_new_question() -> None:
    linked = Linked()
    linked.is_held = True
    linked.chooses("t1")
    linked.says("revocation", consent_id="c1")
    linked.completes("referral_consent", "recorded")
    assert linked.tasks == set()
    linked.referral.sending(linked.sendings[-1], "withheld", linked.now, reason="it names another recipient")
    (again,) = linked.referral.open_tasks.values()
    assert (again.kind, "it names another recipient" in again.asks) == ("referral_consent", True)
    assert again.duty not in {one.duty for one in linked.effects if isinstance(one, OpenTask)}


def test_P4_after_a_revocation_what_was_sent_stays_listed_and_a_person_asks_how_to_go_on() -> None:
    linked = Linked(receipts=lambda asked: ("sent", {"reference": "r", "consent_id": "c1"})).chooses("t1")
    linked.says("revocation", consent_id="c1")
    assert "referral_consent_revoked" in linked.tasks
    linked.completes("referral_consent_revoked", "goes_on")
    assert linked.referral.stands == "sent"
    with pytest.raises(NotAllowedNow, match="stays in the record"):
        linked.says("retraction", entry_id="t1:1/0:referral", reason="wrong")


@pytest.mark.parametrize(
    "said",
    [
        {"kind": "closing", "reason": "declined"},
        {"kind": "next_candidate"},
        {"kind": "revocation", "consent_id": "c1"},
    ],
)
def test_E9_a_statement_that_the_engine_cannot_follow_leaves_no_trace(said: dict[str, Any]) -> None:
    linked = Linked().chooses("t1")
    referral, now = linked.referral, linked.now
    referral.wake(now)
    referral.take_effects()
    before, statement = referral.state, parse_statement({"id": "x1", "by": "cm-1", **said})
    for _ in broken_off(lambda: referral.apply(statement, now), every=23):
        assert referral.state is before
        assert referral.effects == []
    assert referral.apply(statement, now).duplicate
    undisturbed = new_referral(referral.start, now)
    undisturbed.state = before
    undisturbed.apply(statement, now)
    assert undisturbed.packed() == referral.packed()
    assert undisturbed.take_effects() == referral.take_effects()


def test_P9_an_uncertain_sending_is_never_sent_again_by_itself() -> None:
    linked = Linked(receipts=lambda asked: ("uncertain", {})).chooses("t1")
    assert (linked.referral.stands, linked.tasks) == ("uncertain", {"reconcile_sending"})
    linked.says("consent", consent_id="c1")
    linked.until(on(13))
    assert len(linked.sendings) == 1
    linked.completes("reconcile_sending", "not_arrived")
    assert len(linked.sendings) == 1
    linked.receipts = lambda asked: ("sent", {"reference": "r"})
    linked.completes("send_again", "send")
    assert [one.key for one in linked.sendings] == ["referral-r1:t1:1", "referral-r1:t1:1.1"]
    (found,) = [one for one in linked.effects if isinstance(one, Reconcile)]
    assert (found.key, found.arrived) == ("referral-r1:t1:1", False)


def test_P9_an_answer_of_the_agency_shows_that_it_arrived() -> None:
    linked = Linked(receipts=lambda asked: ("uncertain", {})).chooses("t1")
    linked.agency("received")
    assert (linked.referral.stands, "reconcile_sending" in linked.tasks) == ("sent", False)


@pytest.mark.parametrize("given_up", ["another place", "declined"])
def test_P9_what_is_uncertain_is_reconciled_also_when_the_referral_has_moved_on(given_up: str) -> None:
    linked = Linked(
        receipts=lambda asked: ("uncertain" if asked.listing_id == "t1" else "sent", {})
    ).chooses()
    if given_up == "declined":
        linked.says("closing", reason="declined")
    else:
        linked.says("next_candidate")
        linked.chooses("t2")
    linked.until(on(3))
    assert "reconcile_sending" in linked.tasks
    linked.completes("reconcile_sending", "arrived")
    (found,) = [one for one in linked.effects if isinstance(one, Reconcile)]
    assert (found.key, found.arrived) == ("referral-r1:t1:1", True)
    assert linked.shown.cancelling == ["t1"]
    assert "confirm_cancellation" in linked.tasks


def test_P3_a_letter_that_is_rendered_leaves_when_a_person_has_posted_it() -> None:
    linked = Linked(
        receipts=lambda asked: ("to_post", {"reference": "2026-03-02-ab", "consent_id": "c1"})
    ).chooses()
    assert linked.tasks == {"post_letter"}
    assert "2026-03-02-ab" in linked.shown.open_tasks[0].asks
    linked.completes("post_letter", "posted")
    assert linked.referral.stands == "sent"
    (found,) = [one for one in linked.effects if isinstance(one, Reconcile)]
    assert found.arrived
    linked.says("revocation", consent_id="c1")
    assert "referral_consent_revoked" in linked.tasks


@pytest.mark.parametrize("why", ["revocation", "closing", "next_candidate"])
def test_P4_a_letter_that_may_leave_no_more_is_kept_back(why: str) -> None:
    linked = Linked(
        receipts=lambda asked: ("to_post", {"reference": "2026-03-02-ab", "consent_id": "c1"})
    ).chooses()
    more = {"closing": {"reason": "declined"}, "revocation": {"consent_id": "c1"}}.get(why, {})
    linked.says(why, **more)
    assert "keep_letter" in linked.tasks
    assert "post_letter" not in linked.tasks
    linked.completes("keep_letter", "not_posted")
    assert "keep_letter" not in linked.tasks
    (found,) = [one for one in linked.effects if isinstance(one, Reconcile)]
    assert not found.arrived
    assert linked.shown.cancelling == []


def test_P8_an_agency_with_a_link_alone_is_told_by_a_person_and_that_goes_into_the_ledger() -> None:
    linked = Linked(receipts=lambda asked: ("sent", {"reference": "m", "way": "link"})).chooses()
    linked.completes("tell_by_telephone", "told")
    assert "tell_by_telephone" not in linked.tasks
    (told,) = [one for one in linked.effects if isinstance(one, NoteTold)]
    assert (told.recipient, told.by, told.content) == ("harbor", "cm-1", linked.sendings[0].content)


def test_P8_a_contact_by_hand_goes_into_the_ledger_and_one_without_a_consent_is_told_to_people() -> None:
    linked = Linked().chooses("t3")
    linked.completes("contact_by_hand", "made")
    (told,) = [one for one in linked.effects if isinstance(one, NoteTold)]
    assert (told.recipient, told.name) == ("t3", "Oak Street Practice")
    linked.referral.told_without_consent(told, linked.now)
    said = [one for one in linked.referral.take_effects() if isinstance(one, Notify)]
    assert [one.role for one in said] == ["case_manager", "supervisor"]


def test_P8_a_cancellation_tells_nothing_about_the_person_again() -> None:
    linked = Linked().chooses()
    linked.says("cancellation")
    assert [one.content for one in linked.sendings if one.what == "cancellation"] == [()]


def test_our_order_on_their_server_is_closed_when_they_have_done_their_part() -> None:
    receipts = {"t1": "Task/12", "t2": "there-2"}
    for listing, closed in (("t1", ["completion"]), ("t2", [])):
        linked = Linked(receipts=lambda asked: ("sent", {"reference": receipts[asked.listing_id]})).chooses(
            listing
        )
        linked.agency("visited")
        linked.agency("ended")
        assert [one.what for one in linked.sendings[1:]] == closed
    assert {one.content for one in linked.sendings[1:]} <= {()}


def test_E7_after_a_death_no_order_is_closed_either() -> None:
    linked = Linked(receipts=lambda asked: ("sent", {"reference": "Task/12"})).chooses()
    linked.says("closing", reason="deceased")
    linked.agency("ended")
    assert [one.what for one in linked.sendings] == ["referral"]


def test_P9_a_place_chosen_again_is_not_reconciled_for_the_first_time() -> None:
    linked = Linked(receipts=lambda asked: ("uncertain", {})).chooses("t1")
    linked.says("next_candidate")
    linked.says("choice", listing_id="t1")
    linked.says("next_candidate")
    for key in ("referral-r1:t1:1", "referral-r1:t1:2"):
        (task, *_) = [one for one in linked.referral.open_tasks.values() if one.kind == "reconcile_sending"]
        linked.now += timedelta(minutes=1)
        linked.referral.complete(task.task_id, "not_arrived", "cm-1", None, linked.now)
        found = [one for one in linked.referral.take_effects() if isinstance(one, Reconcile)]
        assert [one.key for one in found] == [key]
    assert "reconcile_sending" not in linked.tasks


def test_P9_an_answer_of_the_agency_settles_the_ledger_too() -> None:
    linked = Linked(receipts=lambda asked: ("uncertain", {})).chooses("t1")
    linked.agency("accepted")
    (found,) = [one for one in linked.effects if isinstance(one, Reconcile)]
    assert (found.key, found.arrived, found.by) == ("referral-r1:t1:1", True, "agency-gateway")


def test_a_sending_on_its_way_is_wanted_until_somebody_takes_it_back() -> None:
    for taken_back in ("closing", "next_candidate", "revocation"):
        linked = Linked()
        linked.is_held = True
        linked.chooses("t1")
        (effect,) = linked.sendings
        assert linked.referral.wants(effect)
        more = {"closing": {"reason": "declined"}, "revocation": {"consent_id": "c1"}}.get(taken_back, {})
        linked.says(taken_back, **more)
        assert not linked.referral.wants(effect)


def test_T3_a_cancellation_that_was_sent_and_then_retracted_is_told_to_them_by_a_person() -> None:
    linked = Linked().chooses("t1")
    linked.agency("accepted")
    for number in (1, 2):
        changed = linked.says("cancellation", reason="the person asked for it")
        assert [one.what for one in linked.sendings].count("cancellation") == number
        linked.says("retraction", entry_id=changed.entry_id, reason="a misunderstanding")
        assert linked.referral.stands == "taken"
        assert "keep_referral" in linked.tasks
        linked.completes("keep_referral", "told")
        assert "keep_referral" not in linked.tasks
    keys = [one.key for one in linked.sendings if one.what == "cancellation"]
    assert len(set(keys)) == len(keys)


def test_C3_a_confirmed_cancellation_is_of_the_choice_that_it_was_asked_for() -> None:
    linked = Linked().chooses("t1")
    linked.says("not_comfortable")
    linked.until(on(6))
    linked.says("choice", listing_id="t1", name="Harbor Counselling", agency="agency-t1")
    linked.completes("confirm_cancellation", "confirmed")
    assert "confirm_cancellation" not in linked.tasks
    first, second = linked.referral.facts.attempts
    assert (first.step, second.step) == (Reached.CANCELLED, Reached.SENT)


@pytest.mark.parametrize("when", ["9999-12-31T23:59:59-12:00", "0001-01-01T00:00:00+14:00"])
def test_an_answer_from_the_ends_of_the_calendar_is_refused_and_harms_nothing(when: str) -> None:
    linked = Linked().chooses("t1")
    with pytest.raises(InvalidEntry, match=r"the year \d+ must lie between"):
        linked.agency("scheduled", appointment_at=when)
    with pytest.raises(InvalidEntry, match=r"the year \d+ must lie between"):
        linked.agency("accepted", at=when)
    assert linked.until(on(20)).referral.stands == "sent"


def test_P1_a_sending_that_fails_for_good_becomes_a_contact_by_hand() -> None:
    linked = Linked(receipts=lambda asked: ("failed", {"reason": "no such agency"})).chooses("t1")
    assert linked.tasks == {"contact_by_hand"}


# -- C4: mutual help --------------------------------------------------------------------------------------------


def test_C4_the_first_meeting_is_asked_of_the_person_after_seven_days_and_then_a_sponsor() -> None:
    linked = Linked("mutual_help", "aa").chooses("g1")
    assert (linked.referral.stands, linked.tasks, linked.sendings) == ("joining", set(), [])
    linked.until(on(7), "12:00")
    linked.completes("ask_first_meeting", "attended")
    assert linked.referral.stands == "sponsor"
    linked.until(on(40))
    linked.completes("ask_sponsor", "found")
    assert linked.shown.closed
    assert linked.shown.closed.reason == "engaged"
    assert linked.shown.fhir.status is None


def test_C4_a_secular_choice_always_exists() -> None:
    linked = Linked("mutual_help", "aa", places=[{"listing_id": "g1", "name": "Monday Night"}])
    assert any(place.secular for place in linked.shown.offered)
    linked.chooses("secular_online")
    assert linked.shown.current
    assert "SMART" in linked.shown.current.name


@pytest.mark.parametrize("kind", ["answer", "sending"])
def test_C4_no_group_is_asked_who_came(kind: str) -> None:
    linked = Linked("mutual_help", "aa").chooses("g1")
    fields = {"status": "visited"} if kind == "answer" else {"outcome": "by_hand"}
    with pytest.raises(NotAllowedNow, match="no group is asked"):
        linked.says(kind, **fields)


def test_C4_a_volunteer_is_contacted_only_with_a_consent_that_names_them() -> None:
    linked = Linked("mutual_help", "aa", wishes={"volunteer_contact": True}).chooses("g1")
    with pytest.raises(NotAllowedNow, match="only with a consent"):
        linked.completes("volunteer_contact", "arranged")
    linked.says("consent", consent_id="c1", purpose="volunteer_contact")
    linked.completes("volunteer_contact", "arranged")
    assert "volunteer_contact" not in linked.tasks


# -- C5, C6 -----------------------------------------------------------------------------------------------------


def test_C5_a_health_service_is_named_in_no_task_and_its_default_disclosure_holds_no_need() -> None:
    places = [{"listing_id": "h1", "name": "HIV Test Center", "agency": "h"}]
    linked = Linked("service", "hiv_testing", places=places).chooses("h1")
    linked.until(on(20))
    assert len(linked.asked()) >= 3
    assert not [one for one in linked.asked() if "hiv" in one.lower()]
    assert linked.sendings[0].content == ("identity", "contact")


def test_C5_a_plain_service_may_be_named() -> None:
    linked = Linked("service", "food_bank", places=[{"listing_id": "f1", "name": "Pantry", "agency": "p"}])
    assert "food bank" in linked.asked()[0]
    assert "Pantry" in linked.asked()[0]
    linked.chooses("f1")
    assert linked.sendings[0].content == ("referral",)


def test_C6_an_offer_of_trauma_work_that_is_declined_closes_without_a_mark() -> None:
    linked = Linked("therapist", "emdr", wishes={"specialties": ["emdr"]})
    linked.completes("choose_candidate", "declined")
    assert linked.shown.closed
    assert linked.shown.closed.reason == "declined"
    assert linked.tasks == set()
    assert linked.reports == [("closed", "declined")]
    assert linked.until(on(20)).referral.finished(linked.now)


# -- I3, E5, E7, E9 ---------------------------------------------------------------------------------------------


def test_I3_another_level_of_care_is_followed_to_the_first_attended_visit_and_waits_shorter() -> None:
    linked = Linked("level_of_care", "residential").chooses("t1")
    linked.until(on(7), "12:00")
    assert "choose_next" in linked.tasks
    linked.agency("visited")
    assert linked.shown.closed
    assert linked.shown.closed.reason == "first_visit_attended"
    assert linked.reports == [("closed", "first_visit_attended")]


def test_E7_a_death_closes_the_referral_and_tells_nobody_outside() -> None:
    linked = sent()
    linked.says("closing", reason="deceased")
    assert [one.what for one in linked.sendings] == ["referral"]
    assert (linked.tasks, linked.shown.cancelling) == (set(), [])


def test_E9_time_alone_never_leaves_a_referral_without_a_wait() -> None:
    for kind in ("therapist", "mutual_help", "service", "level_of_care"):
        linked = Linked(kind)
        for day in range(1, 120, 3):
            linked.until(on(day))
            assert linked.referral.waits_for != "nothing" or linked.referral.finished(linked.now)
            for task in list(linked.referral.open_tasks.values())[:1]:
                linked.referral.complete(task.task_id, task.outcomes[0], "cm-1", None, linked.now)
                linked._carry_out()


# -- refusals ---------------------------------------------------------------------------------------------------


def test_what_cannot_be_is_refused_in_words() -> None:
    linked = Linked()
    with pytest.raises(InvalidEntry, match="is not among those found"):
        linked.says("choice", listing_id="t8")
    with pytest.raises(NotAllowedNow, match="No place is chosen yet"):
        linked.says("visit")
    linked.chooses()
    with pytest.raises(InvalidEntry, match="was never chosen"):
        linked.says("visit", listing_id="t2")
    with pytest.raises(InvalidEntry, match="in the future"):
        linked.says("visit", at=linked.now + timedelta(hours=2))
    with pytest.raises(InvalidEntry, match="appointment_at: an appointment needs its time"):
        linked.says("appointment")
    with pytest.raises(NotAllowedNow, match="what the ledger says"):
        linked.says("sending", outcome="sent")
    with pytest.raises(NotAllowedNow, match="an agency states"):
        linked.says("closing", reason="declined", source="agency")
    with pytest.raises(NotAllowedNow, match="no task nothing is open"):
        linked.says("reply", about="nothing", choice="yes")


def test_an_agency_may_speak_of_a_place_that_was_never_chosen_and_it_moves_nothing() -> None:
    linked = sent()
    before = linked.shown.attempts
    linked.agency("declined", agency="somebody-else")
    assert linked.shown.attempts == before


# -- status and drawing -----------------------------------------------------------------------------------------


def test_the_table_has_the_rows_of_the_standard() -> None:
    assert [row.number for row in TABLE] == list(range(1, 31))


def test_every_step_has_a_status_or_none_where_nothing_was_ever_to_be_sent() -> None:
    for linked in (sent(), booked(), Linked().chooses("t3"), Linked("mutual_help").chooses("g1")):
        for one in linked.referral.facts.attempts:
            joins = linked.referral.start.joins
            assert (exported(one, joins=joins, is_closed=False) is None) is joins


def test_the_chart_of_referrals_is_drawn_from_the_chart() -> None:
    rows = {(row.source, row.target): row.when for row in transitions(ReferralPathway())}
    assert rows["choosing", "arranging"] == "chosen"
    assert rows["underway", "closed"] == "over"
    assert all(rows.values())


# -- P9: which sending is meant ----------------------------------------------------------------------------------


def first_is_uncertain(asked: Disclose) -> tuple[str, dict[str, str]]:
    """The first place cannot tell; all others take it."""
    return ("uncertain", {}) if asked.listing_id == "t1" else ("sent", {"reference": "ref"})


def reconciled(linked: Linked) -> list[tuple[str, bool]]:
    """What the ledger was told."""
    found = [one for one in linked.effects if isinstance(one, Reconcile)]
    return [(one.key.removeprefix("referral-r1:"), one.arrived) for one in found]


@pytest.mark.parametrize("receipt", ["uncertain", "sent", "failed"])
def test_P9_nothing_is_sent_again_before_it_is_known_that_it_did_not_arrive(receipt: str) -> None:
    linked = Linked(receipts=lambda asked: (receipt, {})).chooses("t1")
    with pytest.raises(NotAllowedNow, match="did not arrive"):
        linked.says("send_again")
    assert len(linked.sendings) == 1


def test_P9_nothing_is_sent_again_while_it_is_still_on_its_way() -> None:
    linked = Linked(receipts=lambda asked: ("sent", {}))
    linked.is_held = True
    linked.chooses("t1")
    with pytest.raises(NotAllowedNow, match="did not arrive"):
        linked.says("send_again")
    assert len(linked.sendings) == 1


def test_P9_an_answer_about_another_place_settles_nothing() -> None:
    linked = Linked(receipts=first_is_uncertain).chooses("t1")
    linked.says("choice", listing_id="t2")
    linked.says("answer", status="accepted")  # of the place that is chosen now
    assert (reconciled(linked), "reconcile_sending" in linked.tasks) == ([], True)
    linked.says("answer", status="accepted", listing_id="t1")
    assert (reconciled(linked), "reconcile_sending" in linked.tasks) == ([("t1:1", True)], False)


@pytest.mark.parametrize(("kind", "fields"), [("appointment", {"appointment_at": "2026-03-09T10:00:00-05:00"}),
                                              ("visit", {}), ("engaged", {})])  # fmt: skip
@pytest.mark.parametrize("lost", [False, True])
def test_P9_whatever_shows_that_it_arrived_settles_the_ledger(
    kind: str, fields: dict[str, str], lost: bool
) -> None:
    linked = Linked(receipts=lambda asked: ("uncertain", {})).chooses("t1")
    if lost:
        linked.completes("reconcile_sending", "not_arrived")
    linked.says(kind, **fields)
    assert reconciled(linked)[-1] == ("t1:1", True)


@pytest.mark.parametrize("receipt", ["uncertain", "to_post"])
@pytest.mark.parametrize(
    ("outcome", "told"), [("confirmed", [("t1:1:cancellation", True)]), ("left_open", [])]
)
def test_P9_who_confirms_a_cancellation_settles_that_it_arrived(
    receipt: str, outcome: str, told: list[tuple[str, bool]]
) -> None:
    linked = Linked(
        receipts=lambda asked: (receipt, {}) if asked.what == "cancellation" else ("sent", {"reference": "r"})
    ).chooses("t1")
    linked.says("cancellation")
    if "confirm_cancellation" not in linked.tasks:
        linked.until(on(7))
    linked.completes("confirm_cancellation", outcome)
    assert reconciled(linked) == told


def test_P9_what_became_of_a_try_is_of_the_choice_for_which_it_was_made() -> None:
    linked = Linked()
    linked.is_held = True
    linked.chooses("t1")
    linked.says("choice", listing_id="t2")
    linked.says("choice", listing_id="t1")
    first, _, third = linked.sendings
    linked.referral.sending(first, "sent", linked.now, reference="late")
    assert [one.step for one in linked.shown.attempts] == ["cancel_requested", "dropped", "queued"]
    linked.referral.sending(third, "uncertain", linked.now)
    linked.completes("reconcile_sending", "arrived")
    assert reconciled(linked) == [("t1:2", True)]
