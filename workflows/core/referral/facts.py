"""What follows from the statements about a referral at one instant. Nothing here decides; it only reads."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from typing import Any, NamedTuple

from pydantic import JsonValue

from workflows.core.engine.answers import Answer
from workflows.core.engine.calendar import Calendar
from workflows.core.engine.record import Record
from workflows.core.episode.entries import Entry
from workflows.core.episode.policy import Linkage, Policy
from workflows.core.episode.team.roles import changes_in, team_on
from workflows.core.referral.attempt import Attempt, Reached
from workflows.core.referral.attempts import attempts
from workflows.core.referral.start import ReferralStart
from workflows.core.referral.statements import (
    Candidates,
    Closing,
    ConsentGiven,
    ConsentRevoked,
    Place,
    Preference,
    Reply,
    Sponsor,
)


@dataclass(frozen=True)
class ReferralFrame:
    """Everything beside the record that decides how its statements are read."""

    start: ReferralStart
    policy: Policy
    calendar: Calendar
    first_team: Mapping[str, str]
    """The team at the beginning; who is in it today is a fact (`facts.team`)."""

    @property
    def linkage(self) -> Linkage:
        """The numbers of referrals."""
        return self.policy.linkage


class End(NamedTuple):
    """How a referral ended. `is_stated` where a person closed it in so many words."""

    reason: str
    at: datetime
    is_stated: bool


class ReferralFacts:
    """A referral's record under its frame at one instant."""

    def __init__(self, record: Record, frame: ReferralFrame, now: datetime) -> None:
        self.record, self.frame, self.now = record, frame, now
        self.start, self.linkage = frame.start, frame.linkage
        self.calendar = frame.calendar
        self.today = frame.calendar.day_of(now)

    @cached_property
    def team(self) -> dict[str, str]:
        """Staff ids by role, as of today (I4)."""
        return team_on(self.today, self.frame.first_team, changes_in(self.record))

    def answer(self, duty: str) -> Answer | None:
        """What a person answered a task that changed no fact, last."""
        return self._replies.get(duty)

    @cached_property
    def _replies(self) -> dict[str, Answer]:
        return {
            r.entry.about: Answer(r.entry.choice, r.entry.by, r.effective_at, r.key, r.entry.reason)
            for r in self.record.standing(Reply)
            if r.effective_at <= self.now
        }

    # -- searching ----------------------------------------------------------------------------------------

    @cached_property
    def preferences(self) -> list[Preference]:
        """What the patient wished beside what the need said, oldest first; equal times by id (T4)."""
        found = [r for r in self.record.standing(Preference) if r.effective_at <= self.now]
        found.sort(key=lambda r: (r.effective_at, r.key))
        return [r.entry for r in found]

    @cached_property
    def wishes(self) -> dict[str, JsonValue]:
        """All wishes; a later one takes the place of an earlier one of the same name."""
        wishes = dict(self.start.wishes)
        for preference in self.preferences:
            wishes.update(preference.wishes)
        return wishes

    @cached_property
    def _wished_at(self) -> datetime | None:
        """When a wish was last stated, or a search asked for anew: what was found before does not answer it."""
        stated = [
            r.effective_at
            for r in self.record.standing(Preference)
            if (r.entry.wishes or not r.entry.leave_out) and r.effective_at <= self.now
        ]
        return max(stated, default=None)

    @cached_property
    def left_out(self) -> list[str]:
        """Places that are not offered again: they were tried, or do not suit."""
        tried = [one.place.listing_id for one in self.attempts]
        wished = [listing for preference in self.preferences for listing in preference.leave_out]
        return sorted({*tried, *wished})

    @cached_property
    def search(self) -> str:
        """The name of the search that these wishes and these places left out ask for."""
        named = f"{len(self.preferences)}|{','.join(self.left_out)}"
        return f"search-{hashlib.sha256(named.encode()).hexdigest()[:12]}"

    @cached_property
    def _found(self) -> list[tuple[str | None, datetime, datetime, tuple[Place, ...]]]:
        stated = [r for r in self.record.standing(Candidates) if r.effective_at <= self.now]
        stated.sort(key=lambda r: (r.effective_at, r.key))
        return [(r.entry.search, r.effective_at, r.known_at, r.entry.found) for r in stated]

    @cached_property
    def places(self) -> list[Place]:
        """Every place that was ever found; of the same listing the latest word about it."""
        known = {place.listing_id: place for _, _, _, found in self._found for place in found}
        return [*known.values(), self._secular]

    @property
    def _secular(self) -> Place:
        return Place(
            listing_id="secular_online",
            name=self.linkage.secular_choice,
            online=True,
            secular=True,
            why=("a secular choice always exists",),
        )

    @cached_property
    def offered(self) -> list[Place]:
        """What the patient can choose from now, the best first. A secular choice always exists (C4)."""
        known = {
            place.listing_id: place
            for _, at, _, found in self._found
            if self._wished_at is None or at >= self._wished_at
            for place in found
        }
        out = set(self.left_out)
        offered = [place for listing, place in known.items() if listing not in out]
        if self.start.joins and offered and not any(place.secular for place in offered):
            offered += [self._secular] if self._secular.listing_id not in out else []
        return offered

    @cached_property
    def offer_number(self) -> int:
        """How often candidates came in: a new offer is a new question."""
        return len(self._found) + len(self.preferences)

    @cached_property
    def offered_since(self) -> datetime:
        """Since when this offer is known."""
        return max([self.start.began_at, *(known_at for _, _, known_at, _ in self._found)])

    @cached_property
    def search_is_answered(self) -> bool:
        """Whether the search that is asked for now has come back, with or without a place."""
        return any(name == self.search for name, *_ in self._found)

    @cached_property
    def search_is_wanted(self) -> bool:
        """Whether a search is asked for that has not come back: nothing can be offered until it has."""
        if self.closed or self.search_is_answered or self.offered:
            return False
        return self.current is None or self.wait_is_over

    # -- attempts -----------------------------------------------------------------------------------------

    @cached_property
    def attempts(self) -> list[Attempt]:
        """Every choice of a place and how far it came."""
        stated = self._closings
        return attempts(
            self.record,
            self.places,
            self.now,
            joins=self.start.joins,
            closed_at=stated[-1].at if stated else None,
            is_silent=self.is_silent,
        )

    @cached_property
    def is_silent(self) -> bool:
        """Whether nobody outside is told anything any more (E7)."""
        return bool(self._closings) and self._closings[-1].reason == "deceased"

    @cached_property
    def current(self) -> Attempt | None:
        """The place that is gone for now; None while the patient has still, or again, to choose."""
        last = self.attempts[-1] if self.attempts else None
        return None if last is None or last.step.is_over or last.passed_at else last

    @cached_property
    def withdrawing(self) -> list[Attempt]:
        """Attempts whose cancellation the other side has not confirmed."""
        return [one for one in self.attempts if one.step is Reached.CANCEL_REQUESTED]

    @cached_property
    def uncertain(self) -> list[Attempt]:
        """Attempts of which nobody knows whether they reached the other side; those given up among them (P9)."""
        return [one for one in self.attempts if one.step is Reached.UNCERTAIN]

    @cached_property
    def first_visit_at(self) -> datetime | None:
        """When the patient first came anywhere."""
        return min((one.visited_at for one in self.attempts if one.visited_at), default=None)

    @cached_property
    def wait_is_over_at(self) -> datetime | None:
        """When the next candidate is offered, because the first visit has not come (C3)."""
        one = self.current
        if one is None or self.start.joins or one.visited_at:
            return None
        over_at = self.calendar.due(one.chosen_at, self.linkage.first_visit_of(self.start.kind))
        if one.step is Reached.WAITLISTED:
            over_at = min(over_at, self.calendar.due(one.since, self.linkage.waitlist))
        return over_at

    @property
    def wait_is_over(self) -> bool:
        """Whether that moment has come."""
        return self.wait_is_over_at is not None and self.wait_is_over_at <= self.now

    @property
    def pending(self) -> list[str]:
        """What was asked of the world and has not been answered: searches and sendings on their way."""
        waiting = [self.search] if self.search_is_wanted else []
        if (one := self.current) and one.step is Reached.QUEUED and not self.closed:
            waiting.append(one.try_id)
        return waiting

    # -- the end ------------------------------------------------------------------------------------------

    @cached_property
    def sponsor(self) -> Sponsor | None:
        """What the patient last told about a sponsor."""
        told = [r for r in self.record.standing(Sponsor) if r.effective_at <= self.now]
        told.sort(key=lambda r: (r.effective_at, r.key))
        return next((r.entry for r in reversed(told)), None)

    @cached_property
    def _closings(self) -> list[End]:
        stated = [r for r in self.record.standing(Closing) if r.effective_at <= self.now]
        stated.sort(key=lambda r: (r.effective_at, r.key))
        return [End(r.entry.reason, r.effective_at, True) for r in stated]

    @cached_property
    def closed(self) -> End | None:
        """How the referral ended: as a person closed it, else by the first visit or the engagement itself."""
        if self._closings:
            return self._closings[-1]
        one = self.current
        if one is None or one.visited_at is None:
            return None
        if self.start.kind == "level_of_care":
            return End("first_visit_attended", one.visited_at, False)
        if one.was_engaged or (self.start.joins and self.sponsor):
            return End("engaged", one.since, False)
        return None

    @cached_property
    def closed_known_at(self) -> datetime | None:
        """Since when it is known that the referral is over."""
        if self.closed is None:
            return None
        kinds: tuple[type[Entry], ...] = (Closing,) if self.closed.is_stated else (Sponsor,)
        known = [r.known_at for kind in kinds for r in self.record.standing(kind)]
        return max([*known, *([self.current.since] if self.current else [])], default=self.closed.at)

    # -- consents -----------------------------------------------------------------------------------------

    @cached_property
    def consents(self) -> list[ConsentGiven]:
        """Consents that stand and that this referral has heard of."""
        revoked = {r.entry.consent_id for r in self.revocations}
        given = [r.entry for r in self.record.standing(ConsentGiven)]
        return [c for c in given if c.consent_id not in revoked]

    @property
    def revocations(self) -> list[Any]:
        """Consents that were taken back."""
        return [r for r in self.record.standing(ConsentRevoked) if r.effective_at <= self.now]

    @property
    def day_of_first_visit(self) -> date | None:
        """The day of the first visit."""
        return self.calendar.day_of(self.first_visit_at) if self.first_visit_at else None
