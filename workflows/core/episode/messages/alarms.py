"""What is said once when a moment comes: neutral reminders to the patient, the dose of the week, a death.

An alarm whose moment passed longer ago than the policy allows, as after an outage or in a history taken over
from another system, is not raised (T7).
"""

from collections.abc import Iterator, Sequence, Set
from datetime import datetime, time

from workflows.core.engine.effects import MessagePatient, Notify
from workflows.core.engine.reading import kept
from workflows.core.engine.urgency import Urgency
from workflows.core.episode.attendance.dose import DoseMoment
from workflows.core.episode.authority import Need
from workflows.core.episode.entries import Entry
from workflows.core.episode.facts import Facts
from workflows.core.episode.messages.weekly import forecast, report


@kept
def due_alarms(facts: Facts) -> Iterator[Notify | MessagePatient]:
    """Alarms of the program whose moment has come, and has not gone by."""
    for message in messages_wanted(facts):
        if not facts.is_after(message.send_before):
            yield message
    for moment in facts.dose_moments:
        if _fresh(moment.at, facts) and (notice := _notice_of_week(moment, facts)):
            key = f"dose:{moment.what}:{moment.week}"
            yield _notice(facts, key, "case_manager", *notice, Urgency.FOR_INFORMATION)


@kept
def messages_wanted(facts: Facts) -> Iterator[MessagePatient]:
    """Reminders that the search for a person asks for. One that still waits, as in quiet hours, is taken back when it
    is no longer among these: the person has come, is on leave, is in danger, or has died (A5, E7)."""
    search = facts.outreach
    if search and search.searching and not facts.on_leave and not facts.high_risk and not facts.in_crisis:
        for due in search.rungs:
            if due.rung.message and facts.has_come(due.at):
                fresh_until = facts.calendar.due(due.at, facts.policy.stale_after)
                yield MessagePatient(
                    f"{due.rung.name}:{search.asking}", due.rung.message, fresh_until, _quiet_hours(facts)
                )


def message_not_sent(facts: Facts, message: MessagePatient, why: Sequence[str]) -> Notify:
    """Whoever cares for the patient hears that a message did not reach them (P9)."""
    return _notice(facts, f"{message.key}:not_sent", "case_manager", "message_not_sent", tuple(why))


def _quiet_hours(facts: Facts) -> tuple[time, time] | None:
    hours = facts.policy.messages
    return (hours.quiet_from, hours.quiet_until) if hours.quiet_from and hours.quiet_until else None


def news_of_death(facts: Facts, said: Set[str]) -> Iterator[Notify]:
    """The director hears of a death at once (E7)."""
    signed = facts.exit_signed
    if signed and signed.reason == "deceased" and f"death:{signed.key}" not in said:
        line = (
            f"Entry {signed.key} records a death. Every message to the patient and to contacts has stopped."
        )
        key = f"death:{signed.key}"
        yield _notice(facts, key, "director", "exit_recorded", (line,), Urgency.IN_DANGER)


def taken_back(facts: Facts, correction: Entry, signed: Need) -> Notify:
    """Whoever has signed something hears that another person has taken it back (E0)."""
    line = f"Entry {signed.key}, which you have signed, was taken back by {correction.by} (entry {correction.key})."
    subject = "signature_taken_back"
    return Notify(f"{subject}:{signed.key}:{correction.key}", "supervisor", signed.by, subject, (line,))


def nothing_awaited(facts: Facts, said: Set[str]) -> Iterator[Notify]:
    """An open episode that waits for nothing is an alarm (E9)."""
    key = f"nothing_awaited:{facts.today}"
    if key not in said:
        line = "This episode is open, and no deadline, no task and no referral is: see what is owed."
        yield _notice(facts, key, "supervisor", "nothing_awaited", (line,))


def entry_after_exit(facts: Facts, kind: str, key: str) -> Notify:
    """Somebody looks at what becomes known after the episode was closed (E11)."""
    what = f"Entry {key} ({kind.replace('_', ' ')}) came after the exit"
    if kind == "crisis" and any(one.key == key for one in facts.crises):
        line = f"{what}: the on-call role responds to it at once, and the episode stays closed."
    else:
        line = f"{what}: it is kept and moves nothing."
    return _notice(facts, f"after_exit:{key}", "case_manager", "entry_after_exit", (line,))


def _notice(
    facts: Facts,
    key: str,
    role: str,
    subject: str,
    lines: tuple[str, ...],
    urgency: Urgency = Urgency.ORDINARY,
) -> Notify:
    return Notify(key, role, facts.team.get(role), subject, lines, urgency)


def _fresh(at: datetime, facts: Facts) -> bool:
    return facts.has_come(at) and not facts.is_after(facts.calendar.due(at, facts.policy.stale_after))


def _notice_of_week(moment: DoseMoment, facts: Facts) -> tuple[str, tuple[str, ...]] | None:
    """Subject and lines of the forecast in mid-week, or of the one notice at the week's end (A7)."""
    said: tuple[str, tuple[str, ...]] | None = facts.keep(
        ("notice of week", moment), lambda facts: _of_week(moment, facts)
    )
    return said


def _of_week(moment: DoseMoment, facts: Facts) -> tuple[str, tuple[str, ...]] | None:
    if facts.admitted_on is None or moment.week < facts.admitted_on:
        return None
    if moment.what == "report":
        was_expected = facts.dose_required(moment.week) or facts.dose_of_week(moment.week)[0]
        return report(facts, moment.week) if was_expected or not facts.on_leave else None
    lines = () if facts.on_leave else forecast(facts, moment.week)
    return ("dose_forecast", lines) if lines else None
