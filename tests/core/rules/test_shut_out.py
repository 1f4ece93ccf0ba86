"""E2, E3: who was told not to come, or was not expected, has missed nothing meanwhile; what was before stays missed."""

from datetime import date, timedelta

import pytest

from tests.core.clinic import ADMITTED, Patient, admitted

MON, TUE, WED, THU, FRI = (ADMITTED + timedelta(days=n) for n in range(5))


def on(days: int) -> date:
    return ADMITTED + timedelta(days=days)


def withdrew_by_mistake(day: date, clock: str, undone: date) -> Patient:
    """A withdrawal that is taken back after the time for reopening it."""
    patient = admitted().until(day, clock)
    told = patient.says("exit", reason="withdrew", on=day).entry_id
    patient.until(undone, "12:00")
    patient.says("retraction", entry_id=told, reason="another person", by="su-1")
    return patient


def test_E3_sessions_of_a_withdrawal_that_was_taken_back_late_are_no_misses() -> None:
    patient = withdrew_by_mistake(MON, "12:00", on(8))
    assert patient.progress.stage == "program"
    assert patient.progress.consecutive_misses == 0
    patient.until(on(9), "21:15")
    assert patient.progress.consecutive_misses == 1
    assert patient.progress.week.short_by_minutes == 540 * 6 // 7


@pytest.mark.parametrize(("clock", "misses"), [("20:59", 0), ("21:00", 1), ("21:30", 1)])
def test_E3_a_session_that_was_over_before_the_withdrawal_stays_missed(clock: str, misses: int) -> None:
    assert withdrew_by_mistake(MON, clock, on(8)).progress.consecutive_misses == misses


def test_E3_who_came_meanwhile_has_come() -> None:
    patient = withdrew_by_mistake(MON, "12:00", on(8))
    patient.says("attendance", session=f"{WED}T18:00", status="attended")
    assert "unscheduled_attendance" not in patient.tasks
    assert patient.episode.facts.dose_of_week(ADMITTED) == (180, 1)


def test_T3_a_withdrawal_that_is_taken_back_in_time_shut_nobody_out() -> None:
    patient = withdrew_by_mistake(MON, "12:00", TUE)
    assert patient.progress.consecutive_misses == 1


def test_E2_sessions_of_a_discharge_that_was_taken_back_are_no_misses() -> None:
    patient = admitted().attends_until(WED)
    for about, choice, by in (
        ("involuntary_discharge", "propose", "su-1"),
        ("involuntary_review", "approve", "di-1"),
        ("discharge_team_meeting", "alternatives_tried", "su-1"),
        ("discharge_notice", "given", "cm-1"),
    ):
        patient.says("decision", about=about, choice=choice, by=by, reason="violence")
    patient.attends(WED)
    patient.attends(FRI)
    patient.until(on(7), "12:00")
    told = patient.says(
        "decision", about="discharge_decision", choice="discharge", by="di-1", reason="violence"
    ).entry_id
    assert patient.progress.stage == "closed"
    patient.until(on(10), "12:00")
    patient.says("retraction", entry_id=told, reason="it was not fair", by="di-1")
    assert patient.progress.stage == "program"
    assert patient.progress.consecutive_misses == 0
    patient.until(on(11), "21:15")
    assert patient.progress.consecutive_misses == 1
