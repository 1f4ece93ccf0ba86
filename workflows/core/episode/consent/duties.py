"""What a revocation owes: the case manager is told, and sees to what leaned on the consent (P4)."""

from collections.abc import Iterator

from workflows.core.engine.duty import Duty
from workflows.core.engine.reading import kept
from workflows.core.episode.facts import Facts

_ENDED = {
    "written": "is taken back.",
    "spoken": "is taken back by word of mouth: have it in writing as well.",
    "event": "has ended with its event.",
}


@kept
def revocations(facts: Facts) -> Iterator[Duty]:
    """One for each revocation of a consent that was on file."""
    taken_back = {
        stated.revocation.key: stated for stated in facts.consents if stated.stands and stated.revocation
    }
    for key, stated in taken_back.items():
        assert stated.revocation is not None
        consent, revocation = stated.entry, stated.revocation.entry
        yield Duty(
            f"consent_revoked:{key}",
            "case_manager",
            stated.revocation.known_at,
            facts.policy.privacy.after_revocation,
            ("seen_to",),
            "P4",
            (stated.key, key),
            f"Consent {consent.consent_id} for {consent.recipient} {_ENDED[revocation.form]} Nothing more is sent "
            "under it; what was sent stays listed. See to what leaned on it.",
            lapses=True,
        )
