"""Check-ins of aftercare (C2)."""

from datetime import date
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from workflows.core.engine.entry import Entry


class Checkin(Entry):
    """An aftercare check-in with its risk score, 0 to 10, which moves the cadence (C2)."""

    kind: Literal["checkin"]
    identified_by: ClassVar[tuple[str, ...] | None] = ("on",)
    on: date
    """The day of the check-in."""
    risk: Annotated[int, Field(ge=0, le=10)]
    """How likely a return to use seems."""

    def when(self) -> date:
        return self.on
