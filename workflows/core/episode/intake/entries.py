"""Intake: screening, the clinician's level-of-care decision, admission, and what belongs to it (I1-I4)."""

import re
from datetime import date
from typing import Annotated, ClassVar, Literal, get_args

from pydantic import BeforeValidator, Field, JsonValue, model_validator

from workflows.core.engine.entry import BY_STAFF, Code, Entry, Name, Reason, Source
from workflows.core.episode.linkage.vocabulary import ReferralKind, is_mutual_help, meaning

Level = Literal["outpatient", "iop", "php", "residential", "withdrawal_management"]
LEVELS: tuple[str, ...] = get_args(Level)
"""From the least care to the most."""


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
    """What makes a person suited, or not, to a program they attend from home (I1). What is left out was not asked."""

    kind: Literal["screening"]
    identified_by: ClassVar[tuple[str, ...] | None] = ("on",)
    on: date | None = None
    """The day of the talk; absent: today."""
    substances: list[Code] | None = None
    """What the person uses; names of the policy's dangerous withdrawal are looked for among them."""
    years_of_use: Annotated[float, Field(ge=0, le=100)] | None = None
    """For how long."""
    co_occurring: list[Code] | None = None
    """Anxiety, bipolar, depression, PTSD, trauma, and others."""
    prior_return_to_use: bool | None = None
    """Whether an earlier treatment was followed by a return to use."""
    home_safe: bool | None = None
    """Whether home is safe and stable."""
    support_network: bool | None = None
    """Whether there are people who support them."""
    withdrawal_risk: Annotated[Literal["none", "low", "moderate", "high"], BeforeValidator(_risk)] | None = (
        None
    )
    """How dangerous stopping would be."""
    duties: list[Code] | None = None
    """Reasons to live at home: young children, work, sole caretaker, others."""

    ASKED: ClassVar[tuple[str, ...]] = (
        "substances", "years_of_use", "co_occurring", "prior_return_to_use", "home_safe", "support_network",
        "withdrawal_risk", "duties",
    )  # fmt: skip

    @property
    def not_asked(self) -> list[str]:
        """What was not asked; that is not the same as a no (I4)."""
        return [name for name in self.ASKED if getattr(self, name) is None]

    @property
    def is_none(self) -> bool:
        """Whether nothing was asked: then it is no screening (I4)."""
        return self.not_asked == list(self.ASKED)

    def when(self) -> date | None:
        return self.on


class LevelOfCareDecision(Entry):
    """A clinician's decision on the level of care; it may differ from what the screening proposes (I2)."""

    kind: Literal["level_of_care"]
    identified_by: ClassVar[tuple[str, ...] | None] = ("on",)
    stated_by: ClassVar[tuple[Source, ...]] = BY_STAFF
    on: date | None = None
    """The day of the decision; absent: today."""
    level: LevelOfCare
    """The level that is decided on; IOT is IOP (I5)."""
    reason: Reason | None = None
    """Why, above all where it differs from the proposal."""

    def when(self) -> date | None:
        return self.on


class Admission(Entry):
    """The first day of the program. The admission date is not a sobriety date (I4)."""

    kind: Literal["admission"]
    stated_by: ClassVar[tuple[Source, ...]] = BY_STAFF
    identified_by: ClassVar[tuple[str, ...] | None] = ()
    begins_a_history: ClassVar[bool] = True
    on: date
    """The first day."""
    last_use_on: date | None = None
    """Reported or verified; admission waits until it is known."""

    def when(self) -> date:
        return self.on

    def stated_days(self) -> tuple[date, ...]:
        return (self.on, self.last_use_on) if self.last_use_on else (self.on,)


class Goal(Entry):
    """A personal goal; later entries with the same `goal_id` advance it."""

    kind: Literal["goal"]
    identified_by: ClassVar[tuple[str, ...] | None] = ("goal_id",)
    brings_forward: ClassVar[bool] = True
    goal_id: Code
    """A code of the goal's own."""
    title: Code | None = None
    """A few words for what it is about, such as `back to work`, and nobody's name: one that cannot be told from other
    words is not refused (P1)."""
    status: Literal["open", "met", "waived"] = "open"
    """Where it stands; the gate asks that each is met or waived (S9)."""
    on: date | None = None
    """The day since which that is so; absent: today."""

    def when(self) -> date | None:
        return self.on


class Acknowledgement(Entry):
    """Something the patient has read and signed, such as the rights notice or the contact preferences."""

    kind: Literal["acknowledgement"]
    identified_by: ClassVar[tuple[str, ...] | None] = ("what",)
    brings_forward: ClassVar[bool] = True
    what: Code
    """`rights_notice` or `contact_preferences`."""
    on: date
    """The day of the signature."""

    def when(self) -> date:
        return self.on


class Need(Entry):
    """What the patient needs from somebody else: a therapist, mutual help, a food bank, transport, another level of
    care. It starts a referral, which is followed up until it has an outcome (C3-C5)."""

    kind: Literal["need"]
    service: Name
    """What is needed, such as `therapist`, `aa`, `food_bank`."""
    referral_kind: ReferralKind | None = None
    """Which kind of referral it is; absent: as the service says."""
    wishes: dict[str, JsonValue] = Field(default_factory=dict)
    """By name: specialties, payers, languages, modality, max_km, weekdays, not_before, not_after, fellowships, formats,
    open_meetings_only, volunteer_contact."""
    on: date | None = None
    """The day since which it is needed; absent: today."""

    @model_validator(mode="after")
    def _is_said_in_words(self) -> "Need":
        if re.search(r"[<>{}\[\]`\\|$]", self.service):
            raise ValueError("service: name it in words, such as food bank; signs of markup are none")
        return self

    @model_validator(mode="after")
    def _nothing_is_disclosed_to_mutual_help(self) -> "Need":
        if self.referral_kind not in (None, "mutual_help") and is_mutual_help(self.service):
            raise ValueError(
                f"referral_kind: {self.service} is mutual help, to which nothing is disclosed (C4); leave "
                "referral_kind out, or name another service"
            )
        return self

    @property
    def referral(self) -> str:
        """The kind of referral that it starts: as the one judge of words says; a word that it does not know is a
        service."""
        if self.referral_kind:
            return self.referral_kind
        meant = meaning(self.service)
        return meant.kind if meant else "service"

    def when(self) -> date | None:
        return self.on
