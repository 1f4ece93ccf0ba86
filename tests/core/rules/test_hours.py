"""E3: stages begin and end at an hour. What was missed before it stays missed, what fell between is no miss."""

from datetime import date, timedelta

import pytest

from tests.core.clinic import ADMITTED, LAST_USE, SCHEDULE, Patient, admitted, at, ready_for_gate
from workflows.core.engine.effects import MessagePatient, OpenTask

DAY = timedelta(days=1)
MON, TUE, WED, FRI = ADMITTED, ADMITTED + DAY, ADMITTED + 2 * DAY, ADMITTED + 4 * DAY
MORNINGS = [{**session, "start": "09:00"} for session in SCHEDULE]


def on(days: int) -> date:
    return ADMITTED + days * DAY


def messages(patient: Patient) -> list[MessagePatient]:
    return [effect for effect in patient.effects if isinstance(effect, MessagePatient)]


@pytest.mark.parametrize("how", ["decision", "return"])
def test_E3_what_was_missed_before_the_hour_of_the_withdrawal_stays_missed(how: str) -> None:
    patient = admitted().until(MON, "22:30")
    assert patient.tasks == {"outreach_call"}
    patient.says("exit", reason="withdrew", on=MON)
    assert patient.tasks == {"exit_bundle"}
    patient.until(TUE, "10:00")
    patient.effects.clear()
    if how == "decision":
        patient.says("decision", about="reopening", choice="reopen")
    else:
        patient.says("return", on=TUE)
    assert patient.progress.consecutive_misses == 1
    assert "outreach_call" in patient.tasks
    assert messages(patient) == []
    patient.until(TUE, "21:00")
    assert "outreach_therapist_call" in patient.tasks, "24 h after the miss, not after the reopening"


def test_E3_what_fell_between_is_no_miss() -> None:
    patient = admitted()
    patient.attends(MON)
    patient.until(WED, "17:30")
    patient.says("exit", reason="withdrew", on=WED)
    patient.until(WED, "23:00")
    patient.says("return", on=WED)
    patient.until(date(2026, 1, 8), "12:00")
    assert patient.progress.consecutive_misses == 0
    assert messages(patient) == []
    patient.until(FRI, "22:00")
    assert patient.progress.consecutive_misses == 1


@pytest.mark.parametrize(("withdrew", "misses"), [("18:30", 0), ("20:59", 0), ("21:00", 1), ("21:05", 1)])
def test_E3_a_session_that_was_not_over_when_the_person_withdrew_is_no_miss(
    withdrew: str, misses: int
) -> None:
    patient = admitted().until(MON, withdrew)
    patient.says("exit", reason="withdrew", on=MON)
    patient.until(TUE, "10:00")
    patient.says("return", on=TUE)
    assert patient.progress.consecutive_misses == misses


def test_E3_a_person_who_comes_back_during_a_session_has_not_missed_it() -> None:
    patient = admitted()
    patient.attends(MON)
    patient.says("exit", reason="withdrew", on=MON)
    patient.until(WED, "19:00")
    patient.says("return", on=WED)
    patient.until(WED, "23:00")
    assert patient.progress.consecutive_misses == 0


def test_E3_a_reopening_that_gives_its_day_alone_comes_after_the_withdrawal_of_that_day() -> None:
    patient = admitted()
    patient.attends(MON)
    patient.until(TUE, "10:00")
    patient.says("exit", reason="withdrew", on=TUE)
    patient.until(TUE, "15:00")
    patient.says("decision", about="reopening", choice="reopen", on=TUE)
    assert patient.progress.stage == "program"
    patient.until(WED, "22:00")
    assert patient.progress.consecutive_misses == 1


def test_E3_a_rung_that_fell_between_is_told_once_and_no_stale_message_is_sent() -> None:
    patient = admitted().until(MON, "21:05")
    patient.says("exit", reason="withdrew", on=MON)
    patient.until(WED, "10:00")
    patient.effects.clear()
    patient.says("return", on=WED)
    opened = [effect for effect in patient.effects if isinstance(effect, OpenTask) and effect.rule == "A4"]
    assert [task.kind for task in opened] == ["outreach_therapist_call"]
    assert opened[0].due_at > patient.now
    assert messages(patient) == []


def test_I4_a_session_before_the_hour_of_the_admission_is_no_miss_and_counts_for_who_came() -> None:
    patient = Patient(schedule=MORNINGS)
    patient.says("level_of_care", level="iop", by="th-1")
    patient.says("goal", goal_id="g1")
    patient.until(ADMITTED, "14:00")
    patient.says("admission", on=ADMITTED, last_use_on=LAST_USE)
    patient.until(ADMITTED, "20:00")
    assert patient.progress.consecutive_misses == 0
    patient.says("attendance", session=f"{ADMITTED}T09:00", status="attended")
    assert patient.progress.week.minutes == 180
    assert "unscheduled_attendance" not in patient.tasks


def test_E6_a_session_before_the_hour_of_the_return_from_leave_is_no_miss() -> None:
    patient = admitted(schedule=MORNINGS)
    patient.until(MON, "13:00")
    patient.says("attendance", session=f"{MON}T09:00", status="attended")
    patient.says("leave", reason="travel", **{"from": TUE, "until": on(20)})
    patient.until(WED, "14:00")
    patient.says("return", on=WED)
    patient.until(WED, "20:00")
    assert patient.progress.consecutive_misses == 0
    patient.until(FRI, "20:00")
    assert patient.progress.consecutive_misses == 1


def test_S9_a_session_missed_on_the_morning_of_the_step_down_stays_missed_and_the_evening_is_no_miss() -> (
    None
):
    patient = ready_for_gate(ADMITTED + 91 * DAY)  # a Monday
    day = patient.now.date()
    for clock in ("09:00", "18:00"):
        patient.says("session_change", session=f"{day}T{clock}", change="added", minutes=60)
    patient.until(day, "14:00")
    assert patient.progress.consecutive_misses == 1
    patient.says("decision", about="gate_review", choice="pass", by="th-1")
    patient.until(day + DAY)
    missed = [judged.session.start.hour for judged in patient.episode.facts.judged if judged.missed]
    assert missed == [9]


def test_C1_who_comes_back_from_aftercare_is_not_searched_for_because_of_a_session_of_then() -> None:
    patient = ready_for_gate(ADMITTED + 91 * DAY)
    day = patient.now.date()
    patient.says("session_change", session=f"{day}T09:00", change="added", minutes=60)
    patient.until(day, "14:00")
    patient.says("decision", about="gate_review", choice="pass", by="th-1")
    patient.until(day + 40 * DAY)
    patient.says("use", on=patient.now.date())
    patient.says("decision", about="reassessment", choice="return_to_program", by="th-1", reason="support")
    patient.until(patient.now.date() + DAY, "09:00")
    assert patient.progress.consecutive_misses == 0
    assert not [task for task in patient.progress.open_tasks if task.rule == "A4"]


def test_C1_a_session_before_the_hour_of_the_return_to_the_program_is_no_miss() -> None:
    patient = ready_for_gate()
    patient.says("decision", about="gate_review", choice="pass", by="th-1")
    back = ADMITTED + 105 * DAY  # a Monday
    patient.until(back, "10:00")
    patient.says("use", on=back)
    patient.says("session_change", session=f"{back}T11:00", change="added", minutes=60)
    patient.until(back, "13:00")
    patient.says(
        "decision", about="reassessment", choice="return_to_program", by="th-1", reason="support", on=back
    )
    patient.until(back, "17:00")
    assert patient.progress.consecutive_misses == 0
    patient.until(back, "23:00")
    assert patient.progress.consecutive_misses == 1


def test_E2_what_was_missed_before_the_hour_of_a_discharge_that_is_rescinded_stays_missed() -> None:
    patient = admitted(policy={"discharge": {"appeal_period": {"hours": 1}}}).attends_until(
        ADMITTED + 7 * DAY
    )
    patient.says("decision", about="involuntary_discharge", choice="propose", by="su-1", reason="x")
    patient.says("decision", about="involuntary_review", choice="approve", by="di-1", reason="x")
    patient.says("decision", about="discharge_team_meeting", choice="alternatives_tried", by="su-1")
    patient.says("decision", about="discharge_notice", choice="given")
    patient.until(ADMITTED + 7 * DAY, "22:30")
    assert patient.progress.consecutive_misses == 1
    out = patient.says("decision", about="discharge_decision", choice="discharge", by="di-1", reason="x")
    patient.until(ADMITTED + 10 * DAY, "10:00")
    patient.says("retraction", entry_id=out.entry_id, reason="unfair", by="di-1")
    assert patient.progress.stage == "program"
    assert patient.progress.consecutive_misses == 1


def test_E8_a_crisis_is_no_boundary() -> None:
    patient = admitted().until(MON, "19:00")
    patient.says("crisis", type="violence", at=at(MON, "18:50").isoformat())
    patient.until(MON, "22:00")
    assert patient.progress.consecutive_misses == 1
