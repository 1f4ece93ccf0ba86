"""What was judged at its time stays judged: the conditions of admission (I4), and the gate as it was passed (S13)."""

from datetime import date, timedelta
from typing import Any

import pytest

from tests.core.clinic import ADMITTED, LAST_USE, Patient, admitted, ready_for_gate
from workflows.core.episode.episode import Episode
from workflows.core.episode.views import as_known_at

DAY = timedelta(days=1)


def on(days: int) -> date:
    return ADMITTED + days * DAY


def entry_of(patient: Patient, kind: str) -> str:
    return next(r.key for r in patient.episode.record if r.entry.kind == kind)


# -- the conditions of admission ------------------------------------------------------------------------------


def test_I4_T3_the_only_goal_taken_back_on_day_40_is_asked_for_anew_and_moves_nobody() -> None:
    patient = admitted().attends_until(on(40))
    patient.says("use", on=on(40))
    patient.says("retraction", entry_id=entry_of(patient, "goal"), reason="of another patient")
    assert patient.progress.stage == "program"
    assert {"safety_check", "individual_session", "plan_review", "admission_condition"} <= patient.tasks
    (task,) = [one for one in patient.progress.open_tasks if one.kind == "admission_condition"]
    assert "at least one personal goal" in task.asks
    assert task.due_at > patient.now
    patient.says("goal", goal_id="g2", title="sleep")
    assert "admission_condition" not in patient.tasks
    assert patient.progress.stage == "program"


def _later(kind: str) -> tuple[Patient, str]:
    """A patient in the program whose one entry of a kind holds a condition of admission; and the id of that entry."""
    patient = Patient(**({"schedule": []} if kind == "schedule" else {}))
    patient.says("level_of_care", level="iop", by="th-1")
    patient.says("goal", goal_id="g1")
    patient.until(ADMITTED, "09:00")
    if kind == "schedule":
        weekly = [{"weekday": "mon", "start": "18:00", "minutes": 180, "service": "group"}]
        patient.says("schedule", schedule=weekly, **{"from": ADMITTED})
    if kind == "use":
        patient.says("use", on=LAST_USE)
    patient.says("admission", on=ADMITTED, **({} if kind == "use" else {"last_use_on": LAST_USE}))
    patient.until(on(1))
    assert patient.progress.stage == "program"
    return patient, entry_of(patient, kind)


@pytest.mark.parametrize("kind", ["goal", "level_of_care", "schedule", "use"])
def test_I4_whatever_condition_falls_away_it_is_asked_for_anew_and_moves_nobody(kind: str) -> None:
    patient, entry_id = _later(kind)
    patient.says("retraction", entry_id=entry_id, reason="wrong", by="th-1")
    assert patient.progress.stage == "program"
    asked = "level_of_care" if kind == "level_of_care" else "admission_condition"
    assert asked in patient.tasks
    again = Episode.unpacked(patient.episode.packed(), patient.episode.start, patient.episode.pathway)
    again.wake(patient.now)
    assert again.stage == "program"
    assert as_known_at(patient.episode, patient.now).stage == "program"


def test_I4_a_condition_that_is_not_yet_there_again_is_asked_for_until_it_is() -> None:
    patient, entry_id = _later("goal")
    patient.says("retraction", entry_id=entry_id, reason="wrong")
    patient.says("decision", about="admission_condition", choice="not_yet")
    assert "admission_condition" not in patient.tasks
    patient.until(on(8))
    assert "admission_condition" in patient.tasks


def test_I4_a_level_decided_anew_settles_the_question_and_another_level_is_reviewed() -> None:
    for level, then in (("iop", set()), ("residential", {"level_of_care_review"})):
        patient, entry_id = _later("level_of_care")
        patient.says("retraction", entry_id=entry_id, reason="wrong", by="th-1")
        patient.says("level_of_care", level=level, by="th-1", reason="seen today")
        assert patient.progress.stage == "program"
        assert patient.tasks & {"level_of_care", "level_of_care_review"} == then


def test_I4_what_was_taken_back_before_the_admission_was_complete_is_still_waited_for() -> None:
    patient = Patient()
    patient.says("level_of_care", level="iop", by="th-1")
    goal = patient.says("goal", goal_id="g1")
    patient.says("retraction", entry_id=goal.entry_id, reason="wrong")
    patient.until(ADMITTED, "09:00")
    patient.says("admission", on=ADMITTED, last_use_on=LAST_USE)
    assert patient.progress.stage == "intake"
    patient.says("goal", goal_id="g2")
    assert patient.progress.stage == "program"


@pytest.mark.parametrize("retracted", [True, False])
def test_T3_a_retracted_admission_goes_back_to_intake_and_a_corrected_one_does_not(retracted: bool) -> None:
    patient = admitted().attends_until(on(5))
    patient.says("retraction", entry_id=entry_of(patient, "goal"), reason="wrong")
    admission = entry_of(patient, "admission")
    if retracted:
        patient.says("retraction", entry_id=admission, reason="another patient")
    else:
        patient.says(
            "admission", on=on(1), last_use_on=LAST_USE, supersedes=admission, supersedes_reason="day"
        )
    assert patient.progress.stage == ("intake" if retracted else "program")


def test_I4_in_aftercare_too_nobody_is_moved_back_to_intake() -> None:
    patient = ready_for_gate()
    patient.says("decision", about="gate_review", choice="pass", by="th-1")
    for kind in ("goal", "level_of_care"):
        for key in [r.key for r in patient.episode.record if r.entry.kind == kind]:
            patient.says("retraction", entry_id=key, reason="wrong", by="th-1")
    assert patient.progress.stage == "aftercare"


# -- the gate as it was passed --------------------------------------------------------------------------------


def test_S9_S13_a_gate_that_was_passed_is_not_judged_again_by_tests_that_grow_old() -> None:
    patient = ready_for_gate()
    patient.says("decision", about="gate_review", choice="pass", by="th-1")
    passed = patient.progress.gate
    assert passed.passes
    patient.until(on(200))
    assert patient.progress.gate == passed
    assert (passed.passed_on, passed.passed_by) == (on(90), "th-1")
    assert passed.earliest_on == on(90)


@pytest.mark.parametrize(
    "news",
    [
        {"kind": "use", "on": on(80)},
        {"kind": "goal", "goal_id": "g9", "title": "new"},
        {"kind": "test", "test_id": "t5", "collected_on": on(85), "result": "dilute"},
        {"kind": "policy", "policy": {"gate": {"min_negative_tests": 9}}},
    ],
)
def test_S13_news_after_the_step_down_asks_a_clinician_and_leaves_the_gate_as_it_was_passed(
    news: dict[str, Any],
) -> None:
    patient = ready_for_gate()
    patient.says("decision", about="gate_review", choice="pass", by="th-1")
    patient.until(on(97))
    patient.says(**news)
    assert patient.progress.gate.passes
    assert not patient.unmet()
    if news["kind"] in ("use", "test"):
        assert patient.tasks & {"late_news", "reassessment"}


def test_C1_a_use_in_aftercare_shows_in_the_sobriety_that_is_required_further_and_in_nothing_else() -> None:
    patient = ready_for_gate()
    patient.says("decision", about="gate_review", choice="pass", by="th-1")
    patient.until(on(150))
    patient.says("use", on=on(149))
    assert patient.unmet() == {"sobriety"}
    assert patient.progress.gate.passed_on == on(90)
    patient.until(on(180))
    assert patient.progress.gate.passes


def test_C1_who_returns_to_the_program_has_a_gate_before_them_again() -> None:
    patient = ready_for_gate()
    patient.says("decision", about="gate_review", choice="pass", by="th-1")
    patient.until(on(97))
    patient.says("use", on=on(97))
    patient.says("decision", about="reassessment", choice="return_to_program", by="th-1", reason="support")
    assert not patient.progress.gate.passes
    assert patient.progress.gate.passed_on is None
    assert {"sobriety", "signature"} <= patient.unmet()


def test_S12_a_gate_that_was_advanced_shows_that_it_was() -> None:
    patient = ready_for_gate(ADMITTED + 60 * DAY)
    patient.says("decision", about="gate_review", choice="advance", by="th-1", reason="work begins")
    (length,) = [one for one in patient.progress.gate.conditions if one.name == "length"]
    assert length.why == "advanced by a clinician"
    assert patient.progress.gate.passes
