"""Partial Hospitalization: its dose, its ladder, and the step down that begins an episode of the IOP."""

from datetime import date, timedelta
from typing import Any

import pytest

from tests.core.clinic import ADMITTED, LAST_USE, Patient, start
from workflows.core.engine.effects import BeginEpisode, Notify
from workflows.core.engine.errors import NotAllowedNow
from workflows.core.episode.episode import Episode
from workflows.core.episode.views import progress
from workflows.pathways import pathway_named

DAY = timedelta(days=1)
DAILY = [
    {"weekday": day, "start": "09:00", "minutes": 300, "service": "group"}
    for day in ("mon", "tue", "wed", "thu", "fri")
]


def in_php(**changes: Any) -> Patient:
    patient = Patient(pathway="php", schedule=DAILY, **changes)
    patient.says("screening", substances=["alcohol"], home_safe=False, duties=["children"])
    patient.says("level_of_care", level="php", by="th-1")
    patient.until(ADMITTED, "08:00")
    patient.says("goal", goal_id="g1", title="be well")
    patient.says("admission", on=ADMITTED, last_use_on=LAST_USE)
    for what in ("rights_notice", "contact_preferences"):
        patient.says("acknowledgement", what=what, on=ADMITTED)
    return patient


def comes(patient: Patient, until: date) -> Patient:
    for ahead in range((until - ADMITTED).days):
        day = ADMITTED + ahead * DAY
        if day.weekday() < 5:
            patient.until(day, "14:05")
            patient.says("attendance", session=f"{day}T09:00", status="attended")
    return patient.until(until, "10:00")


def test_I4_admission_is_to_this_level_of_care() -> None:
    assert in_php().progress.stage == "program"
    patient = Patient(pathway="php", schedule=DAILY)
    patient.says("level_of_care", level="iop", by="th-1")
    assert "not_suited" in patient.progress.states


def test_A1_twenty_hours_a_week_on_five_days() -> None:
    patient = in_php()
    patient.until(ADMITTED, "14:05")
    patient.says("attendance", session=f"{ADMITTED}T09:00", status="attended")
    assert patient.progress.week.short_by_minutes == 1200 - 300
    comes(patient, ADMITTED + 7 * DAY)
    assert not [e for e in patient.effects if isinstance(e, Notify) and e.subject == "dose_report"]


def test_A4_its_ladder_climbs_faster() -> None:
    patient = in_php()
    patient.until(ADMITTED + DAY, "15:00")
    assert "supervisor_review" in patient.tasks


def test_the_step_down_is_reviewed_when_the_length_is_reached_and_again_after_a_week() -> None:
    patient = comes(in_php(), ADMITTED + 14 * DAY)
    assert "step_down_review" in patient.tasks
    assert "step_down_review" in patient.progress.states
    patient.says("decision", about="step_down_review", choice="continue", by="th-1")
    assert "step_down_review" not in patient.tasks
    comes(patient, ADMITTED + 21 * DAY)
    assert "step_down_review" in patient.tasks


def test_E4_a_clinician_completes_where_no_program_is_to_follow() -> None:
    patient = comes(in_php(), ADMITTED + 14 * DAY)
    patient.says("decision", about="step_down_review", choice="complete", by="th-1")
    assert patient.progress.exit
    assert patient.progress.exit.reason == "completed"
    assert not [effect for effect in patient.effects if isinstance(effect, BeginEpisode)]
    assert "exit_bundle" in patient.tasks


def test_E1_time_alone_steps_nobody_down() -> None:
    patient = in_php()
    patient.until(ADMITTED + 200 * DAY)
    assert patient.progress.stage == "program"


def test_the_step_down_begins_an_episode_of_the_iop_with_the_history_at_hand() -> None:
    patient = comes(in_php(), ADMITTED + 14 * DAY)
    patient.says("use", on=ADMITTED + 3 * DAY)
    patient.says("consent", consent_id="c1", recipient="a", purpose="b", content="c",
                 signed_on=ADMITTED, expires_event="end of care")  # fmt: skip
    patient.says("decision", about="step_down_review", choice="step_down", by="th-1", reason="stable")
    assert patient.progress.exit
    assert patient.progress.exit.reason == "transferred"
    (begin,) = [effect for effect in patient.effects if isinstance(effect, BeginEpisode)]
    assert begin.pathway == "iop"
    assert "consent" not in {entry["kind"] for entry in begin.history}

    follows = start(
        episode_id=begin.episode_id, referred_on=begin.referred_on, history=begin.history, follows="e1"
    )
    episode = Episode(follows, pathway_named("iop"), patient.now)
    episode.recall(patient.now)
    episode.wake(patient.now)
    shown = progress(episode, patient.now)
    assert "awaiting_admission" in shown.states
    assert shown.last_use_on == ADMITTED + 3 * DAY
    assert shown.waits_for == ["the admission itself"]


def test_the_following_episode_begins_once() -> None:
    patient = comes(in_php(), ADMITTED + 14 * DAY)
    patient.says("decision", about="step_down_review", choice="step_down", by="th-1")
    patient.until(ADMITTED + 20 * DAY)
    patient.says("need", service="transport")
    assert len([effect for effect in patient.effects if isinstance(effect, BeginEpisode)]) == 1


def test_a_case_manager_does_not_sign_the_step_down() -> None:
    patient = comes(in_php(), ADMITTED + 14 * DAY)
    with pytest.raises(NotAllowedNow, match="another role"):
        patient.says("decision", about="step_down_review", choice="step_down", by="cm-1")
