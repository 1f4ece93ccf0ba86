"""A1-A3, A7-A8: to which session somebody came, how much of it counts, who disagrees, and what repairs a week."""

from datetime import date, timedelta
from typing import Any

import pytest

from tests.core.clinic import ADMITTED, Patient, admitted
from workflows.core.engine.effects import Notify
from workflows.core.engine.errors import InvalidEntry

MON, TUE, WED, THU, FRI, SAT, SUN = (ADMITTED + timedelta(days=n) for n in range(7))


def came(patient: Patient, day: date, clock: str, **fields: Any) -> Patient:
    """Somebody writes down that the person came at a time."""
    patient.says("attendance", session=f"{day}T{clock}", status="attended", **fields)
    return patient


def on_monday_night() -> Patient:
    return admitted().until(MON, "21:10")


@pytest.mark.parametrize(
    ("clock", "minutes", "is_session"),
    [
        ("17:44", 0, False),
        ("17:45", 180, True),
        ("18:00", 180, True),
        ("18:01", 179, True),
        ("20:59", 1, True),
        ("21:00", 0, False),
    ],
)
def test_A2_who_comes_from_a_quarter_of_an_hour_before_to_the_end_has_come_to_the_session(
    clock: str, minutes: int, is_session: bool
) -> None:
    patient = came(on_monday_night(), MON, clock)
    assert ("unscheduled_attendance" in patient.tasks) is not is_session
    assert patient.progress.week.minutes == minutes
    patient.until(MON, "21:15")
    assert patient.progress.consecutive_misses == (1 if clock == "17:44" else 0)


@pytest.mark.parametrize(("minutes", "is_asked"), [(149, False), (150, False), (151, True)])
def test_A2_more_minutes_than_were_left_from_the_arrival_are_asked_about(
    minutes: int, is_asked: bool
) -> None:
    patient = came(on_monday_night(), MON, "18:30", minutes=minutes)
    assert ("attendance_minutes" in patient.tasks) is is_asked
    if is_asked:
        (task,) = patient.progress.open_tasks
        assert "which had 180 and began 30 minutes before the arrival: confirm them" in task.asks


def test_A2_of_too_many_minutes_a_person_says_whether_they_count() -> None:
    for choice, counted in (("confirm", 200), ("whole_session", 180)):
        patient = came(on_monday_night(), MON, "18:00", minutes=200)
        assert patient.progress.week.minutes == 200
        patient.says("decision", about="attendance_minutes", choice=choice)
        assert patient.progress.week.minutes == counted
        assert "attendance_minutes" not in patient.tasks


@pytest.mark.parametrize(("door", "staff", "disputed"), [("18:30", 150, False), ("18:30", 165, False),
                                                         ("18:30", 134, True), ("18:30", 166, True),
                                                         ("18:00", 170, True)])  # fmt: skip
def test_A8_a_door_says_nothing_against_minutes_that_could_be_attended_since(
    door: str, staff: int, disputed: bool
) -> None:
    patient = came(on_monday_night(), MON, door, source="kiosk", by="kiosk-1")
    came(patient, MON, "18:00", minutes=staff)
    assert ("attendance_conflict" in patient.tasks) is disputed


def test_A2_A8_who_came_after_the_roster_was_taken_came_late_and_nobody_disagrees() -> None:
    patient = admitted().until(MON, "18:20")
    patient.says("attendance", session=f"{MON}T18:00", status="missed")
    came(patient.until(MON, "18:40"), MON, "18:35", source="kiosk", by="kiosk-1")
    assert patient.tasks == set()
    assert patient.progress.week.minutes == 145
    after = on_monday_night()
    after.says("attendance", session=f"{MON}T18:00", status="missed")
    came(after, MON, "18:35", source="kiosk", by="kiosk-1")
    assert "attendance_conflict" in after.tasks


def test_A8_of_two_that_disagree_the_earlier_counts_until_a_person_chooses_and_then_the_chosen_one() -> None:
    patient = came(on_monday_night(), MON, "18:00", minutes=100)
    came(patient, MON, "18:00", minutes=150, by="fd-1")
    assert patient.progress.week.minutes == 100
    patient.says("decision", about="attendance_conflict", choice="attended_150_minutes")
    assert patient.progress.week.minutes == 150
    assert "attendance_conflict" not in patient.tasks
    came(patient, MON, "18:00", minutes=120, by="su-1")
    assert "attendance_conflict" in patient.tasks, "a third word is a new question"
    assert patient.progress.week.minutes == 150


def test_A8_the_choice_between_two_names_in_what_they_differ() -> None:
    for one, other, words in (
        ({"minutes": 100}, {"minutes": 150}, ["attended_100_minutes", "attended_150_minutes"]),
        ({"minutes": None}, {"minutes": 100}, ["attended_whole_session", "attended_100_minutes"]),
        ({"service": "group"}, {"service": "individual"}, ["attended_group", "attended_individual"]),
    ):
        patient = came(on_monday_night(), MON, "18:00", **one)
        came(patient, MON, "18:00", by="fd-1", **other)
        (task,) = patient.progress.open_tasks
        assert task.outcomes == words


def test_A3_an_excuse_in_between_neither_ends_a_run_of_misses_nor_lengthens_it() -> None:
    patient = admitted().until(MON, "21:15")
    patient.until(WED, "21:05")
    patient.says("attendance", session=f"{WED}T18:00", status="excused")
    assert patient.progress.consecutive_misses == 1
    patient.until(FRI, "21:15")
    assert patient.progress.consecutive_misses == 2


def test_A2_a_change_of_no_session_names_those_of_its_day_or_of_the_days_around_it() -> None:
    patient = admitted()
    with pytest.raises(InvalidEntry) as of_its_day:
        patient.says("session_change", session=f"{WED}T17:00", change="cancelled")
    assert f"{WED}T18:00" in str(of_its_day.value)
    assert f"{MON}T18:00" not in str(of_its_day.value)
    with pytest.raises(InvalidEntry) as of_no_day:
        patient.says("session_change", session=f"{THU}T18:00", change="cancelled")
    for near in (MON, WED, FRI):
        assert f"{near}T18:00" in str(of_no_day.value)


# -- the dose -----------------------------------------------------------------------------------------------


def notices(patient: Patient, subject: str) -> list[Notify]:
    return [effect for effect in patient.effects if isinstance(effect, Notify) and effect.subject == subject]


def offered(patient: Patient) -> list[str]:
    before = "To repair it, offer an added session: "
    (forecast,) = notices(patient, "dose_forecast")
    return [line.removeprefix(before) for line in forecast.lines if line.startswith(before)]


def test_A7_with_minutes_enough_and_days_too_few_no_second_session_of_a_day_is_offered() -> None:
    patient = admitted(policy={"dose": {"min_days": 5}})
    for day in (MON, WED):
        patient.attends(day, minutes=300)
    patient.until(THU, "10:00")
    assert offered(patient) == ["Thu 8 Jan 2026, 60 minutes."]


def test_A7_what_cannot_be_repaired_within_the_week_is_said() -> None:
    patient = admitted(policy={"dose": {"min_minutes": 900}})
    patient.until(THU, "10:00")
    assert offered(patient) == ["Thu 8 Jan 2026, 180 minutes.", "Fri 9 Jan 2026, 180 minutes."]
    (forecast,) = notices(patient, "dose_forecast")
    assert forecast.lines[-1] == "What cannot be repaired within this week: 360 minutes."
    assert "With the sessions still planned it will be 180 minutes on 1 days." in forecast.lines


def test_A7_nothing_is_offered_beyond_the_hours_that_a_week_may_have() -> None:
    patient = admitted(policy={"dose": {"min_minutes": 540, "max_minutes": 600}})
    patient.attends(MON, minutes=300)
    patient.until(THU, "10:00")
    assert offered(patient) == ["Thu 8 Jan 2026, 60 minutes."]


@pytest.mark.parametrize(("minutes", "is_reported"), [(379, False), (380, False), (381, True)])
def test_A1_nineteen_hours_are_the_most_that_a_week_may_have(minutes: int, is_reported: bool) -> None:
    patient = admitted()
    for day in (MON, WED, FRI):
        patient.attends(day, minutes=minutes)
    patient.until(SUN + timedelta(days=1))
    assert bool(notices(patient, "dose_report")) is is_reported


@pytest.mark.parametrize(("short", "is_reported"), [(0, False), (1, True)])
def test_A1_nine_hours_are_the_least(short: int, is_reported: bool) -> None:
    patient = admitted()
    for day, minutes in ((MON, 180), (WED, 180), (FRI, 180 - short)):
        patient.attends(day, minutes=minutes)
    patient.until(SUN + timedelta(days=1))
    assert bool(notices(patient, "dose_report")) is is_reported


def test_A2_A8_of_two_who_tell_of_a_time_without_a_session_the_first_is_asked_about() -> None:
    patient = admitted().until(TUE, "12:00")
    first = patient.says("attendance", session=f"{TUE}T10:00", status="attended", minutes=60).entry_id
    patient.says("attendance", session=f"{TUE}T10:00", status="attended", minutes=60, by="fd-1")
    (task,) = patient.progress.open_tasks
    assert (task.kind, task.entries) == ("unscheduled_attendance", [first])
    assert patient.progress.week.minutes == 60
    patient.says("decision", about="unscheduled_attendance", choice="reject", reason="a meeting")
    assert patient.progress.week.minutes == 0
    assert "unscheduled_attendance" not in patient.tasks
