"""The search for a patient who stays away, and questions about attendance (A2-A8)."""

from collections.abc import Iterator

from workflows.core.calendar import Delay
from workflows.core.duties.duty import Duty, repeated
from workflows.core.facts import Facts
from workflows.core.facts.ladder import Outreach
from workflows.core.policy import Rung


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
    reached = search.reached_by(facts.now)
    if reached is None:
        return
    count = len(search.misses)
    last = len(search.rungs) - 1
    skipped = ""
    # A rung that only sends a message leaves the task of the rung below it open.
    for due in reversed(search.rungs[: reached.number + 1]):
        if due.rung.task is None:
            continue
        if due.rung.contacts_others == "only" and not facts.may_be_contacted:
            skipped += (
                f" {due.rung.name.replace('_', ' ').capitalize()} is skipped: no consent names anybody."
            )
            continue
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
            f"{_others(due.rung, facts)}{skipped}",
            escalates=due.number == last,
        )
        # The last rung has no other above it: what it asks comes back for as long as the search goes on.
        again = dict.fromkeys(due.rung.outcomes, facts.policy.attendance.last_rung_again)
        yield from repeated(facts, duty, again if due.number == last else {})
        return


def _others(rung: Rung, facts: Facts) -> str:
    """Whom else the rung may contact: only whom a consent names (P7)."""
    if rung.contacts_others == "no":
        return ""
    if named := facts.may_be_contacted:
        return f" A consent lets you contact also: {', '.join(named)}."
    return " Nobody else may be contacted: no consent names anybody."


def _misses(search: Outreach) -> tuple[str, ...]:
    return tuple(miss.by.key for miss in search.misses if miss.by)


def attendance_questions(facts: Facts) -> Iterator[Duty]:
    """Sources that disagree (A8), and attendance at a time for which no session stands (A2)."""
    for judged in (*facts.judged, *facts.judged_elsewhere):
        if judged.by and judged.disputed_by:
            pair = (judged.by.key, judged.disputed_by.key)
            yield Duty(
                f"attendance_conflict:{judged.session.start.isoformat()}:{'|'.join(pair)}",
                "case_manager",
                judged.disputed_by.known_at,
                Delay(business_days=1),
                pair,
                "A8",
                pair,
                f"Two entries disagree about the session of {judged.session.name}: say which one is right.",
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
            "Attendance is recorded at a time without a session: add the session, or confirm the attendance.",
            lapses=True,
        )
