"""On which ground an agency may be told at this very moment, and what it is told then (P3, P5, P6)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from activities.agencies.notice import NOTICE, scope_of
from activities.agencies.port import AgencyChannel, Handover, Person, Way
from activities.clinic_database.ledger import Line
from activities.clinic_database.patients import Patient
from activities.emergencies import PURPOSE
from workflows.core.episode.consent.covering import (
    COUNSELLING_NOTES,
    ONLY_BY_NAME,
    Consent,
    Request,
    covering,
    parts,
)
from workflows.ports.agencies import Disclosure

CARRIED = parts(("referral",)) | (ONLY_BY_NAME - {COUNSELLING_NOTES})
"""Content that a channel can tell. All else is told by people."""


class Agency(Protocol):
    """What must be known of an agency to disclose to it."""

    @property
    def agency_id(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def address(self) -> str: ...
    @property
    def classes(self) -> frozenset[str]: ...
    @property
    def medical(self) -> bool: ...


class Agencies(Protocol):
    """The agencies that the clinic works with."""

    def get(self, agency_id: str) -> Agency:
        """One of them.

        Raises:
            UnknownAgency: there is none of that id.
        """

    def channel_of(self, agency: Agency) -> AgencyChannel:
        """How it is reached."""


@dataclass(frozen=True, slots=True)
class Ground:
    """On which basis an attempt may send, and on which way."""

    basis: str
    consent: Consent | None
    way: Way

    @property
    def consent_id(self) -> str | None:
        """The consent under which it goes out; None in an emergency."""
        return self.consent.consent_id if self.consent else None


def ground_of(
    consents: Sequence[Consent], wanted: Disclosure, agency: Agency, way: Way, now: datetime
) -> Ground | str:
    """On which ground something may go out; otherwise why not, in words.

    Args:
        consents: All of the patient's, as they stand in the transaction that claims the sending.
        now: In the program's time zone, by whose calendar a consent expires.
    """
    if beyond := sorted(parts(wanted.content) - CARRIED):
        # The ledger would say that it was told, and whoever waits for it would never get it.
        return f"no channel carries {', '.join(beyond)}: tell it by telephone"
    if wanted.emergency:
        if not agency.medical:
            return f"in an emergency only medical personnel are told, and {wanted.agency} is none"
        if way != "content":
            return f"in an emergency {wanted.agency} is not told by mail: tell it by telephone"
        return Ground("emergency", None, way)
    request = Request(wanted.agency, agency.classes, wanted.purpose, frozenset(wanted.content))
    consent, objections = covering(consents, request, now.date())
    if consent is None:
        return f"no consent lets {wanted.agency} be told: {'; '.join(objections)}"
    return Ground("consent", consent, way)


def handover_of(
    wanted: Disclosure, patient: Patient, ground: Ground, answer_url: str, now: datetime
) -> Handover:
    """What the agency is told: of the person no more than the content names."""
    content = parts(wanted.content)
    known = "identity" in content
    reachable = "contact" in content
    return Handover(
        key=wanted.key,
        what=wanted.what,
        referral_id=wanted.referral_id,
        service=wanted.service,
        person=Person(
            given_name=patient.given_name if known else None,
            family_name=patient.family_name if known else None,
            birth_date=patient.birth_date if known else None,
            phone=patient.phone if reachable else None,
            email=patient.email if reachable else None,
            language=patient.language if reachable else None,
        ),
        content=dict.fromkeys(sorted(content & ({"service_need"} | ONLY_BY_NAME)), wanted.service),
        consent_id=ground.consent_id or "",
        notice=NOTICE,
        scope=scope_of(ground.consent)
        if ground.consent
        else "Disclosed in a medical emergency (42 CFR 2.51).",
        sent_at=now,
        answer_url=answer_url,
        revokes=wanted.revokes,
    )


def first_line(wanted: Disclosure, agency: Agency, ground: Ground) -> Line:
    """What the ledger says before anything leaves."""
    emergency = wanted.emergency
    detail = emergency.stated() if emergency else (
        ("referral", wanted.referral_id), ("way", ground.way), ("what", wanted.what),
    )  # fmt: skip
    return Line(
        key=wanted.key,
        what="sending",
        by=emergency.discloser if emergency else "system",
        recipient=wanted.agency,
        name=agency.name,
        address=agency.address,
        purpose=PURPOSE if emergency else wanted.purpose,
        content=() if ground.way == "link" else tuple(sorted(parts(wanted.content))),
        basis=ground.basis,
        consent_id=ground.consent_id or "",
        detail=detail,
    )
