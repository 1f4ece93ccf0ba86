"""What people owe a referral, as a consequence of its facts; a task is opened and closed for the difference.

Everything that the engine cannot know is asked of a person, and every question comes back until it is answered. No
answer is held against the patient or the place (C3), and "declined" is always among them (C4, C6).
"""

from collections.abc import Iterator
from datetime import datetime, timedelta

from workflows.core.engine.calendar import Delay
from workflows.core.engine.duty import Duty, repeated
from workflows.core.referral.attempt import Attempt, Step
from workflows.core.referral.facts import ReferralFacts
from workflows.core.referral.words import is_plain, listed, moment, named, place_named

_RULES = {"therapist": "C3", "mutual_help": "C4", "service": "C5", "level_of_care": "I3"}


def duties(facts: ReferralFacts) -> Iterator[Duty]:
    """Everything that is owed now, or will be."""
    yield from _withdrawals(facts)
    yield from _uncertain(facts)
    if facts.closed:
        return
    yield from _revocations(facts)
    one = facts.current
    if one is None:
        yield from _choice(facts)
        return
    if one.visited_at:
        yield from _after_the_first_visit(facts, one)
        return
    if facts.start.joins:
        yield from _first_meeting(facts, one)
        return
    yield from _kept_after_all(facts, one)
    yield from _first_visit(facts, one)
    yield from _next_candidate(facts, one)


def _duty(
    facts: ReferralFacts,
    key: str,
    within: Delay,
    outcomes: tuple[str, ...],
    asks: str,
    *,
    since: datetime | None = None,
    done_by: tuple[str, ...] = (),
    rule: str | None = None,
    announced: str | None = None,
) -> Duty:
    return Duty(
        key,
        "case_manager",
        since or facts.start.began_at,
        within,
        outcomes,
        rule or _RULES[facts.start.kind],
        (facts.start.need,) if facts.start.need else (),
        f"{asks} ({facts.start.referral_id})",
        done_by=done_by,
        announced=announced,
    )


# -- choosing -------------------------------------------------------------------------------------------------


def _choice(facts: ReferralFacts) -> Iterator[Duty]:
    """The patient chooses, and may decline; where nothing was found a person looks (C3, C4)."""
    terms, number = facts.linkage, len(facts.attempts)
    since = max([facts.start.began_at, *(one.since for one in facts.attempts)])
    if facts.offered:
        again = " No mark is left by what did not work out." if number else ""
        yield _duty(
            facts,
            f"choose_candidate:{number}#{facts.offer_number}",
            terms.choice,
            (*(place.listing_id for place in facts.offered), "none_suits", "declined"),
            f"The person chooses {named(facts)}: {listed(facts.offered, facts)}.{again}",
            since=max(since, facts.offered_since),
            done_by=("choice", "preference", "candidates", "closing"),
        )
    elif facts.search_is_answered:
        yield _duty(
            facts,
            f"find_candidate_by_hand:{number}#{facts.offer_number}",
            terms.search_by_hand,
            ("search_again", "none_available", "declined"),
            f"The directory has nothing for {named(facts)}: find a place and record it as candidates or choice.",
            since=max(since, facts.offered_since),
            done_by=("choice", "preference", "candidates", "closing"),
        )


def _next_candidate(facts: ReferralFacts, one: Attempt) -> Iterator[Duty]:
    """The wait clock brings in the next candidate; the patient may also keep waiting (C3)."""
    over_at = facts.wait_is_over_at
    if over_at is None or facts.search_is_wanted:
        return
    others = tuple(place.listing_id for place in facts.offered)
    choices = f": {listed(facts.offered, facts)}" if others else "; no other was found"
    duty = _duty(
        facts,
        f"choose_next:{one.number}.{facts.offer_number}",
        facts.linkage.choice,
        (*others, "keep_waiting", "search_again", "declined"),
        f"The first visit for {named(facts)} has not come in time. The person may choose another place or keep "
        f"waiting{choices}.",
        since=over_at,
        done_by=("choice", "preference", "candidates", "visit", "closing"),
        announced="Time to the first visit is over",
    )
    yield from repeated(facts, duty, {"keep_waiting": facts.linkage.wait_longer})


# -- until the first visit ------------------------------------------------------------------------------------


def _first_visit(facts: ReferralFacts, one: Attempt) -> Iterator[Duty]:
    terms, place = facts.linkage, place_named(one.place, facts)
    again, since = {"not_reached": terms.again}, one.since
    match one.step:
        case Step.CONSENT_NEEDED:
            revoked = f".{one.revocations}" if one.revocations else ""
            why = f" What is missing: {one.withheld}" if one.withheld and is_plain(facts) else ""
            yield _duty(
                facts,
                f"referral_consent:{one.number}.{one.generation}.{one.tries}{revoked}",
                terms.consent,
                ("recorded", "patient_contacts", "another_candidate", "declined"),
                f"Nothing was sent to {place}, because no consent for it stands. Record one in the episode, or let "
                f"the person make the contact.{why}",
                since=since,
                done_by=("consent", "choice", "next_candidate", "closing", "sending"),
                rule="P3",
            )
        case Step.NOT_ARRIVED:
            yield _duty(
                facts,
                f"send_again:{one.number}.{one.generation}",
                terms.reconcile,
                ("send", "patient_contacts", "another_candidate", "declined"),
                f"The referral did not reach {place}: decide whether it is sent once more.",
                since=since,
                done_by=("send_again", "choice", "next_candidate", "closing", "sending"),
                rule="P9",
            )
        case Step.BY_HAND:
            duty = _duty(
                facts,
                f"contact_by_hand:{one.number}",
                terms.contact,
                ("made", "patient_contacts", "not_reached", "another_candidate", "declined"),
                f"Make the contact to {place} by hand, with the consent that it needs, and record what they answer.",
                since=since,
                done_by=("sending", "answer", "appointment", "visit", "choice", "next_candidate", "closing"),
            )
            yield from repeated(facts, duty, again)
        case Step.SENT:
            if one.awaits_a_call:
                call = _duty(
                    facts,
                    f"tell_by_telephone:{one.number}",
                    terms.answer,
                    ("told", "not_called", "another_candidate", "declined"),
                    f"{place} has a link, and no word of what it is about. When they call, tell them as far as the "
                    "consent allows, and say here that you did: it goes into the ledger.",
                    since=since,
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
            duty = _duty(
                facts,
                f"ask_for_answer:{one.number}",
                terms.again,
                ("accepted", "waitlisted", "agency_declined", "no_answer", "another_candidate"),
                f"{place} has not answered: ask, and record what they say.",
                since=facts.calendar.due(one.sent_at or since, terms.answer),
                done_by=("answer", "appointment", "visit", "choice", "next_candidate"),
                announced="Answer to a referral is due",
            )
            yield from repeated(facts, duty, {"no_answer": terms.again})
        case Step.ACCEPTED | Step.UNBOOKED:
            duty = _duty(
                facts,
                f"book_appointment:{one.number}",
                terms.appointment,
                ("not_yet", "another_candidate", "declined"),
                f"{place} takes the person: see that the first visit is booked, and record the appointment.",
                since=since,
                done_by=("appointment", "answer", "visit", "choice", "next_candidate", "closing"),
            )
            yield from repeated(facts, duty, {"not_yet": terms.again})
        case Step.SCHEDULED | Step.ENDED:
            at = one.appointment_at or since
            said = f"of {moment(at, facts)}" if one.appointment_at else "which they say is done"
            duty = _duty(
                facts,
                f"confirm_visit:{one.number}:{at:%Y%m%d%H%M}",
                terms.visit_asked,
                ("attended", "missed", "not_known"),
                f"Was the first visit at {place} attended, {said}?",
                since=max(at + timedelta(hours=1), since) if one.appointment_at else since,
                done_by=("visit", "answer", "appointment"),
                announced=f"First visit {moment(at, facts)}",
            )
            yield from repeated(facts, duty, {"not_known": terms.again})
        case Step.MISSED:
            duty = _duty(
                facts,
                f"rebook_visit:{one.number}:{one.since:%Y%m%d%H%M}",
                terms.rebooking,
                ("not_reached", "not_comfortable", "another_candidate", "declined"),
                f"The first visit at {place} did not take place: speak with the person and book it again.",
                since=since,
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
            yield from repeated(facts, duty, again)
        case _:
            pass


def _uncertain(facts: ReferralFacts) -> Iterator[Duty]:
    """Nobody knows whether it reached them: a person finds out, also where it is not wanted any more (P9)."""
    for one in facts.uncertain:
        if one.is_letter:
            yield _letter(facts, one)
            continue
        gone = one is not facts.current or facts.closed
        then = (
            "If it has, they are told that the person is not coming."
            if gone
            else "Do not send it again before."
        )
        yield _duty(
            facts,
            f"reconcile_sending:{one.number}.{one.generation}",
            facts.linkage.reconcile,
            ("arrived", "not_arrived"),
            f"It is not certain that the referral reached {place_named(one.place, facts)}: ask them. {then}",
            since=one.since,
            done_by=("answer", "appointment", "visit", "sending"),
            rule="P9",
        )


def _first_meeting(facts: ReferralFacts, one: Attempt) -> Iterator[Duty]:
    """Told by the patient, and asked of nobody else (C4)."""
    terms, place = facts.linkage, place_named(one.place, facts)
    duty = _duty(
        facts,
        f"ask_first_meeting:{one.number}",
        terms.again,
        ("attended", "not_yet", "not_comfortable", "declined"),
        f"Ask the person whether they have been to a meeting ({place}). It is voluntary; no group is asked.",
        since=facts.calendar.due(one.chosen_at, terms.first_meeting),
        done_by=("visit", "not_comfortable", "choice", "closing"),
        announced="First meeting is asked about",
    )
    yield from repeated(facts, duty, {"not_yet": terms.first_meeting})
    if facts.wishes.get("volunteer_contact") is True:
        yield from _volunteer(facts)


def _volunteer(facts: ReferralFacts) -> Iterator[Duty]:
    """A volunteer who would come along is told only with a consent that names them (C4, P7)."""
    duty = _duty(
        facts,
        "volunteer_contact",
        facts.linkage.contact,
        ("arranged", "not_wanted", "not_reached"),
        "The person wishes a volunteer to come along: record the consent that names them (purpose "
        "volunteer_contact), then arrange it. Without it nobody is contacted.",
        rule="C4",
    )
    yield from repeated(facts, duty, {"not_reached": facts.linkage.again})


# -- after the first visit ------------------------------------------------------------------------------------


def _after_the_first_visit(facts: ReferralFacts, one: Attempt) -> Iterator[Duty]:
    terms, place = facts.linkage, place_named(one.place, facts)
    if facts.start.joins:
        duty = _duty(
            facts,
            f"ask_sponsor:{one.number}",
            terms.again,
            ("found", "not_wanted", "not_yet", "not_comfortable", "declined"),
            "Ask the person whether they have found a sponsor, or do not want one.",
            since=facts.calendar.due(one.since, terms.sponsor),
            done_by=("sponsor", "not_comfortable", "choice", "closing"),
            announced="A sponsor is asked about",
        )
        yield from repeated(facts, duty, {"not_yet": terms.sponsor})
        if facts.wishes.get("volunteer_contact") is True:
            yield from _volunteer(facts)
        return
    duty = _duty(
        facts,
        f"confirm_engagement:{one.number}",
        terms.again,
        ("engaged", "not_yet", "not_comfortable", "declined"),
        f"Ask the person whether {place} is right for them and they go on there; a new match leaves no mark.",
        since=facts.calendar.due(one.since, terms.engaged),
        done_by=("engaged", "not_comfortable", "next_candidate", "choice", "closing"),
        announced="The person is asked whether it is right for them",
    )
    yield from repeated(facts, duty, {"not_yet": terms.engaged})


# -- taking back ----------------------------------------------------------------------------------------------


def _withdrawals(facts: ReferralFacts) -> Iterator[Duty]:
    """A cancellation has two phases: we ask for it, and the other side confirms it."""
    terms = facts.linkage
    for one in facts.withdrawing:
        assert one.cancel_requested_at is not None
        is_told, is_letter = one.cancel_outcome == "sent", one.cancel_outcome == "to_post"
        asked_at = max(one.cancel_requested_at, facts.start.began_at)
        duty = _duty(
            facts,
            f"confirm_cancellation:{one.number}",
            terms.again,
            ("confirmed", "left_open", "not_reached"),
            f"Has {place_named(one.place, facts)} heard that the person is not coming, as far as a consent allows to "
            f"tell them?{' A letter lies in the folder for letters: post it.' if is_letter else ''}",
            since=facts.calendar.due(asked_at, terms.cancellation) if is_told or _goes_out(one) else asked_at,
            done_by=("cancellation_confirmed", "answer"),
            announced="Confirmation of a cancellation is due",
        )
        yield from repeated(facts, duty, {"not_reached": terms.again})


def _letter(facts: ReferralFacts, one: Attempt) -> Duty:
    """A letter is rendered and lies there: it leaves when a person posts it, and only while it still may (P3)."""
    revoked = one.consent_id in {r.entry.consent_id for r in facts.revocations}
    stays = one is not facts.current or facts.closed or revoked
    place = place_named(one.place, facts)
    asks = (
        f"The letter {one.reference} to {place} is not to be posted any more: destroy it, or say that it has left."
        if stays
        else f"Print the letter {one.reference} from the folder for letters and post it to {place}."
    )
    return _duty(
        facts,
        f"{'keep_letter' if stays else 'post_letter'}:{one.number}.{one.generation}",
        facts.linkage.contact,
        ("posted", "not_posted"),
        asks,
        since=one.since,
        done_by=("answer", "appointment", "visit", "sending"),
        rule="P3",
    )


def _kept_after_all(facts: ReferralFacts, one: Attempt) -> Iterator[Duty]:
    """They were told that the person is not coming, and that was retracted: only a person can tell them so (T3)."""
    if one.cancel_outcome not in ("sent", "uncertain") or not one.step.is_with_agency:
        return
    duty = _duty(
        facts,
        f"keep_referral:{one.number}.{one.kept}",
        facts.linkage.contact,
        ("told", "not_reached", "another_candidate"),
        f"{place_named(one.place, facts)} was told that the person is not coming, and that has been retracted: tell "
        "them that it stands, as far as a consent allows it.",
        since=one.since,
        done_by=("choice", "next_candidate", "cancellation", "closing"),
        rule="T3",
    )
    yield from repeated(facts, duty, {"not_reached": facts.linkage.again})


def _goes_out(one: Attempt) -> bool:
    """Whether the cancellation is on its way to the other side without a person's help."""
    return one.cancel_outcome is None and one.reference is not None and one.by == "agency"


def _revocations(facts: ReferralFacts) -> Iterator[Duty]:
    """What was sent on a consent stays listed; the case manager hears that the consent is gone (P4)."""
    for revoked in facts.revocations:
        for one in facts.attempts:
            was_sent = one.consent_id == revoked.entry.consent_id and one.sent_at is not None
            if was_sent and one.step.is_with_agency:
                yield from repeated(
                    facts,
                    _duty(
                        facts,
                        f"referral_consent_revoked:{revoked.key}.{one.number}",
                        facts.linkage.consent,
                        ("goes_on", "cancel"),
                        f"The person has taken back the consent on which {place_named(one.place, facts)} was told. "
                        "Nothing more is sent. Ask whether they go on there by themselves.",
                        since=revoked.known_at,
                        done_by=("cancellation", "choice", "next_candidate", "closing"),
                        rule="P4",
                    ),
                    {},
                )
