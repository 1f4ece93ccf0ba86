"""I4, S9, C1, E3, E5, E7: in which stage an episode is, and was on each day, and what moved it."""

from datetime import date, timedelta

import pytest

from tests.core.clinic import ADMITTED, LAST_USE, TEAM, Patient, admitted, ready_for_gate
from workflows.core.episode.views import journal
from workflows.pathways import pathway_named

REFERRED = ADMITTED - timedelta(days=3)


def on(days: int) -> date:
    return ADMITTED + timedelta(days=days)


def in_program(days: int = 4) -> Patient:
    return admitted().attends_until(on(days))


def lived(patient: Patient) -> list[tuple[str, date]]:
    """The stages and the day on which each began."""
    return list(patient.episode.facts.periods)


def asked(patient: Patient, kind: str) -> str:
    (task,) = [task for task in patient.progress.open_tasks if task.kind == kind]
    return task.asks


def test_I4_the_admission_names_all_that_it_waits_for_and_less_as_it_comes() -> None:
    patient = Patient(team={"supervisor": "su-1", "director": "di-1"}, schedule=[])
    patient.says("level_of_care", level="iop", by="su-1")
    assert asked(patient, "admission") == (
        "Complete the admission. It waits for: a therapist in the team, a case manager in the team, a weekly schedule, "
        "the admission itself, the date of last use, at least one personal goal."
    )
    whole = Patient()
    whole.says("level_of_care", level="iop", by="th-1")
    whole.says("goal", goal_id="g1")
    assert asked(whole, "admission").endswith("It waits for: the admission itself, the date of last use.")


def test_I4_who_needs_another_level_is_not_admitted_here_and_it_is_said_which() -> None:
    patient = Patient()
    patient.says("level_of_care", level="php", by="th-1")
    patient.until(ADMITTED, "09:00")
    patient.says("goal", goal_id="g1")
    patient.says("admission", on=ADMITTED, last_use_on=LAST_USE)
    assert patient.progress.stage == "intake"
    assert patient.episode.facts.missing_for_admission == [
        "a level-of-care decision for this program (it is php)"
    ]


def test_C1_E3_each_stage_began_on_the_day_on_which_somebody_moved_it() -> None:
    patient = ready_for_gate()
    assert lived(patient) == [("intake", REFERRED), ("program", ADMITTED)]
    patient.says("decision", about="gate_review", choice="pass", by="th-1")
    patient.until(on(95))
    patient.says("use", on=on(95))
    patient.says("decision", about="reassessment", choice="return_to_program", by="th-1", reason="support")
    patient.until(on(96))
    patient.says("exit", reason="withdrew", on=on(96))
    closed = [("intake", REFERRED), ("program", ADMITTED), ("aftercare", on(90)), ("program", on(95)),
              ("closed", on(96))]  # fmt: skip
    assert lived(patient) == closed
    patient.until(on(98))
    patient.says("decision", about="reopening", choice="reopen")
    assert lived(patient) == [*closed, ("program", on(98))]
    stages = [patient.episode.facts.stage_on(on(day)) for day in (-4, -3, -1, 0, 89, 90, 94, 95, 96, 97, 98)]
    assert stages == ["intake", "intake", "intake", "program", "program", "aftercare", "aftercare", "program",
                      "closed", "closed", "program"]  # fmt: skip
    assert patient.episode.facts.since("program") == on(98)
    assert patient.episode.facts.since("aftercare") == on(90)


def test_E7_a_death_after_an_exit_leaves_the_day_on_which_the_episode_was_closed() -> None:
    patient = in_program(4)
    patient.says("exit", reason="withdrew", on=on(4))
    patient.until(on(6))
    patient.says("exit", reason="deceased", on=on(5))
    assert lived(patient)[-1] == ("closed", on(4))
    shown = patient.progress.exit
    assert shown
    assert (shown.reason, shown.on) == ("deceased", on(5))


def test_E7_of_a_person_who_has_died_nobody_is_called_to_a_crisis() -> None:
    patient = in_program(4)
    patient.says("crisis", type="overdose", at=patient.now.isoformat())
    assert patient.progress.in_crisis
    patient.says("exit", reason="deceased", on=on(4))
    assert not patient.progress.in_crisis
    assert patient.tasks == set()


@pytest.mark.parametrize(
    ("level", "in_the_program", "in_aftercare"), [("outpatient", True, False), ("php", True, True)]
)
def test_E5_less_care_is_a_way_elsewhere_from_the_program_alone_and_more_care_always(
    level: str, in_the_program: bool, in_aftercare: bool
) -> None:
    program, later = in_program(4), ready_for_gate()
    later.says("decision", about="gate_review", choice="pass", by="th-1")
    for patient, goes in ((program, in_the_program), (later, in_aftercare)):
        patient.until(patient.now.date() + timedelta(days=1))
        patient.says("level_of_care", level=level, by="th-1")
        assert ("transfer" in patient.tasks) is goes


def test_E5_who_stays_is_not_on_the_way_any_more_until_it_is_decided_anew() -> None:
    patient = in_program(4)
    patient.says("level_of_care", level="php", by="th-1")
    assert patient.episode.facts.on_the_way_to == "php"
    patient.says("decision", about="transfer", choice="stays_here")
    assert patient.episode.facts.on_the_way_to is None
    assert "transfer" not in patient.tasks
    patient.until(on(5))
    patient.says("level_of_care", level="residential", by="th-1")
    assert patient.episode.facts.on_the_way_to == "residential"
    assert "transfer" in patient.tasks


def test_E5_who_is_to_stay_by_a_later_decision_goes_nowhere() -> None:
    patient = in_program(4)
    patient.says("level_of_care", level="php", by="th-1")
    patient.until(on(5))
    patient.says("level_of_care", level="iop", by="th-1")
    assert patient.episode.facts.on_the_way_to is None
    assert "transfer" not in patient.tasks


def test_E2_only_what_the_proposer_may_not_decide_says_that_another_director_answers() -> None:
    patient = in_program(2)
    patient.says("decision", about="involuntary_discharge", choice="propose", reason="violence", by="di-1")
    assert "another director answers" in asked(patient, "involuntary_review")
    patient.says("team", role="director", staff_id="di-2", by="su-1", **{"from": on(2)})
    patient.says("decision", about="involuntary_review", choice="approve", by="di-2", reason="fair")
    patient.says("team", role="director", staff_id="di-1", by="su-1", **{"from": on(2)})
    assert patient.progress.needs_second_director
    assert "another director" not in asked(patient, "discharge_team_meeting")
    patient.says("decision", about="discharge_team_meeting", choice="alternatives_tried", by="su-1")
    assert "another director" not in asked(patient, "discharge_notice")


@pytest.mark.parametrize("role", ["therapist", "case_manager"])
def test_I4_a_member_of_the_team_who_is_missing_is_named(role: str) -> None:
    patient = Patient(team={name: staff for name, staff in TEAM.items() if name != role})
    patient.says("level_of_care", level="iop", by="su-1")
    assert f"a {role.replace('_', ' ')} in the team" in asked(patient, "admission")


def test_T3_the_journal_tells_which_entries_moved_the_patient() -> None:
    patient = ready_for_gate()
    patient.says("decision", about="gate_review", choice="pass", by="th-1", id="passed")
    patient.until(on(120))
    patient.says("exit", reason="withdrew", on=on(120), by="th-1", id="left")
    lines = journal(patient.episode, moved_by=patient.episode.facts.moved_by)
    moved = [(line.kind, line.moved_to) for line in lines if line.moved_to]
    assert moved == [("admission", "program"), ("decision", "aftercare"), ("exit", "closed")]
    patient.says("retraction", entry_id="passed", reason="wrong person", by="th-1")
    lines = journal(patient.episode, moved_by=patient.episode.facts.moved_by)
    assert [line.moved_to for line in lines if line.entry_id == "passed"] == [None]


def test_S9_the_record_tells_that_time_alone_has_moved_the_patient() -> None:
    patient = ready_for_gate()
    (by_time,) = [move for move in patient.progress.moves if not move.entry_ids]
    assert (by_time.to, by_time.at.date()) == ("gate_review", on(90))
    assert by_time.deadline.startswith(("Program length ends", "Sobriety gate opens"))


def test_S1_the_entry_that_shut_the_gate_is_told_as_what_moved_the_patient() -> None:
    patient = ready_for_gate()
    assert patient.progress.stage == "gate_review"
    patient.says("use", on=on(88), substance="alcohol", evidence="self_report", id="slip")
    assert patient.progress.moves[-1].model_dump(include={"to", "entry_ids"}) == {
        "to": "program",
        "entry_ids": ["slip"],
    }
    assert patient.episode.moved_by["slip"] == "program"


def test_E1_the_chart_says_to_which_stage_each_of_its_states_belongs() -> None:
    pathway = pathway_named("iop")
    assert pathway.stage({"underway", "intake", "screening"}) == "intake"
    assert pathway.stage({"underway", "program", "gate", "gate_waiting"}) == "program"
    assert pathway.stage({"underway", "program", "gate", "gate_review"}) == "gate_review"
    assert pathway.stage({"underway", "aftercare", "following"}) == "aftercare"
    assert pathway.stage({"closed", "withdrew"}) == "closed"
