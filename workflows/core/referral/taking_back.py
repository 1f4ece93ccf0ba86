"""What is owed where a sending is in doubt, is taken back, or has lost its consent (P3, P4, P9, T3)."""

from collections.abc import Iterator

from workflows.core.engine.duty import Duty, repeated
from workflows.core.referral.attempt import Attempt
from workflows.core.referral.facts import ReferralFacts
from workflows.core.referral.owed import owed
from workflows.core.referral.words import place_named


def uncertain(facts: ReferralFacts) -> Iterator[Duty]:
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
        yield owed(
            facts,
            f"reconcile_sending:{one.number}.{one.generation}",
            facts.linkage.reconcile,
            ("arrived", "not_arrived"),
            f"It is not certain that the referral reached {place_named(one.place, facts)}: ask them. {then}",
            since=one.since,
            done_by=("answer", "appointment", "visit", "sending"),
            rule="P9",
        )


def withdrawals(facts: ReferralFacts) -> Iterator[Duty]:
    """A cancellation has two phases: we ask for it, and the other side confirms it."""
    terms = facts.linkage
    for one in facts.withdrawing:
        assert one.cancel_requested_at is not None
        is_told, is_letter = one.cancel_outcome == "sent", one.cancel_outcome == "to_post"
        asked_at = max(one.cancel_requested_at, facts.start.began_at)
        duty = owed(
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


def _goes_out(one: Attempt) -> bool:
    """Whether the cancellation is on its way to the other side without a person's help."""
    return one.cancel_outcome is None and one.reference is not None and one.by == "agency"


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
    return owed(
        facts,
        f"{'keep_letter' if stays else 'post_letter'}:{one.number}.{one.generation}",
        facts.linkage.contact,
        ("posted", "not_posted"),
        asks,
        since=one.since,
        done_by=("answer", "appointment", "visit", "sending"),
        rule="P3",
    )


def kept_after_all(facts: ReferralFacts, one: Attempt) -> Iterator[Duty]:
    """They were told that the person is not coming, and that was retracted: only a person can tell them so (T3)."""
    if one.cancel_outcome not in ("sent", "uncertain") or not one.step.is_with_agency:
        return
    duty = owed(
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


def revocations(facts: ReferralFacts) -> Iterator[Duty]:
    """What was sent on a consent stays listed; the case manager hears that the consent is gone (P4)."""
    for revoked in facts.revocations:
        for one in facts.attempts:
            was_sent = one.consent_id == revoked.entry.consent_id and one.sent_at is not None
            if was_sent and one.step.is_with_agency:
                yield from repeated(
                    facts,
                    owed(
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
