"""What a record is read against, beside the time: the calendar, what people have decided, and who is known."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Self

from workflows.core.engine.answers import NO_ANSWERS, Answers
from workflows.core.engine.calendar import Calendar
from workflows.core.engine.memory import Memory
from workflows.core.engine.notes import STAFF, bit_of
from workflows.core.engine.record import Record


@dataclass(frozen=True, kw_only=True)
class Frame:
    """Everything beside the record that decides how its entries are read."""

    calendar: Calendar
    answers: Answers = NO_ANSWERS
    directory: Mapping[str, tuple[str, ...] | None] = field(default_factory=dict)
    """What the clinic's staff directory says of people outside the team, as far as it was asked: their roles by staff
    id, in small letters; None: it does not know them."""
    memory: Memory = field(default_factory=Memory)
    """What was worked out by now."""

    def as_of(self, record: Record) -> Self:
        """The same frame with only those decisions that are in a record: what had been decided by then (T2)."""
        return replace(self, answers=self.answers.known_in(record), memory=Memory())

    def reading(self, answers: Answers, directory: Mapping[str, tuple[str, ...] | None]) -> Self:
        """The same frame with these answers, and this of the staff directory."""
        return replace(self, answers=answers, directory=directory)

    def reads_like(self, other: Self) -> bool:
        """Whether what was worked out in another frame of the same episode may stand in this one."""
        return self.calendar is other.calendar

    def changed_since(self, earlier: Self) -> int:
        """What differs from another frame of the same episode, as `notes` counts it: a bit for each source."""
        if earlier is self:
            return 0
        staff = 0 if self.directory is earlier.directory else bit_of(STAFF)
        return self.answers.changed_since(earlier.answers) | staff
