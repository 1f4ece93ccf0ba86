"""Crisis in every state, and the way back from leave (E6, E8)."""

from collections.abc import Iterator
from datetime import date

from workflows.core.engine.duty import CLINICIAN, Duty, repeated
from workflows.core.engine.reading import kept
from workflows.core.engine.record import Recorded
from workflows.core.episode.entries import Attendance, Checkin, Contact, Entry, Return
from workflows.core.episode.facts import Facts


@kept
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


@kept
def after_leave(facts: Facts) -> Iterator[Duty]:
    """Coming back from leave, with or without a word: screen again, because tolerance is lost (E6)."""
    ended = [(last, first) for first, last, _ in facts.leaves if last < facts.today]
    if not ended:
        return
    last, first = max(ended)
    back = _back_after(facts, last)
    if back:
        yield Duty(
            # Named by the leave: a return that is recorded after the first session is no second coming back.
            f"return_screening:{first}",
            CLINICIAN,
            back.known_at,
            facts.policy.course.after_leave,
            ("done",),
            "E6",
            (back.key,),
            "Screen again after leave; tolerance may be lost.",
            lapses=True,
        )


def _back_after(facts: Facts, last: date) -> Recorded | None:
    """The first entry that shows that the person is back: a return, a session, a check-in, or a word with them."""
    shown = [
        recorded
        for kind in (Return, Attendance, Checkin, Contact)
        for recorded in facts.record.standing(kind)
        if _shows_the_person(recorded.entry) and facts.calendar.day_of(recorded.effective_at) > last
    ]
    return min(shown, key=lambda recorded: (recorded.effective_at, recorded.key), default=None)


def _shows_the_person(entry: Entry) -> bool:
    if isinstance(entry, Attendance):
        return entry.status == "attended"
    return not isinstance(entry, Contact) or entry.reached
