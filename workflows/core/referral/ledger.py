"""What a statement tells the ledger: that a sending has arrived or not, and what a person has told by hand (P8, P9)."""

from collections.abc import Iterator

from workflows.core.engine.effects import Notify
from workflows.core.engine.record import Record
from workflows.core.episode.entries import Entry
from workflows.core.referral.attempt import Reached
from workflows.core.referral.attempts import meant
from workflows.core.referral.effects import NoteTold, Reconcile
from workflows.core.referral.facts import ReferralFacts
from workflows.core.referral.statements import (
    AboutPlace,
    AgencyAnswered,
    Appointment,
    CancellationConfirmed,
    Engaged,
    Sending,
    Visit,
)
from workflows.core.referral.words import is_plain

_SHOWS_THAT_IT_ARRIVED = (AgencyAnswered, Appointment, Visit, Engaged)
"""Who says or is told one of these knows of the person."""


def found_out(entry: Entry, before: ReferralFacts, record: Record) -> Iterator[Reconcile]:
    """What was found out about an uncertain sending goes into the ledger too (P9).

    A person has asked, or the agency has answered: then it has arrived. `before` are the facts as they were read
    before the statement, `record` is the one in which it stands.
    """
    one = meant(entry, record, before.attempts) if isinstance(entry, AboutPlace) else None
    if one is None:
        return
    key = f"{before.start.referral_id}:{one.sending_key}"
    if isinstance(entry, Sending) and entry.outcome in ("arrived", "not_arrived"):
        if one.step is Reached.UNCERTAIN:
            yield Reconcile(key, entry.outcome == "arrived", entry.by)
    elif isinstance(entry, _SHOWS_THAT_IT_ARRIVED) and one.step in (
        Reached.UNCERTAIN,
        Reached.NOT_ARRIVED,
    ):
        yield Reconcile(key, True, entry.by)
    heard = isinstance(entry, CancellationConfirmed) and entry.heard
    confirmed = isinstance(entry, AgencyAnswered) and entry.status == "cancelled"
    if one.cancel_outcome in ("uncertain", "to_post") and (heard or confirmed):
        yield Reconcile(f"{before.start.referral_id}:{one.cancel_key}", True, entry.by)


def told_by_hand(entry: Entry, facts: ReferralFacts) -> Iterator[NoteTold]:
    """What a person has told by hand is a disclosure too, and goes into the ledger (P8)."""
    if not isinstance(entry, Sending) or entry.outcome != "by_hand" or entry.what != "referral":
        return
    named = [one for one in facts.attempts if entry.listing_id in (None, one.place.listing_id)]
    one = facts.current if entry.listing_id is None else named[-1] if named else None
    if one is None:
        return
    terms, place = facts.linkage, one.place
    yield NoteTold(
        key=f"{facts.start.referral_id}:told:{entry.key}",
        recipient=place.agency or place.listing_id,
        name=place.name if is_plain(facts) else "",
        purpose=terms.purpose,
        content=terms.content if is_plain(facts) else terms.content_unnamed,
        by=entry.by,
        at=min(entry.at or facts.now, facts.now),
    )


def told_without_consent(told: NoteTold, facts: ReferralFacts) -> Iterator[Notify]:
    """What was told is on record, and no consent covered it: those who answer for it hear so (P3)."""
    line = (
        f"{told.by} has told a place by hand ({facts.start.referral_id}), and no consent on record covers it. It "
        "stands in the ledger. Record the consent if there is one on paper."
    )
    for role in ("case_manager", "supervisor"):
        yield Notify(f"{told.key}:{role}", role, facts.team.get(role), "told_without_consent", (line,))
