"""The search for a patient who stays away, and questions about attendance (A2-A8)."""

from collections.abc import Iterator, Sequence

from workflows.core.engine.calendar import Delay, in_words
from workflows.core.engine.duty import Duty, repeated
from workflows.core.engine.reading import kept
from workflows.core.engine.record import Recorded
from workflows.core.episode.attendance.ladder import Outreach, RungDue
from workflows.core.episode.attendance.sessions import Session, late_by
from workflows.core.episode.entries import Attendance
from workflows.core.episode.facts import Facts
from workflows.core.episode.policy import Rung


@kept
def outreach(facts: Facts) -> Iterator[Duty]:
    """The missed-session ladder: one open task at a time, that of the highest rung reached (A4-A6)."""
    search = facts.outreach
    if search is None:
        return
    if facts.high_risk and search.searching:
        yield from _high_risk_contact(facts, search)
    elif not search.searching and search.reached_at:
        yield Duty(
            f"engagement_plan:{search.key}:{search.reached_at.isoformat()}",
            "case_manager",
            search.reached_at,
            facts.policy.attendance.engagement_plan,
            ("agreed", "declined"),
            "A5",
            _misses(search),
            "Agree with the person on what would help them to come to the next session.",
            lapses=True,
        )
    else:
        yield from _rung(facts, search)


def _high_risk_contact(facts: Facts, search: Outreach) -> Iterator[Duty]:
    """Same-day clinical contact in place of the ladder, for every miss anew, until the person is reached (A6)."""
    rules = facts.policy.attendance
    duty = Duty(
        f"high_risk_contact:{search.misses[-1].session.start.isoformat()}",
        "on_call",
        search.misses[-1].session.closes_at,
        rules.high_risk_contact,
        ("reached", "crisis", "not_reached"),
        "A6",
        _misses(search),
        "Reach the person today: they have missed a session while a high-risk flag is on.",
    )
    yield from repeated(facts, duty, {"not_reached": rules.high_risk_contact_again})


def _rung(facts: Facts, search: Outreach) -> Iterator[Duty]:
    reached = search.reached(facts.has_come)
    if reached is None:
        return
    # A rung that only sends a message leaves the task of the rung below it open; so does one that is skipped.
    opening = [
        due for due in search.rungs[: reached.number + 1] if due.rung.task and not _names_nobody(due, facts)
    ]
    if not opening:
        return
    due, count = opening[-1], len(search.misses)
    skipped = [
        f" {_named(one)} is skipped: no consent names anybody."
        for one in reversed(search.rungs[due.number : reached.number + 1])
        if _names_nobody(one, facts)
    ]
    skipped += [
        f" {_named(one)} is skipped: its time, {in_words(one.own_at)}, does not come before that of the next step."
        for one in reversed(_overtaken(opening, search))
    ]
    duty = Duty(
        f"{due.rung.task}:{search.asking}",
        due.rung.role,
        due.at,
        due.rung.within,
        due.rung.outcomes,
        "A4",
        _misses(search),
        f"{count} session{'s' if count > 1 else ''} missed in a row since "
        f"{search.misses[0].session.name}: {due.rung.name.replace('_', ' ')}."
        f"{_others(due.rung, facts)}{''.join(skipped)}",
        escalates=due.number == len(search.rungs) - 1,
    )
    # The last rung has no other above it: what it asks comes back for as long as the search goes on.
    again = dict.fromkeys(due.rung.outcomes, facts.policy.attendance.last_rung_again)
    yield from repeated(facts, duty, again if duty.escalates else {})


def _names_nobody(due: RungDue, facts: Facts) -> bool:
    """Whether a rung is there only for somebody whom a consent would have to name, and none does (P7)."""
    return due.rung.task is not None and due.rung.contacts_others == "only" and not facts.may_be_contacted


def _overtaken(opening: Sequence[RungDue], search: Outreach) -> list[RungDue]:
    """The rungs right below the highest one of these that had no turn: that one was reached no later than they (A4)."""
    highest = opening[-1]
    below = [due for due in opening[:-1] if due.number >= search.taken_up_at]
    return [due for due in below if due.at >= highest.at]


def _named(due: RungDue) -> str:
    return due.rung.name.replace("_", " ").capitalize()


def _others(rung: Rung, facts: Facts) -> str:
    """Whom else the rung may contact: only whom a consent names (P7)."""
    if rung.contacts_others == "no":
        return ""
    if named := facts.may_be_contacted:
        return f" A consent lets you contact also: {', '.join(named)}."
    return " Nobody else may be contacted: no consent names anybody."


def _misses(search: Outreach) -> tuple[str, ...]:
    return tuple(miss.by.key for miss in search.misses if miss.by)


@kept
def attendance_questions(facts: Facts) -> Iterator[Duty]:
    """Sources that disagree (A8), and attendance at a time for which no session stands (A2)."""
    for judged in (*facts.judged, *facts.judged_elsewhere):
        if judged.by and judged.disputed_by:
            pair = (judged.by.key, judged.disputed_by.key)
            words = in_two_words(judged.by, judged.disputed_by)
            yield Duty(
                f"attendance_conflict:{judged.session.start.isoformat()}:{'|'.join(pair)}",
                "case_manager",
                judged.disputed_by.known_at,
                Delay(business_days=1),
                words,
                "A8",
                pair,
                f"Two entries disagree about the session of {judged.session.name}: say which one is right. "
                f"{words[0]}: {_said(judged.by)}; {words[1]}: {_said(judged.disputed_by)}.",
                kept_as=tuple(zip(words, pair, strict=True)),
            )
    for judged in facts.overlong:
        told = judged.by
        if told:
            yield Duty(
                f"attendance_minutes:{told.key}",
                "case_manager",
                told.known_at,
                Delay(business_days=1),
                ("confirm", "whole_session"),
                "A2",
                (told.key,),
                f"{told.entry.minutes} minutes are recorded for the session of {judged.session.name}, which had "
                f"{judged.session.minutes}{_after(told.entry, judged.session)}: confirm them, or count the whole "
                "session.",
                lapses=True,
            )
    for recorded in facts.unscheduled:
        yield Duty(
            f"unscheduled_attendance:{recorded.key}",
            "case_manager",
            recorded.known_at,
            Delay(business_days=1),
            ("confirm", "reject"),
            "A2",
            (recorded.key,),
            "Attendance is recorded at a time without a session: add the session, or confirm the attendance."
            f"{_ends_the_leave(recorded, facts)}",
            lapses=True,
        )


def _ends_the_leave(told: Recorded[Attendance], facts: Facts) -> str:
    """What confirming says of a person who came in the midst of a leave (E6)."""
    came_on = told.entry.session.date()
    if not any(first < came_on < last for first, last, _ in facts.leaves):
        return ""
    return " The person was on leave: to confirm it says that they are back; if they left again, record the new leave."


def _after(told: Attendance, session: Session) -> str:
    late = late_by(told, session)
    return f" and began {late} minutes before the arrival" if late else ""


def in_two_words(one: Recorded[Attendance], other: Recorded[Attendance]) -> tuple[str, str]:
    """A word for each of two entries that disagree, from what stands in them alone, so that it never changes (A8)."""
    for said in (_status, _length, _arrival, _service):
        words = said(one), said(other)
        if words[0] != words[1]:
            return words
    return "the_first", "the_second"


def _attended(told: Recorded[Attendance]) -> Attendance:
    return told.entry


def _status(told: Recorded[Attendance]) -> str:
    return _attended(told).status


def _length(told: Recorded[Attendance]) -> str:
    minutes = _attended(told).minutes
    return "attended_whole_session" if minutes is None else f"attended_{minutes}_minutes"


def _arrival(told: Recorded[Attendance]) -> str:
    return f"came_at_{_attended(told).session:%H%M}"


def _service(told: Recorded[Attendance]) -> str:
    return f"attended_{_attended(told).service or 'the_planned_service'}"


def _said(told: Recorded[Attendance]) -> str:
    """What an entry says of a session, for whoever must choose between two of them (A8)."""
    entry = told.entry
    minutes = f" {entry.minutes} minutes" if entry.minutes is not None and entry.status == "attended" else ""
    service = f" ({entry.service})" if entry.service else ""
    return f"{told.key} says {entry.status}{minutes}{service}, by {entry.by} ({entry.source.value})"
