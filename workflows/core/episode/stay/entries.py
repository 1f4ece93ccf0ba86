"""Leave, and the way back from it (E6)."""

from datetime import date
from typing import ClassVar, Literal

from pydantic import Field, model_validator

from workflows.core.engine.entry import Entry, Name

CONTROLLED_ENVIRONMENTS = frozenset({"hospital", "jail", "residential"})


class Leave(Entry):
    """A pause with an end date; it stops the patient's clocks, not those of the staff (E6)."""

    kind: Literal["leave"]
    identified_by: ClassVar[tuple[str, ...] | None] = ("from",)
    states_a_plan: ClassVar[bool] = True
    reason: Name
    """Such as `hospital`, `jail`, `travel`; days in a controlled environment do not count toward the gate (S10)."""
    from_: date = Field(alias="from")
    """The first day."""
    until: date
    """The last day of leave."""

    @model_validator(mode="after")
    def _ends_after_it_starts(self) -> "Leave":
        if self.until < self.from_:
            raise ValueError(f"until: {self.until} lies before the leave starts on {self.from_}")
        return self

    def when(self) -> date:
        return self.from_


class Return(Entry):
    """The patient is back from leave, or back within the time in which a withdrawal can be reopened (E3)."""

    kind: Literal["return"]
    identified_by: ClassVar[tuple[str, ...] | None] = ("on",)
    on: date
    """The day on which they are back."""

    def when(self) -> date:
        return self.on
