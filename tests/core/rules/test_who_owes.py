"""Who owes what, until when, and what may be answered: each duty as a program without a policy of its own has it."""

from datetime import date, timedelta
from typing import Any

import pytest

from tests.core.clinic import ADMITTED, LAST_USE, ZONE, Patient, admitted, ready_for_gate
from workflows.core.engine.errors import NotAllowedNow


def on(days: int) -> date:
    return ADMITTED + timedelta(days=days)


def in_program(days: int = 2, **changes: Any) -> Patient:
    """A patient who has come to every session up to a day; at noon of it. Day 2 is a Wednesday, day 20 a Sunday."""
    return admitted(**changes).attends_until(on(days))


def owed(patient: Patient, *kinds: str) -> dict[str, tuple[str, str]]:
    """Whose each task is, and when it is due."""
    return {
        task.kind: (task.role, f"{task.due_at.astimezone(ZONE):%a %d %b %H:%M}")
        for task in patient.progress.open_tasks
        if not kinds or task.kind in kinds
    }


def choices(patient: Patient, kind: str) -> list[str]:
    (task,) = [task for task in patient.progress.open_tasks if task.kind == kind]
    return task.outcomes


def decides(patient: Patient, about: str, choice: str, by: str = "th-1", **fields: Any) -> Patient:
    patient.says("decision", about=about, choice=choice, by=by, **fields)
    return patient


def test_I1_I2_I3_I4_the_way_to_the_admission_has_an_owner_at_each_step() -> None:
    patient = Patient()
    assert owed(patient) == {"screening": ("case_manager", "Wed 07 Jan 09:00")}
    assert choices(patient, "screening") == ["not_reached", "declined"]
    patient.says("screening", substances=["alcohol"])
    assert owed(patient) == {"level_of_care": ("therapist", "Mon 05 Jan 09:00")}
    patient.says("level_of_care", level="iop", by="th-1")
    assert owed(patient) == {"admission": ("case_manager", "Wed 07 Jan 09:00")}
    elsewhere = Patient()
    elsewhere.says("level_of_care", level="php", by="th-1")
    assert owed(elsewhere) == {"refer_to_level_of_care": ("case_manager", "Wed 07 Jan 09:00")}


def test_I1_who_was_not_reached_is_tried_again_on_the_next_business_day() -> None:
    patient = decides(Patient(), "screening", "not_reached", by="cm-1")
    assert patient.tasks == set()
    patient.until(on(0), "08:59")
    assert patient.tasks == set()
    patient.until(on(0), "09:00")
    assert owed(patient) == {"screening": ("case_manager", "Thu 08 Jan 09:00")}


def test_I4_rights_and_preferences_are_due_by_the_first_session() -> None:
    patient = Patient()
    patient.says("level_of_care", level="iop", by="th-1")
    patient.until(ADMITTED, "09:00")
    patient.says("goal", goal_id="g1", title="work")
    patient.says("admission", on=ADMITTED, last_use_on=LAST_USE)
    assert owed(patient) == {
        "rights_notice": ("case_manager", "Mon 05 Jan 18:00"),
        "contact_preferences": ("case_manager", "Mon 05 Jan 18:00"),
    }


def test_S3_each_part_of_the_response_to_a_slip_has_its_own_time() -> None:
    patient = in_program(20)
    patient.says("use", on=on(20), **{"class": "relapse"})
    assert owed(patient) == {
        "safety_check": ("case_manager", "Sun 25 Jan 23:59"),
        "individual_session": ("therapist", "Mon 26 Jan 17:00"),
        "plan_review": ("therapist", "Wed 28 Jan 12:00"),
        "level_of_care_review": ("therapist", "Tue 27 Jan 17:00"),
    }
    assert choices(patient, "safety_check") == ["safe", "crisis", "not_reached"]
    assert choices(patient, "individual_session") == ["held", "declined"]
    assert choices(patient, "plan_review") == ["unchanged", "changed"]


def test_S3_who_was_not_reached_after_a_slip_is_tried_again_two_hours_later() -> None:
    patient = in_program(2)
    patient.says("use", on=on(2))
    decides(patient, "safety_check", "not_reached", by="cm-1")
    patient.until(on(2), "13:59")
    assert "safety_check" not in patient.tasks
    patient.until(on(2), "14:00")
    assert owed(patient, "safety_check") == {"safety_check": ("case_manager", "Wed 07 Jan 23:59")}
    decides(patient, "safety_check", "safe", by="cm-1")
    patient.until(on(4))
    assert "safety_check" not in patient.tasks


def test_S3_E5_an_offer_of_more_care_is_followed_until_it_has_an_outcome() -> None:
    patient = in_program(2)
    patient.says("use", on=on(2), **{"class": "relapse"})
    decides(patient, "level_of_care_review", "offer_residential")
    assert owed(patient, "level_of_care_offer") == {
        "level_of_care_offer": ("case_manager", "Fri 09 Jan 12:00")
    }
    decides(patient, "level_of_care_offer", "not_yet", by="cm-1")
    patient.until(on(4), "11:59")
    assert "level_of_care_offer" not in patient.tasks
    patient.until(on(4), "12:00")
    assert owed(patient, "level_of_care_offer") == {
        "level_of_care_offer": ("case_manager", "Tue 13 Jan 12:00")
    }
    decides(patient, "level_of_care_offer", "accepted", by="cm-1")
    assert owed(patient, "level_of_care_offer", "transfer") == {
        "transfer": ("case_manager", "Fri 16 Jan 12:00")
    }
    why = {condition.name: condition.why for condition in patient.progress.gate.conditions}
    assert why["level_of_care_review"] == "the person is on the way to residential"


def test_S3_the_patient_is_not_offered_the_level_that_they_have() -> None:
    patient = Patient(pathway="php")
    patient.says("level_of_care", level="php", by="th-1")
    patient.until(ADMITTED, "09:00")
    patient.says("goal", goal_id="g1", title="work")
    patient.says("admission", on=ADMITTED, last_use_on=LAST_USE)
    patient.says("use", on=ADMITTED, **{"class": "relapse"})
    assert choices(patient, "level_of_care_review") == [
        "stay",
        "patient_declined",
        "offer_residential",
        "offer_withdrawal_management",
    ]


def test_S2_S6_S7_what_is_in_doubt_is_a_clinicians_within_a_business_day() -> None:
    patient = in_program(2)
    patient.says("use", on=on(1), evidence="collateral")
    patient.says("test", test_id="t1", collected_on=on(1), result="dilute")
    assert owed(patient) == {
        "collateral_use": ("therapist", "Thu 08 Jan 12:00"),
        "hold_review": ("therapist", "Thu 08 Jan 12:00"),
    }
    decides(patient, "hold_review", "collect_again")
    assert owed(patient, "recollect_test") == {"recollect_test": ("case_manager", "Thu 08 Jan 12:00")}
    assert choices(patient, "recollect_test") == ["collected", "not_provided"]
    patient.until(on(7), "11:59")
    assert "hold_review" not in patient.tasks
    patient.until(on(7), "12:00")
    assert owed(patient, "hold_review") == {"hold_review": ("therapist", "Tue 13 Jan 12:00")}


def test_S6_another_test_is_not_collected_again_because_one_is() -> None:
    patient = in_program(2)
    patient.says("test", test_id="t1", collected_on=on(1), result="dilute")
    patient.says("test", test_id="t2", collected_on=on(2), result="tampered")
    first = next(t for t in patient.progress.open_tasks if t.kind == "hold_review" and "t1" in t.asks)
    decides(patient, first.task_id, "collect_again")
    asked = [t.entries[0] for t in patient.progress.open_tasks if t.kind == "recollect_test"]
    assert asked == [first.entries[0]]


def test_S4_S7_a_nurse_collects_and_talks_where_the_team_has_one() -> None:
    team = {"case_manager": "cm-1", "therapist": "th-1", "supervisor": "su-1", "director": "di-1"}
    for nurse, collector, talker in ((None, "case_manager", "therapist"), ("nu-1", "nurse", "nurse")):
        patient = in_program(2, team={**team, "nurse": nurse} if nurse else team)
        patient.says("medication", name="buprenorphine", start_on=on(0), by="th-1")
        patient.says(
            "test", test_id="t1", collected_on=on(1), result="negative", substances=["buprenorphine"]
        )
        assert owed(patient) == {"adherence_talk": (talker, "Fri 09 Jan 12:00")}
        patient.says("test", test_id="t2", collected_on=on(2), result="dilute")
        decides(patient, "hold_review", "collect_again")
        assert owed(patient, "recollect_test")["recollect_test"][0] == collector


def test_E8_a_crisis_is_answered_at_once_and_followed_up_on_the_next_business_day() -> None:
    patient = in_program(4)
    patient.says("crisis", type="overdose", at=patient.now.isoformat())
    assert owed(patient) == {"crisis_response": ("on_call", "Fri 09 Jan 12:30")}
    assert choices(patient, "crisis_response") == ["safe", "emergency_services", "hospital"]
    decides(patient, "crisis_response", "safe")
    assert owed(patient) == {
        "after_crisis_contact": ("therapist", "Mon 12 Jan 12:00"),
        "after_crisis_level_of_care": ("therapist", "Mon 12 Jan 12:00"),
    }
    decides(patient, "after_crisis_contact", "not_reached")
    decides(patient, "after_crisis_level_of_care", "done")
    assert owed(patient, "after_crisis_contact", "after_crisis_level_of_care") == {}
    patient.until(on(7), "12:00")
    assert owed(patient, "after_crisis_contact", "after_crisis_level_of_care") == {
        "after_crisis_contact": ("therapist", "Tue 13 Jan 12:00")
    }


def test_E6_who_is_back_is_screened_again_within_a_business_day() -> None:
    patient = in_program(5)
    patient.says("leave", reason="travel", **{"from": on(5), "until": on(6)})
    patient.attends(on(7))
    assert owed(patient) == {"return_screening": ("therapist", "Tue 13 Jan 17:00")}


def test_A2_A8_what_is_doubtful_about_an_attendance_is_asked_within_a_business_day() -> None:
    disputed = in_program(2)
    disputed.attends(on(2), minutes=100, source="kiosk", by="kiosk-1")
    disputed.attends(on(2), minutes=150)
    assert owed(disputed) == {"attendance_conflict": ("case_manager", "Thu 08 Jan 17:00")}
    assert choices(disputed, "attendance_conflict") == ["attended_100_minutes", "attended_150_minutes"]
    overlong = in_program(2)
    overlong.attends(on(2), minutes=360)
    assert owed(overlong) == {"attendance_minutes": ("case_manager", "Thu 08 Jan 17:00")}
    unscheduled = in_program(3)
    unscheduled.says("attendance", session=f"{on(3)}T10:00", status="attended", minutes=60)
    assert owed(unscheduled) == {"unscheduled_attendance": ("case_manager", "Fri 09 Jan 12:00")}


def test_A5_A6_after_a_miss_the_person_is_sought_at_once_and_helped_back_when_reached() -> None:
    reached = admitted()
    reached.until(on(0), "21:20")
    reached.says("contact", at=reached.now.isoformat(), channel="phone", outcome="reached")
    assert owed(reached) == {"engagement_plan": ("case_manager", "Tue 06 Jan 17:00")}
    flagged = admitted()
    flagged.says("flag", name="suicide_risk", on=ADMITTED)
    flagged.until(on(0), "21:20")
    assert owed(flagged) == {"high_risk_contact": ("on_call", "Mon 05 Jan 23:59")}
    assert choices(flagged, "high_risk_contact") == ["reached", "crisis", "not_reached"]
    decides(flagged, "high_risk_contact", "not_reached")
    flagged.until(on(1), "01:19")
    assert owed(flagged) == {}
    flagged.until(on(1), "01:20")
    assert owed(flagged) == {"high_risk_contact": ("on_call", "Tue 06 Jan 23:59")}


def test_A6_each_miss_of_a_person_at_high_risk_is_followed_anew() -> None:
    patient = admitted()
    patient.says("flag", name="suicide_risk", on=ADMITTED)
    patient.until(on(2), "21:20")
    assert owed(patient) == {"high_risk_contact": ("on_call", "Wed 07 Jan 23:59")}
    (task,) = patient.progress.open_tasks
    assert task.rule == "A6"


def proposed() -> Patient:
    return decides(in_program(2), "involuntary_discharge", "propose", by="su-1", reason="violence")


def given_notice() -> Patient:
    patient = decides(proposed(), "involuntary_review", "approve", by="di-1", reason="fair")
    decides(patient, "discharge_team_meeting", "alternatives_tried", by="su-1")
    return decides(patient, "discharge_notice", "given", by="cm-1")


def test_E2_each_step_of_a_discharge_has_its_owner_and_its_time() -> None:
    patient = proposed()
    assert owed(patient) == {"involuntary_review": ("director", "Fri 09 Jan 12:00")}
    decides(patient, "involuntary_review", "approve", by="di-1", reason="fair")
    assert owed(patient) == {"discharge_team_meeting": ("supervisor", "Fri 09 Jan 12:00")}
    assert choices(patient, "discharge_team_meeting") == ["alternatives_tried", "alternatives_remain"]
    decides(patient, "discharge_team_meeting", "alternatives_tried", by="su-1")
    assert owed(patient) == {"discharge_notice": ("case_manager", "Thu 08 Jan 12:00")}
    decides(patient, "discharge_notice", "given", by="cm-1")
    assert owed(patient) == {}


def test_E2_without_an_appeal_the_director_decides_after_72_hours_and_no_sooner() -> None:
    patient = given_notice()
    patient.until(on(5), "11:59")
    assert owed(patient, "discharge_decision") == {}
    with pytest.raises(NotAllowedNow):
        decides(patient, "discharge_decision", "discharge", by="di-1", reason="violence")
    patient.until(on(5), "12:00")
    assert owed(patient, "discharge_decision") == {"discharge_decision": ("director", "Mon 12 Jan 17:00")}
    assert choices(patient, "discharge_decision") == ["discharge", "rescind"]


def test_E2_an_appeal_is_heard_after_24_hours_from_the_notice_and_answered_within_72_from_the_appeal() -> (
    None
):
    patient = given_notice()
    patient.until(on(2), "15:00")
    decides(patient, "discharge_appeal", "appealed", by="cm-1")
    patient.until(on(3), "11:59")
    assert owed(patient, "discharge_appeal_hearing", "discharge_decision") == {}
    patient.until(on(3), "12:00")
    assert owed(patient, "discharge_appeal_hearing") == {
        "discharge_appeal_hearing": ("director", "Sat 10 Jan 15:00")
    }
    assert choices(patient, "discharge_appeal_hearing") == ["uphold", "rescind"]
    patient.until(on(6), "12:00")
    assert owed(patient, "discharge_decision") == {}, "who has appealed is heard"


def test_C7_E5_E7_each_way_out_owes_its_own() -> None:
    withdrew, dead, moved = in_program(2), in_program(2), in_program(2)
    withdrew.says("exit", reason="withdrew", on=on(2))
    assert owed(withdrew) == {"exit_bundle": ("case_manager", "Thu 08 Jan 12:00")}
    death = dead.says("exit", reason="deceased", on=on(2))
    assert owed(dead) == {}
    dead.says("retraction", entry_id=death.entry_id, reason="another person")
    assert owed(dead) == {"death_correction": ("director", "Thu 08 Jan 12:00")}
    moved.says("exit", reason="transferred", on=on(2))
    assert owed(moved) == {"transfer": ("case_manager", "Wed 14 Jan 12:00")}
    assert choices(moved, "transfer") == ["first_visit_attended", "not_attended", "stays_here"]
    decides(moved, "transfer", "not_attended", by="cm-1")
    moved.until(on(9), "11:59")
    assert owed(moved, "transfer") == {}
    moved.until(on(9), "12:00")
    assert owed(moved, "transfer") == {"transfer": ("case_manager", "Wed 21 Jan 12:00")}


def test_S11_an_appeal_has_two_business_days_and_its_answer_three_days() -> None:
    patient = in_program(2)
    patient.says("payer", authorization_id="a1", decision="denied", on=on(2))
    assert owed(patient) == {"payer_appeal": ("case_manager", "Fri 09 Jan 12:00")}
    decides(patient, "payer_appeal", "appealed", by="cm-1")
    assert owed(patient) == {"payer_answer": ("case_manager", "Sat 10 Jan 12:00")}
    decides(patient, "payer_answer", "not_answered", by="cm-1")
    patient.until(on(3), "11:59")
    assert owed(patient, "payer_answer") == {}
    patient.until(on(3), "12:00")
    assert owed(patient, "payer_answer") == {"payer_answer": ("case_manager", "Sun 11 Jan 12:00")}


def test_S9_C2_C3_C4_the_gate_and_what_follows_it_have_their_owners() -> None:
    patient = ready_for_gate()
    assert owed(patient) == {"gate_review": ("therapist", "Mon 06 Apr 17:00")}
    assert choices(patient, "gate_review") == ["pass", "hold"]
    decides(patient, "gate_review", "pass")
    assert owed(patient) == {
        "offer_therapist": ("case_manager", "Wed 08 Apr 17:00"),
        "offer_mutual_help": ("case_manager", "Wed 08 Apr 17:00"),
    }
    assert choices(patient, "offer_therapist") == ["declined", "has_one"]
    assert choices(patient, "offer_mutual_help") == ["declined", "goes_already"]
    patient.until(on(97), "08:00")
    assert owed(patient, "checkin") == {"checkin": ("case_manager", "Mon 13 Apr 17:00")}
    patient.says("use", on=on(97))
    assert owed(patient, "reassessment", "safety_check") == {
        "reassessment": ("therapist", "Mon 13 Apr 17:00"),
        "safety_check": ("case_manager", "Sun 12 Apr 23:59"),
    }


def test_C3_C4_who_has_said_what_they_need_is_not_offered_it() -> None:
    patient = ready_for_gate()
    decides(patient, "gate_review", "pass")
    patient.says("mutual_help", on=patient.now.date(), group="aa")
    assert patient.tasks == {"offer_therapist"}
    decides(patient, "offer_therapist", "has_one", by="cm-1")
    assert patient.tasks == set()


def test_S11_each_extension_and_the_limit_have_their_review_within_two_business_days() -> None:
    patient = in_program(91)
    assert owed(patient) == {"continued_stay_review": ("therapist", "Tue 07 Apr 17:00")}
    patient.attends_until(on(146))
    assert owed(patient, "team_review") == {"team_review": ("supervisor", "Tue 02 Jun 17:00")}
    decides(patient, "team_review", "continue", by="su-1")
    patient.until(on(160), "11:59")
    assert owed(patient, "team_review") == {}
    patient.until(on(160), "12:00")
    assert owed(patient, "team_review") == {"team_review": ("supervisor", "Tue 16 Jun 17:00")}


def test_P4_a_revocation_is_seen_to_within_a_business_day() -> None:
    patient = in_program(2)
    consent = {
        "consent_id": "c1", "discloser": "north clinic", "recipient": "food-1", "purpose": "referral",
        "content": ["referral"], "may_revoke": True, "signed_on": on(1), "signed_by": "patient",
        "expires_event": "end_of_care",
    }  # fmt: skip
    patient.says("consent", **consent)
    assert patient.tasks == set()
    patient.says("revocation", consent_id="c1")
    assert owed(patient) == {"consent_revoked": ("case_manager", "Thu 08 Jan 12:00")}
