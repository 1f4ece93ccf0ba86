"""What is said once when a moment comes: neutral reminders to the patient and the dose of the week.

An alarm whose moment passed longer ago than the policy allows, as after an outage or in a history taken over
from another system, is not raised (T7).
"""

from collections.abc import Iterator, Set
from datetime import datetime

from workflows.core.deadlines import DoseMoment, dose_moments
from workflows.core.effects import MessagePatient, Notify
from workflows.core.facts import Facts


def due_alarms(facts: Facts, said: Set[str]) -> Iterator[Notify | MessagePatient]:
    """Alarms whose moment has come and that were not raised yet."""
    search = facts.outreach
    if search and search.searching and not facts.high_risk and facts.crisis is None:
        for due in search.rungs:
            key = f"{due.rung.name}:{search.key}"
            fresh_until = facts.calendar.due(due.at, facts.policy.stale_after)
            if due.rung.message and due.at <= facts.now <= fresh_until and key not in said:
                yield MessagePatient(key, due.rung.message, fresh_until)
    for moment in dose_moments(facts):
        key = f"dose:{moment.what}:{moment.week}"
        if _fresh(moment.at, facts) and key not in said and (lines := _shortfall(moment, facts)):
            role = "case_manager"
            yield Notify(key, role, facts.frame.team.get(role), f"dose_{moment.what}", lines)


def _fresh(at: datetime, facts: Facts) -> bool:
    return at <= facts.now <= facts.calendar.due(at, facts.policy.stale_after)


def _shortfall(moment: DoseMoment, facts: Facts) -> tuple[str, ...]:
    """Nothing where the dose is met; else what is missing and which sessions would repair it (A7)."""
    if facts.admitted_on is None or moment.week < facts.admitted_on:
        return ()
    minutes, days = facts.dose_of_week(moment.week)
    required = facts.dose_required(moment.week)
    rest = [
        session
        for session in facts.sessions
        if (session.start.date() - moment.week).days < 7 and session.ends_at > facts.now
    ]
    ahead = sum(session.minutes for session in rest) if moment.what == "forecast" else 0
    if minutes + ahead >= required:
        return ()
    lines = [f"{minutes} of {required} minutes on {days} days in the program week from {moment.week}."]
    if moment.what == "forecast":
        lines.append(f"With the sessions still planned it will be {minutes + ahead} minutes.")
        lines += [f"Still planned: {session.name}, {session.minutes} minutes." for session in rest]
        lines.append(f"To repair it, offer {required - minutes - ahead} further minutes this week.")
    return tuple(lines)
