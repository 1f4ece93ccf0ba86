"""I1-I2, I4-I6: screening, the level of care, admission, the name of the program, one open episode."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.core.clinic import ADMITTED, LAST_USE, TEAM, Patient, admitted, at, ready_for_gate
from tests.searching import examples
from workflows.core.engine.effects import ChangeTask, NoteClosed, StartReferral
from workflows.core.engine.errors import InvalidEntry, NotAllowedNow
from workflows.core.episode.episode import Episode
from workflows.core.episode.views import journal

DAY = timedelta(days=1)


def proposal(**found: Any) -> str:
    """What the level-of-care task says after a screening."""
    patient = Patient()
    patient.says("screening", **found)
    (task,) = patient.progress.open_tasks
    assert task.kind == "level_of_care"
    return task.asks


def decided(**changes: Any) -> Patient:
    """A person for whom this program was decided, on the morning of the day planned for admission."""
    patient = Patient(**changes)
    patient.says("level_of_care", level="iop", by="th-1")
    patient.until(ADMITTED, "09:00")
    return patient


# -- I1, I2 ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("found", "said"),
    [
        ({"years_of_use": 10}, "long duration"),
        ({"co_occurring": ["ptsd"]}, "ptsd"),
        ({"prior_return_to_use": True}, "return to use"),
        ({"home_safe": False}, "home"),
        ({"support_network": False}, "support network"),
        ({"substances": ["alcohol"], "withdrawal_risk": "moderate"}, "withdrawal"),
        ({"withdrawal_risk": "high"}, "withdrawal"),
        ({"substances": ["benzodiazepines"]}, "benzodiazepines"),
        ({"home_safe": True, "duties": ["young children"]}, "young children"),
    ],
)  # fmt: skip
def test_I1_what_was_found_is_said_to_the_clinician(found: dict[str, Any], said: str) -> None:
    assert said in proposal(**found)


def test_I1_use_for_just_under_ten_years_is_not_a_long_duration() -> None:
    assert "long duration" not in proposal(years_of_use=9.9)


@pytest.mark.parametrize(
    ("found", "level"),
    [
        ({"substances": ["cannabis"]}, "iop"),
        ({"co_occurring": ["anxiety"]}, "iop"),
        ({"co_occurring": ["anxiety"], "prior_return_to_use": True}, "php"),
        ({"home_safe": False}, "residential"),
        ({"home_safe": False, "duties": ["sole caretaker"]}, "php"),
        ({"withdrawal_risk": "high", "home_safe": False}, "withdrawal_management"),
        ({"withdrawal_risk": True}, "withdrawal_management"),
    ],
)
def test_I2_the_level_that_is_proposed(found: dict[str, Any], level: str) -> None:
    assert f"proposes {level}:" in proposal(**found)


def test_I2_outpatient_care_can_be_proposed() -> None:
    mild = {"substances": ["cannabis"], "years_of_use": 0.5, "withdrawal_risk": "none"}
    assert "outpatient" in proposal(**mild)


@settings(max_examples=examples(60), deadline=None)
@given(
    st.fixed_dictionaries(
        {"years_of_use": st.integers(0, 40), "prior_return_to_use": st.booleans(), "home_safe": st.booleans(),
         "support_network": st.booleans(), "withdrawal_risk": st.sampled_from(["none", "low", "moderate", "high"]),
         "co_occurring": st.lists(st.sampled_from(["ptsd", "bipolar"]), max_size=2)}
    )
)  # fmt: skip
def test_I2_a_screening_alone_never_decides(found: dict[str, Any]) -> None:
    patient = Patient()
    patient.says("screening", **found)
    patient.until(ADMITTED + 60 * DAY)
    assert patient.progress.stage == "intake"
    assert patient.tasks == {"level_of_care"}


def test_I2_a_second_screening_changes_the_proposal_that_is_read_next() -> None:
    patient = Patient()
    patient.says("screening", substances=["alcohol"])
    patient.until(ADMITTED - DAY)
    patient.says("screening", home_safe=False)
    (task,) = patient.progress.open_tasks
    assert "residential" in task.asks


def test_I2_the_journal_keeps_proposal_and_decision() -> None:
    patient = Patient()
    patient.says("screening", home_safe=False)
    patient.says("level_of_care", level="iop", reason="a cousin takes the person in", by="th-1")
    lines = [(line.kind, line.by) for line in journal(patient.episode)]
    assert lines == [("screening", "cm-1"), ("level_of_care", "th-1")]


def test_I2_a_difference_from_the_proposal_is_recorded() -> None:
    patient = Patient()
    patient.says("screening", home_safe=False)
    answer = patient.says("level_of_care", level="iop", by="th-1")
    assert any("residential" in sentence for sentence in answer.changes)


@pytest.mark.parametrize(
    "with_a_date",
    [
        False,
        True,
    ],
)
def test_I2_of_two_decisions_the_later_one_holds(with_a_date: bool) -> None:
    patient = Patient()
    patient.until(ADMITTED, "09:00")
    on = {"on": ADMITTED} if with_a_date else {}
    patient.says("level_of_care", level="residential", by="th-1", **on)
    patient.until(ADMITTED, "10:00")
    patient.says("level_of_care", level="iop", by="th-1", **on)
    assert "awaiting_admission" in patient.progress.states


def test_I2_a_retracted_decision_brings_the_question_back() -> None:
    patient = Patient()
    patient.says("screening", substances=["alcohol"])
    wrong = patient.says("level_of_care", level="iop", by="th-1")
    patient.says("retraction", entry_id=wrong.entry_id, reason="another person", by="th-1")
    assert patient.tasks == {"level_of_care"}
    patient.says("decision", about="level_of_care", choice="php", by="th-1")
    assert "not_suited" in patient.progress.states


def test_I1_a_person_who_was_not_reached_is_asked_for_again() -> None:
    patient = Patient()
    patient.says("decision", about="screening", choice="not_reached")
    patient.until(ADMITTED + 30 * DAY)
    assert patient.tasks


# -- I4 -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("role", ["therapist", "case_manager"])
def test_I4_admission_waits_for_the_team(role: str) -> None:
    patient = Patient(team={name: staff for name, staff in TEAM.items() if name != role})
    patient.says("level_of_care", level="iop", by="su-1")
    patient.until(ADMITTED, "09:00")
    patient.says("goal", goal_id="g1")
    patient.says("admission", on=ADMITTED, last_use_on=LAST_USE)
    assert patient.progress.stage == "intake"
    assert patient.progress.waits_for == [f"a {role.replace('_', ' ')} in the team"]


def test_I4_admission_waits_for_a_schedule_and_goes_on_when_one_is_recorded() -> None:
    patient = decided(schedule=[])
    patient.says("goal", goal_id="g1")
    patient.says("admission", on=ADMITTED, last_use_on=LAST_USE)
    assert patient.progress.waits_for == ["a weekly schedule"]
    week = [{"weekday": day, "start": "18:00", "minutes": 180} for day in ("mon", "wed", "fri")]
    patient.says("schedule", schedule=week, **{"from": ADMITTED})
    assert patient.progress.stage == "program"


def test_I4_the_day_of_admission_is_not_taken_for_the_day_of_last_use() -> None:
    patient = decided()
    patient.says("goal", goal_id="g1")
    patient.says("admission", on=ADMITTED)
    assert patient.progress.days_sober is None
    assert patient.progress.stage == "intake"


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 2, 0), (1, 0, 2)])
def test_I4_the_parts_of_an_admission_may_come_in_any_order(order: tuple[int, ...]) -> None:
    parts: list[dict[str, Any]] = [
        {"kind": "goal", "goal_id": "g1"},
        {"kind": "admission", "on": ADMITTED},
        {"kind": "use", "on": LAST_USE},
    ]
    patient = decided()
    for number in order:
        assert patient.progress.stage == "intake"
        patient.says(**parts[number])
    assert patient.progress.stage == "program"
    assert patient.progress.program_day == 1
    assert patient.progress.days_sober == 8


def test_I4_admission_completed_late_counts_from_its_own_day() -> None:
    patient = decided()
    patient.says("admission", on=ADMITTED, last_use_on=LAST_USE)
    patient.until(ADMITTED + 3 * DAY)
    patient.says("goal", goal_id="g1")
    assert patient.progress.program_day == 4


def test_I4_a_decision_for_another_level_holds_admission_back() -> None:
    patient = decided()
    patient.says("level_of_care", level="php", by="th-1")
    patient.says("goal", goal_id="g1")
    patient.says("admission", on=ADMITTED, last_use_on=LAST_USE)
    assert patient.progress.stage == "intake"


def test_I4_rights_notice_and_preferences_are_due_by_the_first_session_and_hold_nothing_back() -> None:
    patient = decided()
    patient.says("goal", goal_id="g1")
    patient.says("admission", on=ADMITTED, last_use_on=LAST_USE)
    due = {task.kind: task.due_at for task in patient.progress.open_tasks}
    first_session = at(ADMITTED, "18:00")
    assert due == {"rights_notice": first_session, "contact_preferences": first_session}
    assert patient.progress.stage == "program"


def test_I4_the_first_session_of_a_patient_admitted_on_a_saturday_is_mondays() -> None:
    patient = decided()
    patient.until(ADMITTED + 5 * DAY, "09:00")
    patient.says("goal", goal_id="g1")
    patient.says("admission", on=ADMITTED + 5 * DAY, last_use_on=LAST_USE)
    (notice,) = [task for task in patient.progress.open_tasks if task.kind == "rights_notice"]
    assert notice.due_at == at(ADMITTED + 7 * DAY, "18:00")


def test_I4_a_repeated_admission_does_not_start_the_program_again() -> None:
    patient = admitted().attends_until(ADMITTED + 50 * DAY)
    patient.says("admission", on=ADMITTED + 50 * DAY)
    assert patient.progress.program_day == 51
    assert patient.progress.last_use_on == LAST_USE


# -- I5, I6 ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["iot", "IOT", " Iot ", "iop", "IOP"])
def test_I5_either_name_is_the_same_level_of_care(name: str) -> None:
    patient = Patient(pathway=name.strip())
    patient.says("screening", substances=["alcohol"])
    patient.says("level_of_care", level=name, by="th-1")
    assert "awaiting_admission" in patient.progress.states


@pytest.mark.parametrize("name", ["iot", "IOT", "IOP"])
def test_I5_either_name_answers_the_task_of_the_clinician(name: str) -> None:
    patient = Patient()
    patient.says("screening", substances=["alcohol"])
    patient.says("decision", about="level_of_care", choice=name, by="th-1")
    assert "awaiting_admission" in patient.progress.states


def test_I6_the_clinic_learns_once_that_the_episode_is_closed_and_that_it_is_open_again() -> None:
    patient = admitted()
    exit_ = patient.says("exit", reason="withdrew", on=ADMITTED)
    patient.until(ADMITTED + DAY)
    patient.says("retraction", entry_id=exit_.entry_id, reason="another patient")
    patient.until(ADMITTED + 2 * DAY)
    notes = [effect for effect in patient.effects if isinstance(effect, NoteClosed)]
    assert [note.closed_on for note in notes] == [ADMITTED, None]
    assert len({note.key for note in notes}) == 2


def test_T3_a_retracted_decision_takes_back_that_the_person_awaits_admission() -> None:
    patient = Patient()
    wrong = patient.says("level_of_care", level="iop", by="th-1")
    patient.says("retraction", entry_id=wrong.entry_id, reason="another person", by="th-1")
    assert "awaiting_admission" not in patient.progress.states


def test_I1_a_substance_whose_withdrawal_is_dangerous_is_a_caution_and_no_reason_for_this_program() -> None:
    said = proposal(substances=["alcohol"])
    assert "nothing speaks against a program attended from home; mind that withdrawal from alcohol" in said


# -- who may, and when ---------------------------------------------------------------------------------------


def test_I2_another_level_than_the_screening_proposes_is_a_clinicians_decision() -> None:
    patient = Patient()
    patient.says("screening", substances=["alcohol"], home_safe=False)
    with pytest.raises(NotAllowedNow, match="decided by the therapist"):
        patient.says("level_of_care", level="iop", by="cm-1")
    patient.says("level_of_care", level="iop", by="th-1")
    assert "awaiting_admission" in patient.progress.states


def test_I4_an_admission_before_the_referral_is_refused() -> None:
    patient = Patient()
    patient.says("level_of_care", level="iop", by="th-1")
    patient.until(ADMITTED, "09:00")
    with pytest.raises(InvalidEntry, match="on: 2025-01-05 lies before the referral"):
        patient.says("admission", on="2025-01-05", last_use_on="2024-12-28")


@pytest.mark.parametrize(("on", "last_use"), [(-1, 0), (0, 15)])
def test_I4_S3_a_second_admission_neither_moves_the_first_one_nor_hides_a_use(on: int, last_use: int) -> None:
    patient = admitted().attends_until(ADMITTED + 20 * DAY)
    before = patient.progress
    with pytest.raises(NotAllowedNow, match="supersedes=n004"):
        patient.says("admission", on=ADMITTED + on * DAY, last_use_on=LAST_USE + last_use * DAY)
    assert patient.progress == before
    patient.says("admission", on=ADMITTED, last_use_on=LAST_USE + DAY, supersedes="n004")
    assert patient.progress.last_use_on == LAST_USE + DAY


def test_T3_I4_a_corrected_screening_reaches_whoever_has_the_open_decision() -> None:
    patient = Patient()
    first = patient.says("screening", substances=["alcohol"], withdrawal_risk="none", home_safe=True)
    (task,) = [one for one in patient.progress.open_tasks if one.kind == "level_of_care"]
    changed = patient.says(
        "screening", substances=["alcohol"], withdrawal_risk="high", home_safe=False,
        supersedes=first.entry_id, supersedes_reason="another person",
    )  # fmt: skip
    (now,) = [one for one in patient.progress.open_tasks if one.kind == "level_of_care"]
    assert (now.task_id, now.entries) == (task.task_id, [changed.entry_id])
    assert "proposes withdrawal management" in now.asks.replace("_", " ")
    told = [one for one in patient.effects if isinstance(one, ChangeTask)]
    assert [(one.task.task_id, one.task.asks, one.asks_otherwise) for one in told] == [
        (task.task_id, now.asks, True)
    ]
    assert f"Changed for therapist: {now.asks}" in changed.changes


def test_I4_a_screening_in_which_nothing_was_asked_is_none_and_says_what_is_missing() -> None:
    patient = Patient()
    changed = patient.says("screening")
    assert "counts as none" in " ".join(changed.changes)
    (task,) = patient.progress.open_tasks
    assert (task.kind, f"In {changed.entry_id} nothing was asked" in task.asks) == ("screening", True)
    patient.says("screening", substances=["alcohol"], home_safe=True)
    (task,) = patient.progress.open_tasks
    assert task.kind == "level_of_care"
    assert "Not asked yet, which is not a no: years of use, co occurring" in task.asks
    again = Episode.unpacked(patient.episode.packed(), patient.episode.start, patient.episode.pathway)
    assert again.facts.empty_screenings == [changed.entry_id]


def test_I2_what_was_not_asked_is_not_taken_as_a_no() -> None:
    patient = Patient()
    patient.says("screening", years_of_use=0.5)
    (task,) = patient.progress.open_tasks
    assert "proposes outpatient" not in task.asks


@pytest.mark.parametrize("level", ["php", "residential", "withdrawal_management"])
def test_I3_more_care_that_a_clinician_decides_on_in_the_program_begins_the_way_there(level: str) -> None:
    patient = admitted().attends_until(ADMITTED + 10 * DAY)
    patient.says("level_of_care", level=level, reason="needs nights", by="th-1")
    begun = [
        one for one in patient.episode.take_effects() + patient.effects if isinstance(one, StartReferral)
    ]
    assert [(one.kind, one.service) for one in begun] == [("level_of_care", level)]
    assert "transfer" in patient.tasks
    assert patient.progress.stage == "program"
    patient.says("decision", about="transfer", choice="first_visit_attended")
    assert patient.progress.exit
    assert patient.progress.exit.reason == "transferred"


def test_I3_S9_the_gate_is_not_passed_while_the_person_is_on_the_way_to_more_care() -> None:
    patient = ready_for_gate()
    assert patient.progress.stage == "gate_review"
    decided = patient.says("level_of_care", level="residential", reason="needs nights", by="th-1")
    assert patient.progress.stage == "program"
    assert patient.unmet() == {"level_of_care_review", "signature"}
    with pytest.raises(NotAllowedNow):
        patient.says("decision", about="gate_review", choice="pass", by="th-1")
    patient.until(patient.now.date() + DAY)
    patient.says("decision", about="transfer", choice="stays_here")
    assert patient.progress.stage == "gate_review"
    patient.until(patient.now.date() + DAY)
    patient.says("level_of_care", level="residential", reason="once more", by="th-1")
    assert "transfer" in patient.tasks
    patient.says("level_of_care", level="iop", reason="the person stays", by="th-1")
    assert "transfer" not in patient.tasks
    assert patient.progress.stage == "gate_review"
    assert decided.changes


def test_I3_E0_more_care_in_the_program_is_a_clinicians_decision() -> None:
    patient = admitted().attends_until(ADMITTED + 10 * DAY)
    with pytest.raises(NotAllowedNow, match="clinician"):
        patient.says("level_of_care", level="residential", by="cm-1")
