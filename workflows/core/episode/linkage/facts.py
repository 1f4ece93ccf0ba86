"""Facts of linkage: what the patient needs from others, and what the referrals have told (C3-C5, I3, E5)."""

import hashlib
from dataclasses import dataclass, field
from datetime import date, datetime

from pydantic import JsonValue

from workflows.core.engine.reading import fact
from workflows.core.episode.entries import Exit, Need, ReferralNews
from workflows.core.episode.exits.facts import ExitFacts
from workflows.core.episode.stay.stages import Transfer


@dataclass(frozen=True, slots=True)
class Needed:
    """One thing that a referral is to be made for. `key` is the entry's id, or says what else asks for it."""

    key: str
    kind: str
    service: str
    since: datetime
    wishes: dict[str, JsonValue] = field(default_factory=dict)


class LinkageFacts(ExitFacts):
    """Needs and their referrals."""

    @fact
    def needs(self) -> list[Needed]:
        """Everything that a referral is to be made for, oldest first. What another system took care of is history."""
        stated = [
            Needed(r.key, r.entry.referral, r.entry.service, r.known_at, dict(r.entry.wishes))
            for r in self.record.standing(Need)
            if self.has_come(r.effective_at) and not r.is_history
        ]
        return [*stated, *self._elsewhere]

    @property
    def _elsewhere(self) -> list[Needed]:
        """Another level of care: decided on at intake (I3), or where a transfer goes to (E5)."""
        decided = self.levels_decided[-1:]
        if decided and self.admission is None and not self.level_admitted:
            (at, level) = decided[0]
            return [Needed(f"level_of_care:{level}", "level_of_care", level, at)]
        moving = self.transfer_begun
        if moving is None:
            return []
        return [Needed(f"transfer:{moving.key}", "level_of_care", moving.to, moving.known_at)]

    @property
    def transfer_begun(self) -> Transfer | None:
        """How the person goes elsewhere, by the last exit or by a way to more care that was begun since; an exit that
        was reopened counts for nothing, so that a transfer which ran before it goes on (S3, E3, E5)."""
        reopened = {signed.key for signed in self.exits_signed if signed.reopened_at}
        exits = [r for r in self.record.standing(Exit) if not r.is_history and r.key not in reopened]
        last = exits[-1] if exits else None
        ways = [way for way in self.ways_elsewhere if last is None or way.since > last.effective_at]
        if ways:
            return max(ways, key=lambda one: (one.since, one.key))
        if last is None or last.entry.reason != "transferred":
            return None
        return Transfer(last.key, last.entry.to or "transfer", last.known_at, last.effective_at)

    @fact
    def referral_news(self) -> dict[str, ReferralNews]:
        """The latest word of each referral, by its id."""
        told = sorted(
            self.record.standing(ReferralNews), key=lambda r: (r.recorded_at, r.effective_at, r.key)
        )
        return {r.entry.referral_id: r.entry for r in told}

    @fact
    def referrals_closed(self) -> frozenset[str]:
        """Ids of the referrals that have ended."""
        return frozenset(key for key, news in self.referral_news.items() if news.state == "closed")

    def first_visit_told(self, key: str) -> date | None:
        """The day of the first visit that the referral of a need tells of."""
        told = [
            r.entry
            for r in self.record.standing(ReferralNews)
            if r.entry.referral_id == referral_id(self.frame.episode_id, key)
            and (r.entry.state == "visited" or r.entry.reason == "first_visit_attended")
        ]
        return self.calendar.day_of(told[-1].at) if told else None


def referral_id(episode_id: str, need: str) -> str:
    """The workflow id of the referral of a need: opaque, and the same however often it is asked for."""
    return f"referral-{hashlib.sha256(f'{episode_id}|{need}'.encode()).hexdigest()[:20]}"
