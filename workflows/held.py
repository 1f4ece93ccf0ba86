"""Who has a task now, and at which level of its ladder. Pure: what is told or shown of it is the workflow's."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from workflows.messages import Level, TaskStart


@dataclass(frozen=True, slots=True)
class Held:
    """Whose a task is."""

    role: str
    owner: str | None
    level: int = 0
    """How far it has climbed: 0 while it is in time."""
    stands_in_for: str | None = None
    """In whose place the owner has it, where it was handed over by hand."""

    @property
    def whose(self) -> tuple[str, str | None]:
        """The role and the person."""
        return self.role, self.owner


def by_the_team(task: TaskStart, level: int) -> Held:
    """Whose a task is at a level, if nobody has given it to somebody else."""
    if not level:
        return Held(task.role, task.owner)
    one = task.levels[level - 1]
    return Held(one.role, one.staff_id, level)


def level_at(levels: Sequence[Level], now: datetime) -> int:
    """The highest level whose time has come: after an outage the passed ones collapse (T7)."""
    return max((number for number, one in enumerate(levels, 1) if one.at <= now), default=0)


def next_level(task: TaskStart, level: int) -> Level | None:
    """The level to which a task climbs next; None at the top."""
    return task.levels[level] if level < len(task.levels) else None
