"""E0, E10: which task a decision answers, by whom and when, and what is said where it answers none."""

from datetime import date, timedelta

import pytest

from tests.core.clinic import ADMITTED, Patient, admitted, ready_for_gate
from workflows.core.engine.errors import NotAllowedNow


def on(days: int) -> date:
    return ADMITTED + timedelta(days=days)


def with_two_slips() -> tuple[Patient, list[str]]:
    """Two uses, each with its response; the ids of the two safety checks."""
    patient = admitted().attends_until(on(16))
    for day in (2, 15):
        patient.says("use", on=on(day), substance="alcohol")
    return patient, [task.task_id for task in patient.progress.open_tasks if task.kind == "safety_check"]


def refusal(patient: Patient, **decision: str) -> str:
    with pytest.raises(NotAllowedNow) as refused:
        patient.says("decision", **{"by": "cm-1", **decision})
    return str(refused.value)


def test_E10_a_kind_of_which_two_are_open_names_both_and_an_id_answers_its_own() -> None:
    patient, (one, other) = with_two_slips()
    said = refusal(patient, about="safety_check", choice="safe")
    assert said.startswith("about: 2 tasks of the kind safety_check are open; name one by its id: ")
    assert one in said
    assert other in said
    patient.says("decision", about=other, choice="safe")
    assert [task.task_id for task in patient.progress.open_tasks if task.kind == "safety_check"] == [one]
    patient.says("decision", about="safety_check", choice="safe")
    assert "safety_check" not in patient.tasks


def test_E10_who_comes_second_is_told_the_first_decision_by_whom_and_where_the_episode_stands() -> None:
    patient = ready_for_gate()
    patient.says("decision", about="gate_review", choice="pass", by="th-1")
    said = refusal(patient, about="gate_review", choice="hold", by="th-1", reason="not yet")
    assert said.startswith(
        "gate_review was decided as pass by th-1 on Sun 5 Apr 12:00; the episode is now in aftercare. "
        "Open for decision are: "
    )
    assert "offer_therapist (declined, has_one)" in said


def test_E10_what_never_was_open_is_said_to_be_unknown_with_what_is_open() -> None:
    patient, _ = with_two_slips()
    said = refusal(patient, about="gate_review", choice="pass", by="th-1")
    assert said.startswith("about: nothing named gate_review is open. Open for decision are: ")
    assert "individual_session (held, declined)" in said


def test_E10_a_choice_that_a_task_does_not_have_is_refused_with_those_that_it_has() -> None:
    patient, (one, _) = with_two_slips()
    said = refusal(patient, about=one, choice="held")
    assert (
        said == "choice: held is no outcome of safety_check; its outcomes now are: safe, crisis, not_reached."
    )


def test_E10_a_task_whose_cause_is_gone_says_that_it_is_not_owed_any_more() -> None:
    patient = admitted().attends_until(on(16))
    told = patient.says("use", on=on(15)).entry_id
    (task,) = [task for task in patient.progress.open_tasks if task.kind == "safety_check"]
    patient.says("retraction", entry_id=told, reason="another person")
    said = refusal(patient, about=task.task_id, choice="safe")
    assert f"the task {task.task_id} (safety_check) is no longer owed; what it asked for has changed." in said


@pytest.mark.parametrize(
    ("about", "choice"), [("involuntary_discharge", "propose"), ("gate_review", "advance")]
)
def test_E2_S12_what_weighs_needs_a_reason(about: str, choice: str) -> None:
    patient = ready_for_gate(on(60))
    by = "su-1" if choice == "propose" else "th-1"
    assert (
        refusal(patient, about=about, choice=choice, by=by)
        == f"reason: {choice} about {about} needs a reason."
    )
    patient.says("decision", about=about, choice=choice, by=by, reason="as was said in the team")


@pytest.mark.parametrize(("day", "is_refused"), [(14, True), (15, False), (16, False)])
def test_E10_a_decision_is_as_old_as_what_it_answers_and_no_older(day: int, is_refused: bool) -> None:
    patient = admitted().attends_until(on(17))
    patient.says("use", on=on(15))
    if is_refused:
        with pytest.raises(
            NotAllowedNow, match=f"{on(day)} lies before the day on which safety_check came up"
        ):
            patient.says("decision", about="safety_check", choice="safe", on=on(day))
    else:
        patient.says("decision", about="safety_check", choice="safe", on=on(day))
    assert ("safety_check" in patient.tasks) is is_refused
