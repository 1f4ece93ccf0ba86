"""What the directory is asked, and what it answers."""

from dataclasses import dataclass, field
from datetime import datetime

from activities.directory.listing import Listing
from activities.directory.wishes import Wishes
from workflows.core.episode.linkage.policy import Linkage
from workflows.core.episode.linkage.ranking import Ranking
from workflows.core.episode.linkage.vocabulary import ReferralKind


@dataclass(frozen=True, slots=True)
class Ask:
    """What is asked of the directory. `near` are degrees; without it distance plays no part."""

    kind: ReferralKind
    wishes: Wishes
    now: datetime
    service: str = ""
    near: tuple[float, float] | None = None
    zone: str | None = None
    """The patient's time zone, in which wished times are meant; without it each listing's own."""
    speaks: str | None = None
    """The patient's language, which costs points where it is not spoken; a wished one leaves others out."""
    leave_out: frozenset[str] = frozenset()
    at_most: int = 5
    first_visit_within_days: int | None = None
    """So long a first visit may be ahead where nothing is wished; None: as the policy has it by default."""
    weights: Ranking = field(default_factory=Ranking)
    """What a place costs by what it lacks."""

    @property
    def longest_wait_days(self) -> int:
        """The same in days (C3)."""
        if self.first_visit_within_days is not None:
            return self.first_visit_within_days
        return Linkage().first_visit_of(self.kind).roughly.days


@dataclass(frozen=True, slots=True)
class Ranked:
    """One listing of the answer; `why` says what speaks for it, then what it lacks."""

    listing: Listing
    points: int
    why: tuple[str, ...]
    km: float | None = None


@dataclass(frozen=True, slots=True)
class RankedList:
    """The best listings, and how many would do."""

    found: tuple[Ranked, ...]
    fitting: int
