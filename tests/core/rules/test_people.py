"""People and places change, the episode follows: the team, who stands in, and days on which the program is closed."""

from datetime import date, timedelta
from itertools import permutations
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.core.clinic import ADMITTED, SCHEDULE, TEAM, Patient, admitted, at, held_in
from tests.searching import examples
from workflows.core.engine.effects import ChangeTask, Notify, OpenTask, TellReferral
from workflows.core.engine.errors import InvalidEntry, NotAllowedNow, Refused
from workflows.core.episode.carrying import carried_over
from workflows.core.episode.entries import parse_entry
from workflows.core.episode.episode import Episode
from workflows.core.episode.facts import Answer
from workflows.pathways import pathway_named

MONDAY, TUESDAY, FRIDAY = (ADMITTED + timedelta(days=ahead) for ahead in (0, 1, 4))


def owners(patient: Patient) -> dict[str, str | None]:
    return {task.kind: task.owner for task in patient.progress.open_tasks}


def changed(patient: Patient) -> dict[str, OpenTask]:
    """The tasks that were told how they stand now, each as it was told last; forgotten afterwards."""
    found = {one.task.kind: one.task for one in patient.effects if isinstance(one, ChangeTask)}
    patient.effects.clear()
    return found


def slipped() -> Patient:
    """A patient with open tasks of a therapist and of a case manager, on a Tuesday noon."""
    patient = admitted()
    patient.until(TUESDAY)
    patient.says("use", on=TUESDAY)
    patient.effects.clear()
    return patient


def test_I4_open_tasks_of_a_role_follow_to_whoever_has_it_and_new_ones_go_there() -> None:
    patient = slipped()
    before = owners(patient)
    theirs = {kind for kind, owner in before.items() if owner == "th-1"}
    assert theirs
    answer = patient.says("team", role="therapist", staff_id="th-2", **{"from": TUESDAY})
    assert owners(patient) == {kind: "th-2" if kind in theirs else owner for kind, owner in before.items()}
    told = changed(patient)
    assert {kind for kind, task in told.items() if task.owner == "th-2"} == theirs
    assert any("th-2" in sentence for sentence in answer.changes)
    assert patient.progress.team == {**TEAM, "therapist": "th-2"}
    patient.says("use", on=MONDAY)
    patient.says("use", on=TUESDAY, **{"class": "relapse"})
    assert {
        task.owner for task in patient.effects if isinstance(task, OpenTask) and task.role == "therapist"
    } == {"th-2"}


def test_I4_a_change_for_today_is_told_to_each_task_once() -> None:
    patient = slipped()
    patient.says("team", role="therapist", staff_id="th-2", **{"from": TUESDAY})
    assert changed(patient)
    patient.says("team", role="therapist", staff_id="th-2", **{"from": TUESDAY})
    patient.says("contact", at=at(TUESDAY, "12:00"), channel="phone", outcome="no_answer")
    patient.until(TUESDAY, "12:30")
    assert not changed(patient)


def test_T5_a_change_that_is_planned_changes_nothing_until_its_day() -> None:
    patient = slipped()
    answer = patient.says(
        "team", role="case_manager", staff_id="cm-2", **{"from": TUESDAY + timedelta(days=2)}
    )
    assert patient.progress.team == TEAM
    assert any("cm-2 from 8 Jan 2026" in sentence for sentence in answer.changes)
    patient.until(TUESDAY + timedelta(days=1), "23:59")
    assert patient.progress.team == TEAM
    patient.until(TUESDAY + timedelta(days=2), "00:00")
    assert patient.progress.team["case_manager"] == "cm-2"


def test_T3_a_retracted_change_restores_the_team_and_whose_the_tasks_are() -> None:
    patient = slipped()
    before = owners(patient)
    patient.says("team", id="t1", role="therapist", staff_id="th-2", **{"from": TUESDAY})
    patient.says("retraction", entry_id="t1", reason="another patient")
    assert (owners(patient), patient.progress.team) == (before, TEAM)
    assert all(task.owner == before[kind] for kind, task in changed(patient).items())


def test_who_stands_in_has_the_tasks_while_the_other_is_away_and_they_return_afterwards() -> None:
    patient = slipped()
    away = {"from": TUESDAY, "until": TUESDAY + timedelta(days=1), "stands_in_for": "th-1"}
    patient.says("team", role="therapist", staff_id="th-2", **away)
    assert patient.progress.team["therapist"] == "th-2"
    patient.until(TUESDAY + timedelta(days=2), "00:00")
    assert patient.progress.team["therapist"] == "th-1"
    assert {owner for kind, owner in owners(patient).items() if kind == "plan_review"} <= {"th-1", "su-1"}


def test_who_stands_in_for_somebody_does_so_only_while_that_person_has_the_role() -> None:
    patient = slipped()
    away = {"from": TUESDAY, "until": TUESDAY + timedelta(days=9), "stands_in_for": "cm-1"}
    patient.says("team", role="case_manager", staff_id="cm-2", **away)
    patient.says("team", role="case_manager", staff_id="cm-3", **{"from": TUESDAY})
    assert patient.progress.team["case_manager"] == "cm-3"


def test_who_stands_in_may_be_away_too_and_nobody_stands_in_for_themselves() -> None:
    patient = slipped()
    for staff_id, other in (("cm-2", "cm-1"), ("cm-3", "cm-2")):
        patient.says("team", role="case_manager", staff_id=staff_id, stands_in_for=other, **{"from": TUESDAY})
    assert patient.progress.team["case_manager"] == "cm-3"
    patient.says("team", role="case_manager", staff_id="cm-1", stands_in_for="cm-3", **{"from": TUESDAY})
    assert patient.progress.team["case_manager"] == "cm-3"


def test_E0_what_a_therapist_signed_while_they_were_in_the_team_stays_signed() -> None:
    patient = slipped()
    review = next(task for task in patient.episode.open_tasks.values() if task.kind == "safety_check")
    patient.says("decision", about=review.task_id, choice="safe", by="th-1")
    patient.says("team", role="therapist", staff_id="th-2", **{"from": TUESDAY})
    assert "safety_check" not in patient.tasks


def test_E2_a_director_who_stands_in_signs_what_only_the_director_signs() -> None:
    patient = slipped()
    patient.says("decision", about="involuntary_discharge", choice="propose", reason="violence", by="su-1")
    (review,) = [task for task in patient.episode.open_tasks.values() if task.kind == "involuntary_review"]
    with pytest.raises(NotAllowedNow):
        patient.says("decision", about=review.task_id, choice="reject", reason="no", by="di-2")
    patient.effects.clear()
    patient.says(
        "team",
        role="director",
        staff_id="di-2",
        stands_in_for="di-1",
        by="di-1",
        **{"from": TUESDAY},
    )
    told = changed(patient)["involuntary_review"]
    assert (told.owner, told.signers.objection("it", "di-2")) == ("di-2", None)
    patient.says("decision", about=review.task_id, choice="reject", reason="no", by="di-2")
    assert "involuntary_review" not in patient.tasks


@pytest.mark.parametrize("source", ["patient", "kiosk", "lab", "agency"])
@pytest.mark.parametrize(
    "statement",
    [{"kind": "team", "role": "therapist", "staff_id": "th-2", "from": "2026-01-06"},
     {"kind": "closure", "on": "2026-01-06", "reason": "snow"}],
    ids=["team", "closure"],
)  # fmt: skip
def test_the_team_and_closed_days_are_told_by_a_person_of_the_staff(
    source: str, statement: dict[str, Any]
) -> None:
    patient = slipped()
    with pytest.raises(NotAllowedNow, match="named person of the staff"):
        patient.says(**{**statement, "source": source})


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"role": "janitor", "staff_id": "cm-2", "from": "2026-01-06"}, "role"),
        ({"role": "nurse", "staff_id": "Ada Miller", "from": "2026-01-06"}, "code without spaces"),
        ({"role": "nurse", "staff_id": "nu-1"}, "from is missing"),
        ({"role": "nurse", "staff_id": "nu-1", "from": "2026-01-06", "until": "2026-01-09"}, "stands_in_for"),
        (
            {"role": "nurse", "staff_id": "a", "from": "2026-01-06", "until": "2026-01-05", "stands_in_for": "c"},
            "until",
        ),
        ({"role": "nurse", "staff_id": "a", "from": "2026-01-06", "stands_in_for": "a"}, "for themselves"),
        ({"role": "nurse", "staff_id": "a", "from": "0001-01-06"}, "from"),
    ],
)  # fmt: skip
def test_a_change_of_the_team_that_cannot_be_is_refused_with_the_field(
    fields: dict[str, str], words: str
) -> None:
    with pytest.raises(InvalidEntry, match=words) as refused:
        parse_entry({"kind": "team", "by": "su-1", **fields})
    assert "Ada Miller" not in str(refused.value)


def test_P1_a_referral_hears_of_the_team_and_of_closed_days_and_that_they_were_taken_back() -> None:
    patient = slipped()
    patient.says("need", service="therapist")
    patient.effects.clear()
    patient.says("team", id="t1", role="case_manager", staff_id="cm-2", **{"from": TUESDAY})
    patient.says("closure", id="c1", on=FRIDAY, reason="snow")
    told = [one.statement for one in patient.effects if isinstance(one, TellReferral)]
    assert [one["kind"] for one in told] == ["team", "closure"]
    patient.says("retraction", entry_id="t1", reason="another patient")
    assert patient.effects[-1].statement["kind"] == "retraction"


def test_what_comes_after_the_exit_about_team_and_closed_days_is_shown_to_nobody_and_tasks_follow() -> None:
    patient = slipped()
    patient.says("exit", reason="withdrew", on=TUESDAY)
    patient.effects.clear()
    patient.says("team", role="case_manager", staff_id="cm-2", **{"from": TUESDAY})
    patient.says("team", role="case_manager", staff_id="cm-3", **{"from": TUESDAY + timedelta(days=7 * 365)})
    patient.says("closure", on=TUESDAY + timedelta(days=1), reason="snow")
    assert not [one for one in patient.effects if isinstance(one, Notify)]
    assert changed(patient)["exit_bundle"].owner == "cm-2"
    assert patient.episode.next_deadline is not None
    closes = patient.episode.next_deadline.at
    assert closes < at(TUESDAY + timedelta(days=7 * 365), "00:00")


def test_A3_a_session_on_a_closed_day_is_no_miss_also_when_it_is_told_afterwards() -> None:
    patient = admitted()
    patient.until(TUESDAY)
    assert patient.progress.consecutive_misses == 1
    answer = patient.says("closure", id="c1", on=MONDAY, reason="snow")
    assert patient.progress.consecutive_misses == 0
    assert any("5 Jan 2026" in sentence for sentence in answer.changes)
    patient.says("retraction", entry_id="c1", reason="we were open")
    assert patient.progress.consecutive_misses == 1


def test_A3_a_session_that_is_added_on_a_closed_day_takes_place() -> None:
    patient = admitted()
    patient.says("closure", on=FRIDAY, reason="holiday")
    patient.says("session_change", session=f"{FRIDAY}T18:00", change="added", minutes=180)
    patient.until(FRIDAY + timedelta(days=1))
    missed = [one for one in patient.episode.facts.judged if one.missed]
    assert f"{FRIDAY}T18:00" in {one.session.start.isoformat()[:16] for one in missed}


def test_T6_business_deadlines_of_open_tasks_move_off_a_closed_day_and_back_again() -> None:
    patient = slipped()
    before = {kind: task.due_at for kind, task in
              ((task.kind, task) for task in patient.episode.open_tasks.values())}  # fmt: skip
    wednesday = TUESDAY + timedelta(days=1)
    on_it = {kind for kind, due in before.items() if due.date() == wednesday}
    assert "individual_session" in on_it
    patient.says("closure", id="c1", on=wednesday, reason="snow")
    told = changed(patient)
    assert told["individual_session"].due_at.date() == wednesday + timedelta(days=1)
    assert told["individual_session"].escalation[0].at > told["individual_session"].due_at
    assert told["individual_session"].revision == 1
    patient.says("retraction", entry_id="c1", reason="the snow did not come")
    assert {kind: task.due_at for kind, task in changed(patient).items()}.items() <= before.items()
    assert {task.kind: task.due_at for task in patient.episode.open_tasks.values()} == before


def test_T7_no_task_is_overdue_because_a_closed_day_is_taken_back_late() -> None:
    patient = slipped()
    wednesday = TUESDAY + timedelta(days=1)
    patient.says("closure", id="c1", on=wednesday, reason="snow")
    patient.until(wednesday, "20:00")
    patient.effects.clear()
    patient.says("retraction", entry_id="c1", reason="we were open after all")
    assert all(task.due_at > patient.now for task in changed(patient).values())


def test_elapsed_deadlines_do_not_move_for_a_closed_day() -> None:
    patient = admitted()
    patient.until(TUESDAY)
    patient.says("crisis", type="overdose", at=at(TUESDAY, "11:00"))
    before = next(task for task in patient.episode.open_tasks.values() if task.kind == "crisis_response")
    patient.says("closure", on=TUESDAY, reason="snow")
    assert patient.episode.open_tasks[before.duty].due_at == before.due_at


_STATED = [
    {"kind": "team", "id": "t1", "by": "su-1", "role": "therapist", "staff_id": "th-2", "from": "2026-01-06"},
    {"kind": "team", "id": "t2", "by": "su-1", "role": "therapist", "staff_id": "th-3", "from": "2026-01-05"},
    {"kind": "team", "id": "t3", "by": "su-1", "role": "therapist", "staff_id": "th-4", "from": "2026-01-06",
     "until": "2026-01-08", "stands_in_for": "th-2"},
    {"kind": "closure", "id": "c1", "by": "su-1", "on": "2026-01-07", "reason": "snow"},
    {"kind": "closure", "id": "c2", "by": "su-1", "on": "2026-01-05", "reason": "holiday"},
]  # fmt: skip


@settings(max_examples=examples(40))
@given(st.sampled_from(list(permutations(_STATED))), st.integers(0, 5))
def test_T4_team_and_closed_days_do_not_depend_on_the_order_of_arrival(
    stated: tuple[dict[str, Any], ...], together: int
) -> None:
    patient = slipped()
    entries = [parse_entry(one) for one in stated]
    results = patient.episode.apply_many(entries[:together], patient.now)
    results += [patient.episode.apply(entry, patient.now) for entry in entries[together:]]
    assert not [one for one in results if isinstance(one, Refused)]
    expected = slipped()
    expected.episode.apply_many([parse_entry(one) for one in _STATED], expected.now)
    assert patient.progress.team == expected.progress.team
    assert patient.episode.frame.calendar.closures == expected.episode.frame.calendar.closures
    due = [
        {kind: (task.owner, task.due_at) for kind, task in one.episode.open_tasks.items()}
        for one in (patient, expected)
    ]
    assert due[0] == due[1]
    assert patient.progress.consecutive_misses == expected.progress.consecutive_misses == 0


def test_team_and_closed_days_survive_continue_as_new() -> None:
    patient = slipped()
    for statement in _STATED:
        patient.episode.apply(parse_entry(statement), patient.now)
    patient.episode.take_effects()
    packed = patient.episode.packed()
    again = Episode.unpacked(packed, patient.episode.start, pathway_named("iop"))
    assert held_in(again.packed()) == held_in(packed)
    again.wake(patient.now)
    assert not [one for one in again.take_effects() if isinstance(one, ChangeTask)]
    assert again.facts.team == patient.episode.facts.team
    assert again.frame.calendar == patient.episode.frame.calendar


def test_an_episode_that_follows_keeps_the_team_of_today_and_the_closed_days() -> None:
    patient = Patient(pathway="php", schedule=SCHEDULE)
    patient.until(date(2026, 1, 5))
    for statement in _STATED:
        patient.episode.apply(parse_entry(statement), patient.now)
    answer = Answer("step", "th-1", patient.now, "d1", None)
    kinds = [one["kind"] for one in carried_over(patient.episode.facts, answer, "iop")]
    assert (kinds.count("team"), kinds.count("closure")) == (3, 2)


@pytest.mark.parametrize("role", ["director", "supervisor", "therapist", "nurse"])
def test_E0_whom_the_staff_directory_does_not_know_is_given_no_role_that_signs(role: str) -> None:
    patient = slipped()
    statement = {
        "role": role,
        "staff_id": "zz-1",
        "from": TUESDAY,
        "by": "su-1" if role != "director" else "di-1",
    }
    patient.episode.vouch("zz-1", None)
    with pytest.raises(NotAllowedNow, match=r"^staff_id: the staff directory knows nobody called zz-1"):
        patient.says("team", **statement)
    patient.episode.vouch("zz-1", ("case_manager",))
    with pytest.raises(NotAllowedNow, match="who is case manager, may not"):
        patient.says("team", **statement)
    patient.episode.vouch("zz-1", (role,))
    patient.says("team", **statement)
    assert patient.progress.team[role] == "zz-1"


def test_E1_a_stranger_who_is_to_owe_tasks_is_told_of() -> None:
    patient = slipped()
    patient.episode.vouch("zz-1", None)
    told = patient.says("team", role="case_manager", staff_id="zz-1", **{"from": TUESDAY}).changes
    assert "the staff directory knows nobody called zz-1" in " ".join(told)


def test_E0_where_the_staff_directory_cannot_be_asked_the_team_is_what_is_stated() -> None:
    patient = slipped()
    patient.episode.vouch("th-9", None)
    patient.episode.forget("th-9")
    patient.says("team", role="therapist", staff_id="th-9", **{"from": TUESDAY})
    assert patient.progress.team["therapist"] == "th-9"
