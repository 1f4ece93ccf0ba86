"""The clinical rules by example, each test named for the rule it proves."""

from collections.abc import Callable
from datetime import date, timedelta

import pytest

from tests.core.clinic import ADMITTED, LAST_USE, Patient, admitted, at, ready_for_gate
from workflows.core.engine.effects import CloseTask, MessagePatient, Notify
from workflows.core.engine.errors import InvalidEntry, NotAllowedNow
from workflows.core.episode.entries import parse_entry
from workflows.core.episode.views import as_known_at, progress

DAY = timedelta(days=1)


# -- T: time and truth ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("last_use", "opens"),
    [
        (date(2026, 3, 1), date(2026, 3, 31)),
        (date(2024, 2, 1), date(2024, 3, 2)),
        (date(2025, 12, 15), date(2026, 1, 14)),
        (date(2026, 10, 20), date(2026, 11, 19)),
    ],
)
def test_T1_the_sobriety_window_is_date_arithmetic(last_use: date, opens: date) -> None:
    assert last_use + timedelta(days=30) == opens
    patient = admitted()
    patient.until(ADMITTED + 30 * DAY)
    patient.says("use", on=ADMITTED + 20 * DAY)
    patient.until(ADMITTED + 50 * DAY, "00:00")
    assert patient.progress.days_sober == 30
    assert "sobriety" not in patient.unmet()


def test_T1_a_clock_change_does_not_move_the_window() -> None:
    patient = admitted()
    patient.until(date(2026, 3, 1))
    patient.says("use", on=date(2026, 3, 1))
    patient.until(date(2026, 3, 30), "23:59")
    assert patient.progress.days_sober == 29
    patient.until(date(2026, 3, 31), "00:00")
    assert patient.progress.days_sober == 30


def test_T2_what_was_known_on_an_earlier_day_can_be_asked_for() -> None:
    patient = admitted().attends_until(ADMITTED + 20 * DAY)
    patient.says("use", on=ADMITTED + 10 * DAY)
    then = at(ADMITTED + 15 * DAY, "23:00")
    known = progress(as_known_at(patient.episode, then), then)
    assert known.last_use_on == LAST_USE
    assert known.days_sober == 23
    assert patient.progress.last_use_on == ADMITTED + 10 * DAY


def test_T3_a_retracted_slip_gives_the_gate_its_date_back_and_says_so() -> None:
    patient = admitted().attends_until(ADMITTED + 70 * DAY)
    slip = patient.says("use", on=ADMITTED + 69 * DAY)
    assert patient.progress.gate.earliest_on == ADMITTED + 99 * DAY
    answer = patient.says("retraction", entry_id=slip.entry_id, reason="another patient")
    assert patient.progress.gate.earliest_on == ADMITTED + 90 * DAY
    assert answer.after["last_use_on"] == LAST_USE
    assert any("Last use" in sentence for sentence in answer.changes)
    assert "safety_check" not in patient.tasks


def test_T3_a_superseded_entry_no_longer_stands() -> None:
    patient = admitted()
    first = patient.attends(ADMITTED, minutes=60)
    patient.says(
        "attendance", session=f"{ADMITTED}T18:00", status="attended", minutes=170, supersedes=first.entry_id
    )
    assert patient.progress.week.minutes == 170


def test_T4_the_same_entry_twice_has_one_effect() -> None:
    patient = admitted()
    patient.says("use", on=ADMITTED, id="same")
    again = patient.says("use", on=ADMITTED, id="same")
    assert again.duplicate
    assert again.changes == []


@pytest.mark.parametrize("ahead", [timedelta(days=1), timedelta(minutes=6)])
def test_T5_an_entry_dated_ahead_is_refused_with_the_reason(ahead: timedelta) -> None:
    patient = admitted()
    with pytest.raises(InvalidEntry, match="in the future"):
        patient.says("contact", at=(patient.now + ahead).isoformat(), channel="phone", outcome="reached")
    patient.says(
        "contact", at=(patient.now + timedelta(minutes=4)).isoformat(), channel="phone", outcome="reached"
    )


def test_T6_a_business_deadline_falls_on_an_open_day() -> None:
    patient = admitted(closures=[date(2026, 1, 12)])
    patient.until(date(2026, 1, 9), "16:00")  # Friday, with the Monday after it closed
    patient.says("use", on=date(2026, 1, 9))
    due = {task.kind: task.due_at for task in patient.progress.open_tasks}
    assert due["individual_session"] == at(date(2026, 1, 13), "16:00")
    assert due["safety_check"] == at(date(2026, 1, 9), "23:59")


def test_T7_after_an_outage_the_missed_rungs_collapse_to_one_task_and_stale_messages_are_not_sent() -> None:
    patient = admitted()
    patient.effects.clear()
    patient.now = at(ADMITTED + 4 * DAY, "10:00")  # nobody woke the episode for four days
    patient.episode.wake(patient.now)
    patient.effects += patient.episode.take_effects()
    outreach = [task for task in patient.progress.open_tasks if task.rule == "A4"]
    assert [task.kind for task in outreach] == ["outreach_letter"]
    assert not [effect for effect in patient.effects if isinstance(effect, MessagePatient)]


def test_T7_a_history_taken_over_raises_no_flood_of_old_alarms() -> None:
    patient = Patient()
    patient.now = at(ADMITTED + 40 * DAY, "09:00")
    day = ADMITTED.isoformat()
    history = [
        {"kind": "level_of_care", "level": "iop", "on": day},
        {"kind": "admission", "on": day, "last_use_on": "2025-12-28"},
        {"kind": "goal", "goal_id": "g1", "on": day},
        {"kind": "use", "on": (ADMITTED + 10 * DAY).isoformat()},
        *({"kind": "acknowledgement", "what": what, "on": day} for what in ("rights_notice", "contact_preferences")),
        *({"kind": "attendance", "session": f"{ADMITTED + n * DAY}T18:00", "status": "attended"}
          for n in range(40) if (ADMITTED + n * DAY).weekday() in (0, 2, 4)),
    ]  # fmt: skip
    entries = [
        parse_entry({"by": "ehr", "source": "import", "id": f"i{n}", **one}) for n, one in enumerate(history)
    ]
    results = patient.episode.apply_many(entries, patient.now)
    patient.effects = patient.episode.take_effects()
    assert all(not isinstance(result, Exception) for result in results)
    assert patient.progress.stage == "program"
    assert patient.progress.days_sober == 30
    assert patient.tasks == set()
    assert not [effect for effect in patient.effects if isinstance(effect, MessagePatient | Notify)]


def test_T8_a_policy_is_adopted_by_an_entry_only() -> None:
    patient = admitted().attends_until(ADMITTED + 5 * DAY)
    patient.says("policy", policy={"length": {"days": 45}})
    assert patient.progress.gate.earliest_on == ADMITTED + 45 * DAY
    with pytest.raises(Exception, match=r"length\.days"):
        patient.says("policy", policy={"length": {"days": "many"}})


# -- I: intake ------------------------------------------------------------------------------------------------


def test_I2_the_screening_proposes_and_a_clinician_decides() -> None:
    patient = Patient()
    patient.says("screening", substances=["alcohol"], withdrawal_risk="high", home_safe=False)
    (task,) = patient.progress.open_tasks
    assert (task.kind, task.role) == ("level_of_care", "therapist")
    assert "withdrawal_management" in task.asks
    patient.says("decision", about="level_of_care", choice="iop", by="th-1")
    assert "awaiting_admission" in patient.progress.states


def test_I3_not_suited_leads_to_a_referral_task_never_to_silence() -> None:
    patient = Patient()
    patient.says("level_of_care", level="residential", reason="unsafe home", by="th-1")
    assert "not_suited" in patient.progress.states
    assert patient.tasks == {"refer_to_level_of_care"}


def test_I4_admission_waits_and_lists_what_is_missing() -> None:
    patient = Patient()
    patient.says("level_of_care", level="iop")
    patient.until(ADMITTED)
    patient.says("admission", on=ADMITTED)
    assert patient.progress.stage == "intake"
    assert patient.progress.waits_for == ["the date of last use", "at least one personal goal"]
    patient.says("goal", goal_id="g1")
    patient.says("use", on=LAST_USE)
    assert patient.progress.stage == "program"


@pytest.mark.parametrize("name", ["IOP", "iot", "IOT", "iop"])
def test_I5_iop_and_iot_are_the_same_program(name: str) -> None:
    patient = Patient(pathway=name)
    patient.says("level_of_care", level=name)
    assert "awaiting_admission" in patient.progress.states


# -- A: attendance and dose -----------------------------------------------------------------------------------


def test_A1_the_week_of_seven_days_since_admission_is_judged_for_its_minutes_and_days() -> None:
    patient = admitted()
    patient.attends(ADMITTED, minutes=150)
    patient.attends(ADMITTED + 2 * DAY)
    assert patient.progress.week.model_dump() == {"minutes": 330, "days": 2, "short_by_minutes": 210}
    patient.until(ADMITTED + 7 * DAY)
    assert patient.progress.week.minutes == 0


def test_A2_mutual_help_never_counts_toward_the_dose() -> None:
    patient = admitted()
    patient.until(ADMITTED, "22:00")
    patient.says(
        "attendance", session=f"{ADMITTED}T20:00", status="attended", minutes=60, service="mutual_help"
    )
    patient.says("mutual_help", on=ADMITTED, group="aa")
    assert patient.progress.week.minutes == 0


def test_A2_attendance_without_a_session_counts_and_is_flagged_until_confirmed() -> None:
    patient = admitted()
    patient.until(ADMITTED + DAY, "21:30")
    patient.says("attendance", session=f"{ADMITTED + DAY}T18:00", status="attended", minutes=90)
    assert patient.progress.week.minutes == 90
    assert "unscheduled_attendance" in patient.tasks
    patient.says("session_change", session=f"{ADMITTED + DAY}T18:00", change="added", minutes=90)
    assert "unscheduled_attendance" not in patient.tasks


def test_A3_a_session_without_an_entry_is_presumed_missed_after_the_grace() -> None:
    patient = admitted()
    patient.until(ADMITTED, "21:14")
    assert patient.progress.consecutive_misses == 0
    patient.until(ADMITTED, "21:15")
    assert patient.progress.consecutive_misses == 1


@pytest.mark.parametrize("reason", ["clinic", "holiday", "weather"])
def test_A3_a_cancelled_session_is_never_a_miss(reason: str) -> None:
    patient = admitted()
    patient.says("session_change", session=f"{ADMITTED}T18:00", change="cancelled", reason=reason)
    patient.until(ADMITTED + DAY)
    assert patient.progress.consecutive_misses == 0


def test_A4_the_ladder_climbs_and_a_further_miss_moves_it_up() -> None:
    patient = admitted()
    patient.until(ADMITTED, "22:00")
    assert patient.tasks == {"outreach_call"}
    patient.until(ADMITTED + DAY, "21:00")
    assert patient.tasks == {"outreach_therapist_call"}
    patient.until(ADMITTED + 2 * DAY, "21:15")
    assert patient.tasks == {"supervisor_review"}
    patient.until(ADMITTED + 4 * DAY, "21:15")
    assert patient.progress.consecutive_misses == 3
    assert patient.tasks == {"outreach_letter"}
    patient.until(ADMITTED + 30 * DAY, "21:00")
    assert "lost_contact_proposal" in patient.tasks
    assert patient.progress.stage == "program"


def test_A4_a_further_miss_after_contact_never_restarts_the_ladder() -> None:
    patient = admitted()
    patient.until(ADMITTED + DAY, "22:00")
    patient.says("contact", at=patient.now.isoformat(), channel="phone", outcome="reached")
    patient.until(ADMITTED + 2 * DAY, "21:15")
    assert patient.tasks & {"outreach_call", "outreach_second_channel"} == set()
    assert "supervisor_review" in patient.tasks


def test_A5_late_attendance_withdraws_the_miss_and_its_task() -> None:
    patient = admitted()
    patient.until(ADMITTED + DAY, "09:00")
    assert patient.tasks == {"outreach_call"}
    patient.effects.clear()
    patient.says("attendance", session=f"{ADMITTED}T18:00", status="attended")
    assert patient.progress.consecutive_misses == 0
    assert patient.tasks == set()
    (closed,) = [effect for effect in patient.effects if isinstance(effect, CloseTask)]
    assert not closed.quietly


def test_A5_contact_stops_the_search_but_leaves_an_engagement_plan() -> None:
    patient = admitted()
    patient.until(ADMITTED + DAY, "09:00")
    patient.says("contact", at=patient.now.isoformat(), channel="phone", outcome="reached")
    assert patient.tasks == {"engagement_plan"}
    assert patient.progress.consecutive_misses == 1
    assert "reengaging" in patient.progress.states


def test_T4_a_miss_and_the_contact_after_it_may_become_known_together() -> None:
    patient = admitted()
    patient.now = at(ADMITTED + DAY, "09:00")  # nobody woke the episode since the session
    patient.says("contact", at=at(ADMITTED + DAY, "08:00").isoformat(), channel="phone", outcome="reached")
    assert "reengaging" in patient.progress.states
    assert patient.tasks == {"engagement_plan"}


def test_A6_a_high_risk_flag_replaces_the_ladder_by_same_day_contact() -> None:
    patient = admitted()
    patient.says("flag", name="suicide_risk", on=ADMITTED)
    patient.until(ADMITTED, "21:15")
    (task,) = patient.progress.open_tasks
    assert (task.kind, task.role) == ("high_risk_contact", "on_call")
    assert task.due_at == at(ADMITTED, "23:59")
    assert not [effect for effect in patient.effects if isinstance(effect, MessagePatient)]


def test_A7_a_shortfall_is_forecast_in_mid_week_and_reported_at_its_end() -> None:
    patient = admitted()
    patient.attends(ADMITTED, minutes=60)
    patient.until(ADMITTED + 7 * DAY)
    notices = [effect for effect in patient.effects if isinstance(effect, Notify)]
    assert [notice.subject for notice in notices] == ["dose_forecast", "dose_report"]
    assert any("Still planned: Fri 9 Jan 18:00" in line for line in notices[0].lines)


def test_A8_the_earlier_of_two_that_disagree_stands_until_a_person_decides() -> None:
    patient = admitted()
    first = patient.attends(ADMITTED, minutes=180)
    other = patient.says(
        "attendance", session=f"{ADMITTED}T18:00", status="attended", minutes=90, source="kiosk"
    )
    assert patient.progress.week.minutes == 180
    assert patient.tasks == {"attendance_conflict"}
    patient.says("decision", about="attendance_conflict", choice=other.entry_id)
    assert patient.progress.week.minutes == 90
    assert patient.tasks == set()
    assert first.entry_id != other.entry_id


def test_A8_the_same_attendance_from_two_sources_is_one() -> None:
    patient = admitted()
    patient.attends(ADMITTED)
    patient.says("attendance", session=f"{ADMITTED}T18:00", status="attended", minutes=180, source="kiosk")
    assert patient.progress.week.minutes == 180
    assert patient.tasks == set()


# -- S: use, tests, gate --------------------------------------------------------------------------------------


def test_S1_a_slip_moves_last_use_and_the_gate_and_nothing_else() -> None:
    patient = admitted().attends_until(ADMITTED + 10 * DAY)
    before = patient.progress
    patient.says("use", on=ADMITTED + 9 * DAY)
    after = patient.progress
    assert after.stage == "program"
    assert (after.program_day, after.week) == (before.program_day, before.week)
    assert after.last_use_on == ADMITTED + 9 * DAY


def test_S2_an_older_slip_entered_later_changes_nothing() -> None:
    patient = admitted().attends_until(ADMITTED + 10 * DAY)
    patient.says("use", on=ADMITTED + 9 * DAY)
    patient.says("use", on=ADMITTED + 3 * DAY)
    assert patient.progress.last_use_on == ADMITTED + 9 * DAY


def test_S3_a_slip_is_answered_on_the_same_day_the_next_and_within_72_hours() -> None:
    patient = admitted()
    patient.until(ADMITTED + DAY, "10:00")
    patient.attends_until(ADMITTED + DAY)
    patient.says("attendance", session=f"{ADMITTED}T18:00", status="attended")
    patient.says("use", on=ADMITTED + DAY)
    due = {task.kind: task.due_at - patient.now for task in patient.progress.open_tasks}
    assert due == {
        "safety_check": timedelta(hours=11, minutes=59),
        "individual_session": timedelta(days=1),
        "plan_review": timedelta(hours=72),
    }


def test_S3_two_slips_in_14_days_open_a_review_that_the_patient_may_decline() -> None:
    patient = admitted().attends_until(ADMITTED + 20 * DAY)
    patient.says("use", on=ADMITTED + 6 * DAY)
    assert "level_of_care_review" not in patient.tasks
    patient.says("use", on=ADMITTED + 19 * DAY)
    assert "level_of_care_review" in patient.tasks
    assert "level_of_care_review" in patient.unmet()
    patient.says("decision", about="level_of_care_review", choice="patient_declined", by="th-1")
    assert "level_of_care_review" not in patient.unmet()
    assert patient.progress.stage == "program"


def test_S3_a_relapse_opens_the_review_at_once() -> None:
    patient = admitted().attends_until(ADMITTED + 20 * DAY)
    patient.says("use", on=ADMITTED + 19 * DAY, **{"class": "relapse"})
    assert "level_review" in patient.progress.states


def test_S5_slip_is_dated_by_collection() -> None:
    patient = admitted().attends_until(ADMITTED + 20 * DAY)
    collected = ADMITTED + 12 * DAY
    patient.says("test", test_id="t1", collected_on=collected, result="presumptive", substances=["cocaine"])
    assert patient.progress.last_use_on == LAST_USE
    assert "holds" in patient.unmet()
    patient.says("test", test_id="t1", collected_on=collected, result="definitive", substances=["cocaine"])
    assert patient.progress.last_use_on == collected
    assert "holds" not in patient.unmet()


@pytest.mark.parametrize("result", ["presumptive", "dilute", "tampered", "not_provided"])
def test_S6_a_test_in_doubt_holds_the_gate_without_moving_last_use(result: str) -> None:
    patient = admitted().attends_until(ADMITTED + 20 * DAY)
    found = {"substances": ["cocaine"]} if result == "presumptive" else {}
    patient.says("test", test_id="t1", ordered_on=ADMITTED + 12 * DAY, collected_on=ADMITTED + 12 * DAY,
                 result=result, **found)  # fmt: skip
    assert patient.progress.last_use_on == LAST_USE
    assert patient.progress.on_hold
    patient.says("decision", about="hold_review", choice="lift_hold", by="th-1")
    assert not patient.progress.on_hold


def test_S7_a_prescription_entered_late_reads_earlier_results_again() -> None:
    patient = admitted().attends_until(ADMITTED + 20 * DAY)
    patient.says("test", test_id="t1", collected_on=ADMITTED + 12 * DAY, result="definitive",
                 substances=["norbuprenorphine"])  # fmt: skip
    assert patient.progress.last_use_on == ADMITTED + 12 * DAY
    patient.says("medication", name="buprenorphine", treats="opioid use disorder", start_on=ADMITTED)
    assert patient.progress.last_use_on == LAST_USE


def test_S8_nicotine_and_caffeine_are_never_slips() -> None:
    patient = admitted().attends_until(ADMITTED + 20 * DAY)
    patient.says("use", on=ADMITTED + 12 * DAY, substance="nicotine")
    assert patient.progress.last_use_on == LAST_USE


def test_S9_the_gate_opens_for_review_and_passes_by_a_clinicians_signature() -> None:
    patient = ready_for_gate()
    assert patient.progress.stage == "gate_review"
    assert patient.unmet() == {"signature"}
    patient.says("decision", about="gate_review", choice="pass", by="th-1")
    assert patient.progress.stage == "aftercare"
    assert patient.progress.gate.passes


def test_S9_a_slip_during_the_review_takes_it_back() -> None:
    patient = ready_for_gate()
    patient.says("use", on=ADMITTED + 89 * DAY)
    assert patient.progress.stage == "program"
    assert "gate_review" not in patient.tasks


def test_S9_without_tests_the_gate_stays_shut_and_says_why() -> None:
    patient = admitted().attends_until(ADMITTED + 40 * DAY)
    why = {condition.name: condition.why for condition in patient.progress.gate.conditions}
    assert why["evidence"].startswith("0 of 2 valid tests")


def test_S10_days_in_hospital_do_not_count_and_do_not_break_the_window() -> None:
    patient = admitted().attends_until(ADMITTED + 70 * DAY)
    patient.says("use", on=ADMITTED + 65 * DAY)
    patient.says("leave", reason="hospital", **{"from": ADMITTED + 71 * DAY, "until": ADMITTED + 75 * DAY})
    assert patient.progress.gate.earliest_on == ADMITTED + (65 + 30 + 5) * DAY


def test_S11_day_90_without_the_gate_extends_with_a_review_up_to_the_limit_and_nothing_else() -> None:
    patient = admitted().attends_until(ADMITTED + 90 * DAY)
    assert patient.progress.extensions == 1
    assert "continued_stay_review" in patient.tasks
    patient.attends_until(ADMITTED + 146 * DAY)
    assert patient.progress.extensions == 4
    assert "team_review" in patient.tasks
    assert patient.progress.stage == "program"
    assert "at_limit" in patient.progress.states


def test_S12_a_ready_gate_waits_for_its_day_unless_a_clinician_advances_it_with_a_reason() -> None:
    patient = ready_for_gate(ADMITTED + 60 * DAY)
    assert patient.progress.stage == "program"
    with pytest.raises(NotAllowedNow, match="reason"):
        patient.says("decision", about="gate_review", choice="advance", by="th-1")
    patient.says("decision", about="gate_review", choice="advance", by="th-1", reason="moves away")
    assert patient.progress.stage == "aftercare"


def test_S13_late_news_after_the_step_down_is_shown_and_undoes_nothing() -> None:
    patient = ready_for_gate()
    patient.says("decision", about="gate_review", choice="pass", by="th-1")
    patient.until(ADMITTED + 92 * DAY)
    patient.says("use", on=ADMITTED + 80 * DAY)
    assert patient.progress.stage == "aftercare"
    assert "late_news" in patient.tasks


# -- C: aftercare ---------------------------------------------------------------------------------------------


def aftercare() -> Patient:
    patient = ready_for_gate()
    patient.says("decision", about="gate_review", choice="pass", by="th-1")
    return patient


def test_C1_use_in_aftercare_leads_to_a_reassessment_that_may_return_to_the_program() -> None:
    patient = aftercare()
    patient.until(ADMITTED + 95 * DAY)
    patient.says("use", on=ADMITTED + 94 * DAY)
    assert patient.progress.stage == "aftercare"
    patient.says(
        "decision", about="reassessment", choice="return_to_program", by="th-1", reason="more support"
    )
    assert patient.progress.stage == "program"


def test_C2_checkins_come_weekly_and_closer_when_risk_is_high() -> None:
    patient = aftercare()
    patient.until(ADMITTED + 97 * DAY)
    assert "checkin" in patient.tasks
    patient.says("checkin", on=patient.now.date(), risk=8)
    assert "checkin" not in patient.tasks
    patient.until(ADMITTED + 104 * DAY)
    (task,) = [task for task in patient.progress.open_tasks if task.kind == "checkin"]
    assert "in person" in task.asks


# -- E: exits, pauses, crises ---------------------------------------------------------------------------------


@pytest.mark.parametrize("reason", ["involuntary", "lost_contact", "completed"])
def test_E1_no_exit_of_the_involuntary_kind_without_its_decision(reason: str) -> None:
    patient = admitted()
    with pytest.raises(NotAllowedNow):
        patient.says("exit", reason=reason, on=ADMITTED)
    assert patient.progress.stage == "program"


def test_E1_lost_contact_is_proposed_by_the_ladder_and_decided_by_a_person() -> None:
    patient = admitted()
    patient.until(ADMITTED + 31 * DAY)
    assert patient.progress.stage == "program"
    patient.says("decision", about="lost_contact_proposal", choice="close", by="su-1", reason="no trace")
    assert patient.progress.exit
    assert patient.progress.exit.reason == "lost_contact"


def test_E2_who_proposes_an_involuntary_discharge_does_not_decide_on_it() -> None:
    patient = admitted()
    patient.says("decision", about="involuntary_discharge", choice="propose", by="su-1", reason="violence")
    with pytest.raises(NotAllowedNow, match="proposed"):
        patient.says("decision", about="involuntary_review", choice="approve", by="su-1", reason="violence")
    patient.says(
        "decision", about="involuntary_review", choice="reject", by="di-1", reason="not tried enough"
    )
    assert patient.progress.stage == "program"


def test_E3_a_withdrawal_can_be_reopened_as_it_was_within_72_hours_only() -> None:
    patient = admitted().attends_until(ADMITTED + 10 * DAY)
    states = patient.progress.states
    patient.says("exit", reason="withdrew", on=patient.now.date())
    assert patient.progress.stage == "closed"
    patient.until(ADMITTED + 12 * DAY)
    patient.says("return", on=patient.now.date())
    assert patient.progress.stage == "program"
    assert [s for s in states if s not in ("attending", "outreach")] == [
        s for s in patient.progress.states if s not in ("attending", "outreach")
    ]


def test_E3_after_the_window_a_return_is_kept_and_reopens_nothing() -> None:
    patient = admitted()
    patient.says("exit", reason="withdrew", on=ADMITTED)
    patient.until(ADMITTED + 4 * DAY)
    patient.says("return", on=patient.now.date())
    assert patient.progress.stage == "closed"


def test_E4_a_stay_lost_to_contact_ends_at_the_last_contact() -> None:
    patient = admitted()
    patient.attends(ADMITTED)
    patient.until(ADMITTED + 40 * DAY)
    patient.says("decision", about="lost_contact_proposal", choice="close", by="su-1", reason="no trace")
    assert patient.progress.exit
    assert patient.progress.exit.on == ADMITTED


def test_E6_leave_pauses_the_ladder_and_not_returning_starts_it_at_its_first_rung() -> None:
    patient = admitted()
    patient.until(ADMITTED + DAY, "22:00")
    patient.says("leave", reason="travel", **{"from": ADMITTED + DAY, "until": ADMITTED + 6 * DAY})
    assert patient.progress.on_leave
    assert patient.tasks == set()
    patient.until(ADMITTED + 6 * DAY)
    assert patient.tasks == set()
    patient.until(ADMITTED + 7 * DAY, "22:00")
    assert patient.tasks == {"outreach_call"}


def test_E6_return_screens_again_and_resumes_where_things_stood() -> None:
    patient = admitted().attends_until(ADMITTED + 3 * DAY)
    patient.says("leave", reason="hospital", **{"from": ADMITTED + 3 * DAY, "until": ADMITTED + 10 * DAY})
    patient.until(ADMITTED + 8 * DAY)
    patient.says("return", on=ADMITTED + 8 * DAY)
    assert not patient.progress.on_leave
    assert "return_screening" in patient.tasks


@pytest.mark.parametrize("stage", ["intake", "program", "gate_review", "aftercare"])
def test_E8_a_crisis_is_taken_in_every_stage_and_the_pathway_resumes_where_it_was(stage: str) -> None:
    brought_to: dict[str, Callable[[], Patient]] = {
        "intake": Patient,
        "program": admitted,
        "gate_review": ready_for_gate,
        "aftercare": aftercare,
    }
    patient = brought_to[stage]()
    assert patient.progress.stage == stage
    patient.says("crisis", type="overdose", at=patient.now.isoformat())
    assert patient.progress.in_crisis
    (task,) = [task for task in patient.progress.open_tasks if task.kind == "crisis_response"]
    assert task.role == "on_call"
    patient.says("decision", about="crisis_response", choice="safe", by="oc-1")
    assert patient.progress.stage == stage
    assert not patient.progress.in_crisis
    assert {"after_crisis_contact", "after_crisis_level_of_care"} <= patient.tasks


def test_E10_the_first_of_two_contrary_decisions_wins_and_the_second_is_told() -> None:
    patient = ready_for_gate()
    patient.says("decision", about="gate_review", choice="pass", by="th-1")
    with pytest.raises(NotAllowedNow, match="decided as pass by th-1"):
        patient.says("decision", about="gate_review", choice="hold", by="th-2")


def test_E11_an_entry_the_stage_has_no_use_for_is_kept() -> None:
    patient = admitted()
    patient.says("exit", reason="other", on=ADMITTED)
    patient.until(ADMITTED + 2 * DAY)
    patient.says("test", test_id="late", collected_on=ADMITTED, result="negative")
    assert patient.progress.stage == "closed"
    assert any(recorded.entry.kind == "test" for recorded in patient.episode.record)
