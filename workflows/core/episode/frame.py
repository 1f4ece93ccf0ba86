"""What facts are read against: the policy in force, the pathway, and what the engine's own frame has."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Self

from workflows.core.engine.frame import Frame
from workflows.core.episode.attendance.entries import WeeklySession
from workflows.core.episode.policy import Policy


@dataclass(frozen=True, kw_only=True)
class EpisodeFrame(Frame):
    """Everything beside its record that decides how the entries of an episode are read."""

    episode_id: str
    policy: Policy
    weekly: tuple[WeeklySession, ...]
    first_team: Mapping[str, str]
    """The team at the beginning; who is in it today is a fact (`workflows.core.episode.team.facts`)."""
    referred_on: date
    started_at: datetime
    """When this engine took the episode up; what other systems decided before that is history (T7)."""
    level: str = "iop"
    """The level of care that the pathway gives (I4)."""
    moves: Mapping[tuple[str, str], str] = field(default_factory=dict)
    """Which answer to which kind of duty moves the episode into which stage."""
    exits: Mapping[tuple[str, str], str] = field(default_factory=dict)
    """Which answer to which kind of duty closes the episode, and as what."""
    adopted: Sequence[tuple[datetime, Policy]] = ()
    """Every policy that stands, and since when it is in force; the one of the start comes first (T8)."""

    @property
    def has_a_gate(self) -> bool:
        """Whether the pathway has a sobriety gate, which a clinician signs (S9)."""
        return any(kind == "gate_review" for kind, _ in self.moves)

    def policy_on(self, day: date) -> Policy:
        """The policy that was in force at the end of a day: what was drawn under it stays drawn (S4, T8)."""
        if not self.adopted:
            return self.policy
        in_force = [policy for at, policy in self.adopted if self.calendar.day_of(at) <= day]
        return in_force[-1] if in_force else self.adopted[0][1]

    def reads_like(self, other: Self) -> bool:
        return self.policy is other.policy and super().reads_like(other)
