"""What any record can hold, whatever it is about: that an entry was wrong, and what a person decided."""

from datetime import date
from typing import ClassVar, Literal

from workflows.core.engine.entry import BY_STAFF, Code, Entry, Reason, Source


class Decision(Entry):
    """What a named person decided: `about` is a task's kind or id, or a standing question (E10)."""

    kind: Literal["decision"]
    stated_by: ClassVar[tuple[Source, ...]] = BY_STAFF
    about: Code
    """The id of a task, its kind, or what may be decided at any time."""
    choice: Code
    """One of the choices that are offered."""
    reason: Reason | None = None
    """Why; some choices need it."""
    on: date | None = None
    """The day of the decision; absent: today."""

    def when(self) -> date | None:
        return self.on


class Retraction(Entry):
    """An entry that was wrong: it stays in the record and no longer stands (T3)."""

    kind: Literal["retraction"]
    entry_id: Code
    """The entry that was wrong."""
    reason: Reason
    """Why it was wrong."""
