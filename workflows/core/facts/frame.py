"""What facts are read against: the policy in force, the calendar, the pathway, and what people have decided."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime

from workflows.core.calendar import Calendar
from workflows.core.entries import WeeklySession
from workflows.core.facts.answers import NO_ANSWERS, Answers
from workflows.core.facts.memory import Memory
from workflows.core.notes import STAFF, bit_of
from workflows.core.policy import Policy
from workflows.core.record import Record


@dataclass(frozen=True)
class Frame:
    """Everything beside the record that decides how its entries are read."""

    episode_id: str
    policy: Policy
    calendar: Calendar
    weekly: tuple[WeeklySession, ...]
    first_team: Mapping[str, str]
    """The team at the beginning; who is in it today is a fact (`facts.team`)."""
    referred_on: date
    started_at: datetime
    """When this engine took the episode up; what other systems decided before that is history (T7)."""
    answers: Answers = NO_ANSWERS
    level: str = "iop"
    """The level of care that the pathway gives (I4)."""
    moves: Mapping[tuple[str, str], str] = field(default_factory=dict)
    """Which answer to which kind of duty moves the episode into which stage."""
    exits: Mapping[tuple[str, str], str] = field(default_factory=dict)
    """Which answer to which kind of duty closes the episode, and as what."""
    adopted: Sequence[tuple[datetime, Policy]] = ()
    """Every policy that stands, and since when it is in force; the one of the start comes first (T8)."""
    directory: Mapping[str, tuple[str, ...] | None] = field(default_factory=dict)
    """What the clinic's staff directory says of people outside the team, as far as it was asked: their roles by staff
    id, in small letters; None: it does not know them."""
    memory: Memory = field(default_factory=Memory)
    """What was worked out by now."""

    def policy_on(self, day: date) -> Policy:
        """The policy that was in force at the end of a day: what was drawn under it stays drawn (S4, T8)."""
        if not self.adopted:
            return self.policy
        in_force = [policy for at, policy in self.adopted if self.calendar.day_of(at) <= day]
        return in_force[-1] if in_force else self.adopted[0][1]

    def as_of(self, record: Record) -> "Frame":
        """The same frame with only those decisions that are in a record: what had been decided by then (T2)."""
        return replace(self, answers=self.answers.known_in(record), memory=Memory())

    def reading(self, answers: Answers, directory: Mapping[str, tuple[str, ...] | None]) -> "Frame":
        """The same frame with these answers, and this of the staff directory."""
        return replace(self, answers=answers, directory=directory)

    def changed_since(self, earlier: "Frame") -> int:
        """What differs from another frame of the same episode, as `notes` counts it: a bit for each source."""
        if earlier is self:
            return 0
        staff = 0 if self.directory is earlier.directory else bit_of(STAFF)
        return self.answers.changed_since(earlier.answers) | staff
