"""What follows from instruments: one is due, a worsening is looked at, an answer is spoken about (M1-M3)."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

from workflows.core.engine.calendar import day_in_words
from workflows.core.engine.duty import CLINICIAN, Duty, repeated
from workflows.core.engine.reading import kept
from workflows.core.engine.signing import CLINICIANS
from workflows.core.episode.assessment.facts import Due, due, taken
from workflows.core.episode.assessment.instruments import INSTRUMENTS
from workflows.core.episode.facts import Facts


@kept
def assessments(facts: Facts) -> Iterator[Duty]:
    """What instruments ask of the staff, for as long as the person is in treatment (M1-M3)."""
    yield from _after_answers(facts)
    if not facts.on_leave:
        for one in due(facts):
            yield from _to_be_filled_in(facts, one)


def _to_be_filled_in(facts: Facts, one: Due) -> Iterator[Duty]:
    """An instrument that is due is asked for; who declines is asked again after its days (M1)."""
    known, rules = INSTRUMENTS[one.instrument], facts.policy.assessments
    duty = Duty(
        f"assessment:{one.instrument}:{facts.calendar.day_of(one.since)}",
        CLINICIAN,
        one.since,
        rules.within,
        ("declined", "not_reached"),
        "M1",
        (),
        f"{known.title} is due ({one.why}): let the person fill it in, and record it as an assessment.",
        done_by=("assessment",),
        announced=f"Assessment due {day_in_words(facts.calendar.day_of(one.since))}",
    )
    again = timedelta(days=rules.days_until_again(one.instrument))
    asked = list(repeated(facts, duty, {"not_reached": rules.again}))
    while not asked:  # declined
        later = facts.calendar.at(facts.calendar.day_of(duty.since) + again)
        duty = replace(
            duty,
            key=f"assessment:{one.instrument}:{facts.calendar.day_of(later)}",
            since=later,
            announced=f"Assessment due {day_in_words(facts.calendar.day_of(later))}",
        )
        asked = list(repeated(facts, duty, {"not_reached": rules.again}))
    yield from asked


def _after_answers(facts: Facts) -> Iterator[Duty]:
    """A worsening by the instrument's own threshold asks for a plan review (M2), a telling answer for a word (M3)."""
    rules = facts.policy.assessments
    for one in taken(facts):
        known = INSTRUMENTS[one.instrument]
        for about in one.asks:
            check = Duty(
                f"safety_check:{one.key}",
                CLINICIAN,
                one.known_at,
                rules.safety_check,
                ("safe", "crisis", "not_reached"),
                "M3",
                (one.key,),
                f"{known.title} of {day_in_words(one.on)} tells of {about}: speak with the person today, and judge how "
                "safe they are.",
                lapses=True,
                signed_by=CLINICIANS,
            )
            yield from repeated(facts, check, {"not_reached": rules.safety_check_again})
        if one.worse:
            yield Duty(
                f"plan_review:{one.key}",
                CLINICIAN,
                one.known_at,
                rules.plan_review,
                ("unchanged", "changed"),
                "M2",
                (one.key,),
                f"{known.title} of {day_in_words(one.on)} has become worse ({known.in_words(one.scores)}): review the "
                "plan with the person.",
                lapses=True,
                signed_by=CLINICIANS,
            )
