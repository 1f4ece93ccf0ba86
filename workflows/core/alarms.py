"""What is said once when a moment comes: neutral reminders to the patient, the dose of the week, a death.

An alarm whose moment passed longer ago than the policy allows, as after an outage or in a history taken over
from another system, is not raised (T7).
"""

from collections.abc import Iterator, Set
from datetime import datetime

from workflows.core.effects import MessagePatient, Notify
from workflows.core.facts import Facts
from workflows.core.facts.attendance import DoseMoment


def due_alarms(facts: Facts, said: Set[str]) -> Iterator[Notify | MessagePatient]:
    """Alarms of the program whose moment has come and that were not raised yet."""
    search = facts.outreach
    if search and search.searching and not facts.high_risk and not facts.in_crisis:
        for due in search.rungs:
            key = f"{due.rung.name}:{search.asking}"
            fresh_until = facts.calendar.due(due.at, facts.policy.stale_after)
            if due.rung.message and due.at <= facts.now <= fresh_until and key not in said:
                yield MessagePatient(key, due.rung.message, fresh_until)
    for moment in facts.dose_moments:
        key = f"dose:{moment.what}:{moment.week}"
        if _fresh(moment.at, facts) and key not in said and (lines := _shortfall(moment, facts)):
            yield _notice(facts, key, "case_manager", f"dose_{moment.what}", lines)


def news_of_death(facts: Facts, said: Set[str]) -> Iterator[Notify]:
    """The director hears of a death at once (E7)."""
    signed = facts.exit_signed
    if signed and signed.reason == "deceased" and f"death:{signed.key}" not in said:
        line = (
            f"Entry {signed.key} records a death. Every message to the patient and to contacts has stopped."
        )
        yield _notice(facts, f"death:{signed.key}", "director", "exit_recorded", (line,))


def nothing_awaited(facts: Facts, said: Set[str]) -> Iterator[Notify]:
    """An open episode that waits for nothing is an alarm (E9)."""
    key = f"nothing_awaited:{facts.today}"
    if key not in said:
        line = "This episode is open, and no deadline, no task and no referral is: see what is owed."
        yield _notice(facts, key, "supervisor", "nothing_awaited", (line,))


def entry_after_exit(facts: Facts, kind: str, key: str) -> Notify:
    """Somebody looks at what becomes known after the episode was closed (E11)."""
    line = f"Entry {key} ({kind.replace('_', ' ')}) came after the exit: it is kept and moves nothing."
    return _notice(facts, f"after_exit:{key}", "case_manager", "entry_after_exit", (line,))


def _notice(facts: Facts, key: str, role: str, subject: str, lines: tuple[str, ...]) -> Notify:
    return Notify(key, role, facts.frame.team.get(role), subject, lines)


def _fresh(at: datetime, facts: Facts) -> bool:
    return at <= facts.now <= facts.calendar.due(at, facts.policy.stale_after)


def _shortfall(moment: DoseMoment, facts: Facts) -> tuple[str, ...]:
    """What is wrong with the dose of a week, hours, days and gaps judged separately (A1), and which sessions would
    repair it while there is time (A7); nothing where all is well."""
    if facts.admitted_on is None or moment.week < facts.admitted_on:
        return ()
    dose = facts.policy.dose
    minutes, days = facts.dose_of_week(moment.week)
    required, required_days = facts.dose_required(moment.week), facts.days_required(moment.week)
    ahead = [
        session
        for session in facts.sessions
        if (session.start.date() - moment.week).days < 7 and session.ends_at > facts.now
    ]
    if moment.what == "report":
        ahead = []
    will = minutes + sum(session.minutes for session in ahead)
    will_days = len({session.start.date() for session in ahead} | facts.days_attended(moment.week))
    problems = []
    if will < required:
        problems.append(f"{minutes} of {required} minutes")
    if minutes > dose.max_minutes:
        problems.append(f"{minutes} minutes, more than {dose.max_minutes}")
    if will_days < required_days:
        problems.append(f"{days} of {required_days} days")
    if days > dose.max_days:
        problems.append(f"{days} days, more than {dose.max_days}")
    if (
        moment.what == "report"
        and (gap := facts.days_without_service(moment.week)) > dose.max_days_without_service
    ):
        problems.append(
            f"{gap} days in a row without an offered service, more than {dose.max_days_without_service}"
        )
    if not problems:
        return ()
    lines = [f"{'; '.join(problems)}, in the program week from {moment.week}."]
    if moment.what == "forecast":
        lines.append(f"With the sessions still planned it will be {will} minutes on {will_days} days.")
        lines += [f"Still planned: {session.name}, {session.minutes} minutes." for session in ahead]
        if will < required:
            lines.append(f"To repair it, offer {required - will} further minutes this week.")
    return tuple(lines)
