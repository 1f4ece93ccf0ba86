"""Consents and their revocation (P3, P4). Recorded here; judged where something is sent."""

from datetime import date
from typing import Annotated, ClassVar, Literal

from pydantic import AfterValidator, BeforeValidator, model_validator

from workflows.core.engine.entry import BY_STAFF, Code, Entry, Name, Source
from workflows.core.episode.consent.covering import TREATMENT_PAYMENT_OPERATIONS, TYPES, missing_elements


def _type(value: object) -> object:
    if not isinstance(value, str):
        return value
    code = value.strip().lower().replace(" ", "_").replace("-", "_")
    code = _spelled(code)
    code = TREATMENT_PAYMENT_OPERATIONS if code == "treatment_payment_operations" else code
    if code not in TYPES:
        raise ValueError(f"there are {', '.join(TYPES)}")
    return code


def _list(value: object) -> object:
    return value.split(",") if isinstance(value, str) else value


def _spelled(code: str) -> str:
    return code.replace("counseling", "counselling")


Content = Annotated[Name, AfterValidator(_spelled)]
"""Counselling notes need a consent of their own, whichever way they are spelled (P4)."""


class Consent(Entry):
    """A signed consent. One that lacks an element is refused with the list of what is missing (P4).

    `recipient` is the id of an agency, or of a contact in the clinic database; a class of recipients only for
    treatment, payment and operations. Names stay in the clinic database (P1).
    """

    kind: Literal["consent"]
    stated_by: ClassVar[tuple[Source, ...]] = (*BY_STAFF, Source.PATIENT, Source.KIOSK)
    identified_by: ClassVar[tuple[str, ...] | None] = ("consent_id",)
    brings_forward: ClassVar[bool] = True
    consent_id: Code
    """A code of the consent's own."""
    type: Annotated[str, BeforeValidator(_type)] = "disclosure"
    """What kind of consent it is; counselling notes and legal proceedings need their own."""
    discloser: Code = "program"
    """Who may disclose."""
    recipient: Name | None = None
    """To whom."""
    purpose: Name | None = None
    """Why."""
    content: Annotated[tuple[Content, ...], BeforeValidator(_list)] = ()
    """What, as a list of codes."""
    may_revoke: bool = True
    """Whether it says that it can be taken back; one that does not is refused."""
    signed_on: date | None = None
    """The day of the signature."""
    signed_by: Literal["patient", "representative"] = "patient"
    """Who signed."""
    authority: Code | None = None
    """By what right a representative signed, such as guardian."""
    expires_on: date | None = None
    """The last day on which it holds."""
    expires_event: Name | None = None
    """The event with which it ends, where it has no last day."""

    @model_validator(mode="after")
    def _has_every_element(self) -> "Consent":
        missing = missing_elements(
            type=self.type,
            discloser=self.discloser,
            recipient=self.recipient,
            purpose=self.purpose,
            content=self.content,
            may_revoke=self.may_revoke,
            signed_on=self.signed_on,
            expires=bool(self.expires_on or self.expires_event),
            signed_by_representative=self.signed_by == "representative",
            authority=self.authority,
        )
        if missing:
            raise ValueError(f"a consent needs also: {'; '.join(missing)}")
        if self.expires_on and self.signed_on and self.expires_on < self.signed_on:
            raise ValueError(
                f"expires_on: {self.expires_on} is before the day of the signature {self.signed_on}"
            )
        return self

    def when(self) -> date | None:
        return self.signed_on


class Revocation(Entry):
    """The patient takes a consent back; from then on, never backwards (P4).

    It counts however it was said; one that was spoken is to be had in writing as well (42 CFR 2.31(a)(6)).
    """

    kind: Literal["revocation"]
    consent_id: Code
    """The consent that is taken back."""
    on: date | None = None
    """The day on which it was said; absent: today."""
    form: Literal["written", "spoken", "event"] = "written"
    """`event`: nobody has taken it back, but the event with which it was to end has come to pass."""

    def when(self) -> date | None:
        return self.on
