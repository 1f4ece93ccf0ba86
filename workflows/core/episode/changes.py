"""What an entry changed, in plain sentences and as facts before and after (T3)."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import NamedTuple

from workflows.core.engine.calendar import day_in_words
from workflows.core.episode.assessment.shown import scores_in_words
from workflows.core.episode.attendance.sessions import late_by
from workflows.core.episode.entries import Attendance, Entry, Revocation, Screening, TeamChange
from workflows.core.episode.facts import Facts
from workflows.core.episode.intake.duties import proposed_level
from workflows.core.episode.stages import Stage

_NAMES = {
    "stage": "Stage",
    "last_use_on": "Last use",
    "gate_earliest_on": "Earliest date of the sobriety gate",
    "consecutive_misses": "Sessions missed in a row",
    "week_minutes": "Minutes this week",
    "extensions": "Extensions",
    "on_hold": "Gate on hold for",
    "level_of_care": "Level of care",
    "level_proposed": "The screening proposed another level",
    "on_leave": "On leave",
    "in_crisis": "Crisis",
    "goals_open": "Open goals",
    "team": "Team",
    "team_ahead": "Planned changes of the team",
    "closures": "Closed days told of",
    "flags": "Flags",
    "consents": "Consents that stand",
    "assessments": "Assessments",
    "refused_by_payer": "Refused by the payer",
    "exit": "Exit",
}


def observed(facts: Facts, stage: Stage) -> dict[str, object]:
    """The facts whose change is told."""
    return facts.keep(("observed", stage), lambda facts: _observed(facts, stage))


def _observed(facts: Facts, stage: Stage) -> dict[str, object]:
    running = facts.admitted_on is not None and not stage.is_before_admission
    standing = _standing(facts)
    week = facts.week_started_on if running else None
    return {
        "stage": stage.value,
        "last_use_on": facts.last_use_on,
        "gate_earliest_on": facts.gate_opens_on,
        "consecutive_misses": facts.consecutive_misses if running else 0,
        "week_minutes": facts.dose_of_week(week)[0] if week else 0,
        "extensions": len(facts.extensions) if running else 0,
        "on_hold": [hold.said for hold in facts.holds],
        "level_of_care": facts.level_of_care,
        "level_proposed": standing.level_proposed,
        "on_leave": facts.on_leave,
        "in_crisis": facts.in_crisis,
        "goals_open": sum(status == "open" for status in facts.goals.values()),
        "flags": facts.flags,
        "team": standing.team,
        "team_ahead": facts.team_ahead,
        "closures": standing.closures,
        "consents": standing.consents,
        "assessments": standing.assessments,
        "refused_by_payer": [refusal.said for refusal in facts.payer_refusals],
        "exit": facts.exit[0] if facts.exit else None,
    }


class _Standing(NamedTuple):
    """What changes seldom, in words."""

    level_proposed: str | None
    team: list[str]
    closures: list[str]
    consents: list[str]
    assessments: object


def _standing(facts: Facts) -> _Standing:
    found: _Standing = facts.keep("standing in words", _standing_in_words)
    return found


def _standing_in_words(facts: Facts) -> _Standing:
    return _Standing(
        _other_proposal(facts),
        [f"{role.replace('_', ' ')} {staff_id}" for role, staff_id in facts.team.items()],
        [day_in_words(day) for day in facts.closures_told],
        [f"{one.consent_id} for {one.recipient}" for one in facts.consents_standing],
        scores_in_words(facts),
    )


def _other_proposal(facts: Facts) -> str | None:
    """What the screening proposed, where a clinician has decided otherwise (I2)."""
    screened = facts.screening
    if facts.level_of_care is None or screened is None:
        return None
    level, reasons = proposed_level(screened.entry, facts)
    return None if level == facts.level_of_care else f"{level} ({'; '.join(reasons)})"


def told_of_revocations(entries: Iterable[Entry], facts: Facts) -> list[str]:
    """A sentence for each revocation that takes nothing back. It is kept, because its consent may come later; but a
    slip of the hand would leave another consent standing (P4)."""
    told = []
    for entry in entries:
        if not isinstance(entry, Revocation):
            continue
        meant = [one for one in facts.consents if one.entry.consent_id == entry.consent_id]
        if not meant:
            known = ", ".join(sorted({one.entry.consent_id for one in facts.consents})) or "none"
            told.append(
                f"No consent {entry.consent_id} is on file (there is {known}): this revocation takes nothing back. "
                "Check the id."
            )
        elif all(one.revocation is None for one in meant):
            told.append(
                f"Consent {entry.consent_id} was signed on {meant[-1].entry.signed_on}, after this revocation: it "
                "still stands. Check the day."
            )
    return told


def told_of_attendance(entries: Iterable[Entry], facts: Facts) -> list[str]:
    """A sentence for each arrival that is counted for the session that was on, or about to begin (A2)."""
    said = []
    for entry in entries:
        judged = facts.arrivals.get(entry.key) if isinstance(entry, Attendance) else None
        if judged and isinstance(entry, Attendance):
            late = late_by(entry, judged.session)
            when = f"{late} minutes late" if late else "a little early"
            said.append(
                f"{entry.session:%H:%M} is counted for the session of {judged.session.name}"
                f"{f', {when}' if entry.status == 'attended' else ''}."
            )
    return said


def told_of_empty_screenings(entries: Iterable[Entry]) -> list[str]:
    """A sentence for each screening in which nothing was asked: it proposes nothing, and one is still owed (I4)."""
    return [
        f"Nothing was asked in screening {entry.key}, so it counts as none; state {', '.join(Screening.ASKED)}, as far "
        "as they were asked."
        for entry in entries
        if isinstance(entry, Screening) and entry.is_none
    ]


def told_of_strangers(entries: Iterable[Entry], facts: Facts) -> list[str]:
    """A sentence for each appointment of somebody whom the staff directory does not know: their tasks would lie with
    nobody (E1)."""
    return [
        f"staff_id: the staff directory knows nobody called {entry.staff_id}, so that no notice reaches them; "
        "check the id."
        for entry in entries
        if isinstance(entry, TeamChange) and facts.is_stranger(entry.staff_id)
    ]


def told_of_days_far_ahead(entries: Iterable[Entry], facts: Facts) -> list[str]:
    """A sentence for each day that lies so far ahead that it may be a slip of the hand, such as the year 2127: until
    then a consent would stand, and a leave stop every ladder (T5, P4, E6)."""
    years = facts.policy.far_ahead_years
    return [
        f"{name.rstrip('_')}: {value} of this {entry.kind} entry lies more than {years} years ahead. If that is a slip "
        "of the hand, supersede the entry."
        for entry in entries
        for name, value in entry
        if isinstance(value, date) and value.year > facts.today.year + years
    ]


def told(before: Mapping[str, object], after: Mapping[str, object], happened: Sequence[str]) -> list[str]:
    """The differences as sentences, then what was opened and withdrawn."""
    sentences = [
        f"{_NAMES[name]}: {_said(value)} (was {_said(before.get(name))})."
        for name, value in after.items()
        if before.get(name) != value
    ]
    return [*sentences, *happened]


def _said(value: object) -> str:
    if value is None or value == []:
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, date):
        return day_in_words(value)
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return str(value).replace("_", " ")
