"""What facts are read against: the policy in force, the calendar, the stages, and what people have decided."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from workflows.core.calendar import Calendar
from workflows.core.entries import WeeklySession
from workflows.core.policy import Policy


@dataclass(frozen=True, slots=True)
class Answer:
    """What a named person decided about one duty."""

    choice: str
    by: str
    at: datetime
    key: str
    reason: str | None


@dataclass
class Frame:
    """Everything beside the record that decides how its entries are read."""

    policy: Policy
    calendar: Calendar
    weekly: tuple[WeeklySession, ...]
    team: Mapping[str, str]
    answers: dict[str, Answer] = field(default_factory=dict)
    exits: Mapping[tuple[str, str], str] = field(default_factory=dict)
    """Which answer to which kind of duty closes the episode, and as what."""
    periods: list[tuple[str, date]] = field(default_factory=list)
    """Stages and the day since which each has lasted, in order."""
    kept: dict[str, tuple[object, object]] = field(default_factory=dict)
    """Folds by name, each with the version of what it was folded from."""

    def stage_on(self, day: date) -> str | None:
        """The stage on a day; the day on which a stage begins belongs to it."""
        return next((stage for stage, since in reversed(self.periods) if since <= day), None)

    def since(self, stage: str) -> date | None:
        """The day on which a stage last began."""
        return next((since for name, since in reversed(self.periods) if name == stage), None)
