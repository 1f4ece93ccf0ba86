"""What an agency is told, and what the ledger says of it first; on which ground is the core's to judge (P3, P5, P6)."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from activities.agencies.port import AgencyChannel, Handover, Person
from activities.clinic_database.ledger import Line
from activities.clinic_database.patients import Patient
from activities.emergencies import emergency_of
from workflows.core.episode.consent.covering import ONLY_BY_NAME, Consent, Request, parts
from workflows.core.episode.consent.grounds import (
    EMERGENCY_PURPOSE,
    EMERGENCY_SCOPE,
    Ground,
    Way,
    ground_by_consent,
    ground_in_emergency,
)
from workflows.core.episode.consent.notice import NOTICE, scope_of
from workflows.ports.agencies import Disclosure


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


def ground_of(
    consents: Sequence[Consent], wanted: Disclosure, agency: Agency, way: Way, now: datetime
) -> Ground | str:
    """On which ground something may go out; otherwise why not, in words.

    Args:
        consents: All of the patient's, as they stand in the transaction that claims the sending.
        now: In the program's time zone, by whose calendar a consent expires.
    """
    request = Request(wanted.agency, agency.classes, wanted.purpose, frozenset(wanted.content))
    if emergency_of(wanted):
        return ground_in_emergency(request, is_medical=agency.medical, way=way)
    return ground_by_consent(consents, request, now.date())


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
        scope=scope_of(ground.consent) if ground.consent else EMERGENCY_SCOPE,
        sent_at=now,
        answer_url=answer_url,
        revokes=wanted.revokes,
    )


def first_line(wanted: Disclosure, agency: Agency, ground: Ground, way: Way, to: str) -> Line:
    """What the ledger says before anything leaves; `to` is the address to which the channel sends."""
    emergency = emergency_of(wanted)
    detail = emergency.stated() if emergency else (
        ("referral", wanted.referral_id), ("way", way), ("what", wanted.what),
    )  # fmt: skip
    detail = (*detail, ("to", to)) if to else detail
    return Line(
        key=wanted.key,
        what="sending",
        by=emergency.discloser if emergency else "system",
        recipient=wanted.agency,
        name=agency.name,
        address=agency.address,
        purpose=EMERGENCY_PURPOSE if emergency else wanted.purpose,
        content=() if way == "link" else tuple(sorted(parts(wanted.content))),
        basis=ground.basis,
        consent_id=ground.consent_id or "",
        detail=detail,
    )
