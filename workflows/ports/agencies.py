"""Telling outside agencies, and asking them (P3-P9)."""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel

from workflows.core.episode.consent.grounds import Way

DISCLOSE = "disclose"
GIVE_UP = "give_up_disclosure"
RECONCILE = "reconcile_disclosure"
NOTE_TOLD = "note_told_by_hand"
ASK_AGENCY = "ask_agency"
NO_SUCH_AGENCY = "NoSuchAgency"


class Disclosure(BaseModel):
    """One disclosure to one outside agency, to be sent if a consent stands at that moment (P3).

    `content` are content codes; what they stand for is read in the clinic database. That something is an emergency can
    not be said here: anybody who writes to the server could say it (`activities.emergencies`).
    """

    key: str
    episode_id: str
    referral_id: str
    what: Literal["referral", "cancellation", "completion"] = "referral"
    agency: str
    service: str
    purpose: str
    content: list[str]
    timezone: str | None = None
    """The program's, by whose calendar a consent expires."""
    revokes: str | None = None


class DisclosureReceipt(BaseModel):
    """What became of a disclosure. `withheld` says in `reason` what is missing; nothing was sent then."""

    key: str
    outcome: Literal["sent", "already_sent", "withheld", "uncertain", "to_post"]
    """`to_post`: a letter is rendered, and a person prints and posts it."""
    agency: str
    way: Way = "content"
    """What was sent: with a `link` the agency hears from a person what it is about."""
    consent_id: str | None = None
    reference: str | None = None
    reason: str | None = None


class ToldByHand(BaseModel):
    """What a person has told an agency by telephone or face to face: it is a disclosure like any other (P8)."""

    key: str
    episode_id: str
    referral_id: str
    recipient: str
    """The agency's id, or the listing's where there is none."""
    name: str
    purpose: str
    content: list[str]
    by: str
    at: datetime
    timezone: str


class ToldReceipt(BaseModel):
    """What stands in the ledger now; `objection` says why no consent covered it."""

    key: str
    objection: str | None = None


class Reconciliation(BaseModel):
    """What a person found out about a sending of which nobody knew whether it left (P9)."""

    key: str
    arrived: bool
    by: str


class AgencyQuestion(BaseModel):
    """Asks an agency what it says of a referral."""

    referral_id: str
    agency: str
    reference: str


class AgencyAnswer(BaseModel):
    """What it says; `status` None where it cannot be asked or has said nothing."""

    status: str | None = None
    at: datetime | None = None
    appointment_at: datetime | None = None
