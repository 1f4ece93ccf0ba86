"""E1-E11: exits, withdrawal, transfer, leave, death, crisis, waiting, contrary decisions, late entries."""

import contextlib
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.core.clinic import ADMITTED, LAST_USE, Patient, admitted, ready_for_gate
from tests.searching import examples
from workflows.core.engine.effects import MessagePatient, Notify, OpenTask
from workflows.core.engine.errors import InvalidEntry, NotAllowedNow
from workflows.core.episode.entries import parse_entry
from workflows.core.episode.episode import Episode
from workflows.core.episode.views import journal, progress
from workflows.pathways import pathway_named

DAY = timedelta(days=1)


def on(days: int) -> date:
    return ADMITTED + timedelta(days=days)


def aftercare() -> Patient:
    patient = ready_for_gate()
    patient.says("decision", about="gate_review", choice="pass", by="th-1")
    return patient


def in_program() -> Patient:
    return admitted().attends_until(on(10))


def away() -> Patient:
    patient = in_program()
    patient.says("leave", reason="hospital", **{"from": on(10), "until": on(20)})
    return patient


STAGES: dict[str, Callable[[], Patient]] = {
    "intake": Patient, "program": in_program, "leave": away, "gate_review": ready_for_gate,
    "aftercare": aftercare,
}  # fmt: skip
every_stage = pytest.mark.parametrize("stage", list(STAGES))


def leaves(patient: Patient, first: int, last: int, reason: str = "hospital") -> str:
    return patient.says("leave", reason=reason, **{"from": on(first), "until": on(last)}).entry_id


# -- E1 -------------------------------------------------------------------------------------------------------


@every_stage
def test_E1_time_alone_closes_nothing(stage: str) -> None:
    patient = STAGES[stage]()
    patient.until(patient.now.date() + 500 * DAY)
    assert patient.progress.stage != "closed"


@pytest.mark.parametrize(
    "news",
    [
        {"kind": "use", "on": on(9), "class": "relapse"},
        {"kind": "test", "test_id": "t", "collected_on": on(9), "result": "definitive", "substances": ["cocaine"]},
        {"kind": "test", "test_id": "t", "ordered_on": on(9), "result": "not_provided", "reason": "refused"},
        {"kind": "attendance", "session": f"{on(9)}T18:00", "status": "missed"},
        {"kind": "crisis", "type": "violence", "at": f"{on(9)}T10:00"},
        {"kind": "flag", "name": "payer_refused", "on": on(9)},
        {"kind": "level_of_care", "level": "residential", "by": "th-1"},
    ],
)  # fmt: skip
def test_E1_no_news_closes_the_episode(news: dict[str, Any]) -> None:
    patient = in_program()
    patient.says(**news)
    patient.until(on(200))
    assert patient.progress.stage == "program"


@pytest.mark.parametrize("reason", ["involuntary", "lost_contact", "completed"])
def test_E1_a_feed_does_not_discharge_a_patient_of_a_running_episode(reason: str) -> None:
    patient = in_program()
    entry = {"kind": "exit", "reason": reason, "on": f"{on(10)}", "by": "ehr", "source": "import", "id": "x"}
    with pytest.raises(NotAllowedNow):
        patient.episode.apply(parse_entry(entry), patient.now)
    assert patient.progress.stage == "program"


@pytest.mark.parametrize("source", ["kiosk", "lab", "agency"])
def test_E1_a_machine_is_no_named_person(source: str) -> None:
    patient = admitted()
    patient.until(on(31))
    with pytest.raises(NotAllowedNow):
        patient.says(
            "decision",
            about="lost_contact_proposal",
            choice="close",
            by="system",
            source=source,
            reason="rule",
        )


def test_E1_a_patient_who_came_back_is_no_longer_closed_for_lost_contact() -> None:
    patient = admitted()
    patient.until(on(31))
    assert "lost_contact_proposal" in patient.tasks
    patient.attends(on(32))
    with pytest.raises(NotAllowedNow):
        patient.says("decision", about="lost_contact_proposal", choice="close", by="su-1", reason="no trace")
    assert patient.progress.stage == "program"


# -- E2 -------------------------------------------------------------------------------------------------------


def proposed() -> Patient:
    patient = in_program()
    patient.says("decision", about="involuntary_discharge", choice="propose", by="su-1", reason="violence")
    return patient


def discharge(patient: Patient) -> None:
    """Every step after the proposal, to the decision that ends the episode."""
    patient.says("decision", about="involuntary_review", choice="approve", by="di-1", reason="fair")
    patient.says("decision", about="discharge_team_meeting", choice="alternatives_tried", by="su-1")
    patient.says("decision", about="discharge_notice", choice="given", by="cm-1")
    patient.until(patient.now.date() + 3 * DAY, "12:00")
    patient.says("decision", about="discharge_decision", choice="discharge", by="di-1", reason="no appeal")


def test_E2_services_go_on_while_a_discharge_is_only_proposed() -> None:
    patient = proposed()
    assert patient.progress.stage == "program"
    assert "involuntary_review" in patient.tasks
    patient.attends(on(11))
    assert patient.progress.week.minutes == 540
    patient.until(on(100))
    assert patient.progress.stage == "program"


@pytest.mark.parametrize("missing", ["propose", "approve", "reject"])
def test_E2_each_step_needs_its_reason(missing: str) -> None:
    patient = in_program() if missing == "propose" else proposed()
    about = "involuntary_discharge" if missing == "propose" else "involuntary_review"
    with pytest.raises(NotAllowedNow, match="reason"):
        patient.says("decision", about=about, choice=missing, by="di-1")


def test_E2_the_notice_leaves_time_for_an_appeal_before_anything_ends() -> None:
    patient = proposed()
    patient.says("decision", about="involuntary_review", choice="approve", by="di-1", reason="all was tried")
    assert patient.progress.stage == "program"


def test_E2_an_approved_discharge_owes_a_written_notice_with_the_way_to_appeal() -> None:
    patient = proposed()
    patient.says("decision", about="involuntary_review", choice="approve", by="di-1", reason="all was tried")
    assert any("appeal" in task.asks for task in patient.progress.open_tasks)


def test_E2_only_the_director_approves() -> None:
    patient = proposed()
    with pytest.raises(NotAllowedNow):
        patient.says(
            "decision", about="involuntary_review", choice="approve", by="cm-1", reason="all was tried"
        )


def test_E2_rescinding_restores_everything() -> None:
    patient = proposed()
    before = patient.progress
    approved = patient.says(
        "decision", about="involuntary_review", choice="approve", by="di-1", reason="all was tried"
    )
    patient.says("retraction", entry_id=approved.entry_id, reason="rescinded on appeal", by="di-1")
    after = patient.progress
    assert after.exit is None
    assert (after.stage, after.states, after.week, after.gate) == (
        before.stage, before.states, before.week, before.gate,
    )  # fmt: skip


@pytest.mark.parametrize("then", ["retracted", "rescinded", "one missed"])
def test_E2_sessions_from_which_a_person_was_shut_out_are_no_misses(then: str) -> None:
    patient = proposed()
    patient.says("decision", about="involuntary_review", choice="approve", by="di-1", reason="fair")
    patient.says("decision", about="discharge_team_meeting", choice="alternatives_tried", by="su-1")
    patient.says("decision", about="discharge_notice", choice="given", by="cm-1")
    patient.attends_until(on(13))
    out = patient.says(
        "decision", about="discharge_decision", choice="discharge", by="di-1", reason="no appeal"
    )
    patient.until(on(21), "10:00")
    assert patient.progress.stage == "closed"
    patient.says("retraction", entry_id=out.entry_id, reason="it was somebody else", by="di-1")
    if then == "rescinded":
        patient.says("decision", about="discharge_decision", choice="rescind", by="di-1", reason="unfounded")
    if then == "one missed":
        patient.says("attendance", session=f"{on(16)}T18:00", status="missed")
    assert patient.progress.stage == "program"
    assert patient.progress.consecutive_misses == (1 if then == "one missed" else 0)
    copy = Episode.unpacked(patient.episode.packed(), patient.episode.start, pathway_named("iop"))
    copy.wake(patient.now)
    assert progress(copy, patient.now) == patient.progress


def test_E2_after_a_rejected_proposal_a_new_one_may_be_made_for_a_new_reason() -> None:
    patient = proposed()
    patient.says(
        "decision", about="involuntary_review", choice="reject", by="di-1", reason="not tried enough"
    )
    patient.attends_until(on(40))
    patient.says(
        "decision", about="involuntary_discharge", choice="propose", by="su-1", reason="a new threat"
    )
    assert "involuntary_review" in patient.tasks


# -- E3 -------------------------------------------------------------------------------------------------------


@every_stage
def test_E3_the_patient_may_withdraw_at_any_time(stage: str) -> None:
    patient = STAGES[stage]()
    patient.says("exit", reason="withdrew", on=patient.now.date())
    assert patient.progress.stage == "closed"
    assert patient.tasks == {"exit_bundle"}


@pytest.mark.parametrize(("minutes", "stage"), [(0, "program"), (1, "closed")])
def test_E3_after_exactly_72_hours_it_can_be_reopened_and_a_minute_later_no_more(
    minutes: int, stage: str
) -> None:
    patient = in_program()
    patient.says("exit", reason="withdrew", on=on(10))
    patient.until(on(13), f"12:{minutes:02d}")
    patient.says("return", on=on(13))
    assert patient.progress.stage == stage


@pytest.mark.parametrize("stage", ["gate_review", "aftercare", "leave"])
def test_E3_it_is_reopened_as_it_was(stage: str) -> None:
    patient = STAGES[stage]()
    before = patient.progress
    patient.says("exit", reason="withdrew", on=patient.now.date())
    patient.until(patient.now.date(), "14:00")
    patient.says("decision", about="reopening", choice="reopen", by="cm-1")
    after = patient.progress
    assert (after.stage, after.states, after.on_leave) == (before.stage, before.states, before.on_leave)
    assert {task.kind for task in after.open_tasks} == {task.kind for task in before.open_tasks}


def test_E3_the_cadence_of_checkins_is_reopened_as_it_was() -> None:
    patient = aftercare()
    patient.until(on(97))
    patient.says("checkin", on=on(97), risk=0)
    patient.until(on(99))
    before = patient.progress.next_deadline
    patient.says("exit", reason="withdrew", on=on(99))
    patient.until(on(101))
    patient.says("return", on=on(101))
    assert patient.progress.next_deadline == before


def test_E3_the_sessions_between_withdrawal_and_return_are_no_misses() -> None:
    patient = in_program()
    patient.says("exit", reason="withdrew", on=on(10))
    patient.until(on(13), "11:00")  # the session of day 11 was not his or hers to attend
    patient.says("return", on=on(13))
    assert patient.progress.consecutive_misses == 0


def test_E3_a_patient_who_came_back_may_withdraw_again_on_the_same_day() -> None:
    patient = in_program()
    patient.says("exit", reason="withdrew", on=on(10), id="x9")
    patient.until(on(10), "13:00")
    patient.says("return", on=on(10))
    assert patient.progress.stage == "program"
    patient.until(on(10), "14:00")
    patient.says("exit", reason="withdrew", on=on(10), id="x1")
    assert patient.progress.stage == "closed"


def test_E3_a_retracted_return_leaves_the_withdrawal_standing() -> None:
    patient = in_program()
    patient.says("exit", reason="withdrew", on=on(10))
    patient.until(on(11))
    back = patient.says("return", on=on(11))
    patient.says("retraction", entry_id=back.entry_id, reason="another patient")
    assert patient.progress.stage == "closed"


def test_E3_another_exit_is_not_reopened_by_a_return() -> None:
    patient = in_program()
    patient.says("exit", reason="incarcerated", on=on(10))
    patient.until(on(11))
    patient.says("return", on=on(11))
    assert patient.progress.stage == "closed"


def test_E3_a_use_in_aftercare_is_still_reassessed_after_a_withdrawal_was_reopened() -> None:
    patient = aftercare()
    patient.until(on(94))
    patient.says("use", on=on(94))
    patient.until(on(95))
    patient.says("exit", reason="withdrew", on=on(95))
    patient.until(on(96))
    patient.says("return", on=on(96))
    assert "reassessment" in patient.tasks


def test_E3_E5_a_transfer_that_was_under_way_goes_on_when_a_withdrawal_is_reopened() -> None:
    patient = admitted()
    patient.says("exit", reason="transferred", to="residential", on=ADMITTED)
    before = [(task.kind, task.task_id) for task in patient.progress.open_tasks if task.kind == "transfer"]
    need = patient.episode.facts.needs
    patient.says("exit", reason="withdrew", on=ADMITTED)
    assert patient.progress.stage == "closed"
    assert "transfer" not in patient.tasks
    patient.says("decision", about="reopening", choice="reopen")
    assert before
    assert "transfer" in patient.tasks
    assert patient.episode.facts.needs == need


def test_E3_a_withdrawal_dated_before_a_reopened_one_still_counts() -> None:
    patient = in_program()
    patient.says("exit", reason="withdrew", on=on(10))
    patient.until(on(11))
    patient.says("return", on=on(11))
    patient.until(on(12))
    patient.says("exit", reason="withdrew", on=on(9))
    assert patient.progress.stage == "closed"


# -- E4, E5 ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("reason", ["withdrew", "incarcerated", "deceased", "other"])
def test_E4_every_reason_is_kept_with_its_day(reason: str) -> None:
    patient = in_program()
    patient.says("exit", reason=reason, on=on(10))
    assert patient.progress.exit
    assert (patient.progress.exit.reason, patient.progress.exit.on) == (reason, on(10))
    assert reason in patient.progress.states


def lost(last_contact: int) -> Patient:
    """Closed for lost contact on day 45, last attended on a day."""
    patient = admitted().attends_until(on(last_contact + 1))
    patient.until(on(45))
    patient.says("decision", about="lost_contact_proposal", choice="close", by="su-1", reason="no trace")
    return patient


def test_E4_a_call_before_the_decision_is_the_last_contact() -> None:
    patient = admitted().attends_until(on(3))
    patient.until(on(5))
    patient.says("contact", at=patient.now.isoformat(), channel="phone", outcome="reached")
    patient.until(on(45))
    patient.says("decision", about="lost_contact_proposal", choice="close", by="su-1", reason="no trace")
    assert patient.progress.exit
    assert patient.progress.exit.on == on(5)


def test_E4_a_call_after_the_closing_does_not_lengthen_the_stay() -> None:
    patient = lost(2)
    assert patient.progress.exit
    assert patient.progress.exit.on == on(2)
    patient.until(on(50))
    patient.says("contact", at=patient.now.isoformat(), channel="phone", outcome="reached")
    assert patient.progress.exit.on == on(2)


def test_E4_an_involuntary_exit_ends_the_stay_at_the_last_contact_too() -> None:
    patient = admitted().attends_until(on(3))
    patient.until(on(9))
    patient.says("decision", about="involuntary_discharge", choice="propose", by="su-1", reason="violence")
    discharge(patient)
    assert patient.progress.exit
    assert patient.progress.exit.on == on(2)


def test_E5_a_transfer_is_not_complete_before_the_first_visit_there() -> None:
    patient = in_program()
    patient.says("exit", reason="transferred", on=on(10))
    assert patient.progress.stage != "closed" or patient.progress.open_referrals


def test_E5_a_person_not_suited_is_transferred_when_the_first_visit_is_confirmed() -> None:
    patient = Patient()
    patient.says("level_of_care", level="php", by="th-1")
    patient.until(on(20))
    assert patient.tasks == {"refer_to_level_of_care"}
    patient.says("decision", about="refer_to_level_of_care", choice="first_visit_attended")
    assert patient.progress.exit
    assert patient.progress.exit.reason == "transferred"


# -- E6 -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("reason", ["hospital", "jail", "travel", "childbirth", "military"])
def test_E6_no_leave_is_a_miss_or_a_short_week(reason: str) -> None:
    patient = admitted()
    leaves(patient, 0, 13, reason)
    patient.until(on(14))
    assert patient.progress.consecutive_misses == 0
    assert not [e for e in patient.effects if isinstance(e, MessagePatient | Notify)]


def test_E6_leave_holds_from_its_first_to_its_last_day() -> None:
    patient = in_program()
    leaves(patient, 12, 14)
    for day, clock, expected in (
        (11, "23:59", False),
        (12, "00:00", True),
        (14, "23:59", True),
        (15, "00:00", False),
    ):
        patient.until(on(day), clock)
        assert patient.progress.on_leave is expected


def test_E6_a_leave_told_afterwards_withdraws_the_search() -> None:
    patient = admitted()
    patient.until(on(4))
    assert patient.tasks == {"outreach_letter"}
    leaves(patient, 0, 6)
    assert patient.tasks == set()
    assert patient.progress.on_leave


def test_E6_not_returning_starts_the_ladder_at_its_first_rung() -> None:
    patient = admitted()
    patient.until(on(4), "22:00")
    assert patient.progress.consecutive_misses == 3
    leaves(patient, 5, 6)
    patient.until(on(7), "21:15")
    assert patient.progress.consecutive_misses == 1
    patient.until(on(7), "22:00")
    assert patient.tasks == {"outreach_call"}


def test_E6_leave_does_not_pause_what_staff_owe() -> None:
    patient = in_program()
    patient.says("use", on=on(9))
    due = {task.kind: task.due_at for task in patient.progress.open_tasks}
    leaves(patient, 10, 20)
    assert {task.kind: task.due_at for task in patient.progress.open_tasks} == due


def test_E6_the_day_of_return_is_a_day_of_the_program() -> None:
    patient = in_program()
    leaves(patient, 10, 20)
    patient.until(on(14), "09:00")
    patient.says("return", on=on(14))
    assert not patient.progress.on_leave
    patient.until(on(14), "21:15")
    assert patient.progress.consecutive_misses == 1


def test_E6_a_patient_who_is_admitted_again_on_the_day_of_return_is_on_leave() -> None:
    patient = in_program()
    leaves(patient, 10, 20)
    patient.until(on(14), "09:00")
    patient.says("return", on=on(14))
    patient.until(on(14), "15:00")
    leaves(patient, 14, 20)
    assert patient.progress.on_leave


def test_E6_a_return_belongs_to_its_own_leave() -> None:
    patient = in_program()
    leaves(patient, 10, 12)
    patient.until(on(13))
    patient.says("return", on=on(13))
    leaves(patient, 20, 30)
    patient.until(on(25))
    assert patient.progress.on_leave


def test_E6_a_retracted_return_continues_the_leave() -> None:
    patient = in_program()
    leaves(patient, 10, 20)
    patient.until(on(14))
    back = patient.says("return", on=on(14))
    patient.says("retraction", entry_id=back.entry_id, reason="another patient")
    assert patient.progress.on_leave
    assert "return_screening" not in patient.tasks


def test_E6_who_comes_back_without_a_word_is_screened_again() -> None:
    patient = in_program()
    leaves(patient, 10, 13)
    patient.attends(on(14))
    assert "return_screening" in patient.tasks


@pytest.mark.parametrize(
    "back",
    [
        {"kind": "checkin", "risk": 2},
        {"kind": "contact", "channel": "phone", "outcome": "reached"},
        {"kind": "contact", "channel": "phone", "outcome": "no_answer"},
    ],
    ids=lambda back: back.get("outcome", back["kind"]),
)
def test_E6_who_comes_back_in_aftercare_is_screened_again_at_the_first_word(back: dict[str, Any]) -> None:
    patient = aftercare()
    first, last = patient.now.date() + timedelta(days=1), patient.now.date() + timedelta(days=10)
    patient.says("leave", reason="hospital", **{"from": first, "until": last})
    day = last + timedelta(days=1)
    patient.until(day, "12:00")
    when = {"on": day} if back["kind"] == "checkin" else {"at": f"{day}T11:00"}
    patient.says(**back, **when)
    assert ("return_screening" in patient.tasks) is (back.get("outcome") != "no_answer")


def test_E6_a_return_that_is_recorded_after_the_screening_asks_for_no_second_one() -> None:
    patient = away().until(on(20), "12:00")
    patient.attends(on(21))
    patient.says("decision", about="return_screening", choice="done", by="th-1")
    patient.says("return", on=on(21))
    assert "return_screening" not in patient.tasks


def test_E6_T4_two_leaves_that_overlap_are_kept_and_shown_until_the_return_from_the_first() -> None:
    patient = in_program()
    leaves(patient, 12, 14)
    leaves(patient, 14, 16)
    assert "overlaps the one from" in " ".join(patient.progress.unmatched)
    patient.until(on(15))
    assert patient.progress.on_leave
    patient.says("return", on=on(13))
    assert patient.progress.unmatched == []
    assert patient.progress.on_leave


@pytest.mark.parametrize(("first", "last", "days"), [(7, 9, 4), (9, 20, 2), (13, 13, 6)])
def test_E6_the_dose_of_a_week_partly_on_leave_is_pro_rata(first: int, last: int, days: int) -> None:
    patient = admitted().attends_until(on(7))
    leaves(patient, first, last)
    assert patient.progress.week.short_by_minutes == 540 * days // 7


def test_E6_a_leave_has_an_end_date() -> None:
    patient = in_program()
    with pytest.raises(InvalidEntry, match="until"):
        patient.says("leave", reason="jail", **{"from": on(10)})


# -- E7 -------------------------------------------------------------------------------------------------------


@every_stage
def test_E7_after_a_death_no_message_and_no_question_goes_out(stage: str) -> None:
    patient = STAGES[stage]()
    patient.until(patient.now.date(), "20:59")
    patient.says("exit", reason="deceased", on=patient.now.date())
    patient.effects.clear()
    patient.until(patient.now.date() + 60 * DAY)
    assert not [effect for effect in patient.effects if isinstance(effect, MessagePatient)]
    assert patient.tasks == set()


def test_E7_a_death_told_between_the_session_and_its_reminder_stops_the_reminder() -> None:
    patient = admitted()
    patient.until(ADMITTED, "21:10")
    patient.says("exit", reason="deceased", on=ADMITTED)
    patient.until(on(30))
    assert not [effect for effect in patient.effects if isinstance(effect, MessagePatient)]


def test_E7_the_director_is_informed_of_a_death() -> None:
    patient = in_program()
    patient.effects.clear()
    patient.says("exit", reason="deceased", on=on(10))
    assert [e for e in patient.effects if isinstance(e, Notify | OpenTask) and e.role == "director"]


def test_E7_a_death_recorded_by_mistake_is_not_corrected_by_one_person_alone() -> None:
    patient = in_program()
    wrong = patient.says("exit", reason="deceased", on=on(10), by="cm-1")
    patient.says("retraction", entry_id=wrong.entry_id, reason="another patient", by="cm-1")
    assert patient.progress.stage == "closed"


@pytest.mark.parametrize(
    ("second", "is_corrected"),
    [
        ({"by": "su-1"}, True),
        ({"by": "CM-1"}, False),
        ({"by": "lab-7", "source": "lab"}, False),
        ({"by": "someone", "source": "patient"}, False),
    ],
)
def test_E7_a_death_is_corrected_by_two_people_of_the_staff(
    second: dict[str, Any], is_corrected: bool
) -> None:
    patient = in_program()
    wrong = patient.says("exit", reason="deceased", on=on(10), by="cm-1")
    patient.says("retraction", entry_id=wrong.entry_id, reason="another patient", by="cm-1")
    with contextlib.suppress(NotAllowedNow):
        patient.says("retraction", entry_id=wrong.entry_id, reason="so it is", **second)
    assert (patient.progress.stage == "program") is is_corrected


def test_E7_a_death_after_a_withdrawal_can_be_recorded() -> None:
    patient = in_program()
    patient.says("exit", reason="withdrew", on=on(10))
    patient.until(on(12))
    patient.says("exit", reason="deceased", on=on(12))
    assert patient.progress.exit
    assert patient.progress.exit.reason == "deceased"


# -- E8 -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "type_", ["overdose", "suicide_risk", "violence", "severe_withdrawal", "child_at_risk"]
)
@pytest.mark.parametrize("moment", [(12, "23:30"), (13, "03:00")])
def test_E8_the_on_call_role_answers_every_kind_of_crisis_at_night(
    type_: str, moment: tuple[int, str]
) -> None:
    patient = in_program()
    patient.until(on(moment[0]), moment[1])
    patient.says("crisis", type=type_, at=patient.now.isoformat())
    (task,) = [task for task in patient.progress.open_tasks if task.kind == "crisis_response"]
    assert task.role == "on_call"
    assert task.due_at == patient.now + timedelta(minutes=30)


def test_E8_a_crisis_on_leave_is_answered_and_the_leave_goes_on() -> None:
    patient = away()
    patient.says("crisis", type="overdose", at=patient.now.isoformat())
    assert "crisis_response" in patient.tasks
    patient.says("decision", about="crisis_response", choice="hospital", by="oc-1")
    assert patient.progress.on_leave
    assert not patient.progress.in_crisis


def test_E8_a_crisis_after_the_exit_is_answered_too() -> None:
    patient = in_program()
    patient.says("exit", reason="withdrew", on=on(10))
    patient.until(on(11))
    patient.says("crisis", type="suicide_risk", at=patient.now.isoformat())
    assert "crisis_response" in patient.tasks


def test_E8_a_second_crisis_is_not_hidden_behind_the_first() -> None:
    patient = in_program()
    patient.says("crisis", type="suicide_risk", at=patient.now.isoformat())
    patient.until(on(10), "12:10")
    patient.says("crisis", type="child_at_risk", at=patient.now.isoformat())
    assert [task.kind for task in patient.progress.open_tasks].count("crisis_response") == 2


def test_E8_a_retracted_crisis_leaves_no_trace_in_the_tasks() -> None:
    patient = in_program()
    wrong = patient.says("crisis", type="overdose", at=patient.now.isoformat())
    patient.says("retraction", entry_id=wrong.entry_id, reason="another patient")
    assert not patient.progress.in_crisis
    assert patient.tasks == set()


def test_E8_no_reminder_goes_to_a_patient_in_crisis_and_the_search_resumes_where_it_was() -> None:
    patient = admitted()
    patient.until(ADMITTED, "21:10")
    patient.says("crisis", type="violence", at=patient.now.isoformat())
    patient.until(ADMITTED, "22:30")
    assert not [effect for effect in patient.effects if isinstance(effect, MessagePatient)]
    patient.says("decision", about="crisis_response", choice="safe", by="oc-1")
    patient.until(on(1), "21:00")
    assert "outreach_therapist_call" in patient.tasks


@pytest.mark.parametrize(
    ("day", "clock", "due"),
    [
        (9, "10:00", on(10)),  # Wednesday
        (11, "16:00", on(14)),  # Friday in office hours: Monday
        (11, "20:00", on(14)),
        (12, "10:00", on(14)),
    ],
)  # fmt: skip
def test_E8_the_contact_after_a_crisis_is_due_on_the_next_business_day(
    day: int, clock: str, due: date
) -> None:
    patient = admitted().attends_until(on(9))
    patient.until(on(day), clock)
    patient.says("crisis", type="overdose", at=patient.now.isoformat())
    patient.says("decision", about="crisis_response", choice="safe", by="oc-1")
    (contact,) = [task for task in patient.progress.open_tasks if task.kind == "after_crisis_contact"]
    assert contact.due_at.date() == due


# -- E9 -------------------------------------------------------------------------------------------------------


def waits(patient: Patient) -> bool:
    shown = patient.progress
    return bool(shown.next_deadline or shown.open_tasks or shown.open_referrals)


@every_stage
def test_E9_an_open_episode_waits_for_something_on_every_day(stage: str) -> None:
    patient = STAGES[stage]()
    for _ in range(40):
        assert waits(patient)
        patient.until(patient.now.date() + 9 * DAY)


@pytest.mark.parametrize(
    ("stage", "last"),
    [
        ("program", 0),
        ("program", -1),
        ("leave", 0),
        ("leave", -1),
        ("gate_review", -1),
        ("gate_review", 0),
        ("intake", 0),
        ("intake", -1),
        ("aftercare", 0),
        ("aftercare", -1),
    ],
)
def test_E9_whatever_is_answered_something_is_awaited(stage: str, last: int) -> None:
    patient = STAGES[stage]()
    for _ in range(30):
        patient.until(patient.now.date() + 7 * DAY)
        for task in list(patient.episode.open_tasks.values()):
            closing = patient.episode.pathway.exits.get((task.kind, task.outcomes[last]))
            if not closing and task.task_id in {open_.task_id for open_ in patient.progress.open_tasks}:
                patient.says(
                    "decision", about=task.task_id, choice=task.outcomes[last], by="su-1", reason="so"
                )
        assert waits(patient)


def test_E9_aftercare_that_is_continued_at_its_end_still_waits_for_something() -> None:
    patient = aftercare()
    patient.until(date(2027, 10, 4))
    patient.says("checkin", on=date(2027, 9, 20), risk=0)
    patient.says("decision", about="aftercare_complete", choice="continue", by="th-1")
    assert waits(patient)


# -- E10, E11 -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("pass", "hold"),
        ("hold", "pass"),
    ],
)
def test_E10_of_two_decisions_in_one_batch_the_first_wins(first: str, second: str) -> None:
    patient = ready_for_gate()
    entries = [
        parse_entry({"kind": "decision", "about": "gate_review", "choice": choice, "by": by, "id": f"d{n}"})
        for n, (choice, by) in enumerate(((first, "th-1"), (second, "su-1")))
    ]
    one, two = patient.episode.apply_many(entries, patient.now)
    assert not isinstance(one, Exception)
    assert isinstance(two, NotAllowedNow)
    assert first in str(two)
    assert patient.progress.stage == ("aftercare" if first == "pass" else "gate_review")


def test_E10_a_refused_decision_leaves_no_trace() -> None:
    patient = ready_for_gate()
    patient.says("decision", about="gate_review", choice="pass", by="th-1")
    entries = len(journal(patient.episode))
    with pytest.raises(NotAllowedNow):
        patient.says("decision", about="gate_review", choice="hold", by="th-2")
    assert len(journal(patient.episode)) == entries


def test_E10_the_same_decision_sent_twice_is_one() -> None:
    patient = ready_for_gate()
    patient.says("decision", about="gate_review", choice="pass", by="th-1", id="d")
    assert patient.says("decision", about="gate_review", choice="pass", by="th-1", id="d").duplicate


def test_E10_a_second_exit_is_refused_and_told_the_first() -> None:
    patient = in_program()
    patient.says("exit", reason="withdrew", on=on(10))
    with pytest.raises(NotAllowedNow, match="withdrew"):
        patient.says("exit", reason="transferred", on=on(10))
    assert patient.progress.exit
    assert patient.progress.exit.reason == "withdrew"


LATE: list[dict[str, Any]] = [
    {
        "kind": "test",
        "test_id": "t",
        "collected_on": on(9),
        "result": "definitive",
        "substances": ["fentanyl"],
    },
    {"kind": "attendance", "session": f"{on(9)}T18:00", "status": "attended"},
    {"kind": "use", "on": on(9), "class": "relapse"},
    {"kind": "goal", "goal_id": "g1", "status": "met"},
    {"kind": "checkin", "on": on(10), "risk": 9},
    {"kind": "screening", "home_safe": False},
    {"kind": "level_of_care", "level": "residential"},
    {"kind": "admission", "on": on(10), "last_use_on": LAST_USE},
]


@pytest.mark.parametrize("entry", LATE, ids=lambda entry: entry["kind"])
def test_E11_an_entry_after_the_exit_is_kept_and_moves_no_stage(entry: dict[str, Any]) -> None:
    patient = in_program()
    patient.says("exit", reason="other", on=on(10))
    patient.until(on(11))
    said = patient.says(**entry)
    patient.until(on(30))
    assert patient.progress.stage == "closed"
    assert said.entry_id in {line.entry_id for line in journal(patient.episode)}


@pytest.mark.parametrize("stage", ["intake", "program", "gate_review"])
def test_E11_a_checkin_outside_aftercare_is_kept_and_moves_no_stage(stage: str) -> None:
    patient = STAGES[stage]()
    before = patient.progress.states
    patient.says("checkin", on=patient.now.date(), risk=9)
    assert patient.progress.states == before
    assert journal(patient.episode)[-1].kind == "checkin"


def test_E11_a_laboratory_result_after_the_exit_is_shown_to_a_person() -> None:
    patient = in_program()
    patient.says("exit", reason="other", on=on(10))
    patient.until(on(11))
    patient.effects.clear()
    patient.says(**LATE[0])
    assert [effect for effect in patient.effects if isinstance(effect, Notify | OpenTask)]


@settings(max_examples=examples(20), deadline=None)
@given(st.permutations(LATE[:5]))
def test_E11_late_entries_of_a_closed_episode_survive_a_snapshot(entries: list[dict[str, Any]]) -> None:
    patient = in_program()
    patient.says("exit", reason="other", on=on(10))
    patient.until(on(11))
    for entry in entries:
        patient.says(**entry)
    again = Episode.unpacked(patient.episode.packed(), patient.episode.start, pathway_named("iop"))
    assert progress(again, patient.now) == patient.progress
    assert journal(again) == journal(patient.episode)


def test_E11_the_record_of_a_closed_episode_is_open_as_long_as_it_is_kept() -> None:
    patient = in_program()
    patient.says("exit", reason="withdrew", on=on(10))
    patient.says("decision", about="exit_bundle", choice="given")
    patient.until(on(10 + 2192), "11:59")  # six years
    assert not patient.episode.finished(patient.now)
    patient.until(on(10 + 2192), "12:00")
    assert patient.episode.finished(patient.now)


def test_E2_what_the_director_must_sign_does_not_climb_to_the_supervisor_who_proposed_it() -> None:
    patient = proposed()
    (task,) = [task for task in patient.episode.open_tasks.values() if task.kind == "involuntary_review"]
    assert "supervisor" not in {level.role for level in task.escalation}


def test_E4_an_exit_that_is_corrected_is_told_as_what_it_was() -> None:
    patient = in_program()
    wrong = patient.says("exit", reason="withdrew", on=on(10))
    patient.says("exit", reason="incarcerated", on=on(10), supersedes=wrong.entry_id)
    assert patient.progress.exit
    assert patient.progress.exit.reason == "incarcerated"
    assert "incarcerated" in patient.progress.states


@pytest.mark.parametrize("source", ["kiosk", "lab", "agency"])
def test_E1_an_exit_is_not_stated_by_a_machine(source: str) -> None:
    patient = in_program()
    with pytest.raises(NotAllowedNow, match="named person"):
        patient.says("exit", reason="other", on=on(10), source=source, by="system")
    assert patient.progress.stage == "program"


def test_E3_a_patient_may_state_their_own_withdrawal() -> None:
    patient = in_program()
    patient.says("exit", reason="withdrew", on=on(10), source="patient", by="portal")
    assert patient.progress.stage == "closed"


def test_S11_a_program_without_extensions_has_its_team_review_at_its_end() -> None:
    patient = admitted(policy={"length": {"days": 20, "max_extensions": 0}, "gate": {"sober_days": 15}})
    patient.until(on(21))
    assert "team_review" in patient.tasks
    assert "at_limit" in patient.progress.states


def test_E6_a_leave_that_is_known_of_after_the_exit_is_over_by_itself() -> None:
    patient = admitted()
    patient.says("exit", reason="withdrew", on=ADMITTED)
    patient.says("leave", reason="travel", **{"from": ADMITTED, "until": ADMITTED + 2 * DAY})
    assert "Leave is over" in " ".join(one.name for one in patient.episode.awaited())


def test_T8_S11_a_policy_cannot_take_back_extensions_that_have_begun() -> None:
    patient = admitted().attends_until(on(120))
    extensions = patient.progress.extensions
    with pytest.raises(NotAllowedNow, match=f"length.max_extensions: {extensions} extensions have begun"):
        patient.says("policy", policy={"tests": {"phases": []}, "length": {"max_extensions": 1}}, by="di-1")
    assert patient.progress.extensions == extensions


def test_E6_a_leave_told_twice_in_one_batch_is_refused_like_those_that_follow_each_other() -> None:
    patient = admitted()
    leaves = [
        parse_entry({"kind": "leave", "id": name, "by": "cm-1", "reason": "travel",
                     "from": str(on(first)), "until": str(on(last))})
        for name, first, last in (("l1", 1, 5), ("l2", 1, 9))
    ]  # fmt: skip
    first, second = patient.episode.apply_many(leaves, patient.now)
    assert not isinstance(first, Exception)
    assert isinstance(second, InvalidEntry)
    assert "overlaps" in str(second)


def test_E8_E11_a_crisis_after_the_exit_is_told_as_what_it_does() -> None:
    patient = in_program()
    patient.says("exit", reason="withdrew", on=on(10))
    patient.until(on(11))
    patient.effects.clear()
    patient.says("crisis", type="overdose", at=patient.now.isoformat())
    (told,) = [
        one for one in patient.effects if isinstance(one, Notify) and one.subject == "entry_after_exit"
    ]
    assert "moves nothing" not in told.lines[0]
    assert "on-call" in told.lines[0]


def test_E3_E7_a_death_after_a_withdrawal_makes_no_misses_of_the_days_between() -> None:
    patient = admitted().attends_until(on(9))
    patient.says("exit", reason="withdrew", on=on(9))
    patient.until(on(15))
    assert patient.progress.consecutive_misses == 0
    told = patient.says("exit", reason="deceased", on=on(15))
    assert patient.progress.consecutive_misses == 0
    assert not [line for line in told.changes if "missed" in line]


def test_E7_E8_nobody_is_called_to_a_crisis_of_a_person_who_has_died() -> None:
    patient = in_program()
    patient.says("crisis", type="overdose", at=patient.now.isoformat())
    patient.says("exit", reason="deceased", on=on(10))
    assert not patient.progress.in_crisis
    assert "crisis" not in patient.progress.states


def test_E6_who_comes_in_the_midst_of_a_leave_is_back_once_a_person_confirms_it() -> None:
    patient = in_program()
    patient.says("leave", reason="travel", **{"from": on(10), "until": on(24)})
    patient.attends(on(14), minutes=180)
    assert patient.progress.on_leave
    (task,) = [one for one in patient.progress.open_tasks if one.kind == "unscheduled_attendance"]
    assert "on leave" in task.asks
    patient.says("decision", about="unscheduled_attendance", choice="confirm")
    assert not patient.progress.on_leave
    assert "return_screening" in patient.tasks
    assert "unscheduled_attendance" not in patient.tasks
    patient.until(on(17))
    assert patient.progress.consecutive_misses == 1


def test_E6_attendance_that_is_taken_back_lets_the_leave_go_on() -> None:
    patient = in_program()
    patient.says("leave", reason="travel", **{"from": on(10), "until": on(24)})
    came = patient.attends(on(14), minutes=180)
    patient.says("decision", about="unscheduled_attendance", choice="confirm")
    patient.says("retraction", entry_id=came.entry_id, reason="another person")
    assert patient.progress.on_leave


def test_E3_a_retraction_does_not_reopen_a_withdrawal_after_its_time() -> None:
    patient = in_program()
    gone = patient.says("exit", reason="withdrew", on=on(10))
    patient.until(on(16))
    with pytest.raises(NotAllowedNow, match="new episode"):
        patient.says("retraction", entry_id=gone.entry_id, reason="they are back")
    patient.says("retraction", entry_id=gone.entry_id, reason="another person", by="su-1")
    assert patient.progress.stage == "program"
    assert patient.progress.consecutive_misses == 0


# -- a crisis that was found, and another level of care ---------------------------------------------------------


@pytest.mark.parametrize("stage", ["program", "aftercare"])
def test_A6_a_crisis_found_in_a_contact_is_a_high_risk_until_it_is_known_to_be_none(stage: str) -> None:
    patient = admitted() if stage == "program" else aftercare()
    patient.says("contact", at=patient.now, channel="phone", outcome="crisis_escalated")
    assert "unclear_crisis" in patient.progress.flags
    assert "crisis_response" in patient.tasks


def test_A6_a_crisis_found_by_a_task_is_a_high_risk() -> None:
    patient = admitted()
    patient.says("use", on=patient.now.date())
    (check,) = [task for task in patient.progress.open_tasks if task.kind == "safety_check"]
    patient.says("decision", about=check.task_id, choice="crisis", by="cm-1")
    assert "unclear_crisis" in patient.progress.flags


def test_A6_what_somebody_has_said_of_a_crisis_is_what_it_was() -> None:
    patient = admitted()
    patient.says("crisis", type="violence", at=patient.now)
    patient.says("contact", at=patient.now, channel="phone", outcome="crisis_escalated")
    assert "unclear_crisis" not in patient.progress.flags


def test_I3_less_care_decided_in_the_program_begins_the_way_there_and_is_followed() -> None:
    patient = admitted().until(ADMITTED + timedelta(days=10))
    patient.says("level_of_care", level="outpatient", reason="doing well", by="th-1")
    assert "transfer" in patient.tasks
    assert patient.progress.stage == "program"
    assert patient.progress.open_referrals


def test_I3_less_care_decided_in_aftercare_is_where_the_person_is() -> None:
    patient = aftercare()
    patient.says("level_of_care", level="outpatient", reason="as planned", by="th-1")
    assert "transfer" not in patient.tasks


@pytest.mark.parametrize("level", ["outpatient", "php", "residential"])
def test_I3_E0_another_level_in_the_program_is_a_clinician_s_decision(level: str) -> None:
    patient = admitted().until(ADMITTED + timedelta(days=10))
    with pytest.raises(NotAllowedNow, match="clinician's decision"):
        patient.says("level_of_care", level=level, reason="x", by="cm-1")


@pytest.mark.parametrize("by", ["ehr", "import"])
def test_E1_I2_a_level_of_care_of_another_system_is_history_only_where_it_had_the_person(by: str) -> None:
    patient = Patient()
    patient.says("screening", substances=["alcohol"])
    before = ADMITTED - timedelta(days=30)
    with pytest.raises(NotAllowedNow, match="only with the person who signed it"):
        patient.says("level_of_care", level="iop", reason="x", on=before, by=by, source="import")
    patient.says("level_of_care", level="iop", reason="x", on=before, by="th-1", source="import")
