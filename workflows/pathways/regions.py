"""Regions that every pathway shares: each call makes states of its own, to be given a place in a chart.

Read each from the top: states first, with what people owe and what time changes in them; then what moves between them.
No transition has an event: it happens by itself as soon as its guard holds, and guards are the properties of
`CommonGuards`.
"""

from typing import Any

from workflows.core.engine.places import Compound, Place
from workflows.core.episode.assessment.duties import assessments
from workflows.core.episode.attendance.duties import attendance_questions, outreach
from workflows.core.episode.consent.duties import revocations
from workflows.core.episode.deadlines import (
    dose_week,
    ladder_rung,
    leave_changes,
    record_closes,
    session_closes,
    statements_end,
    team_changes,
    team_changes_before_close,
    test_window_closes,
)
from workflows.core.episode.exits.duties import exit_duties, involuntary_discharge, transfer
from workflows.core.episode.intake.duties import fallen_away
from workflows.core.episode.intake.duties import intake as intake_duties
from workflows.core.episode.messages.alarms import due_alarms
from workflows.core.episode.payer.duties import payer_appeals
from workflows.core.episode.review import contradictory_corrections, decisions_to_review
from workflows.core.episode.safety.duties import after_leave, crisis
from workflows.core.episode.sobriety.duties import (
    adherence,
    care_offers,
    drawn_tests,
    holds,
    level_review,
    prescriptions,
    slip_response,
)

STANDING = (crisis, decisions_to_review, contradictory_corrections, revocations, payer_appeals)
"""Owed wherever a person stands, also after an exit; only a death ends it (E7)."""

UNDERWAY = (*STANDING, after_leave, involuntary_discharge, transfer)
"""Owed in every stage until the exit."""

UNDERWAY_AWAITS = (team_changes, statements_end)
"""Awaited in every stage until the exit."""

IN_TREATMENT = (fallen_away, slip_response, care_offers, holds, prescriptions, adherence, assessments)
"""Owed from the admission on, in the program and after it."""

IN_PROGRAM_SAYS = (due_alarms,)
"""Said while sessions are owed: reminders to the patient, and the dose of the week to the case manager (A5, A7)."""

AFTER_EXIT = (*STANDING, exit_duties)
"""Owed after an exit, until the record is complete (E11)."""


def intake() -> Any:
    """Referred, screened, decided, admitted or referred on (I1-I4)."""

    class region(Compound, name="Intake", stage="intake", owes=(intake_duties,)):
        referred = Place("Referred", initial=True)
        screening = Place("Level of care to be decided")
        awaiting_admission = Place("Awaiting admission")
        not_suited = Place("Another level of care is right")

        # What a retracted screening or decision had moved goes back (T3).
        screening.to(referred, cond="!screened and !level_decided")
        awaiting_admission.to(screening, cond="!level_decided")
        not_suited.to(screening, cond="!level_decided")

        referred.to(screening, cond="screened")
        screening.to(awaiting_admission, cond="suited")
        screening.to(not_suited, cond="not_suited_to_it")
        referred.to(awaiting_admission, cond="suited")
        referred.to(not_suited, cond="not_suited_to_it")
        awaiting_admission.to(not_suited, cond="not_suited_to_it")
        not_suited.to(awaiting_admission, cond="suited")

    return region


def attendance() -> Any:
    """Coming, being searched for, and finding back (A4, A5)."""

    class region(
        Compound,
        name="Attendance",
        owes=(outreach, attendance_questions),
        awaits=(session_closes, ladder_rung, dose_week),
    ):
        attending = Place("Attending", initial=True)
        outreach = Place("Outreach")
        reengaging = Place("Engagement plan")

        attending.to(outreach, cond="searched_for")
        attending.to(reengaging, cond="reached_again")
        reengaging.to(outreach, cond="searched_for")
        outreach.to(reengaging, cond="reached_again")
        outreach.to(attending, cond="missing_nothing")
        reengaging.to(attending, cond="missing_nothing")

    return region


def closed() -> Any:
    """Every way in which an episode ends (E4)."""

    class region(Compound, name="Closed", stage="closed", awaits=(record_closes, team_changes_before_close)):
        closing = Place("Closed", initial=True)
        completed = Place("Completed", owes=AFTER_EXIT)
        transferred = Place("Transferred", owes=AFTER_EXIT)
        withdrew = Place("Withdrew", owes=AFTER_EXIT)
        lost_contact = Place("Lost contact", owes=AFTER_EXIT)
        involuntary = Place("Involuntary discharge", owes=AFTER_EXIT)
        incarcerated = Place("Incarcerated", owes=AFTER_EXIT)
        deceased = Place("Deceased", owes=(exit_duties,))
        other = Place("Other exit", owes=AFTER_EXIT)

        closing.to(completed, cond="exit_completed")
        closing.to(transferred, cond="exit_transferred")
        closing.to(withdrew, cond="exit_withdrew")
        closing.to(lost_contact, cond="exit_lost_contact")
        closing.to(involuntary, cond="exit_involuntary")
        closing.to(incarcerated, cond="exit_incarcerated")
        closing.to(deceased, cond="exit_deceased")
        closing.to(other, cond="exit_other")

        # An exit that is corrected, as a withdrawal that was a death, is told as what it was (E4, T3).
        completed.to(closing, cond="!exit_completed")
        transferred.to(closing, cond="!exit_transferred")
        withdrew.to(closing, cond="!exit_withdrew")
        lost_contact.to(closing, cond="!exit_lost_contact")
        involuntary.to(closing, cond="!exit_involuntary")
        incarcerated.to(closing, cond="!exit_incarcerated")
        deceased.to(closing, cond="!exit_deceased")
        other.to(closing, cond="!exit_other")

    return region


def presence() -> Any:
    """Leave stands beside the pathway, which is never left (E6)."""

    class region(Compound, name="Presence", awaits=(leave_changes,)):
        present = Place("Present", initial=True)
        away = Place("On leave")

        present.to(away, cond="on_leave")
        away.to(present, cond="!on_leave")

    return region


def safety() -> Any:
    """A crisis stands beside the pathway, which goes on where it is (E8)."""

    class region(Compound, name="Safety"):
        calm = Place("No crisis", initial=True)
        crisis = Place("Crisis")

        calm.to(crisis, cond="in_crisis")
        crisis.to(calm, cond="!in_crisis")

    return region


def discharge() -> Any:
    """A proposed involuntary discharge goes its own way, one signed step at a time (E2)."""

    class region(Compound, name="Involuntary discharge under way"):
        none = Place("Not proposed", initial=True)
        proposed = Place("Director's review")
        team_meeting = Place("Team meeting")
        notice = Place("Notice owed")
        appeal_period = Place("Time for an appeal")
        appeal = Place("Appeal to be heard")

        none.to(proposed, cond="discharge_proposed")
        proposed.to(team_meeting, cond="discharge_reviewed")
        team_meeting.to(notice, cond="discharge_owes_notice")
        notice.to(appeal_period, cond="discharge_noticed")
        appeal_period.to(appeal, cond="discharge_appealed")
        # Rejected, rescinded, decided, or a step of it retracted: each ends where it then stands.
        appeal.to(appeal_period, cond="!discharge_appealed")
        appeal_period.to(notice, cond="!discharge_noticed")
        notice.to(team_meeting, cond="!discharge_owes_notice")
        team_meeting.to(proposed, cond="!discharge_reviewed")
        proposed.to(none, cond="!discharge_proposed")

    return region


def sobriety() -> Any:
    """Steady, responding to a slip, or reviewing the level of care (S3)."""

    class region(Compound, name="Sobriety", owes=(drawn_tests, level_review), awaits=(test_window_closes,)):
        steady = Place("Steady", initial=True)
        slip_response = Place("Slip response")
        level_review = Place("Level-of-care review")

        steady.to(slip_response, cond="responding_to_slip")
        slip_response.to(level_review, cond="level_review_open")
        level_review.to(slip_response, cond="!level_review_open")
        slip_response.to(steady, cond="!responding_to_slip")

    return region
