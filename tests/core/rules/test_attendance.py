"""A1-A8: the dose, what counts, misses, the ladder, high risk, forecast, and two sources."""

from datetime import date, datetime, timedelta
from itertools import permutations
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.core.clinic import ADMITTED, LAST_USE, Patient, admitted, at
from tests.searching import examples
from workflows.core.engine.effects import CloseTask, MessagePatient, Notify
from workflows.core.engine.errors import InvalidEntry
from workflows.core.episode.entries import parse_entry

DAY = timedelta(days=1)
MON, TUE, WED, THU, FRI, SAT, SUN = (ADMITTED + timedelta(days=n) for n in range(7))
END = "21:00"  # of each evening group


def session(day: date) -> str:
    return f"{day}T18:00"


def notices(patient: Patient, subject: str) -> list[Notify]:
    return [e for e in patient.effects if isinstance(e, Notify) and e.subject == subject]


def withdrawn(patient: Patient) -> list[CloseTask]:
    """Tasks closed with word to whoever was alerted."""
    return [e for e in patient.effects if isinstance(e, CloseTask) and not e.quietly]


def ladder_tasks(patient: Patient) -> set[str]:
    return {task.kind for task in patient.progress.open_tasks if task.rule == "A4"}


# -- A1 -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("minutes", "short"), [(179, 1), (180, 0), (181, 0)])
def test_A1_nine_hours_are_enough_and_a_minute_less_is_short(minutes: int, short: int) -> None:
    patient = admitted()
    patient.attends(MON)
    patient.attends(WED)
    patient.attends(FRI, minutes=minutes)
    assert patient.progress.week.short_by_minutes == short


def test_A1_a_week_turns_on_the_seventh_day_from_admission() -> None:
    patient = admitted()
    patient.attends(MON)
    patient.until(SUN, "23:59")
    assert patient.progress.week.minutes == 180
    patient.until(SUN + DAY, "00:00")
    assert patient.progress.week.minutes == 0


def test_A1_weeks_of_a_patient_admitted_on_a_thursday_run_from_thursday() -> None:
    patient = Patient()
    patient.says("level_of_care", level="iop", by="th-1")
    patient.says("goal", goal_id="g1")
    patient.until(THU, "09:00")
    patient.says("admission", on=THU, last_use_on=LAST_USE)
    patient.attends(FRI)
    patient.attends(FRI + 3 * DAY)
    patient.attends(FRI + 5 * DAY)
    assert patient.progress.week.model_dump() == {"minutes": 540, "days": 3, "short_by_minutes": 0}
    patient.until(THU + 7 * DAY, "00:00")
    assert patient.progress.week.days == 0


def test_A1_the_last_partial_week_is_pro_rata() -> None:
    patient = admitted(policy={"length": {"days": 10, "max_extensions": 4}}).attends_until(ADMITTED + 7 * DAY)
    assert patient.progress.week.short_by_minutes == 540 * 3 // 7


def test_A1_two_sessions_on_one_day_are_one_distinct_day() -> None:
    patient = admitted()
    patient.attends(MON)
    patient.says("session_change", session=f"{MON}T09:00", change="added", minutes=60)
    patient.says("attendance", session=f"{MON}T09:00", status="attended")
    assert (patient.progress.week.minutes, patient.progress.week.days) == (240, 1)


def test_A1_enough_hours_on_too_few_days_are_reported() -> None:
    patient = admitted()
    patient.attends(MON, minutes=360)
    patient.attends(WED, minutes=360)
    patient.until(SUN + DAY)
    assert notices(patient, "dose_report")


def test_A1_more_than_nineteen_hours_are_reported() -> None:
    patient = admitted()
    for day in (MON, WED, FRI):
        patient.attends(day, minutes=420)
    patient.until(SUN + DAY)
    assert notices(patient, "dose_report")


def test_A1_a_schedule_with_three_days_without_service_is_told_to_staff() -> None:
    days = [{"weekday": day, "start": "18:00", "minutes": 180} for day in ("mon", "tue", "wed")]
    patient = admitted(schedule=days)
    for day in (MON, TUE, WED):
        patient.attends(day)
    patient.until(SUN + DAY)
    assert [effect for effect in patient.effects if isinstance(effect, Notify)]


# -- A2 -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("service", ["group", "individual", "family", "education", "skills"])
def test_A2_every_service_of_the_program_counts(service: str) -> None:
    patient = admitted()
    patient.attends(MON, minutes=100, service=service)
    assert patient.progress.week.minutes == 100


@pytest.mark.parametrize("service", ["mutual_help", "aa", "na"])
def test_A2_mutual_help_entered_as_a_session_never_counts(service: str) -> None:
    patient = admitted()
    patient.attends(MON, minutes=60, service=service)
    assert patient.progress.week.minutes == 0
    assert patient.progress.consecutive_misses == 0


@pytest.mark.parametrize("minutes", [0, 1, 95, 200])
def test_A2_late_arrival_and_early_leaving_count_what_was_attended(minutes: int) -> None:
    patient = admitted()
    patient.attends(MON, minutes=minutes)
    assert patient.progress.week.minutes == minutes
    assert patient.progress.consecutive_misses == 0


def test_A2_an_unscheduled_visit_that_a_person_rejects_is_not_counted() -> None:
    patient = admitted()
    patient.until(TUE, "12:00")
    patient.says("attendance", session=f"{TUE}T10:00", status="attended", minutes=90)
    patient.says("decision", about="unscheduled_attendance", choice="reject", reason="a meeting")
    assert patient.progress.week.minutes == 0


def test_A2_a_session_recorded_as_attended_after_the_clinic_cancelled_it_is_kept_and_flagged() -> None:
    patient = admitted()
    patient.says("session_change", session=session(MON), change="cancelled", reason="weather")
    patient.attends(MON, minutes=30)
    assert patient.progress.week.minutes == 30
    assert "unscheduled_attendance" in patient.tasks


def test_A2_an_absence_stated_for_a_time_without_a_session_is_no_miss() -> None:
    patient = admitted()
    patient.attends(MON)
    patient.until(TUE, "22:00")
    patient.says("attendance", session=session(TUE), status="missed")
    assert patient.progress.consecutive_misses == 0


@pytest.mark.parametrize(("clock", "minutes"), [("18:04", 176), ("17:50", 180), ("20:30", 30)])
def test_A2_an_arrival_within_a_session_is_that_sessions_and_says_so(clock: str, minutes: int) -> None:
    patient = admitted()
    patient.until(MON, END)
    changed = patient.says("attendance", session=f"{MON}T{clock}", status="attended", source="kiosk")
    assert f"{clock} is counted for the session of Mon 5 Jan 18:00" in " ".join(changed.changes)
    patient.until(TUE)
    assert patient.progress.consecutive_misses == 0
    assert patient.progress.week.minutes == minutes
    assert patient.tasks == set()


@pytest.mark.parametrize("clock", ["17:30", "21:00"])
def test_A2_a_time_before_or_after_the_session_is_flagged_and_not_the_sessions(clock: str) -> None:
    patient = admitted()
    patient.until(MON, END)
    patient.says("attendance", session=f"{MON}T{clock}", status="attended", minutes=60)
    assert "unscheduled_attendance" in patient.tasks


def test_A2_whoever_comes_after_the_roster_was_taken_has_come_late_and_nobody_is_asked() -> None:
    patient = admitted()
    patient.until(MON, "18:20")
    patient.says("attendance", session=session(MON), status="missed")
    patient.until(MON, "18:30")
    patient.says("attendance", session=f"{MON}T18:25", status="attended")
    patient.until(TUE)
    assert (patient.progress.consecutive_misses, patient.progress.week.minutes) == (0, 155)
    assert patient.tasks == set()


def test_A8_the_minutes_of_staff_and_the_arrival_at_the_door_agree_but_for_the_grace() -> None:
    patient = admitted()
    patient.attends(MON, minutes=180)
    patient.says("attendance", session=f"{MON}T18:04", status="attended", source="kiosk")
    assert "attendance_conflict" not in patient.tasks
    patient.attends(WED, minutes=180)
    patient.says("attendance", session=f"{WED}T19:30", status="attended", source="kiosk")
    (task,) = [one for one in patient.progress.open_tasks if one.kind == "attendance_conflict"]
    assert "says attended 180 minutes, by cm-1 (staff)" in task.asks


def test_A2_more_minutes_than_the_session_had_are_asked_about_and_each_answer_has_its_effect() -> None:
    for choice, minutes in (("confirm", 700), ("whole_session", 180)):
        patient = admitted()
        patient.attends(MON, minutes=700)
        assert "attendance_minutes" in patient.tasks
        answer = patient.says("decision", about="attendance_minutes", choice=choice)
        assert patient.progress.week.minutes == minutes
        assert "attendance_minutes" not in patient.tasks
        patient.says("retraction", entry_id=answer.entry_id, reason="by mistake")
        assert (patient.progress.week.minutes, "attendance_minutes" in patient.tasks) == (700, True)


@pytest.mark.parametrize(
    ("name", "minutes"),
    [
        ("CBT", 60),
        ("Group Therapy", 60),
        ("family-counseling", 60),
        ("Drug education", 60),
        ("12-step", 0),
        ("AA", 0),
    ],
)
def test_A2_names_that_mean_a_service_count_as_it_and_mutual_help_never(name: str, minutes: int) -> None:
    patient = admitted()
    patient.attends(MON, minutes=60, service=name)
    assert patient.progress.week.minutes == minutes


def test_A2_a_service_that_nobody_knows_is_refused_with_those_that_there_are() -> None:
    patient = admitted()
    patient.until(MON, END)
    for kind, fields in (
        ("attendance", {"session": session(MON), "status": "attended", "service": "yoga"}),
        ("session_change", {"session": session(TUE), "change": "added", "service": "yoga"}),
        (
            "schedule",
            {
                "from": TUE,
                "schedule": [{"weekday": "mon", "start": "18:00", "minutes": 60, "service": "yoga"}],
            },
        ),
    ):
        with pytest.raises(
            InvalidEntry, match=r"yoga is no service.*group, individual, family, education, skills"
        ):
            patient.says(kind, **fields)
    offered = admitted(policy={"dose": {"services": ["group", "yoga"]}})
    offered.attends(MON, service="Yoga")
    assert offered.progress.week.minutes == 180


def test_A2_a_cancelled_session_that_does_not_exist_is_refused_with_those_that_do() -> None:
    patient = admitted()
    with pytest.raises(InvalidEntry, match=f"no session stands at {MON}T18:30; there is {MON}T18:00"):
        patient.says("session_change", session=f"{MON}T18:30", change="cancelled")
    far = MON + 140 * DAY
    assert patient.says("session_change", session=session(far), change="cancelled").entry_id
    with pytest.raises(InvalidEntry, match="no session stands"):
        patient.says("session_change", session=session(far + DAY), change="cancelled")


@pytest.mark.parametrize(
    ("change", "source"), [("cancelled", "staff"), ("moved", "staff"), ("cancelled", "patient")]
)
def test_A2_whatever_a_person_says_of_a_session_that_does_not_exist_is_refused_with_those_that_do(
    change: str, source: str
) -> None:
    patient = admitted()
    new = {"new_start": session(THU)} if change == "moved" else {"reason": "patient"}
    with pytest.raises(
        InvalidEntry, match=f"session: no session stands at {TUE}T18:00; there are {MON}T18:00"
    ):
        patient.says("session_change", session=session(TUE), change=change, source=source, **new)
    assert patient.progress.unmatched == []


def test_T4_a_move_of_a_session_that_does_not_exist_waits_if_a_feed_tells_it_and_is_shown() -> None:
    patient = admitted()
    far = {"session": session(TUE), "change": "moved", "new_start": session(THU)}
    told = patient.says("session_change", source="agency", **far)
    assert f"No session stands at {TUE}T18:00: this change is kept" in " ".join(told.changes)
    assert patient.progress.unmatched
    patient.says("session_change", session=session(MON), change="moved", new_start=session(TUE))
    assert patient.progress.unmatched == []


def test_T4_a_change_from_a_feed_waits_for_its_session_and_a_batch_in_any_order_is_taken() -> None:
    patient = admitted()
    told = patient.says("session_change", session=session(TUE), change="cancelled", source="agency")
    assert "waits for one" in " ".join(told.changes)
    batch = [
        {"kind": "session_change", "id": "c", "session": f"{FRI}T10:00", "change": "cancelled"},
        {
            "kind": "session_change",
            "id": "b",
            "session": session(THU),
            "change": "moved",
            "new_start": f"{FRI}T10:00",
        },
        {"kind": "session_change", "id": "a", "session": session(THU), "change": "added"},
    ]
    results = patient.episode.apply_many([parse_entry({"by": "cm-1", **one}) for one in batch], patient.now)
    assert not [one for one in results if isinstance(one, Exception)]


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_T4_moves_that_are_told_together_are_taken_in_any_order(order: tuple[int, ...]) -> None:
    patient = admitted()
    days = [WED, THU, SAT, SUN]
    moves = [
        {"kind": "session_change", "id": f"m{n}", "session": session(days[n]), "change": "moved",
         "new_start": session(days[n + 1]), "by": "cm-1"}
        for n in range(3)
    ]  # fmt: skip
    results = patient.episode.apply_many([parse_entry(moves[n]) for n in order], patient.now)
    assert not [one for one in results if isinstance(one, Exception)]
    assert [one.start.date() for one in patient.episode.facts.sessions if one.start.date() <= SUN] == [
        MON,
        FRI,
        SUN,
    ]


# -- A3 -------------------------------------------------------------------------------------------------------


def test_A3_a_session_on_a_day_of_closure_is_never_a_miss() -> None:
    patient = admitted(closures=[MON])
    patient.until(TUE)
    assert patient.progress.consecutive_misses == 0
    assert not [effect for effect in patient.effects if isinstance(effect, MessagePatient)]


def test_A3_a_cancelled_session_that_staff_wrongly_entered_as_missed_is_no_miss() -> None:
    patient = admitted()
    patient.until(MON, END)
    patient.says("attendance", session=session(MON), status="missed")
    assert patient.progress.consecutive_misses == 1
    patient.says("session_change", session=session(MON), change="cancelled", reason="clinic")
    assert patient.progress.consecutive_misses == 0
    assert patient.tasks == set()


def test_A3_a_retracted_cancellation_makes_the_miss_count_again() -> None:
    patient = admitted()
    off = patient.says("session_change", session=session(MON), change="cancelled")
    patient.until(TUE)
    assert patient.progress.consecutive_misses == 0
    patient.says("retraction", entry_id=off.entry_id, reason="the group was held")
    assert patient.progress.consecutive_misses == 1


def test_A3_an_excused_session_neither_ends_nor_lengthens_a_run() -> None:
    patient = admitted()
    patient.until(WED, "12:00")
    patient.says("attendance", session=session(WED), status="excused")
    patient.until(FRI, "21:15")
    assert patient.progress.consecutive_misses == 2


def test_A3_a_moved_session_is_missed_at_its_new_time_only() -> None:
    patient = admitted()
    patient.says(
        "session_change", session=session(MON), change="moved", new_start=f"{TUE}T10:00", reason="clinic"
    )
    patient.until(TUE, "13:14")
    assert patient.progress.consecutive_misses == 0
    patient.until(TUE, "13:15")
    assert patient.progress.consecutive_misses == 1


def test_A3_a_session_moved_off_a_closed_day_stands_on_its_new_day() -> None:
    patient = admitted(closures=[WED])
    patient.attends(MON)
    patient.says(
        "session_change", session=session(WED), change="moved", new_start=session(THU), reason="holiday"
    )
    patient.attends(THU)
    assert "unscheduled_attendance" not in patient.tasks


@pytest.mark.parametrize(
    "first",
    [
        0,
        1,
    ],
)
def test_A3_a_session_moved_twice_stands_at_its_last_time_in_either_order(first: int) -> None:
    patient = admitted()
    moves = [(session(MON), session(TUE)), (session(TUE), session(THU))]
    for number in (first, 1 - first):
        start, new = moves[number]
        patient.says("session_change", session=start, change="moved", new_start=new, source="agency")
    patient.until(WED, "12:00")
    assert patient.progress.consecutive_misses == 0
    patient.attends(WED)
    patient.until(THU, "21:15")
    assert patient.progress.consecutive_misses == 1


def test_A3_a_new_schedule_moves_the_sessions_from_its_day_on() -> None:
    patient = admitted()
    patient.attends(MON)
    week = [{"weekday": "thu", "start": "10:00", "minutes": 60}]
    patient.says("schedule", schedule=week, **{"from": WED})
    patient.until(THU, "11:14")
    assert patient.progress.consecutive_misses == 0
    patient.until(THU, "11:15")
    assert patient.progress.consecutive_misses == 1


def test_A3_the_grace_is_15_minutes_of_real_time_on_the_night_of_the_clock_change() -> None:
    sunday = date(2026, 3, 8)
    patient = admitted().attends_until(sunday - DAY)
    patient.says("session_change", session=f"{sunday}T00:30", change="added", minutes=60)
    patient.until(sunday, "01:44")
    assert patient.progress.consecutive_misses == 0
    patient.until(sunday, "01:45")
    assert patient.progress.consecutive_misses == 1


# -- A4 -------------------------------------------------------------------------------------------------------


@pytest.fixture
def lone_miss() -> Patient:
    """A patient whose one weekly session, on Monday, is missed: the ladder climbs by time alone."""
    return admitted(schedule=[{"weekday": "mon", "start": "18:00", "minutes": 180}])


@pytest.mark.parametrize(
    ("day", "clock", "below", "reached"),
    [
        (MON, "22:00", None, "outreach_call"),
        (TUE, "17:00", "outreach_call", "outreach_second_channel"),
        (TUE, "21:00", "outreach_second_channel", "outreach_therapist_call"),
        (WED, "21:00", "outreach_therapist_call", "supervisor_review"),
        (THU, "21:00", "supervisor_review", "outreach_letter"),
    ],
)
def test_A4_each_rung_is_reached_at_its_minute(
    lone_miss: Patient, day: date, clock: str, below: str | None, reached: str
) -> None:
    instant = at(day, clock)
    lone_miss.until(day, f"{instant - timedelta(minutes=1):%H:%M}")
    assert ladder_tasks(lone_miss) == ({below} if below else set())
    lone_miss.until(day, clock)
    assert ladder_tasks(lone_miss) == {reached}


@pytest.mark.parametrize(
    ("misses", "on", "rung"), [(1, MON, None), (2, WED, "supervisor_review"), (3, FRI, "outreach_letter")]
)
def test_A4_misses_in_a_row_reach_their_rung_as_soon_as_the_last_is_known(
    misses: int, on: date, rung: str | None
) -> None:
    patient = admitted()
    patient.until(on, "21:15")
    assert patient.progress.consecutive_misses == misses
    assert ladder_tasks(patient) == ({rung} if rung else set())


@pytest.mark.parametrize(("days", "template"), [(0, "please_call"), (14, "we_are_here")])
def test_A4_the_patient_hears_by_message_once_on_its_day(days: int, template: str) -> None:
    patient = admitted()
    patient.until(MON + timedelta(days=days), "20:59")
    before = [e.template for e in patient.effects if isinstance(e, MessagePatient)]
    patient.until(MON + timedelta(days=days + 1), "12:00")
    after = [e.template for e in patient.effects if isinstance(e, MessagePatient)]
    assert template not in before
    assert after.count(template) == 1


@pytest.mark.parametrize(
    "news",
    [
        {"kind": "attendance", "session": f"{MON}T18:00", "status": "attended"},
        {"kind": "exit", "reason": "deceased", "on": MON},
        {"kind": "exit", "reason": "withdrew", "on": MON},
        {"kind": "leave", "reason": "hospital", "from": MON, "until": WED},
        {"kind": "crisis", "type": "self_harm", "at": f"{MON}T21:30"},
    ],
    ids=lambda news: news.get("reason", news["kind"]),
)
def test_A5_E7_a_message_that_still_waits_is_not_wanted_any_more(news: dict[str, Any]) -> None:
    patient = admitted().until(MON, "21:45")
    (message,) = [effect for effect in patient.effects if isinstance(effect, MessagePatient)]
    assert patient.episode.wants(message)
    patient.until(WED, "10:00")
    assert patient.episode.wants(message)
    patient.says(**news)
    assert not patient.episode.wants(message)


def test_A4_attendance_between_two_misses_starts_a_new_search_at_its_first_rung() -> None:
    patient = admitted()
    patient.until(WED, "12:00")
    patient.attends(WED)
    patient.until(FRI, "21:15")
    assert patient.progress.consecutive_misses == 1
    assert ladder_tasks(patient) == set()
    patient.until(FRI, "22:00")
    assert ladder_tasks(patient) == {"outreach_call"}


def test_A4_a_search_that_goes_on_after_the_last_rung_never_falls_silent() -> None:
    patient = admitted()
    patient.until(ADMITTED + 31 * DAY)
    patient.says("decision", about="lost_contact_proposal", choice="continue_outreach", by="su-1")
    patient.until(ADMITTED + 75 * DAY)
    assert patient.progress.stage == "program"
    assert ladder_tasks(patient)


def test_A4_a_search_resumed_after_the_last_rung_asks_somebody() -> None:
    patient = admitted()
    patient.until(ADMITTED + 31 * DAY)
    patient.says("decision", about="lost_contact_proposal", choice="reached", by="su-1")
    patient.until(ADMITTED + 33 * DAY)
    assert patient.progress.consecutive_misses > 1
    assert ladder_tasks(patient)


# -- A5 -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("how", ["excused", "cancelled", "leave"])
def test_A5_an_excuse_recorded_late_withdraws_the_search_and_says_so(how: str) -> None:
    patient = admitted()
    patient.until(TUE)
    patient.effects.clear()
    if how == "excused":
        patient.says("attendance", session=session(MON), status="excused")
    elif how == "cancelled":
        patient.says("session_change", session=session(MON), change="cancelled", reason="clinic")
    else:
        patient.says("leave", reason="hospital", **{"from": MON, "until": MON})
    assert patient.progress.consecutive_misses == 0
    assert patient.tasks == set()
    assert len(withdrawn(patient)) == 1


def test_A5_a_retracted_attendance_starts_the_search_from_its_original_time() -> None:
    patient = admitted()
    came = patient.attends(MON)
    patient.until(TUE, "21:30")
    patient.says("retraction", entry_id=came.entry_id, reason="another patient")
    assert ladder_tasks(patient) == {"outreach_therapist_call"}
    assert patient.progress.consecutive_misses == 1


def test_A5_a_late_entry_for_the_middle_of_a_run_leaves_the_later_miss() -> None:
    patient = admitted()
    patient.until(FRI, "21:15")
    patient.says("attendance", session=session(WED), status="attended")
    assert patient.progress.consecutive_misses == 1
    assert "outreach_letter" not in patient.tasks


def test_A5_a_retracted_contact_takes_the_search_up_again() -> None:
    patient = admitted()
    patient.until(TUE, "09:00")
    call = patient.says("contact", at=patient.now.isoformat(), channel="phone", outcome="reached")
    patient.says("retraction", entry_id=call.entry_id, reason="it was another person")
    assert "outreach" in patient.progress.states
    assert ladder_tasks(patient) == {"outreach_call"}


@pytest.mark.parametrize("outcome", ["voicemail", "no_answer", "busy", "wrong_number", "sent", "opted_out"])
def test_A5_an_attempt_that_reaches_nobody_does_not_stop_the_search(outcome: str) -> None:
    patient = admitted()
    patient.until(TUE, "09:00")
    patient.says("contact", at=patient.now.isoformat(), channel="phone", outcome=outcome)
    assert ladder_tasks(patient) == {"outreach_call"}


def test_A5_a_contact_before_the_miss_does_not_stop_the_search() -> None:
    patient = admitted()
    patient.until(TUE, "09:00")
    patient.says("contact", at=at(MON, "17:00").isoformat(), channel="phone", outcome="reached")
    assert ladder_tasks(patient) == {"outreach_call"}


def test_A5_a_patient_who_comes_at_another_time_is_searched_for_no_longer() -> None:
    patient = admitted()
    patient.until(TUE, "12:00")
    patient.says("attendance", session=f"{TUE}T10:00", status="attended", minutes=60)
    patient.says("decision", about="unscheduled_attendance", choice="confirm")
    assert ladder_tasks(patient) == set()


# -- A6 -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("flag", ["recent_overdose", "suicide_risk", "opioid_use_after_abstinence"])
def test_A6_each_high_risk_flag_replaces_the_ladder_on_a_weekend_too(flag: str) -> None:
    saturday = [{"weekday": "sat", "start": "18:00", "minutes": 180}]
    patient = admitted(schedule=saturday)
    patient.says("flag", name=flag, on=MON)
    patient.until(SAT, "21:15")
    (task,) = patient.progress.open_tasks
    assert (task.kind, task.role) == ("high_risk_contact", "on_call")
    assert task.due_at <= at(SAT, "21:00") + timedelta(hours=24)
    assert not [effect for effect in patient.effects if isinstance(effect, MessagePatient)]


def test_A6_the_contact_with_a_patient_at_high_risk_is_due_on_the_same_day() -> None:
    patient = admitted()
    patient.says("flag", name="suicide_risk", on=MON)
    patient.until(MON, "21:15")
    (task,) = patient.progress.open_tasks
    assert task.due_at.date() == MON


@pytest.mark.parametrize(("off", "kind"), [(SUN, "high_risk_contact"), (MON, "outreach_call")])
def test_A6_a_flag_holds_up_to_its_last_day(off: date, kind: str) -> None:
    patient = admitted()
    patient.says("flag", name="suicide_risk", on=MON, off=off)
    patient.until(TUE, "00:30")
    assert patient.tasks == {kind}


def test_A6_a_flag_recorded_late_changes_the_search_over_at_once() -> None:
    patient = admitted()
    patient.until(TUE, "09:00")
    flag = patient.says("flag", name="suicide_risk", on=MON)
    assert patient.tasks == {"high_risk_contact"}
    patient.says("retraction", entry_id=flag.entry_id, reason="another patient")
    assert patient.tasks == {"outreach_call"}


def test_A6_another_flag_leaves_the_ladder_as_it_is() -> None:
    patient = admitted()
    patient.says("flag", name="needs_interpreter", on=MON)
    patient.until(MON, "22:00")
    assert patient.tasks == {"outreach_call"}


@pytest.mark.parametrize("choice", ["not_reached", "reached"])
def test_A6_a_further_miss_at_high_risk_asks_for_contact_again(choice: str) -> None:
    patient = admitted()
    patient.says("flag", name="suicide_risk", on=MON)
    patient.until(MON, "22:00")
    patient.says("decision", about="high_risk_contact", choice=choice, by="oc-1")
    patient.until(WED, "21:15")
    assert patient.progress.consecutive_misses == 2
    assert "high_risk_contact" in patient.tasks


def test_A6_a_patient_at_high_risk_who_was_not_reached_is_not_left_without_any_task() -> None:
    patient = admitted()
    patient.says("flag", name="suicide_risk", on=MON)
    patient.until(MON, "22:00")
    patient.says("decision", about="high_risk_contact", choice="not_reached", by="oc-1")
    patient.until(TUE, "12:00")
    assert patient.tasks


# -- A7 -------------------------------------------------------------------------------------------------------


def test_A7_a_week_that_can_still_be_met_is_not_forecast_as_short() -> None:
    patient = admitted()
    patient.attends(MON)
    patient.attends(WED)
    patient.until(THU, "12:00")
    assert notices(patient, "dose_forecast") == []


def test_A7_the_forecast_comes_at_opening_of_the_fourth_day() -> None:
    patient = admitted()
    patient.attends(MON, minutes=90)
    patient.until(THU, "08:59")
    assert notices(patient, "dose_forecast") == []
    patient.until(THU, "09:00")
    (forecast,) = notices(patient, "dose_forecast")
    assert any("Fri 9 Jan 18:00" in line for line in forecast.lines)


def test_A7_a_shortfall_repaired_by_an_added_session_is_not_reported() -> None:
    patient = admitted()
    patient.attends(MON, minutes=60)
    patient.attends(WED)
    patient.says("session_change", session=f"{SAT}T10:00", change="added", minutes=120)
    patient.attends(FRI)
    patient.until(SAT, "12:30")
    patient.says("attendance", session=f"{SAT}T10:00", status="attended")
    patient.until(SUN + 2 * DAY)
    assert notices(patient, "dose_report") == []


def test_A7_no_shortfall_of_dose_moves_the_gate() -> None:
    patient = admitted()
    for week in range(10):
        patient.attends(ADMITTED + timedelta(days=7 * week), minutes=10)
    assert patient.progress.gate.earliest_on == ADMITTED + 90 * DAY
    assert patient.progress.stage == "program"
    assert not {"dose", "attendance"} & {one.name for one in patient.progress.gate.conditions}


def test_A7_a_week_wholly_on_leave_owes_no_dose_and_reports_none() -> None:
    patient = admitted()
    patient.says("leave", reason="hospital", **{"from": MON, "until": SUN})
    patient.until(SUN + 2 * DAY)
    assert notices(patient, "dose_report") == []


# -- A8 -------------------------------------------------------------------------------------------------------


@settings(max_examples=examples(25), deadline=None)
@given(st.lists(st.sampled_from(["staff", "kiosk", "agency", "patient"]), min_size=1, max_size=5))
def test_A8_the_same_attendance_however_often_told_is_one(sources: list[str]) -> None:
    patient = admitted()
    patient.until(MON, "21:05")
    for source in sources:
        patient.says("attendance", session=session(MON), status="attended", minutes=170, source=source)
    assert patient.progress.week.minutes == 170
    assert patient.tasks == set()


def test_A8_no_minutes_given_and_the_whole_session_are_the_same() -> None:
    patient = admitted()
    patient.attends(MON)
    patient.says("attendance", session=session(MON), status="attended", minutes=180, source="kiosk")
    assert patient.tasks == set()


def test_A8_the_kiosk_against_a_stated_absence_is_decided_by_a_person() -> None:
    patient = admitted()
    patient.until(MON, "21:10")
    patient.says("attendance", session=session(MON), status="missed")
    kiosk = patient.says("attendance", session=session(MON), status="attended", minutes=120, source="kiosk")
    assert patient.progress.consecutive_misses == 1
    patient.says("decision", about="attendance_conflict", choice=kiosk.entry_id)
    assert patient.progress.consecutive_misses == 0
    assert patient.progress.week.minutes == 120


@pytest.mark.parametrize(
    ("one", "other", "words"),
    [
        ({"status": "missed"}, {"minutes": 120}, ["missed", "attended"]),
        ({}, {"minutes": 90}, ["attended_whole_session", "attended_90_minutes"]),
        ({"minutes": 120}, {"minutes": 90}, ["attended_120_minutes", "attended_90_minutes"]),
        ({}, {"service": "aa"}, ["attended_the_planned_service", "attended_aa"]),
    ],
)
@pytest.mark.parametrize("chosen", [0, 1])
@pytest.mark.parametrize("by_id", [False, True])
def test_A8_the_outcomes_of_a_conflict_are_words_and_the_ids_of_the_entries_are_accepted_too(
    one: dict[str, Any], other: dict[str, Any], words: list[str], chosen: int, by_id: bool
) -> None:
    patient = admitted()
    patient.until(MON, "21:10")
    said = {"session": session(MON), "status": "attended"}
    ids = [
        patient.says("attendance", **{**said, **one}).entry_id,
        patient.says("attendance", source="kiosk", **{**said, **other}).entry_id,
    ]
    (task,) = [one for one in patient.progress.open_tasks if one.kind == "attendance_conflict"]
    assert task.outcomes == words
    assert all(f"{word}: {key} says" in task.asks for word, key in zip(words, ids, strict=True))
    about = {"about": task.task_id, "choice": (ids if by_id else words)[chosen]}
    patient.says("decision", **about)
    assert "attendance_conflict" not in patient.tasks
    (judged,) = [one for one in patient.episode.facts.judged if one.session.start.date() == MON]
    assert judged.by is not None
    assert judged.by.key == ids[chosen]


def test_A8_two_sources_that_disagree_about_the_service_are_asked_about() -> None:
    patient = admitted()
    patient.attends(MON, service="aa", source="kiosk")
    patient.says("attendance", session=session(MON), status="attended", minutes=180, service="group")
    assert "attendance_conflict" in patient.tasks


def test_A8_a_session_cancelled_by_the_clinic_settles_the_question() -> None:
    patient = admitted()
    patient.attends(MON, minutes=180)
    patient.says("attendance", session=session(MON), status="missed", source="agency")
    assert "attendance_conflict" in patient.tasks
    patient.says("session_change", session=session(MON), change="cancelled", reason="clinic")
    assert "attendance_conflict" not in patient.tasks
    assert patient.progress.consecutive_misses == 0


def test_A8_retracting_one_of_two_settles_the_question() -> None:
    patient = admitted()
    first = patient.attends(MON, minutes=180)
    patient.says("attendance", session=session(MON), status="attended", minutes=90, source="kiosk")
    patient.says("retraction", entry_id=first.entry_id, reason="another patient")
    assert patient.progress.week.minutes == 90
    assert patient.tasks == set()


def test_A8_a_third_source_that_disagrees_after_the_decision_is_asked_about_again() -> None:
    patient = admitted()
    first = patient.attends(MON, minutes=180)
    patient.says("attendance", session=session(MON), status="attended", minutes=90, source="kiosk")
    patient.says("decision", about="attendance_conflict", choice=first.entry_id)
    patient.says("attendance", session=session(MON), status="missed", source="agency")
    assert patient.progress.week.minutes == 180
    assert "attendance_conflict" in patient.tasks


def test_A8_a_session_named_at_its_end_is_still_the_evening_it_was(lone_miss: Patient) -> None:
    lone_miss.until(MON, "21:05")
    late = datetime.fromisoformat(session(MON)) + timedelta(seconds=30)
    lone_miss.says("attendance", session=late.isoformat(), status="attended", source="kiosk")
    assert lone_miss.progress.week.minutes == 180
    assert lone_miss.progress.consecutive_misses == 0


# -- sessions that are moved about, and the edges of a leave -----------------------------------------------------


def test_A3_a_session_that_is_moved_and_moved_back_can_be_missed() -> None:
    patient = admitted()
    patient.attends(MON)
    patient.says("session_change", session=session(WED), change="moved", new_start=session(THU))
    patient.says("session_change", session=session(THU), change="moved", new_start=session(WED))
    patient.until(WED, "23:00")
    assert patient.progress.consecutive_misses == 1


def test_A3_two_sessions_that_change_places_are_two_sessions() -> None:
    patient = admitted()
    patient.attends(MON)
    patient.says("session_change", session=session(WED), change="moved", new_start=session(FRI))
    patient.says("session_change", session=session(FRI), change="moved", new_start=session(WED))
    patient.until(SAT, "12:00")
    assert patient.progress.consecutive_misses == 2


def test_A3_a_chain_of_moves_told_in_any_order_ends_at_one_time() -> None:
    moves = [(WED, THU), (THU, TUE)]
    for told in (moves, moves[::-1]):
        patient = admitted()
        for old, new in told:
            moved = {"session": session(old), "change": "moved", "new_start": session(new)}
            patient.says("session_change", source="agency", **moved)
        starts = [one.start.date() for one in patient.episode.facts.sessions if one.start.date() <= SUN]
        assert starts == [MON, TUE, FRI]


def test_A3_a_session_that_takes_place_after_all_has_its_whole_length() -> None:
    patient = admitted()
    patient.attends(MON)
    patient.says("session_change", session=session(WED), change="cancelled", reason="weather")
    patient.says("session_change", session=session(WED), change="added")
    patient.until(WED, "19:30")
    assert patient.progress.consecutive_misses == 0
    assert not [effect for effect in patient.effects if isinstance(effect, MessagePatient)]
    patient.attends(WED)
    assert patient.progress.week.minutes == 360


@pytest.mark.parametrize(("clock", "misses"), [("08:00", 0), ("22:00", 1)])
def test_A3_a_patient_who_cancels_needs_the_notice_of_the_policy(clock: str, misses: int) -> None:
    patient = admitted(policy={"attendance": {"excuse_notice_minutes": 60}})
    patient.attends(MON)
    patient.until(WED, clock)
    patient.says(
        "session_change", session=session(WED), change="cancelled", reason="patient", source="patient"
    )
    patient.until(WED, "23:00")
    assert patient.progress.consecutive_misses == misses


def test_A2_a_session_attended_before_a_leave_of_the_same_day_counts_in_full() -> None:
    patient = admitted()
    patient.attends(MON)
    patient.says("leave", reason="hospital", **{"from": MON, "until": WED})
    assert patient.progress.week.minutes == 180
    assert "unscheduled_attendance" not in patient.tasks


def test_A2_a_session_attended_on_the_day_of_a_withdrawal_counts_when_it_is_reopened() -> None:
    patient = admitted()
    patient.attends(MON)
    patient.says("exit", reason="withdrew", on=MON)
    patient.until(TUE, "10:00")
    patient.says("return", on=TUE)
    assert patient.progress.week.minutes == 180


def test_A8_two_sources_that_disagree_at_a_time_without_a_session_are_asked_about() -> None:
    patient = admitted()
    patient.until(TUE)
    for minutes, source in ((60, "staff"), (90, "kiosk")):
        patient.says("attendance", session=f"{TUE}T10:00", status="attended", minutes=minutes, source=source)
    assert "attendance_conflict" in patient.tasks


def test_A7_a_week_that_ends_on_leave_is_reported() -> None:
    patient = admitted()
    patient.attends(MON)
    patient.until(SUN, "10:00")
    patient.says("leave", reason="travel", **{"from": SUN, "until": MON + 20 * DAY})
    patient.until(MON + 20 * DAY)
    reports = [
        notice for notice in patient.effects if isinstance(notice, Notify) and notice.subject == "dose_report"
    ]
    assert len(reports) == 1


@pytest.mark.parametrize(
    ("stated", "flag"),
    [
        ("suicide-risk", "suicide_risk"), ("Suicide Risk", "suicide_risk"), ("SuicideRisk", "suicide_risk"),
        ("suicidal ideation", "suicide_risk"), ("Recent-Overdose", "recent_overdose"), ("OD", "recent_overdose"),
        ("opioid use after abstinence", "opioid_use_after_abstinence"), ("moved-house", "moved-house"),
    ],
)  # fmt: skip
def test_A6_a_flag_in_any_spelling_is_the_one_that_is_meant(stated: str, flag: str) -> None:
    patient = admitted()
    patient.says("flag", name=stated, on=MON)
    assert patient.progress.flags == [flag]
    patient.says("flag", name=flag.upper(), on=MON, off=MON)
    patient.until(TUE)
    assert patient.progress.flags == []


@pytest.mark.parametrize(
    "stated", ["suicide_rsk", "sucide-risk", "no_suicide_risk", "overdose_maybe", "opioids_again"]
)
def test_A6_a_flag_that_may_be_meant_as_one_of_high_risk_is_refused_with_those_that_there_are(
    stated: str,
) -> None:
    with pytest.raises(InvalidEntry, match="recent_overdose, suicide_risk, opioid_use_after_abstinence"):
        admitted().says("flag", name=stated, on=MON)


@pytest.mark.parametrize(
    ("crisis", "flag"),
    [("overdose", "recent_overdose"), ("Overdose", "recent_overdose"), ("suicide_risk", "suicide_risk"),
     ("suicide attempt", "suicide_risk"), ("violence", None), ("fentanyl overdose", "recent_overdose"),
     ("opioid-overdose", "recent_overdose"), ("heroin OD", "recent_overdose"), ("OD'd on pills", "recent_overdose"),
     ("took too much", "unclear_crisis"), ("wants to kill themself", "suicide_risk"),
     ("suicidal ideation with plan", "suicide_risk"), ("says they want to die", "suicide_risk"),
     ("panic on the bus", "unclear_crisis"), ("Child at risk", None), ("severe withdrawal", None)],
)  # fmt: skip
def test_A6_an_overdose_or_a_risk_of_suicide_raises_its_flag_by_itself_for_ninety_days(
    crisis: str, flag: str | None
) -> None:
    patient = admitted()
    told = patient.says("crisis", type=crisis, at=patient.now.isoformat())
    flags = [flag] if flag else []
    assert patient.progress.flags == flags
    patient.until(MON + 89 * DAY)
    assert patient.progress.flags == flags
    patient.until(MON + 90 * DAY)
    assert patient.progress.flags == []
    patient.says("retraction", entry_id=told.entry_id, reason="another person")


def test_A6_a_crisis_that_nobody_here_has_a_word_for_is_a_high_risk_and_replaces_the_ladder() -> None:
    patient = admitted()
    patient.says("crisis", type="found on the floor", at=patient.now.isoformat())
    patient.says("decision", about="crisis_response", choice="safe", by="oc-1")
    patient.until(MON, "21:30")
    assert "high_risk_contact" in patient.tasks


def test_A6_a_flag_that_raised_itself_is_put_off_by_a_later_word_and_goes_with_its_crisis() -> None:
    patient = admitted()
    told = patient.says("crisis", type="overdose", at=patient.now.isoformat())
    patient.until(WED)
    patient.says("flag", name="recent_overdose", on=MON, off=TUE)
    assert patient.progress.flags == []
    other = admitted()
    told = other.says("crisis", type="overdose", at=other.now.isoformat())
    other.says("retraction", entry_id=told.entry_id, reason="another person")
    assert other.progress.flags == []


@pytest.mark.parametrize(
    ("days", "substance", "raised"),
    [(13, "heroin", False), (14, "Fentanyl", True), (40, "oxycodone 10 mg", True), (40, "alcohol", False)],
)
def test_A6_opioids_after_fourteen_days_without_raise_the_flag_by_themselves(
    days: int, substance: str, raised: bool
) -> None:
    patient = admitted(last_use_on=MON - 10 * DAY)
    day = MON + (days - 10) * DAY
    patient.until(day)
    patient.says("use", on=day, substance=substance)
    assert patient.progress.flags == (["opioid_use_after_abstinence"] if raised else [])
    tested = admitted(last_use_on=MON - 10 * DAY)
    tested.until(day)
    tested.says("test", test_id="t", collected_on=day, result="definitive", substances=[substance])
    assert tested.progress.flags == (["opioid_use_after_abstinence"] if raised else [])


LOST_ITS_SESSION: dict[str, dict[str, Any]] = {
    "another schedule": {"kind": "schedule", "schedule": [
        {"weekday": "tue", "start": "09:00", "minutes": 180}], "from": MON},
    "moved": {"kind": "session_change", "session": f"{MON}T18:00", "change": "moved", "new_start": f"{TUE}T18:00"},
    "closure": {"kind": "closure", "on": MON, "reason": "weather"},
}  # fmt: skip


@pytest.mark.parametrize("told", LOST_ITS_SESSION.values(), ids=LOST_ITS_SESSION)
def test_A2_attendance_that_has_lost_its_session_keeps_its_minutes(told: dict[str, Any]) -> None:
    patient = admitted()
    patient.attends(MON)
    assert patient.episode.facts.dose_of_week(MON)[0] == 180
    patient.until(TUE)
    patient.says(**told)
    assert patient.episode.facts.dose_of_week(MON)[0] == 180
    patient.says("decision", about="unscheduled_attendance", choice="confirm")
    assert patient.episode.facts.dose_of_week(MON)[0] == 180
