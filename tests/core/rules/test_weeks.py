"""A7: the forecast in mid-week with what would still repair it, and one notice at each week's end."""

from datetime import date, timedelta

import pytest

from tests.core.clinic import ADMITTED, Patient, admitted
from workflows.core.engine.effects import Notify

DAY = timedelta(days=1)
MON, TUE, WED, THU, FRI, SAT, SUN = (ADMITTED + timedelta(days=n) for n in range(7))


def notices(patient: Patient, subject: str) -> list[Notify]:
    return [effect for effect in patient.effects if isinstance(effect, Notify) and effect.subject == subject]


def offers(patient: Patient) -> list[str]:
    """What the forecast offers to add, as day and minutes."""
    (forecast,) = notices(patient, "dose_forecast")
    before = "To repair it, offer an added session: "
    return [line.removeprefix(before) for line in forecast.lines if line.startswith(before)]


def whole_week(patient: Patient) -> Patient:
    for day in (MON, WED, FRI):
        patient.attends(day)
    return patient.until(MON + 7 * DAY, "09:00")


# -- the forecast ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("attended", "offered"),
    [
        ({MON: 180}, ["Thu 8 Jan 2026, 180 minutes."]),
        ({MON: 180, WED: 100}, ["Thu 8 Jan 2026, 90 minutes."]),  # 80 short, in quarters of an hour
        ({}, ["Thu 8 Jan 2026, 180 minutes.", "Fri 9 Jan 2026, 180 minutes."]),
        ({MON: 180, WED: 180}, []),
    ],
)
def test_A7_the_forecast_names_the_sessions_that_would_still_repair_the_week(
    attended: dict[date, int], offered: list[str]
) -> None:
    patient = admitted()
    for day, minutes in attended.items():
        patient.attends(day, minutes=minutes)
    patient.until(THU, "10:00")
    if not offered:
        assert notices(patient, "dose_forecast") == []
        return
    assert offers(patient) == offered
    assert "Still planned: Fri 9 Jan 18:00, 180 minutes." in notices(patient, "dose_forecast")[0].lines


def test_A7_a_person_who_follows_the_forecast_meets_the_dose() -> None:
    patient = admitted()
    patient.attends(MON)
    patient.until(THU, "10:00")
    assert offers(patient) == ["Thu 8 Jan 2026, 180 minutes."]
    patient.says("session_change", session=f"{THU}T18:00", change="added", minutes=180)
    patient.attends(THU)
    patient.attends(FRI)
    assert patient.progress.week.short_by_minutes == 0


def test_A7_enough_minutes_on_too_few_days_offers_a_further_day() -> None:
    patient = admitted()
    patient.says("session_change", session=f"{FRI}T18:00", change="cancelled")
    patient.attends(MON, minutes=360)
    patient.attends(WED, minutes=360)
    patient.until(THU, "10:00")
    assert offers(patient) == ["Thu 8 Jan 2026, 60 minutes."]


def test_A7_nothing_is_offered_on_a_closure_on_leave_or_at_a_weekend_without_sessions() -> None:
    patient = admitted(closures=[THU])
    patient.says("leave", reason="travel", **{"from": FRI, "until": FRI})
    patient.attends(MON)
    patient.until(THU, "10:00")
    assert offers(patient) == []
    (forecast,) = notices(patient, "dose_forecast")
    assert forecast.lines[-1].startswith("What cannot be repaired within this week: ")


def test_A7_no_more_days_are_offered_than_the_policy_allows() -> None:
    patient = admitted(policy={"dose": {"max_days": 3}})
    patient.attends(MON, minutes=60)
    patient.attends(WED, minutes=60)
    patient.until(THU, "10:00")
    assert offers(patient) == ["Fri 9 Jan 2026, 180 minutes."]  # a second session on the third day
    assert (
        notices(patient, "dose_forecast")[0].lines[-1]
        == "What cannot be repaired within this week: 60 minutes."
    )


def test_A2_A7_mutual_help_on_the_schedule_repairs_nothing() -> None:
    schedule = [
        {"weekday": "mon", "start": "18:00", "minutes": 180, "service": "group"},
        {"weekday": "sat", "start": "10:00", "minutes": 360, "service": "mutual_help"},
    ]
    patient = admitted(schedule=schedule)
    patient.attends(MON)
    patient.until(THU, "10:00")
    (forecast,) = notices(patient, "dose_forecast")
    assert not [line for line in forecast.lines if "Sat 10 Jan 10:00" in line]
    assert offers(patient)


# -- the week's end -------------------------------------------------------------------------------------------


def test_A7_a_good_week_is_summed_up_in_one_notice_that_is_no_task() -> None:
    patient = admitted()
    patient.says("test", test_id="t1", collected_on=MON, result="negative")
    whole_week(patient)
    (summary,) = notices(patient, "weekly_summary")
    assert (summary.role, summary.staff_id) == ("case_manager", "cm-1")
    assert summary.lines == (
        "Week 1, from 5 Jan 2026: 540 of 540 minutes on 3 of 3 days.",
        "Sessions: 3 attended, 0 excused, 0 missed; 0 missed in a row now.",
        "Tests: 1 valid, 0 in doubt.",
        "Gate: opens 5 Apr 2026; it needs length, sobriety, evidence, goals.",
    )
    assert notices(patient, "dose_report") == []
    assert patient.tasks == set()


def test_A7_a_short_week_is_reported_and_summed_up_in_the_same_notice() -> None:
    patient = admitted()
    patient.attends(MON)
    patient.until(MON + 7 * DAY, "09:00")
    (report,) = notices(patient, "dose_report")
    assert notices(patient, "weekly_summary") == []
    assert report.lines[0] == "180 of 540 minutes; 1 of 3 days, in the program week from 2026-01-05."
    assert "Sessions: 1 attended, 0 excused, 2 missed; 2 missed in a row now." in report.lines


def test_A7_the_policy_switches_the_summary_off_and_the_report_stays() -> None:
    policy = {"dose": {"weekly_summary": False}}
    assert notices(whole_week(admitted(policy=policy)), "weekly_summary") == []
    patient = admitted(policy=policy)
    patient.attends(MON)
    patient.until(MON + 7 * DAY, "09:00")
    assert [len(notice.lines) for notice in notices(patient, "dose_report")] == [1]


def test_A7_each_week_has_one_notice() -> None:
    patient = admitted().attends_until(MON + 28 * DAY)
    patient.until(MON + 28 * DAY, "23:00")
    assert len(notices(patient, "weekly_summary")) == 4


def test_E6_a_week_on_leave_is_not_summed_up() -> None:
    patient = admitted()
    patient.says("leave", reason="hospital", **{"from": MON, "until": SUN})
    patient.until(MON + 7 * DAY, "12:00")
    assert notices(patient, "weekly_summary") == []


def test_T7_a_summary_that_an_outage_has_made_stale_is_not_sent() -> None:
    patient = admitted()
    for day in (MON, WED, FRI):
        patient.attends(day)
    patient.now = patient.now + 5 * DAY
    patient.episode.wake(patient.now)
    patient.effects += patient.episode.take_effects()
    assert notices(patient, "weekly_summary") == []


def test_P1_a_summary_holds_no_finding_of_a_test() -> None:
    patient = admitted()
    patient.says("test", test_id="t1", collected_on=MON, result="presumptive", substances=["cocaine"])
    (summary,) = notices(whole_week(patient), "weekly_summary")
    assert "Tests: 0 valid, 1 in doubt." in summary.lines
    assert "cocaine" not in " ".join(summary.lines)
