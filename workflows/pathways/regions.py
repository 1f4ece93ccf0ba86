"""Regions that every pathway shares: each call makes states of its own, to be given a place in a chart.

Read each from the top: states first, then what moves between them. No transition has an event: it happens by
itself as soon as its guard holds, and guards are the properties of `CommonSituation`.
"""

from typing import Any

from statemachine import State


def intake() -> Any:
    """Referred, screened, decided, admitted or referred on (I1-I4)."""

    class region(State.Compound, name="Intake"):
        referred = State("Referred", initial=True)
        screening = State("Level of care to be decided")
        awaiting_admission = State("Awaiting admission")
        not_suited = State("Another level of care is right")

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

    class region(State.Compound, name="Attendance"):
        attending = State("Attending", initial=True)
        outreach = State("Outreach")
        reengaging = State("Engagement plan")

        attending.to(outreach, cond="searched_for")
        attending.to(reengaging, cond="reached_again")
        reengaging.to(outreach, cond="searched_for")
        outreach.to(reengaging, cond="reached_again")
        outreach.to(attending, cond="missing_nothing")
        reengaging.to(attending, cond="missing_nothing")

    return region


def closed() -> Any:
    """Every way in which an episode ends (E4)."""

    class region(State.Compound, name="Closed"):
        closing = State("Closed", initial=True)
        completed = State("Completed")
        transferred = State("Transferred")
        withdrew = State("Withdrew")
        lost_contact = State("Lost contact")
        involuntary = State("Involuntary discharge")
        incarcerated = State("Incarcerated")
        deceased = State("Deceased")
        other = State("Other exit")

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

    class region(State.Compound, name="Presence"):
        present = State("Present", initial=True)
        away = State("On leave")

        present.to(away, cond="on_leave")
        away.to(present, cond="!on_leave")

    return region


def safety() -> Any:
    """A crisis stands beside the pathway, which goes on where it is (E8)."""

    class region(State.Compound, name="Safety"):
        calm = State("No crisis", initial=True)
        crisis = State("Crisis")

        calm.to(crisis, cond="in_crisis")
        crisis.to(calm, cond="!in_crisis")

    return region


def discharge() -> Any:
    """A proposed involuntary discharge goes its own way, one signed step at a time (E2)."""

    class region(State.Compound, name="Involuntary discharge under way"):
        none = State("Not proposed", initial=True)
        proposed = State("Director's review")
        team_meeting = State("Team meeting")
        notice = State("Notice owed")
        appeal_period = State("Time for an appeal")
        appeal = State("Appeal to be heard")

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

    class region(State.Compound, name="Sobriety"):
        steady = State("Steady", initial=True)
        slip_response = State("Slip response")
        level_review = State("Level-of-care review")

        steady.to(slip_response, cond="responding_to_slip")
        slip_response.to(level_review, cond="level_review_open")
        level_review.to(slip_response, cond="!level_review_open")
        slip_response.to(steady, cond="!responding_to_slip")

    return region


def length() -> Any:
    """As long as planned, extended, or at the limit of extensions (S11)."""

    class region(State.Compound, name="Length"):
        standard = State("Standard", initial=True)
        extended = State("Extended")
        at_limit = State("Extension limit reached")

        standard.to(extended, cond="is_extended")
        standard.to(at_limit, cond="at_extension_limit")
        extended.to(at_limit, cond="at_extension_limit")
        at_limit.to(extended, cond="!at_extension_limit")
        extended.to(standard, cond="!is_extended")

    return region
