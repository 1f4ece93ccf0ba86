"""What the case manager hears of a program week: the forecast in its middle, and one notice at its end (A1, A7).

Minutes, dates and counts only. A notice asks for nothing to be completed; whoever offers a session records it.
"""

from datetime import date, timedelta

from workflows.core.engine.calendar import day_in_words
from workflows.core.episode.assessment.shown import of_week
from workflows.core.episode.attendance.makeup import Week, to_be_added, week_of
from workflows.core.episode.facts import Facts


def forecast(facts: Facts, first: date) -> tuple[str, ...]:
    """What will be short, and which sessions would still repair it; nothing where all is well (A7)."""
    week = week_of(facts, first)
    problems = _problems(facts, week, ahead=True)
    if not problems:
        return ()
    lines = [
        f"{'; '.join(problems)}, in the program week from {first}.",
        f"With the sessions still planned it will be {week.will} minutes on {week.will_days} days.",
        *(f"Still planned: {session.name}, {session.minutes} minutes." for session in week.ahead),
    ]
    if week.short_minutes or week.short_days:
        offers = to_be_added(facts, week)
        lines += [
            f"To repair it, offer an added session: {offer.day:%a} {day_in_words(offer.day)}, {offer.minutes} minutes."
            for offer in offers
        ]
        rest = week.short_minutes - sum(offer.minutes for offer in offers)
        if rest > 0:
            lines.append(f"What cannot be repaired within this week: {rest} minutes.")
    return tuple(lines)


def report(facts: Facts, first: date) -> tuple[str, tuple[str, ...]] | None:
    """The notice at the week's end, as its subject and its lines; None where nothing is to be said.

    It is a report where something was wrong with the dose (A7); else a summary, which the policy can switch off.
    """
    week = week_of(facts, first)
    problems = _problems(facts, week, ahead=False)
    lines = [f"{'; '.join(problems)}, in the program week from {first}."] if problems else []
    if facts.policy.dose.weekly_summary and (week.required or week.minutes):
        lines += _summary(facts, week)
    if not lines:
        return None
    return "dose_report" if problems else "weekly_summary", tuple(lines)


def _problems(facts: Facts, week: Week, ahead: bool) -> list[str]:
    """Hours, days and gaps, judged separately (A1): as they are, or `ahead` as they will be."""
    dose = facts.policy.dose
    minutes, days = (week.will, week.will_days) if ahead else (week.minutes, week.days)
    problems = []
    if minutes < week.required:
        problems.append(f"{week.minutes} of {week.required} minutes")
    if week.minutes > dose.max_minutes:
        problems.append(f"{week.minutes} minutes, more than {dose.max_minutes}")
    if days < week.required_days:
        problems.append(f"{week.days} of {week.required_days} days")
    if week.days > dose.max_days:
        problems.append(f"{week.days} days, more than {dose.max_days}")
    gap = 0 if ahead else facts.days_without_service(week.first)
    if gap > dose.max_days_without_service:
        problems.append(
            f"{gap} days in a row without an offered service, more than {dose.max_days_without_service}"
        )
    return problems


def _summary(facts: Facts, week: Week) -> list[str]:
    """The week in four lines: dose, sessions, tests, gate."""
    assert facts.admitted_on is not None
    last = week.first + timedelta(days=6)
    number = (week.first - facts.admitted_on).days // 7 + 1
    became = [one for one in facts.judged if week.first <= one.session.start.date() <= last]
    came, excused = (sum(one.status == status for one in became) for status in ("attended", "excused"))
    missed = sum(one.missed for one in became)
    valid = sum(week.first <= day <= last for day in facts.tested.valid_on)
    in_doubt = sum(week.first <= hold.since <= last for hold in facts.holds)
    lines = [
        f"Week {number}, from {day_in_words(week.first)}: {week.minutes} of {week.required} minutes on {week.days} of "
        f"{week.required_days} days.",
        f"Sessions: {came} attended, {excused} excused, {missed} missed; {facts.consecutive_misses} missed in a row "
        "now.",
        f"Tests: {valid} valid, {in_doubt} in doubt.",
    ]
    lines += of_week(facts, week.first, last)
    if facts.frame.has_a_gate:
        unmet = [name.replace("_", " ") for name in facts.gate_unmet]
        opens = f"opens {day_in_words(facts.gate_opens_on)}" if facts.gate_opens_on else "has no date yet"
        lines.append(f"Gate: {opens}; it needs {', '.join(unmet) or 'the signature only'}.")
    return lines
