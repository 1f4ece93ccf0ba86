"""What people owe a referral, as a consequence of its facts; a task is opened and closed for the difference.

Everything that the engine cannot know is asked of a person, and every question comes back until it is answered. No
answer is held against the patient or the place (C3), and "declined" is always among them (C4, C6).
"""

from collections.abc import Iterator

from workflows.core.engine.duty import Duty, repeated
from workflows.core.referral.attempt import Attempt
from workflows.core.referral.facts import ReferralFacts
from workflows.core.referral.first_visit import first_visit
from workflows.core.referral.owed import owed
from workflows.core.referral.taking_back import kept_after_all, revocations, uncertain, withdrawals
from workflows.core.referral.words import listed, named, place_named


def duties(facts: ReferralFacts) -> Iterator[Duty]:
    """Everything that is owed now, or will be."""
    yield from withdrawals(facts)
    yield from uncertain(facts)
    if facts.closed:
        return
    yield from revocations(facts)
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
    yield from kept_after_all(facts, one)
    yield from first_visit(facts, one)
    yield from _next_candidate(facts, one)


# -- choosing -------------------------------------------------------------------------------------------------


def _choice(facts: ReferralFacts) -> Iterator[Duty]:
    """The patient chooses, and may decline; where nothing was found a person looks (C3, C4)."""
    terms, number = facts.linkage, len(facts.attempts)
    since = max([facts.start.began_at, *(one.since for one in facts.attempts)])
    if facts.offered:
        again = " No mark is left by what did not work out." if number else ""
        yield owed(
            facts,
            f"choose_candidate:{number}#{facts.offer_number}",
            terms.choice,
            (*(place.listing_id for place in facts.offered), "none_suits", "declined"),
            f"The person chooses {named(facts)}: {listed(facts.offered, facts)}.{again}",
            since=max(since, facts.offered_since),
            done_by=("choice", "preference", "candidates", "closing"),
        )
    elif facts.search_is_answered:
        yield owed(
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
    duty = owed(
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


def _first_meeting(facts: ReferralFacts, one: Attempt) -> Iterator[Duty]:
    """Told by the patient, and asked of nobody else (C4)."""
    terms, place = facts.linkage, place_named(one.place, facts)
    duty = owed(
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
    duty = owed(
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
        duty = owed(
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
    duty = owed(
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
