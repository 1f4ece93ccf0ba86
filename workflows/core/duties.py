"""What people owe an episode, as a consequence of its facts.

Duties are not started and stopped: at every moment they *follow* from the facts, and the episode opens and
closes tasks for the difference. So a late, wrong or retracted entry needs no case of its own (T3, A5). Each
function here yields the duties of one subject; a pathway chooses which of them hold in which stage.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from workflows.core.calendar import Delay, day_in_words
from workflows.core.entries import Return
from workflows.core.facts import Facts

CLINICIAN = "therapist"
"""The role that takes clinical decisions in a team without further roles."""


@dataclass(frozen=True, slots=True)
class Duty:
    """Something a role owes, with the rule and the entries that put it there.

    `key` is the kind and the subject, and stays the same while the duty lasts. A duty that `lapses` belongs to
    a moment: if its time was over before this clinic took the episode over, it is not asked for again (T7).
    A duty that is no task is a question that a person may decide at any time, without being asked.
    """

    key: str
    role: str
    since: datetime
    within: Delay
    outcomes: tuple[str, ...]
    rule: str
    entries: tuple[str, ...]
    asks: str
    lapses: bool = False
    is_task: bool = True
    escalates: bool = True
    """Whether it climbs while overdue; a rung does not, because the next rung is its escalation."""
    done_by: tuple[str, ...] = ()
    """Kinds of entries that do what is owed; if the duty goes otherwise, it is withdrawn (A5)."""

    @property
    def kind(self) -> str:
        """The part of the key that says what is owed."""
        return self.key.partition(":")[0]


def slip_response(facts: Facts) -> Iterator[Duty]:
    """A slip calls for a safety check, an individual session and a plan review, each with its own time (S3)."""
    times = facts.policy.slip_response
    for slip in facts.slips:
        if facts.admitted_on is None or slip.on < facts.admitted_on:
            continue
        day = day_in_words(slip.on)
        for kind, role, within, outcomes, asks in (
            (
                "safety_check",
                "case_manager",
                times.safety_check,
                ("safe", "crisis", "not_reached"),
                f"Check today that the person is safe after the return to use on {day}.",
            ),
            (
                "individual_session",
                "therapist",
                times.individual_session,
                ("held", "declined"),
                f"Hold an individual session after the return to use on {day}.",
            ),
            (
                "plan_review",
                "therapist",
                times.plan_review,
                ("unchanged", "changed"),
                f"Review the plan after the return to use on {day}; test more often for a while.",
            ),
        ):
            yield Duty(
                f"{kind}:{slip.key}",
                role,
                slip.known_at,
                within,
                outcomes,
                "S3",
                (slip.key,),
                asks,
                lapses=True,
            )


def level_review(facts: Facts) -> Iterator[Duty]:
    """Two slips close together, or a relapse: offers of more care, which the patient may decline (S3)."""
    key = facts.level_review
    if key and (recorded := facts.record.get(key)):
        yield Duty(
            f"level_of_care_review:{key}",
            CLINICIAN,
            recorded.known_at,
            facts.policy.slip_response.review_due,
            ("stay", "patient_declined", "offer_php", "offer_residential", "offer_withdrawal_management"),
            "S3",
            (key,),
            "Review the level of care with the person and offer more where it would help.",
        )


def outreach(facts: Facts) -> Iterator[Duty]:
    """The missed-session ladder: one open task at a time, that of the highest rung reached (A4-A6)."""
    search = facts.outreach
    if search is None:
        return
    entries = tuple(miss.by.key for miss in search.misses if miss.by)
    first_close = search.misses[0].session.closes_at
    rules = facts.policy.attendance
    if facts.high_risk and search.searching:
        yield Duty(
            f"high_risk_contact:{search.key}",
            "on_call",
            first_close,
            rules.high_risk_contact,
            ("reached", "crisis", "not_reached"),
            "A6",
            entries,
            "Reach the person today: they have missed a session while a high-risk flag is on.",
        )
        return
    if not search.searching and search.reached_at:
        yield Duty(
            f"engagement_plan:{search.key}:{search.reached_at.isoformat()}",
            "case_manager",
            search.reached_at,
            rules.engagement_plan,
            ("agreed", "declined"),
            "A5",
            entries,
            "Agree with the person on what would help them to come to the next session.",
            lapses=True,
        )
        return
    reached = search.reached_by(facts.now)
    if reached is None:
        return
    # A rung that only sends a message leaves the task of the rung below it open.
    for due in reversed(search.rungs[: reached.number + 1]):
        if due.rung.task:
            count = len(search.misses)
            yield Duty(
                f"{due.rung.task}:{search.key}",
                due.rung.role,
                due.at,
                due.rung.within,
                due.rung.outcomes,
                "A4",
                entries,
                f"{count} session{'s' if count > 1 else ''} missed in a row since "
                f"{search.misses[0].session.name}: {due.rung.name.replace('_', ' ')}.",
                escalates=due.number == len(search.rungs) - 1,
            )
            return


def attendance_questions(facts: Facts) -> Iterator[Duty]:
    """Two sources that disagree (A8), and attendance at a time for which no session stands (A2)."""
    for judged in facts.judged:
        if judged.by and judged.disputed_by:
            pair = (judged.by.key, judged.disputed_by.key)
            yield Duty(
                f"attendance_conflict:{judged.session.start.isoformat()}",
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
        )


def holds(facts: Facts) -> Iterator[Duty]:
    """A test in doubt holds the gate until it is confirmed, collected again, or decided by a clinician (S6)."""
    for hold in facts.tested.holds:
        yield Duty(
            f"hold_review:{hold.test_id}",
            CLINICIAN,
            hold.known_at,
            facts.policy.tests.hold_review,
            ("lift_hold", "collect_again", "await_confirmation"),
            "S6",
            (hold.key,),
            f"Test {hold.test_id} ({hold.why}) holds the gate: confirm it, collect again, or lift the hold.",
        )


def crisis(facts: Facts) -> Iterator[Duty]:
    """A crisis is answered at once by the on-call role, then followed up on the next business day (E8)."""
    times = facts.policy.course
    current = facts.crisis
    if current:
        yield Duty(
            f"crisis_response:{current.key}",
            "on_call",
            current.effective_at,
            times.crisis_response,
            ("safe", "emergency_services", "hospital"),
            "E8",
            (current.key,),
            "Respond to a crisis at once.",
            lapses=True,
        )
    for key in list(facts.frame.answers):
        kind, _, entry = key.partition(":")
        answer = facts.answer(key)
        if kind == "crisis_response" and answer and facts.record.stands(entry):
            for follow_up, asks in (
                ("after_crisis_contact", "Speak with the person after the crisis."),
                ("after_crisis_level_of_care", "Assess the level of care after the crisis."),
            ):
                yield Duty(
                    f"{follow_up}:{entry}",
                    CLINICIAN,
                    answer.at,
                    times.after_crisis,
                    ("done", "not_reached"),
                    "E8",
                    (entry,),
                    asks,
                    lapses=True,
                )


def after_leave(facts: Facts) -> Iterator[Duty]:
    """Coming back from leave: screen again, because tolerance is lost (E6)."""
    for recorded in facts.record.standing(Return)[-1:]:
        entry = recorded.entry
        if (
            isinstance(entry, Return)
            and facts.exit is None
            and any(end < entry.on for _, end, _ in facts.leaves)
        ):
            yield Duty(
                f"return_screening:{recorded.key}",
                CLINICIAN,
                recorded.effective_at,
                facts.policy.course.after_leave,
                ("done",),
                "E6",
                (recorded.key,),
                "Screen again after leave; tolerance may be lost.",
                lapses=True,
            )


def rights_and_preferences(facts: Facts) -> Iterator[Duty]:
    """The rights notice and the contact preferences are due by the first session (I4)."""
    admission, sessions = facts.admission, facts.sessions
    if admission is None or not sessions:
        return
    first = facts.calendar.instant(sessions[0].start)
    admitted = facts.calendar.at(admission.on)
    wait = Delay(minutes=max(0, int((first - admitted) / timedelta(minutes=1))))
    for what in ("rights_notice", "contact_preferences"):
        if not facts.acknowledged(what):
            yield Duty(
                what,
                "case_manager",
                admitted,
                wait,
                ("signed", "declined"),
                "I4",
                (),
                f"Have the {what.replace('_', ' ')} read and signed by the first session.",
                done_by=("acknowledgement",),
            )
