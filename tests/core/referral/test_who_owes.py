"""What a case manager owes a referral, until when and with which answers, at each step of its way (C3-C5, P3, P9)."""

import pytest

from tests.core.clinic import ZONE, at
from tests.core.referral.linked import Linked, on

ANSWERS = {
    "choose_candidate": ["t1", "t2", "t3", "none_suits", "declined"],
    "ask_for_answer": ["accepted", "waitlisted", "agency_declined", "no_answer", "another_candidate"],
    "book_appointment": ["not_yet", "another_candidate", "declined"],
    "confirm_visit": ["attended", "missed", "not_known"],
    "rebook_visit": ["not_reached", "not_comfortable", "another_candidate", "declined"],
    "confirm_engagement": ["engaged", "not_yet", "not_comfortable", "declined"],
    "find_candidate_by_hand": ["search_again", "none_available", "declined"],
    "referral_consent": ["recorded", "patient_contacts", "another_candidate", "declined"],
    "contact_by_hand": ["made", "patient_contacts", "not_reached", "another_candidate", "declined"],
    "reconcile_sending": ["arrived", "not_arrived"],
    "ask_first_meeting": ["attended", "not_yet", "not_comfortable", "declined"],
    "ask_sponsor": ["found", "not_wanted", "not_yet", "not_comfortable", "declined"],
    "confirm_cancellation": ["confirmed", "left_open", "not_reached"],
}


def owed(linked: Linked, *kinds: str) -> dict[str, tuple[str, str]]:
    """When each task is due, and by which rule; all are the case manager's, and have the answers they should."""
    found = {}
    for task in linked.shown.open_tasks:
        if not kinds or task.kind in kinds:
            assert task.role == "case_manager"
            assert task.outcomes == ANSWERS.get(task.kind, task.outcomes)
            found[task.kind] = (f"{task.due_at.astimezone(ZONE):%a %d %b %H:%M}", task.rule)
    return found


def test_C3_each_step_to_a_therapist_has_its_time() -> None:
    linked = Linked()
    assert owed(linked) == {"choose_candidate": ("Thu 05 Mar 10:00", "C3")}
    linked.chooses("t1")
    linked.until(on(3), "10:00")
    assert owed(linked) == {}
    linked.until(on(3), "10:01")
    assert owed(linked) == {"ask_for_answer": ("Fri 06 Mar 10:01", "C3")}
    linked.completes("ask_for_answer", "no_answer")
    linked.until(on(4), "10:01")
    assert owed(linked) == {}
    linked.until(on(4), "10:02")
    assert owed(linked) == {"ask_for_answer": ("Mon 09 Mar 10:02", "C3")}
    linked.agency("accepted")
    assert owed(linked) == {"book_appointment": ("Wed 11 Mar 10:03", "C3")}
    linked.completes("book_appointment", "not_yet")
    linked.until(on(7), "10:03")
    assert owed(linked) == {}
    linked.until(on(7), "10:04")
    assert owed(linked) == {"book_appointment": ("Thu 12 Mar 10:04", "C3")}


def scheduled() -> Linked:
    """A first visit is booked for Wednesday of the second week at 15:00."""
    linked = Linked().chooses("t1")
    linked.agency("accepted")
    linked.says("appointment", appointment_at=at(on(9), "15:00"))
    return linked


def test_C3_a_visit_is_asked_about_an_hour_after_it_began_and_booked_again_when_missed() -> None:
    linked = scheduled().until(on(9), "15:59")
    assert owed(linked) == {}
    linked.until(on(9), "16:00")
    assert owed(linked) == {"confirm_visit": ("Thu 12 Mar 16:00", "C3")}
    linked.completes("confirm_visit", "not_known")
    linked.until(on(10), "16:01")
    assert owed(linked) == {"confirm_visit": ("Fri 13 Mar 16:01", "C3")}
    linked.completes("confirm_visit", "missed")
    assert owed(linked) == {"rebook_visit": ("Mon 16 Mar 16:02", "C3")}
    linked.completes("rebook_visit", "not_reached")
    linked.until(on(11), "16:02")
    assert owed(linked) == {}
    linked.until(on(11), "16:03")
    assert owed(linked) == {"rebook_visit": ("Tue 17 Mar 16:03", "C3")}


def test_C3_the_wait_clock_brings_in_the_others_after_14_days_and_again_after_a_week() -> None:
    linked = Linked().chooses("t1")
    linked.agency("accepted")
    linked.until(on(14), "10:00")
    assert owed(linked, "choose_next") == {}
    linked.until(on(14), "10:01")
    assert owed(linked, "choose_next") == {"choose_next": ("Thu 19 Mar 10:01", "C3")}
    (task,) = [task for task in linked.shown.open_tasks if task.kind == "choose_next"]
    assert task.outcomes == ["t2", "t3", "keep_waiting", "search_again", "declined"]
    linked.completes("choose_next", "keep_waiting")
    linked.until(on(21), "10:01")
    assert owed(linked, "choose_next") == {}
    linked.until(on(21), "10:02")
    assert owed(linked, "choose_next") == {"choose_next": ("Thu 26 Mar 10:02", "C3")}


def test_C3_whether_it_is_right_is_asked_two_weeks_after_the_first_visit() -> None:
    linked = scheduled().until(on(9), "16:00")
    linked.completes("confirm_visit", "attended")
    assert owed(linked) == {}
    linked.until(on(23), "16:00")
    assert owed(linked) == {}
    linked.until(on(23), "16:01")
    assert owed(linked) == {"confirm_engagement": ("Thu 26 Mar 16:01", "C3")}
    linked.completes("confirm_engagement", "not_yet")
    linked.until(on(37), "16:02")
    assert owed(linked) == {"confirm_engagement": ("Thu 09 Apr 16:02", "C3")}


@pytest.mark.parametrize(
    ("receipt", "kind", "due", "rule"),
    [
        ("withheld", "referral_consent", "Wed 04 Mar 10:01", "P3"),
        ("failed", "contact_by_hand", "Wed 04 Mar 10:01", "C3"),
        ("uncertain", "reconcile_sending", "Tue 03 Mar 10:01", "P9"),
    ],
)
def test_P3_P9_a_sending_that_did_not_go_out_is_a_persons(
    receipt: str, kind: str, due: str, rule: str
) -> None:
    linked = Linked(receipts=lambda asked: (receipt, {"reason": "none is on file"})).chooses("t1")
    assert owed(linked) == {kind: (due, rule)}


def test_C3_where_nothing_is_found_or_nobody_takes_messages_a_person_makes_the_way() -> None:
    assert owed(Linked(places=[])) == {"find_candidate_by_hand": ("Wed 04 Mar 10:00", "C3")}
    linked = Linked().chooses("t3")
    assert owed(linked) == {"contact_by_hand": ("Wed 04 Mar 10:01", "C3")}
    linked.completes("contact_by_hand", "not_reached")
    linked.until(on(1), "10:01")
    assert owed(linked) == {}
    linked.until(on(1), "10:02")
    assert owed(linked) == {"contact_by_hand": ("Thu 05 Mar 10:02", "C3")}


def test_C4_the_first_meeting_and_a_sponsor_are_asked_about_in_their_time() -> None:
    linked = Linked(kind="mutual_help")
    assert {kind: rule for kind, (_, rule) in owed_whatever(linked).items()} == {"choose_candidate": "C4"}
    linked.chooses("g1")
    linked.until(on(7), "10:00")
    assert owed(linked) == {}
    linked.until(on(7), "10:01")
    assert owed(linked) == {"ask_first_meeting": ("Tue 10 Mar 10:01", "C4")}
    linked.completes("ask_first_meeting", "not_yet")
    linked.until(on(14), "10:02")
    assert owed(linked) == {"ask_first_meeting": ("Tue 17 Mar 10:02", "C4")}
    linked.completes("ask_first_meeting", "attended")
    linked.until(on(44), "10:02")
    assert owed(linked) == {}
    linked.until(on(44), "10:03")
    assert owed(linked) == {"ask_sponsor": ("Thu 16 Apr 10:03", "C4")}


def owed_whatever(linked: Linked) -> dict[str, tuple[str, str]]:
    """The same where the answers are others, as for mutual help and its groups."""
    return {task.kind: (str(task.due_at), task.rule) for task in linked.shown.open_tasks}


def test_C5_a_service_is_a_rule_of_its_own() -> None:
    assert owed(Linked(kind="service", service="food")) == {"choose_candidate": ("Thu 05 Mar 10:00", "C5")}


def test_C3_a_cancellation_that_was_told_is_confirmed_after_two_business_days_and_asked_until_it_is() -> None:
    linked = Linked().chooses("t1")
    linked.says("cancellation")
    assert owed(linked, "confirm_cancellation") == {}
    linked.until(on(2), "10:01")
    assert owed(linked, "confirm_cancellation") == {}
    linked.until(on(2), "10:02")
    assert owed(linked, "confirm_cancellation") == {"confirm_cancellation": ("Thu 05 Mar 10:02", "C3")}
    linked.completes("confirm_cancellation", "not_reached")
    linked.until(on(3), "10:03")
    assert owed(linked, "confirm_cancellation") == {"confirm_cancellation": ("Fri 06 Mar 10:03", "C3")}
    linked.completes("confirm_cancellation", "confirmed")
    assert owed(linked, "confirm_cancellation") == {}


def test_C3_who_was_told_by_hand_is_told_of_a_cancellation_at_once() -> None:
    linked = Linked().chooses("t3")
    linked.completes("contact_by_hand", "made")
    linked.says("cancellation")
    assert owed(linked, "confirm_cancellation") == {"confirm_cancellation": ("Tue 03 Mar 10:03", "C3")}
