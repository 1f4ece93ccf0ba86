"""The moments at which time alone changes something in a referral. Duties that lie ahead are deadlines too."""

from collections.abc import Iterator, Mapping
from datetime import datetime

from workflows.core.engine.deadline import Deadline
from workflows.core.referral.attempt import Attempt, Reached
from workflows.core.referral.facts import ReferralFacts


def record_closes(facts: ReferralFacts) -> Iterator[Deadline]:
    """When a closed referral takes no further statements (E11)."""
    if known_at := facts.closed_known_at:
        closes_at = facts.calendar.due(known_at, facts.linkage.late_entries_for)
        if closes_at > facts.now:
            yield Deadline(closes_at, "Record of the closed referral is complete")


def wait_is_over(facts: ReferralFacts) -> Iterator[Deadline]:
    """When another place is looked for, because the first visit has not come (C3)."""
    if facts.closed is None and (over_at := facts.wait_is_over_at) and over_at > facts.now:
        yield Deadline(over_at, "Time to the first visit is over")


def to_be_asked(facts: ReferralFacts) -> Iterator[Attempt]:
    """Attempts whose agency can be asked for news: it has the referral, and the end of it is open."""
    for one in facts.attempts:
        is_open = one is facts.current or one.step is Reached.CANCEL_REQUESTED
        by_channel = one.by == "agency" and one.reference is not None and one.place.agency is not None
        if is_open and by_channel and (one.step.is_with_agency or one.step is Reached.CANCEL_REQUESTED):
            yield one


def asked_again_at(one: Attempt, facts: ReferralFacts, asked_at: Mapping[str, datetime]) -> datetime:
    """When an agency is next asked; it is never asked faster than the policy says."""
    last = asked_at.get(one.key) or one.sent_at or one.since
    return facts.calendar.due(last, facts.linkage.poll)


def agency_is_asked(facts: ReferralFacts, asked_at: Mapping[str, datetime]) -> Iterator[Deadline]:
    """When an agency is next asked for news."""
    for one in to_be_asked(facts):
        at = asked_again_at(one, facts, asked_at)
        if at > facts.now:
            yield Deadline(at, "The agency is asked for news")
