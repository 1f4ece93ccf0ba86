"""All that an episode is, as one value."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from workflows.core.engine.answers import NO_ANSWERS
from workflows.core.engine.calendar import Instant
from workflows.core.engine.state import KeptAnswers, State
from workflows.core.episode.linkage.requests import ReferralRequests
from workflows.core.episode.stages import Stage


@dataclass(frozen=True, slots=True)
class Move:
    """A change of the stage, when it came, and what brought it: entries that were stated together, or a deadline."""

    at: Instant
    to: Stage
    entries: tuple[str, ...] = ()
    """Ids of what was stated just before; empty: time alone has moved the patient."""
    deadline: str = ""
    """What was waited for, where time has."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EpisodeState(State):
    """All that an episode is."""

    answers: KeptAnswers = NO_ANSWERS
    """What people have decided about each duty."""
    directory: Mapping[str, tuple[str, ...] | None] = field(default_factory=dict)
    """What the clinic's staff directory says of people outside the team, as far as it was asked: their roles by staff
    id, in small letters; None: it does not know them."""
    referral_requests: ReferralRequests = field(default_factory=ReferralRequests)
    """Which referrals were begun, and what they were told."""
    moves: tuple[Move, ...] = ()
    """Every change of the stage as it came here, also what was taken back since; not what an import tells of."""
    taken_over_at: Instant | None = None
    """When a history was last taken over from another system (T7)."""
    is_noted_closed: bool = False
    """Whether the clinic database was told that the episode is closed (I6)."""
