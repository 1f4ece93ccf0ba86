"""Facts of consent: what was signed, what was taken back, and what stands today (P3, P4)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from workflows.core.engine.reading import fact
from workflows.core.engine.record import Recorded
from workflows.core.episode.consent import covering as rule
from workflows.core.episode.entries import Consent, Revocation
from workflows.core.episode.team.facts import TeamFacts


@dataclass(frozen=True, slots=True)
class StatedConsent:
    """A consent entry, whether the entry still stands, and the revocation that has taken it back."""

    key: str
    entry: Consent
    stands: bool
    revocation: Recorded[Revocation] | None

    def judged(self, happened: frozenset[str]) -> rule.Consent:
        """As the rule reads it."""
        entry = self.entry
        return rule.Consent(
            entry.consent_id,
            entry.type,
            entry.recipient or "",
            entry.purpose or "",
            frozenset(entry.content),
            entry.signed_on or date.max,  # one that lacks an element was refused; it would not stand either
            entry.expires_on,
            entry.expires_event,
            revoked=self.revocation is not None,
            entered_in_error=not self.stands,
            happened=happened,
        )


def told_of(stated: StatedConsent) -> dict[str, Any]:
    """A consent as plain JSON, for the clinic database."""
    entry, taken_back = stated.entry, stated.revocation
    return {
        "entry_id": stated.key,
        "recorded_by": entry.by,
        **entry.model_dump(
            mode="json",
            include={
                "consent_id", "type", "discloser", "recipient", "purpose", "content", "signed_on", "signed_by",
                "authority", "expires_on", "expires_event",
            },
        ),
        "stands": stated.stands,
        "revocation": taken_back
        and {
            "entry_id": taken_back.key,
            "at": taken_back.effective_at.isoformat(),
            "by": taken_back.entry.by,
        },
    }  # fmt: skip


class ConsentFacts(TeamFacts):
    """What the patient has consented to. Recording more never makes a revocation weaker: order has no say (T4)."""

    @fact
    def consents(self) -> Sequence[StatedConsent]:
        """Every consent that was ever stated, in the order of recording."""
        revoked = {one.entry.consent_id: one for one in self.record.standing(Revocation)}
        found = []
        for recorded in self.record.all_of(Consent):
            entry = recorded.entry
            taken_back = revoked.get(entry.consent_id)
            # One signed anew under the old name, on a later day than the revocation, is another consent.
            applies = taken_back is not None and self._day(taken_back) >= self._day(recorded)
            stands = self.record.stands(recorded.key)
            found.append(StatedConsent(recorded.key, entry, stands, taken_back if applies else None))
        return found

    def _day(self, recorded: Recorded) -> date:
        return self.calendar.day_of(recorded.effective_at)

    @fact
    def revocations_lifted(self) -> tuple[str, ...]:
        """Ids of the revocations that were retracted: without such a word no revocation is ever lifted."""
        return tuple(
            recorded.key
            for recorded in self.record.all_of(Revocation)
            if not self.record.stands(recorded.key)
        )

    def consents_that_stand(self, happened: frozenset[str]) -> list[rule.Consent]:
        """The consents that stand today, after these events."""
        judged = [stated.judged(happened) for stated in self.consents]
        return [consent for consent in judged if consent.ended(self.today) is None]
