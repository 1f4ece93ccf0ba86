"""What follows a slip, and tests that raise a question (S3, S6, S7)."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime
from typing import NamedTuple

from workflows.core.engine.calendar import Delay, day_in_words
from workflows.core.engine.duty import CLINICIAN, Duty, repeated
from workflows.core.engine.reading import kept
from workflows.core.engine.signing import CLINICIANS
from workflows.core.episode.facts import Facts

OFFERS = ("offer_php", "offer_residential", "offer_withdrawal_management")
"""What a review may offer beyond the level that the person has (S3)."""


@kept
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
            if (answer := facts.answer(f"{kind}:{slip.key}")) and answer.choice != "not_reached":
                continue  # settled: so it is for nearly every slip
            if facts.answered_as(kind, slip):
                continue
            duty = Duty(
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
            yield from repeated(facts, duty, {"not_reached": times.safety_check_again})


def slip_response_is_open(facts: Facts) -> bool:
    """Whether a part of the response to a slip is still owed (S3); what was over when we were told is not (T7)."""
    if facts.level_review:
        return True
    return any(
        facts.answer(duty.key) is None and not _was_over_when_told(facts, duty)
        for duty in slip_response(facts)
    )


def _was_over_when_told(facts: Facts, duty: Duty) -> bool:
    slip = facts.record.get(duty.entries[0])
    return slip is not None and facts.calendar.due(duty.since, duty.within) < slip.recorded_at


@kept
def level_review(facts: Facts) -> Iterator[Duty]:
    """Two slips close together, or a relapse: offers of more care, which the patient may decline (S3)."""
    key = facts.level_review
    if key and (recorded := facts.record.get(key)):
        yield Duty(
            f"level_of_care_review:{key}",
            CLINICIAN,
            recorded.known_at,
            facts.policy.slip_response.review_due,
            (
                "stay",
                "patient_declined",
                *(offer for offer in OFFERS if offer != f"offer_{facts.frame.level}"),
            ),
            "S3",
            (key,),
            "Review the level of care with the person and offer more where it would help.",
            signed_by=CLINICIANS,
        )


@kept
def care_offers(facts: Facts) -> Iterator[Duty]:
    """An offer of more care is followed until it has an outcome; one that is accepted becomes a transfer (S3, E5)."""
    rules = facts.policy.slip_response
    for _, answer in facts.answers_to("level_of_care_review"):
        if not answer.choice.startswith("offer_"):
            continue
        level = answer.choice.removeprefix("offer_")
        duty = Duty(
            f"level_of_care_offer:{level}:{answer.key}",
            "case_manager",
            answer.at,
            rules.offer,
            ("accepted", "declined", "not_yet"),
            "S3",
            (answer.key,),
            f"{level.replace('_', ' ').capitalize()} is offered: see what becomes of it. Who declines stays; who "
            "accepts is followed up to the first attended visit there.",
            lapses=True,
        )
        yield from repeated(facts, duty, {"not_yet": rules.offer_again})


@kept
def holds(facts: Facts) -> Iterator[Duty]:
    """A test in doubt holds the gate until it is confirmed, collected again, or decided by a clinician (S6)."""
    again = facts.policy.tests.hold_review_again
    for told in facts.told_by_others:
        yield Duty(
            f"collateral_use:{told.key}",
            CLINICIAN,
            told.known_at,
            facts.policy.tests.hold_review,
            ("use", "relapse", "no_use"),
            "S2",
            (told.key,),
            f"Somebody else has told of a use on {day_in_words(told.on)}: speak with the person, and say whether it "
            "was one. Until then it holds the gate, and moves nothing.",
            signed_by=CLINICIANS,
        )
    for hold in facts.holds:
        if not hold.test_id:
            continue
        duty = Duty(
            f"hold_review:{hold.key}",
            CLINICIAN,
            hold.known_at,
            facts.policy.tests.hold_review,
            ("lift_hold", "collect_again", "await_confirmation"),
            "S6",
            (hold.key,),
            f"Test {hold.test_id} ({hold.why}) holds the gate: confirm it, collect again, or lift the hold.",
            early=True,
            signed_by=CLINICIANS,
        )
        yield from repeated(facts, duty, {"collect_again": again, "await_confirmation": again})
        yield from _collected_again(facts, hold.key)


def _collected_again(facts: Facts, test: str) -> Iterator[Duty]:
    """A specimen that a clinician wants once more is collected in its window, like one that was drawn (S6)."""
    for subject, answer in facts.answers_to("hold_review"):
        if subject.partition("#")[0] == test and answer.choice == "collect_again":
            yield replace(
                _collection(facts, facts.calendar.day_of(answer.at)),
                key=f"recollect_test:{answer.key}",
                since=answer.at,
                rule="S6",
                entries=(test, answer.key),
                outcomes=("collected", "not_provided"),
                asks="A test that raised a question is to be collected again: collect it in its window, and record it.",
                announced=None,
            )


class _Draw(NamedTuple):
    """What is owed of one drawn test, and until when."""

    collection: Duty
    closes_at: datetime
    not_collected: Duty


@kept
def drawn_tests(facts: Facts) -> Iterator[Duty]:
    """Each drawn test is collected in its window, or asked about; the next draw is waited for (S4)."""
    for day in facts.draws_unanswered:
        draw = facts.keep(("draw", day), lambda facts, day=day: _draw(facts, day))  # type: ignore[misc]
        answer = facts.answer(draw.collection.key)
        choice, closes_at = answer and answer.choice, draw.closes_at
        if answer and choice == "collected":
            yield from _result(facts, day, answer.at)
        elif answer and choice == "not_provided" and answer.at < closes_at:
            yield replace(draw.not_collected, since=answer.at)
        elif not facts.has_come(closes_at):
            yield draw.collection
        elif choice != "clinic_cancelled":
            yield draw.not_collected
    if following := facts.draws[1]:
        yield _collection(facts, following)


def _draw(facts: Facts, day: date) -> _Draw:
    duty, rules = _collection(facts, day), facts.policy.tests
    closes_at = facts.calendar.due(duty.since, rules.collection)
    missing = replace(
        duty,
        key=f"test_not_collected:{day}",
        role=CLINICIAN,
        since=closes_at,
        within=rules.not_collected,
        outcomes=("clinic_cancelled", "excused", "collected_late", "talked"),
        asks="A drawn test was not collected in its window. If the clinic cancelled, say so: then it is not "
        "missed. Else record the test as not provided, with its reason.",
        escalates=True,
        # A draw that a correction or a new policy has moved into the past was never asked for.
        after=duty.key,
    )
    return _Draw(duty, closes_at, missing)


def _result(facts: Facts, day: date, collected_at: datetime) -> Iterator[Duty]:
    """A specimen of which nothing was recorded is asked about: without its result it is no evidence (S9)."""
    rules = facts.policy.tests
    duty = replace(
        _collection(facts, day),
        key=f"test_result:{day}",
        since=facts.calendar.due(collected_at, rules.result),
        within=rules.not_collected,
        outcomes=("not_yet", "lost"),
        asks=f"The test of {day_in_words(day)} was collected, and nothing is recorded of it: ask the laboratory, and "
        "record it.",
        escalates=True,
        announced="Result of a test is asked about",
    )
    yield from repeated(facts, duty, {"not_yet": rules.result})


def _collector(facts: Facts) -> str:
    return "nurse" if facts.team.get("nurse") else "case_manager"


def _collection(facts: Facts, day: date) -> Duty:
    return Duty(
        f"collect_test:{day}",
        _collector(facts),
        facts.calendar.at(day, facts.policy.business.opens),
        facts.policy.tests.collection,
        ("collected", "clinic_cancelled", "not_provided"),
        "S4",
        (),
        "A test is drawn: collect it in its window, and record it.",
        lapses=True,
        escalates=False,
        done_by=("test",),
        announced="Next look at the tests",
    )


@kept
def prescriptions(facts: Facts) -> Iterator[Duty]:
    """A prescription that would explain a finding, and that no clinician has told, is confirmed by one first (S7)."""
    for told in facts.medications_to_confirm:
        recorded = facts.record.get(told.key)
        assert recorded is not None
        yield Duty(
            f"medication_review:{told.key}",
            CLINICIAN,
            recorded.known_at,
            facts.policy.tests.hold_review,
            ("prescribed", "not_prescribed"),
            "S7",
            (told.key,),
            f"Somebody who is no clinician has told of a prescription ({told.name}, since "
            f"{day_in_words(told.start_on)}) that would explain what was found or told: say whether it was prescribed. "
            "Until then it explains nothing.",
            signed_by=CLINICIANS,
        )


@kept
def adherence(facts: Facts) -> Iterator[Duty]:
    """A prescribed medication that a test did not find calls for a talk, and for nothing else (S7)."""
    for key, names in facts.tested.without_prescribed:
        if recorded := facts.record.get(key):
            yield Duty(
                f"adherence_talk:{key}",
                "nurse" if facts.team.get("nurse") else CLINICIAN,
                recorded.known_at,
                Delay(business_days=2),
                ("held", "declined"),
                "S7",
                (key,),
                f"Speak with the person about {', '.join(names)}: prescribed, and not found in a test.",
                lapses=True,
            )
