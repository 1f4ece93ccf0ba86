"""Crisis in every state, and the way back from leave (E6, E8)."""

from collections.abc import Iterator

from workflows.core.duties.duty import CLINICIAN, Duty, repeated
from workflows.core.entries import Attendance, Return
from workflows.core.facts import Facts
from workflows.core.record import Recorded


def crisis(facts: Facts) -> Iterator[Duty]:
    """A crisis is answered at once by the on-call role, then followed up on the next business day (E8)."""
    times = facts.policy.course
    for current in facts.crises:
        yield Duty(
            f"crisis_response:{current.key}",
            "on_call",
            current.known_at,
            times.crisis_response,
            ("safe", "emergency_services", "hospital"),
            "E8",
            (current.key,),
            "Respond to a crisis at once.",
            lapses=True,
        )
    for key, answer in facts.answers_to("crisis_response"):
        if not facts.record.stands(key):
            continue
        for follow_up, asks in (
            ("after_crisis_contact", "Speak with the person after the crisis."),
            ("after_crisis_level_of_care", "Assess the level of care after the crisis."),
        ):
            duty = Duty(
                f"{follow_up}:{key}",
                CLINICIAN,
                answer.at,
                times.after_crisis,
                ("done", "not_reached"),
                "E8",
                (key,),
                asks,
                lapses=True,
            )
            yield from repeated(facts, duty, {"not_reached": times.after_crisis})


def after_leave(facts: Facts) -> Iterator[Duty]:
    """Coming back from leave, with or without a word: screen again, because tolerance is lost (E6)."""
    ended = [last for _, last, _ in facts.leaves if last < facts.today]
    if not ended:
        return
    back = _back_after(facts, max(ended))
    if back:
        yield Duty(
            f"return_screening:{back.key}",
            CLINICIAN,
            back.known_at,
            facts.policy.course.after_leave,
            ("done",),
            "E6",
            (back.key,),
            "Screen again after leave; tolerance may be lost.",
            lapses=True,
        )


def _back_after(facts: Facts, last: object) -> Recorded | None:
    """The entry that shows that the person is back: their return, else the first session they came to."""
    for kind in (Return, Attendance):
        for recorded in facts.record.standing(kind):
            entry = recorded.entry
            came = isinstance(entry, Return) or (isinstance(entry, Attendance) and entry.status == "attended")
            if came and recorded.effective_at.date() > last:  # type: ignore[operator]
                return recorded
    return None
