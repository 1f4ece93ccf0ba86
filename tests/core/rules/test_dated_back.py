"""E2: one person cannot shorten the time to appeal by dating the notice of discharge back."""

from datetime import timedelta

import pytest

from tests.core.clinic import ADMITTED, Patient, admitted
from workflows.core.engine.errors import NotAllowedNow

DAY = timedelta(days=1)
TENTH = ADMITTED + 10 * DAY


def noticed_late(days: int = 5) -> Patient:
    """The notice of a discharge is recorded days after the day that it is said to have been given on."""
    patient = admitted().attends_until(TENTH)
    for about, choice, by in (
        ("involuntary_discharge", "propose", "su-1"),
        ("involuntary_review", "approve", "di-1"),
        ("discharge_team_meeting", "alternatives_tried", "su-1"),
    ):
        patient.says("decision", about=about, choice=choice, by=by, reason="violence")
    patient.until(TENTH + days * DAY, "16:00")
    patient.says("decision", about="discharge_notice", choice="given", by="cm-1", on=TENTH)
    return patient


def hours_to_appeal_are_over(patient: Patient) -> bool:
    return "discharge_decision" in patient.tasks


def asked(patient: Patient) -> list[str]:
    return [question.about for question in patient.progress.may_decide]


def test_E2_the_hours_of_the_appeal_run_from_when_the_notice_was_recorded() -> None:
    patient = noticed_late()
    assert not hours_to_appeal_are_over(patient)
    hours = patient.episode.facts.policy.discharge.appeal_period
    over = patient.episode.facts.calendar.due(patient.now, hours)
    patient.until(over.date(), f"{over - timedelta(minutes=1):%H:%M}")
    assert not hours_to_appeal_are_over(patient)
    patient.until(over.date(), f"{over:%H:%M}")
    assert hours_to_appeal_are_over(patient)


def test_E2_the_day_of_a_notice_counts_once_a_second_person_has_confirmed_it() -> None:
    patient = noticed_late()
    assert "discharge_notice_date" in asked(patient)
    with pytest.raises(NotAllowedNow, match="dated its notice back"):
        patient.says("decision", about="discharge_notice_date", choice="confirmed", by="cm-1")
    with pytest.raises(NotAllowedNow):
        patient.says("decision", about="discharge_notice_date", choice="confirmed", by="CM-1")
    assert not hours_to_appeal_are_over(patient)
    patient.says("decision", about="discharge_notice_date", choice="confirmed", by="th-1")
    assert hours_to_appeal_are_over(patient)
    assert "discharge_notice_date" not in asked(patient)


def test_E2_an_appeal_against_a_notice_that_was_dated_back_is_heard_no_sooner_than_a_day_after_it_was_recorded() -> (
    None
):
    patient = noticed_late()
    patient.says("decision", about="discharge_appeal", choice="appealed", by="cm-1")
    patient.until(patient.now.date() + DAY, "15:59")
    assert "discharge_appeal_hearing" not in patient.tasks
    patient.until(patient.now.date(), "16:00")
    assert "discharge_appeal_hearing" in patient.tasks


@pytest.mark.parametrize("days", [0, 1])
def test_E2_a_notice_recorded_on_the_day_or_within_the_day_after_its_end_asks_nobody(days: int) -> None:
    patient = noticed_late(0) if days == 0 else noticed_late(1)
    assert ("discharge_notice_date" in asked(patient)) == (days == 1)
