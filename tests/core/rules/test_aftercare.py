"""C1, C2, C7: use in aftercare, check-ins and their cadence, and the exit bundle."""

from collections.abc import Callable
from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.core.clinic import ADMITTED, LAST_USE, Patient, admitted, at, ready_for_gate
from tests.searching import examples
from workflows.core.engine.effects import OpenTask

DAY = timedelta(days=1)
DOWN = ADMITTED + 90 * DAY  # the day of the step-down: 5 April 2026


def aftercare() -> Patient:
    patient = ready_for_gate()
    patient.says("decision", about="gate_review", choice="pass", by="th-1")
    return patient


STAGES: dict[str, Callable[[], Patient]] = {
    "intake": Patient, "program": admitted, "gate_review": ready_for_gate, "aftercare": aftercare,
}  # fmt: skip


def next_checkin(patient: Patient) -> date:
    """Let time pass until a check-in is asked for; the day on which that is."""
    for _ in range(100):
        if "checkin" in patient.tasks:
            return patient.now.date()
        patient.until(patient.now.date() + DAY, "09:00")
    raise AssertionError("no check-in is asked for within a hundred days")


def checkins_until(patient: Patient, last: date, risk: int = 0) -> list[date]:
    """Keep each check-in on its day; the days."""
    days = []
    while (day := next_checkin(patient)) <= last:
        patient.says("checkin", on=day, risk=risk)
        days.append(day)
    return days


def gaps(days: list[date]) -> list[int]:
    return [(later - earlier).days for earlier, later in pairwise(days)]


# -- C1 -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("class_", ["slip", "relapse"])
def test_C1_use_in_aftercare_never_ends_the_episode_by_itself(class_: str) -> None:
    patient = aftercare()
    patient.until(DOWN + 5 * DAY)
    for back in range(4):
        patient.says("use", on=DOWN + back * DAY, **{"class": class_})
    patient.until(DOWN + 300 * DAY)
    assert patient.progress.stage == "aftercare"
    assert "reassessment" in patient.tasks


def test_C1_the_sobriety_requirement_goes_on_in_aftercare() -> None:
    patient = aftercare()
    patient.until(DOWN + 10 * DAY)
    patient.says("use", on=DOWN + 8 * DAY)
    assert patient.progress.days_sober == 2
    assert "sobriety" in patient.unmet()


def test_C1_the_response_to_a_slip_holds_in_aftercare_too() -> None:
    patient = aftercare()
    patient.until(DOWN + 10 * DAY)
    patient.says("use", on=DOWN + 8 * DAY)
    assert patient.tasks >= {"safety_check", "individual_session", "plan_review", "reassessment"}


def test_C1_a_retracted_use_takes_the_reassessment_back() -> None:
    patient = aftercare()
    patient.until(DOWN + 5 * DAY)
    use = patient.says("use", on=DOWN + 4 * DAY)
    assert "reassessment" in patient.progress.states
    patient.says("retraction", entry_id=use.entry_id, reason="another patient")
    assert "reassessment" not in patient.tasks
    assert "following" in patient.progress.states


def test_C1_a_return_to_the_program_keeps_the_episode_and_its_admission() -> None:
    patient = aftercare()
    patient.until(DOWN + 5 * DAY)
    patient.says("use", on=DOWN + 4 * DAY)
    patient.says("decision", about="reassessment", choice="return_to_program", by="th-1", reason="support")
    assert patient.progress.stage == "program"
    assert patient.progress.admitted_on == ADMITTED
    patient.until(DOWN + 12 * DAY)
    assert patient.progress.consecutive_misses > 0  # sessions are expected again


def test_C1_in_the_months_with_rare_checkins_use_means_closer_contact() -> None:
    patient = aftercare()
    checkins_until(patient, DOWN + 330 * DAY)
    patient.says("checkin", on=patient.now.date(), risk=0)
    use = patient.now.date() + DAY
    patient.until(use)
    patient.says("use", on=use)
    patient.says("decision", about="reassessment", choice="stay_in_aftercare", by="th-1")
    assert next_checkin(patient) <= use + 7 * DAY


# -- C2 -------------------------------------------------------------------------------------------------------


def test_C2_weekly_for_eight_weeks_then_every_two_weeks() -> None:
    patient = aftercare()
    days = checkins_until(patient, DOWN + 90 * DAY)
    assert [(day - DOWN).days for day in days] == [7, 14, 21, 28, 35, 42, 49, 56, 70, 84]


def test_C2_every_two_weeks_to_month_ten_then_monthly_to_month_eighteen() -> None:
    patient = aftercare()
    days = checkins_until(patient, DOWN + 300 * DAY)
    while "aftercare_complete" not in patient.tasks:
        if "checkin" in patient.tasks:
            days.append(patient.now.date())
            patient.says("checkin", on=days[-1], risk=0)
        patient.until(patient.now.date() + DAY, "09:00")
    month_10, month_18 = date(2027, 2, 5), date(2027, 10, 5)
    assert {(b - a).days for a, b in pairwise(days) if DOWN + 56 * DAY <= a < month_10} == {14}
    assert {(b - a).days for a, b in pairwise(days) if a >= month_10} <= {28, 29, 30, 31}
    assert month_18 - 31 * DAY < days[-1] <= month_18


def test_C2_at_month_eighteen_a_person_is_asked_whether_the_episode_is_complete() -> None:
    patient = aftercare()
    patient.until(date(2027, 10, 4))
    patient.says("checkin", on=date(2027, 9, 20), risk=0)
    patient.until(date(2027, 10, 5))
    assert "aftercare_complete" in patient.tasks
    patient.until(date(2028, 2, 29))
    assert patient.progress.stage == "aftercare"
    patient.says("decision", about="aftercare_complete", choice="complete", by="th-1")
    assert patient.progress.exit
    assert patient.progress.exit.reason == "completed"


@pytest.mark.parametrize(("risk", "days"), [(0, 14), (3, 14), (4, 7), (10, 7)])
def test_C2_a_higher_risk_brings_the_next_checkin_closer(risk: int, days: int) -> None:
    patient = aftercare()
    checkins_until(patient, DOWN + 69 * DAY)
    last = patient.now.date()
    patient.says("checkin", on=last, risk=risk)
    assert (next_checkin(patient) - last).days == days


@pytest.mark.parametrize(("risk", "how"), [(6, "by telephone"), (7, "in person")])
def test_C2_from_a_score_of_seven_the_next_checkin_is_in_person(risk: int, how: str) -> None:
    patient = aftercare()
    next_checkin(patient)
    patient.says("checkin", on=patient.now.date(), risk=risk)
    next_checkin(patient)
    (task,) = [task for task in patient.progress.open_tasks if task.kind == "checkin"]
    assert how in task.asks


def test_C2_a_low_score_afterwards_returns_to_the_usual_cadence() -> None:
    patient = aftercare()
    checkins_until(patient, DOWN + 69 * DAY)
    for risk, days in ((9, 7), (0, 14)):
        last = patient.now.date()
        patient.says("checkin", on=last, risk=risk)
        assert (next_checkin(patient) - last).days == days


def test_C2_a_checkin_recorded_late_counts_from_its_own_day() -> None:
    patient = aftercare()
    day = next_checkin(patient)
    patient.until(day + 3 * DAY)
    patient.says("checkin", on=day, risk=0)
    assert "checkin" not in patient.tasks
    assert next_checkin(patient) == day + 7 * DAY


def test_C2_a_retracted_checkin_is_owed_again() -> None:
    patient = aftercare()
    next_checkin(patient)
    kept = patient.says("checkin", on=patient.now.date(), risk=0)
    patient.says("retraction", entry_id=kept.entry_id, reason="another patient")
    assert "checkin" in patient.tasks


@pytest.mark.parametrize("choice", ["not_reached", "declined"])
def test_C2_a_checkin_that_did_not_take_place_is_followed_by_another(choice: str) -> None:
    patient = aftercare()
    patient.until(next_checkin(patient), "10:00")
    patient.says("decision", about="checkin", choice=choice)
    patient.until(patient.now.date() + 30 * DAY)
    assert "checkin" in patient.tasks


def test_C2_a_checkin_that_falls_on_a_weekend_is_due_on_an_open_day() -> None:
    patient = aftercare()  # since a Sunday, so every weekly check-in falls on a Sunday
    next_checkin(patient)
    (task,) = [task for task in patient.progress.open_tasks if task.kind == "checkin"]
    assert task.due_at == at(DOWN + 8 * DAY, "17:00")


def test_C2_a_leave_in_aftercare_does_not_leave_an_overdue_checkin_behind() -> None:
    patient = aftercare()
    patient.until(DOWN + 2 * DAY)
    patient.says("leave", reason="hospital", **{"from": DOWN + 3 * DAY, "until": DOWN + 20 * DAY})
    patient.until(DOWN + 18 * DAY)
    patient.says("return", on=DOWN + 18 * DAY)
    (task,) = [task for task in patient.progress.open_tasks if task.kind == "checkin"]
    assert task.due_at > patient.now
    assert task.level == 0


@settings(max_examples=examples(15), deadline=None)
@given(st.lists(st.integers(0, 10), min_size=3, max_size=12))
def test_C2_whatever_the_scores_a_next_checkin_always_comes_within_two_weeks_at_first(
    risks: list[int],
) -> None:
    patient = aftercare()
    days = [DOWN]
    for risk in risks:
        days.append(next_checkin(patient))
        patient.says("checkin", on=days[-1], risk=risk)
    assert max(gaps(days)) <= 14
    assert all(gap == 7 for gap, risk in zip(gaps(days)[1:], risks, strict=False) if risk >= 4)


# -- C7 -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("reason", ["transferred", "withdrew", "incarcerated", "other"])
@pytest.mark.parametrize("stage", ["intake", "program", "gate_review", "aftercare"])
def test_C7_every_exit_from_every_stage_carries_the_bundle_with_an_owner(reason: str, stage: str) -> None:
    patient = STAGES[stage]()
    assert patient.progress.stage == stage
    patient.says("exit", reason=reason, on=patient.now.date())
    if reason == "transferred":
        patient.says("decision", about="transfer", choice="first_visit_attended")
    assert patient.progress.stage == "closed"
    (bundle,) = [e for e in patient.effects if isinstance(e, OpenTask) and e.kind == "exit_bundle"]
    assert bundle.owner == "cm-1"


def test_C7_an_exit_that_a_decision_signs_carries_the_bundle_too() -> None:
    patient = admitted()
    patient.until(ADMITTED + 31 * DAY)
    patient.says("decision", about="lost_contact_proposal", choice="close", by="su-1", reason="no trace")
    assert "exit_bundle" in patient.tasks


@pytest.mark.parametrize(
    "part",
    [
        "naloxone", "overdose plan", "safety plan", "medication bridge", "appointment within 7 days", "way back",
        "contacts",
    ],
)  # fmt: skip
def test_C7_the_bundle_names_its_parts(part: str) -> None:
    patient = admitted()
    patient.says("exit", reason="withdrew", on=ADMITTED)
    (task,) = [task for task in patient.progress.open_tasks if task.kind == "exit_bundle"]
    assert part in task.asks


def test_C7_the_bundle_keeps_nobody_in_and_stays_open_until_it_is_given() -> None:
    patient = admitted()
    patient.says("exit", reason="withdrew", on=ADMITTED)
    patient.until(ADMITTED + 40 * DAY)
    assert patient.progress.stage == "closed"
    assert "exit_bundle" in patient.tasks
    assert not patient.episode.finished(patient.now)


def test_C7_a_corrected_exit_date_does_not_ask_for_two_bundles() -> None:
    patient = admitted()
    wrong = patient.says("exit", reason="withdrew", on=ADMITTED)
    patient.until(ADMITTED + DAY)
    patient.says("exit", reason="withdrew", on=ADMITTED + DAY, supersedes=wrong.entry_id)
    assert len([task for task in patient.progress.open_tasks if task.kind == "exit_bundle"]) == 1


def test_C7_a_retracted_exit_takes_the_bundle_back() -> None:
    patient = admitted()
    wrong = patient.says("exit", reason="other", on=ADMITTED)
    patient.says("retraction", entry_id=wrong.entry_id, reason="another patient")
    assert "exit_bundle" not in patient.tasks


def test_C2_a_person_nobody_reaches_is_asked_for_again_reviewed_and_proposed_but_never_closed_by_time() -> (
    None
):
    patient = aftercare()
    for _ in range(40):
        patient.until(patient.now.date() + DAY, "16:00")
        if "checkin" in patient.tasks:
            patient.says("decision", about="checkin", choice="not_reached")
    assert {"missed_checkins", "lost_contact_proposal"} <= patient.tasks
    opened = [e for e in patient.effects if isinstance(e, OpenTask) and e.kind == "checkin"]
    assert 10 <= len(opened) <= 20, "three attempts a week, and not one a day for ever"
    patient.until(patient.now.date() + 90 * DAY)
    assert patient.progress.stage == "aftercare"
    patient.says("decision", about="lost_contact_proposal", choice="close", by="su-1", reason="no trace")
    assert patient.progress.exit
    assert patient.progress.exit.reason == "lost_contact"


def test_C2_being_reached_takes_the_proposal_back() -> None:
    patient = aftercare()
    for _ in range(40):
        patient.until(patient.now.date() + DAY, "16:00")
        if "checkin" in patient.tasks:
            patient.says("decision", about="checkin", choice="not_reached")
    patient.says("contact", at=patient.now.isoformat(), channel="phone", outcome="reached")
    assert not patient.tasks & {"missed_checkins", "lost_contact_proposal"}


def test_S13_an_admission_that_is_corrected_after_the_step_down_is_late_news() -> None:
    patient = ready_for_gate()
    patient.says("decision", about="gate_review", choice="pass", by="th-1")
    first = next(r.key for r in patient.episode.record if r.entry.kind == "admission")
    patient.until(patient.now.date() + DAY)
    patient.says(
        "admission",
        on=ADMITTED + 31 * DAY,
        last_use_on=LAST_USE,
        supersedes=first,
        supersedes_reason="the day was wrong",
    )
    assert patient.progress.stage == "aftercare"
    (task,) = [one for one in patient.progress.open_tasks if one.kind == "late_news"]
    assert "length" in task.asks


def test_S13_T8_a_longer_program_that_is_adopted_after_the_step_down_is_no_late_news() -> None:
    patient = ready_for_gate()
    patient.says("decision", about="gate_review", choice="pass", by="th-1")
    patient.until(patient.now.date() + DAY)
    patient.says("policy", policy={"length": {"days": 120}}, by="di-1")
    patient.says("goal", goal_id="g1", status="met", on=ADMITTED + 20 * DAY)
    assert "late_news" not in patient.tasks
