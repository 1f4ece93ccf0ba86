"""The course of an episode: leave, crisis, decisions, exits, and corrections (E1-E11, T3, T8)."""

from datetime import date, datetime
from typing import Annotated, ClassVar, Literal

from pydantic import Field, JsonValue, model_validator

from workflows.core.entries.base import Code, Entry, Name, Reason
from workflows.core.entries.intake import LevelOfCare

CONTROLLED_ENVIRONMENTS = frozenset({"hospital", "jail", "residential"})

ExitReason = Literal[
    "completed", "transferred", "withdrew", "lost_contact", "involuntary", "incarcerated", "deceased", "other"
]


class Leave(Entry):
    """A pause with an end date; it stops the patient's clocks, not those of the staff (E6)."""

    kind: Literal["leave"]
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
    on: date
    """The day on which they are back."""

    def when(self) -> date:
        return self.on


class Crisis(Entry):
    """Overdose, suicide risk, violence, severe withdrawal, child at risk: accepted in every state (E8)."""

    kind: Literal["crisis"]
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


class Checkin(Entry):
    """An aftercare check-in with its risk score, 0 to 10, which moves the cadence (C2)."""

    kind: Literal["checkin"]
    on: date
    """The day of the check-in."""
    risk: Annotated[int, Field(ge=0, le=10)]
    """How likely a return to use seems."""

    def when(self) -> date:
        return self.on


class Decision(Entry):
    """What a named person decided: `about` is a task's kind or id, or a standing question (E10)."""

    kind: Literal["decision"]
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


class Exit(Entry):
    """The end of the episode. `involuntary` and `lost_contact` need their decision first (E1, E2)."""

    kind: Literal["exit"]
    reason: ExitReason
    """How it ended; `involuntary` and `lost_contact` come only by their decisions."""
    on: date
    """The day that is stated; the day on which the stay ended stands beside it (E4)."""
    to: LevelOfCare | None = None
    """Where a transfer goes to (E5)."""

    def when(self) -> date:
        return self.on


class PolicyAdoption(Entry):
    """A new policy reaches a running episode only by this recorded adoption (T8)."""

    kind: Literal["policy"]
    policy: dict[str, JsonValue]
    """The numbers that change, part by part; all others stay as they are pinned."""


class Retraction(Entry):
    """An entry that was wrong: it stays in the record and no longer stands (T3)."""

    kind: Literal["retraction"]
    entry_id: Code
    """The entry that was wrong."""
    reason: Reason
    """Why it was wrong."""
