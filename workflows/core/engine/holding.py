"""Who has a task, and to which level of its ladder it has climbed: one judge, for the worklist and for the task."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


class Level(Protocol):
    """A level of an overdue task: from `at` on it belongs to `role`."""

    @property
    def role(self) -> str: ...
    @property
    def staff_id(self) -> str | None: ...
    @property
    def at(self) -> datetime: ...


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


def level_at(levels: Sequence[Level], now: datetime) -> int:
    """The highest level whose time has come: after an outage the passed ones collapse (T7)."""
    return max((number for number, one in enumerate(levels, 1) if one.at <= now), default=0)


def by_the_team(role: str, owner: str | None, levels: Sequence[Level], level: int) -> Held:
    """Whose a task is at a level, if nobody has given it to somebody else.

    Args:
        role: Whose it is while it is in time.
        owner: Who holds that role, if that is known.
        levels: Its ladder.
        level: How far it has climbed.
    """
    if not level:
        return Held(role, owner)
    one = levels[level - 1]
    return Held(one.role, one.staff_id, level)
