"""What is owed until the first visit, step by step: from a missing consent to a visit that was missed (C3)."""

from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType

from workflows.core.engine.duty import Duty, repeated
from workflows.core.referral.attempt import Attempt, Reached
from workflows.core.referral.facts import ReferralFacts
from workflows.core.referral.owed import owed
from workflows.core.referral.words import is_plain, moment, place_named


def first_visit(facts: ReferralFacts, one: Attempt) -> Iterator[Duty]:
    """What is owed in the step in which the attempt at a place is."""
    if owes := _OWED_IN.get(one.step):
        yield from owes(facts, one)


def _consent(facts: ReferralFacts, one: Attempt) -> Iterator[Duty]:
    """A consent is missing for the place that was chosen (P3)."""
    terms, place = facts.linkage, place_named(one.place, facts)
    revoked = f".{one.revocations}" if one.revocations else ""
    why = f" What is missing: {one.withheld}" if one.withheld and is_plain(facts) else ""
    yield owed(
        facts,
        f"referral_consent:{one.number}.{one.generation}.{one.tries}{revoked}",
        terms.consent,
        ("recorded", "patient_contacts", "another_candidate", "declined"),
        f"Nothing was sent to {place}, because no consent for it stands. Record one in the episode, or let "
        f"the person make the contact.{why}",
        since=one.since,
        done_by=("consent", "choice", "next_candidate", "closing", "sending"),
        rule="P3",
    )


def _send_again(facts: ReferralFacts, one: Attempt) -> Iterator[Duty]:
    """What did not arrive is sent once more only if a person says so (P9)."""
    terms, place = facts.linkage, place_named(one.place, facts)
    yield owed(
        facts,
        f"send_again:{one.number}.{one.generation}",
        terms.reconcile,
        ("send", "patient_contacts", "another_candidate", "declined"),
        f"The referral did not reach {place}: decide whether it is sent once more.",
        since=one.since,
        done_by=("send_again", "choice", "next_candidate", "closing", "sending"),
        rule="P9",
    )


def _by_hand(facts: ReferralFacts, one: Attempt) -> Iterator[Duty]:
    """A place without a channel is contacted by a person."""
    terms, place = facts.linkage, place_named(one.place, facts)
    duty = owed(
        facts,
        f"contact_by_hand:{one.number}",
        terms.contact,
        ("made", "patient_contacts", "not_reached", "another_candidate", "declined"),
        f"Make the contact to {place} by hand, with the consent that it needs, and record what they answer.",
        since=one.since,
        done_by=("sending", "answer", "appointment", "visit", "choice", "next_candidate", "closing"),
    )
    yield from repeated(facts, duty, {"not_reached": terms.again})


def _answer(facts: ReferralFacts, one: Attempt) -> Iterator[Duty]:
    """An answer that does not come is asked for; a bare link is spoken about when they call (P8)."""
    terms, place = facts.linkage, place_named(one.place, facts)
    if one.awaits_a_call:
        call = owed(
            facts,
            f"tell_by_telephone:{one.number}",
            terms.answer,
            ("told", "not_called", "another_candidate", "declined"),
            f"{place} has a link, and no word of what it is about. When they call, tell them as far as the "
            "consent allows, and say here that you did: it goes into the ledger.",
            since=one.since,
            done_by=(
                "sending",
                "answer",
                "appointment",
                "visit",
                "choice",
                "next_candidate",
                "closing",
            ),
            rule="P8",
        )
        yield from repeated(facts, call, {"not_called": terms.again})
    duty = owed(
        facts,
        f"ask_for_answer:{one.number}",
        terms.again,
        ("accepted", "waitlisted", "agency_declined", "no_answer", "another_candidate"),
        f"{place} has not answered: ask, and record what they say.",
        since=facts.calendar.due(one.sent_at or one.since, terms.answer),
        done_by=("answer", "appointment", "visit", "choice", "next_candidate"),
        announced="Answer to a referral is due",
    )
    yield from repeated(facts, duty, {"no_answer": terms.again})


def _booking(facts: ReferralFacts, one: Attempt) -> Iterator[Duty]:
    """A place that takes the person owes an appointment."""
    terms, place = facts.linkage, place_named(one.place, facts)
    duty = owed(
        facts,
        f"book_appointment:{one.number}",
        terms.appointment,
        ("not_yet", "another_candidate", "declined"),
        f"{place} takes the person: see that the first visit is booked, and record the appointment.",
        since=one.since,
        done_by=("appointment", "answer", "visit", "choice", "next_candidate", "closing"),
    )
    yield from repeated(facts, duty, {"not_yet": terms.again})


def _visit(facts: ReferralFacts, one: Attempt) -> Iterator[Duty]:
    """Whether the first visit was attended is asked after it (C3)."""
    terms, place = facts.linkage, place_named(one.place, facts)
    at = one.appointment_at or one.since
    said = f"of {moment(at, facts)}" if one.appointment_at else "which they say is done"
    duty = owed(
        facts,
        f"confirm_visit:{one.number}:{at:%Y%m%d%H%M}",
        terms.visit_asked,
        ("attended", "missed", "not_known"),
        f"Was the first visit at {place} attended, {said}?",
        since=max(facts.calendar.due(at, terms.visit_lasts), one.since) if one.appointment_at else one.since,
        done_by=("visit", "answer", "appointment"),
        announced=f"First visit {moment(at, facts)}",
    )
    yield from repeated(facts, duty, {"not_known": terms.again})


def _rebooking(facts: ReferralFacts, one: Attempt) -> Iterator[Duty]:
    """A first visit that did not take place is booked again."""
    terms, place = facts.linkage, place_named(one.place, facts)
    duty = owed(
        facts,
        f"rebook_visit:{one.number}:{one.since:%Y%m%d%H%M}",
        terms.rebooking,
        ("not_reached", "not_comfortable", "another_candidate", "declined"),
        f"The first visit at {place} did not take place: speak with the person and book it again.",
        since=one.since,
        done_by=(
            "appointment",
            "answer",
            "visit",
            "choice",
            "next_candidate",
            "not_comfortable",
            "closing",
        ),
    )
    yield from repeated(facts, duty, {"not_reached": terms.again})


_OWED_IN: Mapping[Reached, Callable[[ReferralFacts, Attempt], Iterator[Duty]]] = MappingProxyType(
    {
        Reached.CONSENT_NEEDED: _consent,
        Reached.NOT_ARRIVED: _send_again,
        Reached.BY_HAND: _by_hand,
        Reached.SENT: _answer,
        Reached.ACCEPTED: _booking,
        Reached.UNBOOKED: _booking,
        Reached.SCHEDULED: _visit,
        Reached.ENDED: _visit,
        Reached.MISSED: _rebooking,
    }
)
