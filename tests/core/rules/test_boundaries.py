"""What lies on a boundary, and what stands beside something of its kind: each is judged by itself."""

from datetime import timedelta
from typing import Any

import pytest

from tests.core.clinic import (
    ADMITTED,
    TEAM,
    Patient,
    admitted,
    at,
    collected,
    in_program,
    on,
    start,
)
from workflows.core.engine.effects import Notify, StartReferral
from workflows.core.engine.errors import InvalidEntry, NotAllowedNow
from workflows.core.episode.attendance.services import refuse_schedule
from workflows.core.episode.policy import Policy


def weekly(*days: str, begins: str = "18:00", minutes: int = 180) -> list[dict[str, Any]]:
    return [{"weekday": day, "start": begins, "minutes": minutes, "service": "group"} for day in days]


def heard(patient: Patient, subject: str) -> list[tuple[str, ...]]:
    return [one.lines for one in patient.effects if isinstance(one, Notify) and one.subject == subject]


def asked(patient: Patient, kind: str) -> str:
    (task,) = [task for task in patient.progress.open_tasks if task.kind == kind]
    return task.asks


# -- the week ------------------------------------------------------------------------------------------------


def test_A1_a_session_at_midnight_belongs_to_the_week_that_begins_with_it_and_to_no_other() -> None:
    patient = admitted(schedule=weekly("mon", "wed", "fri", begins="00:00", minutes=120))
    for day in (0, 2, 4, 7):
        patient.until(on(day), "09:30")
        patient.says("attendance", session=f"{on(day)}T00:00", status="attended")
    patient.until(on(7), "12:00")
    (lines,) = heard(patient, "dose_report")
    assert lines[0].startswith("360 of 540 minutes")
    assert patient.progress.week.minutes == 120


def test_A1_days_without_a_service_are_counted_to_the_last_of_the_week() -> None:
    patient = admitted(schedule=weekly("mon", "tue", "wed")).until(on(7), "12:00")
    assert "4 days in a row without an offered service" in heard(patient, "dose_report")[0][0]


def test_A7_a_week_that_ends_in_a_leave_is_reported_although_nobody_came() -> None:
    patient = admitted().until(on(3), "09:00")
    patient.says("leave", reason="hospital", **{"from": on(3), "until": on(20)})
    patient.until(on(7), "12:00")
    (lines,) = heard(patient, "dose_report")
    assert lines[0].startswith("0 of 231 minutes")
    assert any(line.startswith("Week 1") for line in lines)


@pytest.mark.parametrize(
    "schedule",
    [
        [*weekly("mon", begins="18:50", minutes=60), *weekly("mon", begins="19:10", minutes=60)],
        [*weekly("sun", begins="23:30", minutes=60), *weekly("mon", begins="00:15", minutes=60)],
    ],
)
def test_A2_a_schedule_in_which_one_session_begins_within_another_is_refused(
    schedule: list[dict[str, Any]],
) -> None:
    with pytest.raises(InvalidEntry, match="nobody comes to both"):
        refuse_schedule(start(schedule=schedule).schedule, Policy())


def test_A2_a_session_may_begin_when_another_one_ends() -> None:
    both = [*weekly("mon", begins="18:50", minutes=60), *weekly("mon", begins="19:50", minutes=60)]
    refuse_schedule(start(schedule=both).schedule, Policy())


# -- who came ------------------------------------------------------------------------------------------------


def test_A2_who_comes_late_to_a_long_day_is_of_it_although_shorter_sessions_have_begun_since() -> None:
    patient = admitted()
    for begins, minutes in (("09:00", 240), ("09:30", 30), ("10:15", 15)):
        patient.says("session_change", session=f"{on(1)}T{begins}", change="added", minutes=minutes)
    patient.until(on(1), "20:00")
    patient.says("attendance", session=f"{on(1)}T11:00", status="attended")
    assert "unscheduled_attendance" not in patient.tasks
    assert patient.progress.week.minutes == 120


def test_A2_who_comes_before_a_session_is_early_for_it() -> None:
    patient = admitted().until(on(0), "21:30")
    patient.says("attendance", session=f"{on(0)}T17:50", status="attended")
    assert "unscheduled_attendance" not in patient.tasks
    assert patient.progress.week.minutes == 180


@pytest.mark.parametrize("second", ["excused", "missed"])
def test_A2_A8_a_roster_that_was_taken_too_early_gives_way_only_to_whoever_came(second: str) -> None:
    patient = admitted().until(on(0), "18:30")
    patient.says("attendance", session=f"{on(0)}T18:00", status="missed")
    patient.until(on(0), "19:00")
    patient.says("attendance", session=f"{on(0)}T18:00", status=second, by="th-1")
    patient.until(on(0), "21:30")
    assert patient.progress.consecutive_misses == 1
    assert ("attendance_conflict" in patient.tasks) is (second == "excused")


def test_A8_two_sources_disagree_about_the_day_of_the_referral_too() -> None:
    patient = Patient()
    for minutes, by in ((60, "cm-1"), (30, "th-1")):
        patient.says("attendance", session=f"{ADMITTED - timedelta(days=3)}T08:00", status="attended",
                     minutes=minutes, by=by)  # fmt: skip
    assert [one.session.start for one in patient.episode.facts.judged_elsewhere] == [
        at(ADMITTED - timedelta(days=3), "08:00").replace(tzinfo=None)
    ]


@pytest.mark.parametrize(("clock", "misses"), [("17:59", 1), ("18:00", 1), ("18:01", 0)])
def test_A3_who_is_admitted_as_a_session_begins_is_expected_at_it(clock: str, misses: int) -> None:
    patient = Patient()
    patient.says("screening", substances=["alcohol"])
    patient.says("level_of_care", level="IOP", reason="suited", by="th-1")
    patient.says("goal", goal_id="g1", title="work")
    patient.until(ADMITTED, clock)
    patient.says("admission", on=ADMITTED, last_use_on=ADMITTED - timedelta(days=8))
    patient.until(ADMITTED, "21:30")
    assert patient.progress.consecutive_misses == misses


def test_P7_a_step_that_has_not_been_reached_is_not_said_to_be_skipped() -> None:
    ladder = [
        {"name": "call", "after": {"hours": 1}, "task": "outreach_call"},
        {
            "name": "collateral",
            "after": {"hours": 24},
            "task": "collateral_contact",
            "contacts_others": "only",
        },
    ]
    patient = admitted(policy={"attendance": {"ladder": ladder}}).until(on(0), "23:30")
    assert "is skipped" not in asked(patient, "outreach_call")
    patient.until(on(1), "21:30")
    assert "Collateral is skipped" in asked(patient, "outreach_call")


# -- leaves ------------------------------------------------------------------------------------------------


def test_E6_a_leave_that_is_planned_hides_no_return_from_the_one_before() -> None:
    patient = in_program(4)
    patient.says("leave", reason="hospital", **{"from": on(5), "until": on(8)})
    patient.says("leave", reason="travel", **{"from": on(30), "until": on(40)})
    patient.until(on(9), "09:00")
    patient.says("return", on=on(9))
    assert "return_screening" in patient.tasks


def test_E6_a_second_word_of_one_return_ends_no_leave_that_begins_on_its_day() -> None:
    patient = in_program(4)
    patient.says("leave", reason="hospital", **{"from": on(5), "until": on(14)})
    patient.until(on(9), "09:00")
    patient.says("return", on=on(9))
    patient.until(on(11), "09:00")
    patient.says("leave", reason="travel", **{"from": on(11), "until": on(20)})
    patient.says("return", on=on(11))
    assert patient.progress.on_leave


# -- ways out ------------------------------------------------------------------------------------------------


def withdrawn(patient: Patient, day: int, clock: str = "12:00") -> Patient:
    patient.until(on(day), clock).says("exit", reason="withdrew", on=on(day))
    return patient


@pytest.mark.parametrize(("hours", "may"), [(72, True), (73, False)])
def test_E3_a_withdrawal_is_reopened_within_its_time_and_not_after_it(hours: int, may: bool) -> None:
    patient = withdrawn(in_program(4), 4)
    patient.until(on(7), f"{12 + hours - 72}:00")
    assert ("reopening" in {one.about for one in patient.progress.may_decide}) is may
    if not may:
        with pytest.raises(NotAllowedNow, match="nothing named reopening is open"):
            patient.says("decision", about="reopening", choice="reopen")


def test_E10_nobody_reopens_a_withdrawal_before_it_was_made() -> None:
    patient = withdrawn(in_program(4), 4).until(on(5))
    with pytest.raises(NotAllowedNow, match="lies before the day on which reopening came up, 2026-01-09"):
        patient.says("decision", about="reopening", choice="reopen", on=on(3))
    patient.says("decision", about="reopening", choice="reopen", on=on(4))
    assert patient.progress.stage == "program"


def test_E5_a_transfer_goes_to_the_place_that_was_named_last() -> None:
    patient = in_program(4)
    told = [
        patient.says("exit", reason="transferred", on=on(4), to=to).entry_id for to in ("php", "residential")
    ]
    assert [one.service for one in patient.effects if isinstance(one, StartReferral)][-1] == "residential"
    (task,) = [task for task in patient.progress.open_tasks if task.kind == "transfer"]
    assert task.entries == [told[-1]]


def test_I4_a_decision_of_the_intake_that_is_corrected_later_is_reviewed_and_sends_nobody_elsewhere() -> None:
    patient = in_program(4)
    (told,) = [r.key for r in patient.episode.record if r.entry.kind == "level_of_care"]
    patient.says("level_of_care", level="residential", reason="misread", by="th-1", supersedes=told,
                 on=ADMITTED - timedelta(days=1))  # fmt: skip
    assert patient.progress.stage == "program"
    assert "level_of_care_review" in patient.tasks
    assert not [one for one in patient.effects if isinstance(one, StartReferral)]


# -- use and tests -------------------------------------------------------------------------------------------


def test_S5_a_finding_is_dated_by_the_collection_and_not_by_the_order() -> None:
    patient = in_program(20)
    patient.says("test", test_id="t", ordered_on=on(12), collected_on=on(16), result="definitive",
                 substances=["fentanyl"])  # fmt: skip
    assert patient.progress.last_use_on == on(16)


@pytest.mark.parametrize("by", ["th-2", "th-1", "cm-1"])
def test_S7_a_prescription_told_by_whoever_is_the_therapist_now_needs_no_confirmation(by: str) -> None:
    patient = in_program(9)
    patient.says("team", role="therapist", staff_id="th-2", by="su-1", **{"from": on(9)})
    patient.until(on(10))
    patient.says("medication", name="oxycodone", start_on=on(0), by=by)
    collected(patient, 10, "definitive", "oxycodone")
    assert ("medication_review" in patient.tasks) is (by != "th-2")
    assert TEAM["therapist"] == "th-1"
