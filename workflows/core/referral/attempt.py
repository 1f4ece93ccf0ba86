"""One place that was chosen, and how far it came."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from workflows.core.referral.statements import Place


class Reached(StrEnum):
    """How far one attempt came."""

    QUEUED = "queued"
    CONSENT_NEEDED = "consent_needed"
    UNCERTAIN = "uncertain"
    NOT_ARRIVED = "not_arrived"
    BY_HAND = "by_hand"
    JOINING = "joining"
    SENT = "sent"
    ACCEPTED = "accepted"
    WAITLISTED = "waitlisted"
    SCHEDULED = "scheduled"
    MISSED = "missed"
    UNBOOKED = "unbooked"
    VISITED = "visited"
    ENDED = "ended"
    DECLINED = "declined"
    CANCEL_REQUESTED = "cancel_requested"
    CANCELLED = "cancelled"
    DROPPED = "dropped"

    @property
    def is_with_agency(self) -> bool:
        """Whether the other side has it and its end is open."""
        return self in _WITH_AGENCY

    @property
    def is_over(self) -> bool:
        """Whether nothing more is to come of it."""
        return self in _OVER


_WITH_AGENCY = frozenset(
    {
        Reached.SENT,
        Reached.ACCEPTED,
        Reached.WAITLISTED,
        Reached.SCHEDULED,
        Reached.MISSED,
        Reached.UNBOOKED,
        Reached.ENDED,
    }
)


_OVER = frozenset({Reached.DECLINED, Reached.CANCEL_REQUESTED, Reached.CANCELLED, Reached.DROPPED})


_WEIGHT = {
    word: weight
    for weight, word in enumerate(
        (
            "received",
            "accepted",
            "waitlisted",
            "unbooked",
            "scheduled",
            "visited",
            "ended",
            "missed",
            "declined",
            "cancelled",
        )
    )
}
"""Of two words for the same moment the later one here decides."""


@dataclass(frozen=True, slots=True)
class Word:
    """One thing that was said of a place: when it was so, what, and since when we know it."""

    at: datetime
    said: str
    known_at: datetime
    key: str
    appointment_at: datetime | None = None

    @property
    def order(self) -> tuple[datetime, int, str, str]:
        """By truth, then by weight; never by arrival."""
        return (self.at, _WEIGHT[self.said], str(self.appointment_at), self.key)


@dataclass(frozen=True, slots=True)
class Attempt:
    """One place, as it was chosen once. Times are instants; `key` is the id of the choice."""

    key: str
    number: int
    """From 1, in the order of choosing."""
    place: Place
    nth: int
    """The how-manieth choice of the same place."""
    chosen_at: datetime
    since: datetime
    """When the step became known, so that what is owed for it is due from then."""
    step: Reached = Reached.QUEUED
    passed_at: datetime | None = None
    """When another was preferred, without a mark (C3)."""
    generation: int = 0
    """How often a person has decided to send again what did not arrive."""
    tries: int = 0
    revocations: int = 0
    """How many revocations hold back what is queued, where no sending was withheld."""
    withheld: str | None = None
    """What a sending was withheld for, in the ledger's words."""
    reference: str | None = None
    consent_id: str | None = None
    sent_at: datetime | None = None
    is_letter: bool = False
    """Whether what is not certain is a letter that a person prints and posts."""
    awaits_a_call: bool = False
    """Whether they have a link alone, and have not been told yet what it is about."""
    by: str = "agency"
    """Who made the contact: `agency` where it was sent, `hand` or `patient`."""
    appointment_at: datetime | None = None
    visited_at: datetime | None = None
    was_engaged: bool = False
    is_done: bool = False
    """Whether the other side says that it has done its part."""
    cancel_requested_at: datetime | None = None
    cancel_outcome: str | None = None
    """What became of our telling them so; it stands when the cancellation is retracted."""
    kept: int = 0
    """How often they were told that it stands after all."""

    @property
    def own_key(self) -> str:
        """The place, and the how-manieth choice of it."""
        return f"{self.place.listing_id}:{self.nth}"

    @property
    def sending_key(self) -> str:
        """What makes the sending happen once; the same at every try, until a person decides to send again."""
        again = f".{self.generation}" if self.generation else ""
        return f"{self.own_key}{again}"

    def made(self, try_id: str) -> bool:
        """Whether a try is one of this choice."""
        return try_id == self.own_key or try_id.startswith(tuple(f"{self.own_key}{end}" for end in "./:"))

    @property
    def has_order(self) -> bool:
        """Whether an order of ours stands on the other side's own FHIR server, which only we may close."""
        return self.by == "agency" and (self.reference or "").startswith("Task/")

    @property
    def cancel_key(self) -> str:
        """What makes a cancellation happen once, until they are told that it stands after all."""
        return f"{self.sending_key}:cancellation{f'.{self.kept}' if self.kept else ''}"

    @property
    def try_id(self) -> str:
        """The name of the present try."""
        return f"{self.sending_key}/{self.tries}"
