"""A handover as one FHIR transaction: who is asked for what, under which consent, with the notice, and by whom.

Every resource that can carry an identifier is created only if none has it, so that a repeat changes nothing (P9).
"""

import base64
import uuid
from collections.abc import Iterable
from datetime import UTC, datetime
from urllib.parse import urlencode

from activities.agencies.book import Agency, Office
from activities.agencies.fhir import codes
from activities.agencies.fhir.resources import (
    Attachment,
    CodeableConcept,
    Coding,
    Communication,
    Consent,
    ContactPoint,
    Entry,
    HumanName,
    Identifier,
    Meta,
    Organization,
    Patient,
    PatientCommunication,
    Payload,
    Provenance,
    ProvenanceAgent,
    Reference,
    Request,
    Resource,
    ServiceRequest,
    Task,
    TaskInput,
    Transaction,
)
from activities.agencies.port import Handover, Person
from activities.agencies.services import need_told, title_of

LAW = "https://www.ecfr.gov/current/title-42/part-2"

RESTRICTED = Meta(
    security=(
        Coding(system=codes.CONFIDENTIALITY, code="R", display="restricted"),
        # The computable form of the notice: no disclosure onwards without the person's consent (P5).
        Coding(
            system=codes.ACT_CODE,
            code="NORDSCLCD",
            display="no redisclosure without consent directive",
        ),
    )
)


class Builder:
    """Builds for one agency, in the name of the clinic's office."""

    def __init__(self, agency: Agency, office: Office) -> None:
        self._agency, self._office = agency, office

    def referral(self, handover: Handover) -> Transaction:
        """All of a referral. The task is the first entry: by it the agency's answer is followed."""
        here = _Places(handover.key)
        consented = bool(handover.consent_id)
        patient, office, consent = (
            self._patient(handover),
            self._organization(),
            self._consent(handover, here),
        )
        request, task = self._request(handover, here, consented), self._task(handover, here)
        notice = self.notice(
            handover, subject=here.reference("Patient"), about=here.reference("ServiceRequest")
        )
        parts: list[Resource] = [task, request, patient, office, notice]
        if consented:
            parts.append(consent)
        targets = [here.reference(part.resource_type) for part in parts if part is not office]
        parts.append(self._provenance(handover, targets, here.reference("Organization")))
        return Transaction(entry=tuple(created(part, here.url(part.resource_type)) for part in parts))

    def notice(
        self, handover: Handover, *, subject: Reference | None = None, about: Reference | None = None
    ) -> Communication:
        """The notice against redisclosure and the consent's scope (P5)."""
        return Communication(
            identifier=(Identifier(system=codes.SENDING, value=handover.key),),
            meta=RESTRICTED,
            category=(
                CodeableConcept(coding=(Coding(system=codes.COMMUNICATION_CATEGORY, code="notification"),)),
            ),
            based_on=(about,) if about else None,
            subject=subject,
            sent=instant(handover.sent_at),
            recipient=(self._them,),
            sender=self._us,
            payload=(Payload(content_string=handover.notice), Payload(content_string=handover.scope)),
        )

    @property
    def _them(self) -> Reference:
        # By identifier: which of their own resources they are, only they know.
        identifier = Identifier(system=codes.AGENCY, value=self._agency.agency_id)
        return Reference(identifier=identifier, display=self._agency.name)

    @property
    def _us(self) -> Reference:
        return Reference(identifier=self._our_identifier, display=self._office.name)

    @property
    def _our_identifier(self) -> Identifier:
        return Identifier(system=codes.OFFICE, value=self._office.id)

    def _organization(self) -> Organization:
        return Organization(
            identifier=(self._our_identifier,),
            name=self._office.name,
            telecom=(ContactPoint(system="phone", value=self._office.phone),),
        )

    def _patient(self, handover: Handover) -> Patient:
        person = handover.person
        # A person has one identifier for each referral, so that two referrals cannot be joined over there.
        return Patient(
            identifier=(Identifier(system=codes.SENDING, value=handover.key),),
            meta=RESTRICTED,
            name=_name(person),
            telecom=_telecom(person),
            birth_date=person.birth_date.isoformat() if person.birth_date else None,
            communication=(
                PatientCommunication(
                    language=CodeableConcept(coding=(Coding(system=codes.LANGUAGE, code=person.language),)),
                    preferred=True,
                ),
            )
            if person.language
            else None,
        )

    def _consent(self, handover: Handover, here: "_Places") -> Consent:
        scope = base64.b64encode(handover.scope.encode()).decode()
        return Consent(
            identifier=(
                Identifier(system=codes.SENDING, value=handover.key),
                Identifier(system=codes.CONSENT, value=handover.consent_id),
            ),
            meta=RESTRICTED,
            scope=CodeableConcept(coding=(Coding(system=codes.CONSENT_SCOPE, code="patient-privacy"),)),
            category=(CodeableConcept(coding=(Coding(system=codes.ACT_CODE, code="IDSCL"),)),),
            patient=here.reference("Patient"),
            organization=(here.reference("Organization"),),
            policy_rule=CodeableConcept(coding=(Coding(system=codes.ACT_CODE, code="42CFRPart2"),)),
            source_attachment=Attachment(
                content_type="text/plain; charset=utf-8", data=scope, title="Scope of the consent"
            ),
        )

    def _request(self, handover: Handover, here: "_Places", consented: bool) -> ServiceRequest:
        need = need_told(handover)
        category = codes.SDOH_CATEGORY.get(need or "")
        return ServiceRequest(
            identifier=_identifiers(handover),
            meta=RESTRICTED,
            category=(CodeableConcept(coding=(Coding(system=codes.SDOH, code=category),)),)
            if category
            else None,
            code=CodeableConcept(coding=(Coding(system=codes.SERVICE, code=need),), text=title_of(need))
            if need
            else CodeableConcept(text="To be agreed with the person"),
            subject=here.reference("Patient"),
            authored_on=instant(handover.sent_at),
            requester=here.reference("Organization"),
            performer=(self._them,),
            supporting_info=(here.reference("Consent"),) if consented else None,
        )

    def _task(self, handover: Handover, here: "_Places") -> Task:
        return Task(
            identifier=_identifiers(handover),
            meta=RESTRICTED,
            status=codes.TaskStatus.REQUESTED,
            code=CodeableConcept(coding=(Coding(system=codes.TASK_CODE, code="fulfill"),)),
            focus=here.reference("ServiceRequest"),
            for_=here.reference("Patient"),
            authored_on=instant(handover.sent_at),
            last_modified=instant(handover.sent_at),
            requester=here.reference("Organization"),
            owner=self._them,
            input=(
                TaskInput(
                    type=CodeableConcept(coding=(Coding(system=codes.INPUT, code="answer-url"),)),
                    value_url=handover.answer_url,
                ),
            )
            if handover.answer_url
            else None,
        )

    def _provenance(self, handover: Handover, targets: Iterable[Reference], us: Reference) -> Provenance:
        emergency = not handover.consent_id
        return Provenance(
            target=tuple(targets),
            recorded=instant(handover.sent_at),
            policy=(LAW,),
            reason=(CodeableConcept(coding=(Coding(system=codes.ACT_REASON, code="ETREAT"),)),)
            if emergency
            else None,
            activity=CodeableConcept(coding=(Coding(system=codes.DATA_OPERATION, code="CREATE"),)),
            agent=(
                ProvenanceAgent(
                    type=CodeableConcept(
                        coding=(Coding(system=codes.PROVENANCE_PARTICIPANT, code="author"),)
                    ),
                    who=us,
                ),
            ),
        )


class _Places:
    """Where the resources of one transaction refer to each other, the same at every attempt."""

    def __init__(self, key: str) -> None:
        self._key = key

    def url(self, kind: str) -> str:
        return f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, f'{codes.SENDING}|{self._key}|{kind}')}"

    def reference(self, kind: str) -> Reference:
        return Reference(reference=self.url(kind))


def created(part: Resource, full_url: str | None = None) -> Entry:
    """An entry that creates a resource unless one with its first identifier is there; provenance has none."""
    identifiers = () if isinstance(part, Provenance) else part.identifier or ()
    return Entry(
        full_url=full_url,
        resource=part.as_json(),
        request=Request(
            method="POST",
            url=part.resource_type,
            if_none_exist=by_identifier(identifiers[0]) if identifiers else None,
        ),
    )


def by_identifier(identifier: Identifier) -> str:
    """The search that finds a resource by its identifier."""
    return urlencode({"identifier": f"{identifier.system}|{identifier.value}"})


def instant(at: datetime) -> str:
    """A moment as FHIR writes it."""
    return at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def _identifiers(handover: Handover) -> tuple[Identifier, ...]:
    """The sending first: a referral that is sent to the same agency once more is another task there."""
    return (
        Identifier(system=codes.SENDING, value=handover.key),
        Identifier(system=codes.REFERRAL, value=handover.referral_id),
    )


def _name(person: Person) -> tuple[HumanName, ...] | None:
    if not person.given_name and not person.family_name:
        return None
    given = (person.given_name,) if person.given_name else None
    return (HumanName(family=person.family_name or None, given=given),)


def _telecom(person: Person) -> tuple[ContactPoint, ...] | None:
    points: list[ContactPoint] = []
    if person.phone:
        points.append(ContactPoint(system="phone", value=person.phone))
    if person.email:
        points.append(ContactPoint(system="email", value=person.email))
    return tuple(points) or None
