"""How an episode ends (E1-E5)."""

from datetime import date
from typing import ClassVar, Literal

from workflows.core.engine.entry import BY_STAFF, Entry, Source
from workflows.core.episode.intake.entries import LevelOfCare

ExitReason = Literal[
    "completed", "transferred", "withdrew", "lost_contact", "involuntary", "incarcerated", "deceased", "other"
]


class Exit(Entry):
    """The end of the episode. `involuntary` and `lost_contact` need their decision first (E1, E2)."""

    kind: Literal["exit"]
    identified_by: ClassVar[tuple[str, ...] | None] = ()
    stated_by: ClassVar[tuple[Source, ...]] = (*BY_STAFF, Source.PATIENT)
    reason: ExitReason
    """How it ended; `involuntary` and `lost_contact` come only by their decisions."""
    on: date
    """The day that is stated; the day on which the stay ended stands beside it (E4)."""
    to: LevelOfCare | None = None
    """Where a transfer goes to (E5)."""

    def when(self) -> date:
        return self.on
