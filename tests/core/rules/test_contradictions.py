"""Statements that contradict the record, or that whoever states them may not state: refused in words, or told apart."""

from datetime import timedelta
from typing import Any

import pytest

from tests.core.clinic import ADMITTED, Patient, admitted, ready_for_gate
from workflows.core.engine.effects import Notify, OpenTask
from workflows.core.engine.errors import InvalidEntry, NotAllowedNow, Refused

DAY = timedelta(days=1)
MON, TUE, WED, THU, FRI = (ADMITTED + timedelta(days=n) for n in range(5))
NO_TESTS: dict[str, Any] = {"tests": {"phases": []}}


def away(patient: Patient, first: int, last: int, **fields: Any) -> str:
    """A leave from one day of the program to another; the entry's id."""
    days = {"from": MON + first * DAY, "until": MON + last * DAY}
    return patient.says("leave", reason="travel", **days, **fields).entry_id


# -- time -----------------------------------------------------------------------------------------------------


def test_T3_a_leave_that_supersedes_one_may_not_be_another_that_is_on_record() -> None:
    patient = admitted()
    first = away(patient, 10, 12)
    away(patient, 20, 22)
    with pytest.raises(InvalidEntry, match="a leave from 2026-01-25"):
        away(patient, 20, 21, supersedes=first)
    away(patient, 11, 13, supersedes=first)


def test_T3_a_test_told_in_two_entries_is_not_collected_before_it_was_ordered() -> None:
    patient = admitted().until(MON + 10 * DAY)
    patient.says("test", test_id="t1", ordered_on=MON + 5 * DAY)
    with pytest.raises(
        InvalidEntry, match="t1 was collected on 2026-01-09, before it was ordered on 2026-01-10"
    ):
        patient.says("test", test_id="t1", collected_on=MON + 4 * DAY, result="negative")
    patient.says("test", test_id="t1", collected_on=MON + 5 * DAY, result="negative")


def test_T4_the_messages_of_a_laboratory_may_contradict_each_other_in_any_order() -> None:
    ordered = {"test_id": "t1", "ordered_on": MON + 5 * DAY, "source": "lab", "by": "lab"}
    collected = {
        "test_id": "t1",
        "collected_on": MON + 4 * DAY,
        "result": "negative",
        "source": "lab",
        "by": "lab",
    }
    evidence = []
    for messages in ((ordered, collected), (collected, ordered)):
        patient = admitted().until(MON + 10 * DAY)
        for message in messages:
            patient.says("test", **message)
        evidence.append(patient.progress.gate)
    assert evidence[0] == evidence[1]


def test_a_flag_does_not_go_off_before_it_is_on() -> None:
    patient = admitted().until(MON + 10 * DAY)
    with pytest.raises(InvalidEntry, match="off: 2026-01-09 lies before the flag is on"):
        patient.says("flag", name="suicide_risk", on=MON + 5 * DAY, off=MON + 4 * DAY)


@pytest.mark.parametrize("back", [1, 400])
def test_E4_a_stay_does_not_end_before_the_admission(back: int) -> None:
    patient = admitted().until(WED)
    with pytest.raises(InvalidEntry, match="lies before the admission on 2026-01-05"):
        patient.says("exit", reason="other", on=MON - back * DAY)
    assert patient.progress.stage == "program"


@pytest.mark.parametrize(
    ("length", "words"),
    [
        ({"days": 60}, "length.days: with 60 days the program would have ended on 2026-03-06"),
        ({"days": 92}, "length.days: with 92 days"),
        ({"extension_days": 3}, "length.extension_days: with 3 days the extension that began on 2026-04-05"),
    ],
)
def test_T8_an_adoption_moves_no_end_into_the_past_of_an_extended_program(
    length: dict[str, int], words: str
) -> None:
    patient = admitted().attends_until(MON + 95 * DAY)
    assert patient.progress.extensions == 1
    with pytest.raises(NotAllowedNow, match=words):
        patient.says("policy", policy={**NO_TESTS, "length": length})
    assert patient.progress.extensions == 1


def test_T8_an_adoption_in_an_extension_may_change_what_lies_ahead() -> None:
    patient = admitted().attends_until(MON + 95 * DAY)
    patient.says("policy", policy={**NO_TESTS, "length": {"extension_days": 21}, "gate": {"sober_days": 20}})
    assert patient.progress.extensions == 1


# -- decisions ------------------------------------------------------------------------------------------------


def test_E10_a_decision_is_not_older_than_what_it_answers() -> None:
    patient = admitted().until(MON + 10 * DAY)
    patient.says("crisis", type="overdose", at=patient.now.isoformat())
    with pytest.raises(
        NotAllowedNow, match="on: 2026-01-10 lies before the day on which crisis_response came up"
    ):
        patient.says("decision", about="crisis_response", choice="safe", on=MON + 5 * DAY)


def test_S9_the_gate_is_not_passed_on_a_day_on_which_it_was_not_ready() -> None:
    patient = ready_for_gate()
    with pytest.raises(NotAllowedNow, match="came up, 2026-04-05"):
        patient.says("decision", about="gate_review", choice="pass", by="th-1", on=MON + 30 * DAY)


def test_T4_what_was_answered_before_it_was_recorded_is_recorded_together() -> None:
    patient = admitted().attends_until(MON + 10 * DAY)
    patient.says("use", on=MON + 4 * DAY)
    patient.says("decision", about="safety_check", choice="safe", on=MON + 5 * DAY)
    assert "safety_check" not in patient.tasks


def test_E2_a_notice_dated_by_its_day_takes_nothing_from_the_time_before_the_hearing() -> None:
    patient = admitted().attends_until(MON + 10 * DAY)
    for about, choice, by in (
        ("involuntary_discharge", "propose", "su-1"),
        ("involuntary_review", "approve", "di-1"),
        ("discharge_team_meeting", "alternatives_tried", "su-1"),
    ):
        patient.says("decision", about=about, choice=choice, by=by, reason="violence")
    patient.until(MON + 10 * DAY, "16:00")
    patient.says("decision", about="discharge_notice", choice="given", on=MON + 10 * DAY)
    patient.says("decision", about="discharge_appeal", choice="appealed")
    patient.until(MON + 11 * DAY, "15:59")
    assert "discharge_appeal_hearing" not in patient.tasks
    patient.until(MON + 11 * DAY, "16:00")
    assert "discharge_appeal_hearing" in patient.tasks


def test_E2_a_notice_is_not_dated_before_the_team_has_met() -> None:
    patient = admitted().attends_until(MON + 10 * DAY)
    patient.says("decision", about="involuntary_discharge", choice="propose", by="su-1", reason="violence")
    patient.until(MON + 12 * DAY)
    patient.says("decision", about="involuntary_review", choice="approve", by="di-1", reason="violence")
    patient.says("decision", about="discharge_team_meeting", choice="alternatives_tried", by="su-1")
    with pytest.raises(NotAllowedNow, match="lies before the day on which discharge_notice came up"):
        patient.says("decision", about="discharge_notice", choice="given", on=MON + 10 * DAY)


# -- sources --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("source", ["lab", "kiosk", "agency", "patient"])
@pytest.mark.parametrize(
    "statement", [{"kind": "level_of_care", "level": "iop"}, {"kind": "policy", "policy": NO_TESTS}]
)
def test_I2_T8_no_system_decides_on_a_level_of_care_or_a_policy(
    source: str, statement: dict[str, Any]
) -> None:
    patient = Patient()
    with pytest.raises(NotAllowedNow, match="a named person of the staff"):
        patient.says(**statement, source=source, by=f"{source}-system")
    assert patient.progress.states == Patient().progress.states


@pytest.mark.parametrize("source", ["lab", "kiosk", "agency"])
def test_E1_a_system_takes_nothing_back_that_a_person_has_stated(source: str) -> None:
    patient = admitted()
    left = patient.says("exit", reason="withdrew", on=MON)
    back = patient.says("retraction", entry_id=left.entry_id, reason="stays")
    with pytest.raises(NotAllowedNow, match="was stated by a person"):
        patient.says("retraction", entry_id=back.entry_id, reason="x", source=source, by=source)
    with pytest.raises(NotAllowedNow, match="was stated by a person"):
        patient.says("use", on=MON, supersedes=back.entry_id, source=source, by=source)
    assert patient.progress.stage == "program"


def test_T3_a_laboratory_takes_its_own_result_back() -> None:
    patient = admitted()
    found = patient.says("test", test_id="t1", collected_on=MON, result="definitive", substances=["cocaine"],
                         source="lab", by="lab")  # fmt: skip
    patient.says("retraction", entry_id=found.entry_id, reason="another specimen", source="lab", by="lab")
    assert patient.progress.last_use_on != MON


# -- sessions -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "clock", "missed"),
    [("patient", "17:59", 0), ("patient", "18:01", 1), ("kiosk", "22:00", 1), ("staff", "22:00", 0)],
)
def test_A3_a_patients_own_excuse_comes_with_notice_and_after_that_only_staff_excuse(
    source: str, clock: str, missed: int
) -> None:
    patient = admitted().until(MON, clock)
    patient.says("attendance", session=f"{MON}T18:00", status="excused", source=source, by="p")
    patient.until(TUE, "09:00")
    assert patient.progress.consecutive_misses == missed


def test_A3_the_notice_of_an_excuse_is_a_number_of_the_policy() -> None:
    patient = admitted(policy={"attendance": {"excuse_notice_minutes": 120}}).until(MON, "16:30")
    patient.says("attendance", session=f"{MON}T18:00", status="excused", source="patient", by="p")
    patient.until(TUE, "09:00")
    assert patient.progress.consecutive_misses == 1
    patient.says("attendance", session=f"{MON}T18:00", status="excused")
    assert patient.progress.consecutive_misses == 0
    assert "attendance_conflict" not in patient.tasks


def test_A3_a_session_moved_to_the_time_of_another_is_missed_once() -> None:
    patient = admitted()
    patient.says("session_change", session=f"{MON}T18:00", change="moved", new_start=f"{WED}T18:00")
    patient.until(THU, "09:00")
    assert patient.progress.consecutive_misses == 1
    patient.says("attendance", session=f"{WED}T18:00", status="attended")
    assert patient.progress.week.minutes == 180


def test_A3_a_cancelled_session_that_is_added_again_takes_place() -> None:
    patient = admitted()
    patient.says("session_change", session=f"{MON}T18:00", change="cancelled")
    patient.says("session_change", session=f"{MON}T18:00", change="added", minutes=180)
    patient.until(TUE, "09:00")
    assert patient.progress.consecutive_misses == 1
    patient.says("session_change", session=f"{MON}T18:00", change="cancelled")
    assert patient.progress.consecutive_misses == 0


def test_A1_days_without_a_service_are_counted_over_the_turn_of_the_week() -> None:
    days = [{"weekday": day, "start": "18:00", "minutes": 180} for day in ("tue", "wed", "thu", "fri")]
    patient = admitted(schedule=days)
    for week in range(2):
        for day in (TUE, WED, THU, FRI):
            patient.attends(day + 7 * week * DAY)
    patient.until(MON + 14 * DAY, "09:00")
    gaps = [e for e in patient.effects if isinstance(e, Notify) and "3 days in a row" in e.lines[0]]
    assert len(gaps) == 1  # Saturday, Sunday, Monday; before the admission nothing was owed


def test_E8_what_is_refused_changes_nothing_even_in_a_crisis() -> None:
    patient = admitted().until(WED)
    patient.says("crisis", type="overdose", at=patient.now.isoformat())
    before = patient.progress
    for kind, fields in (("exit", {"reason": "other", "on": MON - DAY}), ("return", {"on": WED + DAY})):
        with pytest.raises(Refused):
            patient.says(kind, **fields)
    assert patient.progress == before


# -- flags, and use in aftercare ------------------------------------------------------------------------------


def test_A6_a_later_entry_says_when_a_flag_goes_off_and_the_ladder_takes_over() -> None:
    patient = admitted()
    patient.says("flag", name="suicide_risk", on=MON)
    patient.until(TUE, "09:00")
    assert "high_risk_contact" in patient.tasks
    off = patient.says("flag", name="suicide_risk", on=MON, off=MON)
    assert patient.progress.flags == []
    assert patient.tasks == {"outreach_call"}
    patient.says("retraction", entry_id=off.entry_id, reason="the risk goes on")
    assert patient.progress.flags == ["suicide_risk"]


def test_S3_C1_a_relapse_in_aftercare_is_offered_more_care_as_well() -> None:
    patient = ready_for_gate()
    patient.says("decision", about="gate_review", choice="pass", by="th-1")
    patient.says("use", on=patient.now.date(), **{"class": "relapse"})
    assert {"reassessment", "level_of_care_review"} <= patient.tasks
    patient.says("decision", about="level_of_care_review", choice="patient_declined", by="th-1")
    assert patient.progress.stage == "aftercare"


def test_E10_a_task_knows_who_may_sign_it() -> None:
    patient = ready_for_gate()
    task = next(one for one in patient.effects if isinstance(one, OpenTask) and one.kind == "gate_review")
    assert task.signers.objection("gate_review", "cm-1") == (
        "gate_review is decided by the therapist or nurse or supervisor or director; cm-1 has another role."
    )
    assert "knows anybody called nobody-known" in str(task.signers.objection("gate_review", "nobody-known"))
    assert [
        task.signers.objection("gate_review", *by) for by in (("th-1",), ("di-1",), ("th-7", ["therapist"]))
    ] == [None] * 3


def test_E2_the_task_of_a_review_is_not_for_the_person_who_proposed_and_only_for_the_director() -> None:
    patient = admitted()
    patient.says("decision", about="involuntary_discharge", choice="propose", reason="violence", by="di-1")
    task = next(
        one for one in patient.effects if isinstance(one, OpenTask) and one.kind == "involuntary_review"
    )
    assert "proposed" in str(task.signers.objection(task.kind, "di-1"))
    assert "another role" in str(task.signers.objection(task.kind, "su-1"))
    assert "knows anybody called" in str(task.signers.objection(task.kind, "nobody-known"))


@pytest.mark.parametrize("by", ["di-1", "DI-1"])
def test_E2_a_discharge_that_the_director_proposes_is_decided_by_another_director_and_says_so(
    by: str,
) -> None:
    patient = admitted()
    patient.says("decision", about="involuntary_discharge", choice="propose", reason="violence", by=by)
    (task,) = patient.episode.open_tasks.values()
    assert (task.kind, task.role, task.owner) == ("involuntary_review", "director", None)
    assert "another director answers" in task.asks
    assert patient.progress.needs_second_director
    assert task.signers.objection(task.kind, "di-2", ["director"]) is None
    assert task.signers.objection(task.kind, "th-7", ["therapist"])
    assert "proposed" in str(task.signers.objection(task.kind, "di-1", ["director"]))
    patient.says("team", role="director", staff_id="di-2", by="su-1", **{"from": ADMITTED})
    (task,) = patient.episode.open_tasks.values()
    assert (task.owner, "another director" in task.asks) == ("di-2", False)
    assert not patient.progress.needs_second_director
    patient.says(
        "decision", about="involuntary_review", choice="reject", by="di-2", reason="not tried enough"
    )
    assert patient.tasks == set()


def test_E2_every_later_decision_on_it_is_the_other_directors_too() -> None:
    patient = admitted()
    patient.says("decision", about="involuntary_discharge", choice="propose", reason="violence", by="di-1")
    patient.says("team", role="director", staff_id="di-2", by="su-1", **{"from": ADMITTED})
    patient.says("decision", about="involuntary_review", choice="approve", by="di-2", reason="fair")
    patient.says("team", role="director", staff_id="di-1", by="su-1", **{"from": ADMITTED})
    patient.says("decision", about="discharge_team_meeting", choice="alternatives_tried", by="su-1")
    patient.says("decision", about="discharge_notice", choice="given", by="cm-1")
    patient.until(ADMITTED + timedelta(days=4), "12:00")
    (task,) = [one for one in patient.episode.open_tasks.values() if one.kind == "discharge_decision"]
    assert (task.owner, "another director answers" in task.asks) == (None, True)
    with pytest.raises(NotAllowedNow, match="proposed"):
        patient.says(
            "decision", about="discharge_decision", choice="discharge", by="di-1", reason="no appeal"
        )


def test_E9_an_answer_without_effect_leaves_what_is_owed_to_be_asked_anew() -> None:
    patient = ready_for_gate()
    (before,) = [task for task in patient.progress.open_tasks if task.kind == "gate_review"]
    patient.episode.ask_anew(before.task_id, patient.now)
    (after,) = [task for task in patient.progress.open_tasks if task.kind == "gate_review"]
    assert after.task_id != before.task_id
    assert [type(effect) for effect in patient.episode.take_effects()] == [OpenTask]
    patient.episode.ask_anew("task-of-yesterday", patient.now)
    assert patient.episode.take_effects() == []
