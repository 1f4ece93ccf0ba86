"""What tells of danger to life: crises and flags (A6, E8)."""

from datetime import date, datetime
from typing import ClassVar, Literal

from pydantic import model_validator

from workflows.core.engine.entry import Code, Entry, Name


class Crisis(Entry):
    """Overdose, suicide risk, violence, severe withdrawal, child at risk: accepted in every state (E8)."""

    kind: Literal["crisis"]
    identified_by: ClassVar[tuple[str, ...] | None] = ("at", "type")
    type: Name
    """Such as `overdose`, `suicide`, `violence`."""
    at: datetime
    """When it happened."""

    def when(self) -> datetime:
        return self.at


class Flag(Entry):
    """A dated flag, such as a high risk (A6); `off` is the last day, absent while it lasts. A later entry with the same
    `name` and `on` says when it goes off."""

    kind: Literal["flag"]
    identified_by: ClassVar[tuple[str, ...] | None] = ("name", "on")
    brings_forward: ClassVar[bool] = True
    name: Code
    """Such as `recent_overdose`; those of high risk and the program's own are tables of the policy, in any spelling.
    Others are codes in small letters, such as `new_job`, and no person's name: where one is written like a code, nobody
    can tell (P1)."""
    on: date
    """The first day."""
    off: date | None = None
    """The last day."""

    @model_validator(mode="after")
    def _goes_off_after_it_is_on(self) -> "Flag":
        if self.off and self.off < self.on:
            raise ValueError(f"off: {self.off} lies before the flag is on, on {self.on}")
        return self

    def when(self) -> date:
        return self.on
