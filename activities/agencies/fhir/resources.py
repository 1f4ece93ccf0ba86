"""The FHIR R4 resources of a referral: the elements that we write and read, and no others.

Frozen, and named as FHIR names them in JSON through aliases. What an agency adds is left aside when it is read; a
resource that is changed over there is changed in the JSON that came, so that nothing of theirs is lost.
"""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, StringConstraints
from pydantic.alias_generators import to_camel

from activities.agencies.fhir.codes import TaskStatus

Instant = Annotated[
    str,
    StringConstraints(
        pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?(Z|[+-][0-9]{2}:[0-9]{2})$"
    ),
]
"""FHIR's dateTime where it holds a time of day, which must then hold a zone."""

FhirId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9\-.]{1,64}$")]


class _Element(BaseModel):
    model_config = ConfigDict(
        frozen=True,
        extra="ignore",
        alias_generator=to_camel,
        populate_by_name=True,
        hide_input_in_errors=True,
    )

    def as_json(self) -> dict[str, Any]:
        """As FHIR writes it: absent rather than null or empty."""
        return self.model_dump(mode="json", by_alias=True, exclude_none=True)


class Coding(_Element):
    system: str | None = None
    code: str | None = None
    display: str | None = None


class CodeableConcept(_Element):
    coding: tuple[Coding, ...] | None = None
    text: str | None = None


class Identifier(_Element):
    system: str | None = None
    value: str | None = None


class Reference(_Element):
    """To a resource by address, or by identifier where only the other side knows the address."""

    reference: str | None = None
    identifier: Identifier | None = None
    display: str | None = None


class Period(_Element):
    start: str | None = None
    end: str | None = None


class Meta(_Element):
    version_id: str | None = None
    last_updated: str | None = None
    security: tuple[Coding, ...] | None = None


class HumanName(_Element):
    family: str | None = None
    given: tuple[str, ...] | None = None


class ContactPoint(_Element):
    system: Literal["phone", "email"]
    value: str


class Attachment(_Element):
    content_type: str
    data: str
    """Base64."""
    title: str | None = None


class _Resource(_Element):
    id: FhirId | None = None
    meta: Meta | None = None


class PatientCommunication(_Element):
    language: CodeableConcept
    preferred: bool | None = None


class Patient(_Resource):
    resource_type: Literal["Patient"] = "Patient"
    identifier: tuple[Identifier, ...]
    name: tuple[HumanName, ...] | None = None
    telecom: tuple[ContactPoint, ...] | None = None
    birth_date: str | None = None
    communication: tuple[PatientCommunication, ...] | None = None


class Organization(_Resource):
    resource_type: Literal["Organization"] = "Organization"
    identifier: tuple[Identifier, ...]
    name: str
    telecom: tuple[ContactPoint, ...] | None = None


class Consent(_Resource):
    resource_type: Literal["Consent"] = "Consent"
    identifier: tuple[Identifier, ...]
    status: Literal["active", "inactive"] = "active"
    scope: CodeableConcept
    category: tuple[CodeableConcept, ...]
    patient: Reference
    organization: tuple[Reference, ...]
    policy_rule: CodeableConcept
    source_attachment: Attachment


class ServiceRequest(_Resource):
    resource_type: Literal["ServiceRequest"] = "ServiceRequest"
    identifier: tuple[Identifier, ...]
    status: Literal["active", "revoked", "completed"] = "active"
    intent: Literal["order"] = "order"
    category: tuple[CodeableConcept, ...] | None = None
    code: CodeableConcept
    subject: Reference
    authored_on: Instant
    requester: Reference
    performer: tuple[Reference, ...]
    supporting_info: tuple[Reference, ...] | None = None


class TaskInput(_Element):
    type: CodeableConcept
    value_url: str | None = None


class TaskOutput(_Element):
    """What came of it; an agency fills one value or another."""

    type: CodeableConcept
    value_date_time: str | None = None
    value_instant: str | None = None
    value_period: Period | None = None
    value_reference: Reference | None = None
    value_codeable_concept: CodeableConcept | None = None


class Task(_Resource):
    resource_type: Literal["Task"] = "Task"
    identifier: tuple[Identifier, ...] | None = None
    status: TaskStatus
    status_reason: CodeableConcept | None = None
    business_status: CodeableConcept | None = None
    intent: Literal[
        "unknown", "proposal", "plan", "order", "original-order", "reflex-order", "filler-order", "instance-order",
        "option",
    ] = "order"  # fmt: skip
    code: CodeableConcept | None = None
    focus: Reference | None = None
    for_: Reference | None = None
    execution_period: Period | None = None
    authored_on: str | None = None
    last_modified: str | None = None
    requester: Reference | None = None
    owner: Reference | None = None
    input: tuple[TaskInput, ...] | None = None
    output: tuple[TaskOutput, ...] | None = None

    model_config = ConfigDict(
        alias_generator=lambda name: "for" if name == "for_" else to_camel(name),
    )


class Payload(_Element):
    content_string: str


class Communication(_Resource):
    resource_type: Literal["Communication"] = "Communication"
    identifier: tuple[Identifier, ...]
    status: Literal["completed"] = "completed"
    category: tuple[CodeableConcept, ...]
    based_on: tuple[Reference, ...] | None = None
    subject: Reference | None = None
    sent: Instant
    recipient: tuple[Reference, ...]
    sender: Reference
    payload: tuple[Payload, ...]


class ProvenanceAgent(_Element):
    type: CodeableConcept
    who: Reference


class Provenance(_Resource):
    resource_type: Literal["Provenance"] = "Provenance"
    target: tuple[Reference, ...]
    recorded: Instant
    policy: tuple[str, ...]
    reason: tuple[CodeableConcept, ...] | None = None
    activity: CodeableConcept
    agent: tuple[ProvenanceAgent, ...]


Resource = Patient | Organization | Consent | ServiceRequest | Task | Communication | Provenance


class Request(_Element):
    method: Literal["POST", "PUT"]
    url: str
    if_none_exist: str | None = None
    """A search that, if it finds something, makes the server keep what it has: a repeat creates nothing (P9)."""
    if_match: str | None = None


class Entry(_Element):
    full_url: str | None = None
    resource: dict[str, Any]
    request: Request


class Transaction(_Element):
    """All of it, or nothing."""

    resource_type: Literal["Bundle"] = "Bundle"
    type: Literal["transaction"] = "transaction"
    entry: tuple[Entry, ...]


class EntryResponse(_Element):
    status: str
    location: str | None = None


class AnsweredEntry(_Element):
    response: EntryResponse
    resource: dict[str, Any] | None = None


class TransactionResponse(_Element):
    resource_type: Literal["Bundle"]
    type: Literal["transaction-response"]
    entry: tuple[AnsweredEntry, ...]


class FoundTask(_Element):
    resource: dict[str, Any]


class SearchSet(_Element):
    resource_type: Literal["Bundle"]
    type: Literal["searchset"]
    entry: tuple[FoundTask, ...] = ()
