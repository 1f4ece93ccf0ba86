"""Intake: screening, the clinician's level-of-care decision, admission, and what belongs to it (I1-I4)."""

from datetime import date
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from workflows.core.entries.base import Code, Entry, Reason

Level = Literal["outpatient", "iop", "php", "residential", "withdrawal_management"]


def level_named(value: object) -> object:
    """IOP and IOT are the same program: either name is accepted everywhere (I5)."""
    if isinstance(value, str):
        name = value.strip().lower().replace(" ", "_").replace("-", "_")
        return "iop" if name == "iot" else name
    return value


LevelOfCare = Annotated[Level, BeforeValidator(level_named)]


def _risk(value: object) -> object:
    if isinstance(value, bool):
        return "high" if value else "none"
    return value


class Screening(Entry):
    """What makes a person suited, or not, to a program they attend from home (I1)."""

    kind: Literal["screening"]
    on: date | None = None
    substances: list[Code] = Field(default_factory=list)
    years_of_use: Annotated[float, Field(ge=0, le=100)] | None = None
    co_occurring: list[Code] = Field(default_factory=list)
    prior_return_to_use: bool = False
    home_safe: bool = True
    support_network: bool = True
    withdrawal_risk: Annotated[Literal["none", "low", "moderate", "high"], BeforeValidator(_risk)] = "none"
    duties: list[Code] = Field(default_factory=list)
    """Reasons to live at home: young children, work, sole caretaker, others."""

    def when(self) -> date | None:
        return self.on


class LevelOfCareDecision(Entry):
    """A clinician's decision on the level of care; it may differ from what the screening proposes (I2)."""

    kind: Literal["level_of_care"]
    on: date | None = None
    level: LevelOfCare
    reason: Reason | None = None

    def when(self) -> date | None:
        return self.on


class Admission(Entry):
    """The first day of the program. The admission date is not a sobriety date (I4)."""

    kind: Literal["admission"]
    on: date
    last_use_on: date | None = None
    """Reported or verified; admission waits until it is known."""

    def when(self) -> date:
        return self.on

    def stated_days(self) -> tuple[date, ...]:
        return (self.on, self.last_use_on) if self.last_use_on else (self.on,)


class Goal(Entry):
    """A personal goal; later entries with the same `goal_id` advance it."""

    kind: Literal["goal"]
    goal_id: Code
    title: Code | None = None
    status: Literal["open", "met", "waived"] = "open"
    on: date | None = None

    def when(self) -> date | None:
        return self.on


class Acknowledgement(Entry):
    """Something the patient has read and signed, such as the rights notice or the contact preferences."""

    kind: Literal["acknowledgement"]
    what: Code
    on: date

    def when(self) -> date:
        return self.on


class Need(Entry):
    """A service the patient needs: therapist, food bank, transport, ..."""

    kind: Literal["need"]
    service: Code
    on: date | None = None

    def when(self) -> date | None:
        return self.on
