"""Intake: screening, the clinician's level-of-care decision, admission, and what belongs to it (I1-I4)."""

from datetime import date
from typing import Annotated, Literal, get_args

from pydantic import BeforeValidator, Field, JsonValue

from workflows.core.entries.base import Code, Entry, Name, Reason

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


LEVELS: tuple[str, ...] = get_args(Level)

_MUTUAL_HELP = frozenset(
    {
        "mutual_help", "12_step", "twelve_step", "aa", "na", "ca", "ha", "al_anon", "smart", "smart_recovery",
        "lifering", "recovery_dharma", "women_for_sobriety", "secular_mutual_help",
    }
)  # fmt: skip
_THERAPISTS = frozenset({"therapist", "therapy", "psychotherapy", "emdr", "trauma_therapy"})


class Need(Entry):
    """What the patient needs from somebody else: a therapist, mutual help, a food bank, transport, another level of
    care. It starts a referral, which is followed up until it has an outcome (C3-C5)."""

    kind: Literal["need"]
    service: Name
    referral_kind: Literal["therapist", "mutual_help", "service", "level_of_care"] | None = None
    """Which kind of referral it is; absent: as the service says."""
    wishes: dict[str, JsonValue] = Field(default_factory=dict)
    """By name: specialties, payers, languages, modality, max_km, weekdays, not_before, not_after, fellowships, formats,
    open_meetings_only, volunteer_contact."""
    on: date | None = None

    @property
    def referral(self) -> str:
        """The kind of referral that it starts."""
        if self.referral_kind:
            return self.referral_kind
        if self.service in _MUTUAL_HELP:
            return "mutual_help"
        if self.service in _THERAPISTS:
            return "therapist"
        return "level_of_care" if level_named(self.service) in LEVELS else "service"

    def when(self) -> date | None:
        return self.on
