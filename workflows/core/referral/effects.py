"""What a referral may ask of the world, beside tasks and notices. Carried out by the shell, once for each key."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from pydantic import JsonValue

from workflows.core.engine.effects import ChangeTask, CloseTask, Notify, OpenTask
from workflows.core.episode.linkage.ranking import Ranking


@dataclass(frozen=True, slots=True)
class FindCandidates:
    """Look in the directory; the answer is stated as `candidates` with this search."""

    search: str
    wishes: dict[str, JsonValue]
    leave_out: tuple[str, ...]
    at_most: int
    longest_wait_days: int
    """A place that has no first visit within so long comes after others (C3)."""
    ranking: Ranking
    """What else puts a place after others."""


NOT_WAITED_FOR = ("cancellation", "completion")
"""What is sent without a task that waits for the answer: whether it arrived is told where the ledger is."""


@dataclass(frozen=True, slots=True)
class Disclose:
    """Send to one agency if a consent stands at that moment (P3); the answer is stated as `sending`.

    `key` makes it happen once, and is the same at every try; `try_id` names the try.
    """

    key: str
    try_id: str
    what: Literal["referral", "cancellation", "completion"]
    listing_id: str
    agency: str
    purpose: str
    content: tuple[str, ...]
    revokes: str | None = None


@dataclass(frozen=True, slots=True)
class Reconcile:
    """The ledger learns what a person found out about an uncertain sending (P9)."""

    key: str
    arrived: bool
    by: str


@dataclass(frozen=True, slots=True)
class NoteTold:
    """The ledger learns what a person has told a place by hand (P8); `recipient` is its agency, or its listing."""

    key: str
    recipient: str
    name: str
    purpose: str
    content: tuple[str, ...]
    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class AskAgency:
    """Ask an agency what it says now; a new word of it is stated as `answer`."""

    attempt: str
    listing_id: str
    agency: str
    reference: str


@dataclass(frozen=True, slots=True)
class ReportToEpisode:
    """The episode hears of what matters to it: the first visit, the end, and that an end was taken back."""

    state: Literal["open", "visited", "closed"]
    at: datetime
    reason: str | None = None


ReferralEffect = (
    OpenTask
    | ChangeTask
    | CloseTask
    | Notify
    | FindCandidates
    | Disclose
    | Reconcile
    | NoteTold
    | AskAgency
    | ReportToEpisode
)
