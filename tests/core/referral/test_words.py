"""What people read of a referral at each step, word for word (C3-C5, P1), and where its clocks and searches begin."""

import pytest

from tests.core.clinic import at
from tests.core.referral.linked import Linked, on


def asked(linked: Linked, kind: str) -> str:
    (task,) = [task for task in linked.shown.open_tasks if task.kind == kind]
    return task.asks


def test_C3_the_patient_reads_each_place_with_its_reasons() -> None:
    assert asked(Linked(), "choose_candidate") == (
        "The person chooses a therapist: t1 is Harbor Counselling (speaks Spanish); t2 is Riverside Therapy; "
        "t3 is Oak Street Practice. (referral-r1)"
    )


def test_C3_after_a_place_that_did_not_work_out_it_is_said_that_no_mark_is_left() -> None:
    linked = Linked().chooses("t1")
    linked.agency("declined")
    assert asked(linked, "choose_candidate") == (
        "The person chooses a therapist: t2 is Riverside Therapy; t3 is Oak Street Practice. No mark is left by what "
        "did not work out. (referral-r1)"
    )


def test_C5_P1_a_service_that_is_not_plain_is_named_nowhere_and_a_plain_one_is() -> None:
    assert asked(Linked("service", "hiv_testing"), "choose_candidate") == (
        "The person chooses a service: The choices stand in the referral. (referral-r1)"
    )
    plain = asked(Linked("service", "food_bank"), "choose_candidate")
    assert plain.startswith("The person chooses food bank: t1 is Harbor Counselling")


def test_I3_another_level_of_care_is_named() -> None:
    linked = Linked("level_of_care", "withdrawal_management")
    assert asked(linked, "choose_candidate").startswith(
        "The person chooses another level of care (withdrawal management): "
    )


def test_C4_the_secular_choice_is_online_and_offered_only_where_no_place_is_secular() -> None:
    without = Linked("mutual_help", "aa", places=[{"listing_id": "g1", "name": "Monday Night"}])
    offered = without.shown.offered
    assert [place.listing_id for place in offered] == ["g1", "secular_online"]
    assert (offered[1].online, offered[1].secular, offered[0].secular) == (True, True, False)
    assert [place.listing_id for place in Linked("mutual_help", "aa").shown.offered] == ["g1", "g2"]
    assert [place.listing_id for place in Linked().shown.offered] == ["t1", "t2", "t3"]


@pytest.mark.parametrize(("waited", "is_over"), [(7, False), (8, True)])
def test_C3_a_week_on_a_waiting_list_is_as_long_as_two_of_waiting(waited: int, is_over: bool) -> None:
    linked = Linked().chooses("t1").until(on(1), "11:00")
    linked.agency("waitlisted")
    linked.until(on(waited), "11:05")
    assert ("choose_next" in linked.tasks) is is_over


def test_C3_a_waiting_list_does_not_lengthen_the_wait() -> None:
    linked = Linked().chooses("t1").until(on(10), "11:00")
    linked.agency("waitlisted")
    linked.until(on(14), "10:00")
    assert "choose_next" not in linked.tasks
    linked.until(on(14), "10:01")
    assert asked(linked, "choose_next") == (
        "The first visit for a therapist has not come in time. The person may choose another place or keep waiting: "
        "t2 is Riverside Therapy; t3 is Oak Street Practice. (referral-r1)"
    )


@pytest.mark.parametrize(("day", "is_over"), [(6, False), (7, True)])
def test_I3_another_level_of_care_is_waited_for_a_week(day: int, is_over: bool) -> None:
    linked = Linked("level_of_care", "residential").chooses("t1")
    linked.until(on(day), "10:01")
    assert ("choose_next" in linked.tasks) is is_over


def test_C3_where_no_other_place_is_known_waiting_says_so() -> None:
    linked = Linked(places=[{"listing_id": "t1", "name": "Harbor Counselling", "agency": "harbor"}]).chooses(
        "t1"
    )
    linked.until(on(14), "10:01")
    assert asked(linked, "choose_next").endswith("keep waiting; no other was found. (referral-r1)")


def test_C3_the_visit_that_is_asked_about_is_named_by_its_place_and_time() -> None:
    linked = Linked().chooses("t1")
    linked.says("appointment", appointment_at=at(on(2), "15:00"))
    linked.until(on(2), "16:00")
    assert asked(linked, "confirm_visit") == (
        "Was the first visit at Harbor Counselling attended, of Wed 4 Mar 15:00? (referral-r1)"
    )


def test_C3_a_visit_whose_time_nobody_told_is_asked_about_at_once() -> None:
    linked = Linked().chooses("t1")
    linked.agency("ended")
    assert asked(linked, "confirm_visit") == (
        "Was the first visit at Harbor Counselling attended, which they say is done? (referral-r1)"
    )
