"""The code sets of FHIR R4 and of the two referral guides, BSeR (with IHE 360X) and Gravity (SDOH Clinical Care)."""

from enum import StrEnum


class TaskStatus(StrEnum):
    """hl7.org/fhir/task-status. Gravity leaves out received and ready; BSeR uses received."""

    DRAFT = "draft"
    REQUESTED = "requested"
    RECEIVED = "received"
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    READY = "ready"
    CANCELLED = "cancelled"
    IN_PROGRESS = "in-progress"
    ON_HOLD = "on-hold"
    FAILED = "failed"
    COMPLETED = "completed"
    ENTERED_IN_ERROR = "entered-in-error"


class BusinessStatus(StrEnum):
    """BSeR's Task Business Status. `5.1` stands in its table of transitions and not in its code system."""

    CREATED = "2.0"
    ACCEPTED = "3.0"
    DECLINED = "4.0"
    ACTIVE = "5.1"
    SCHEDULED = "5.1.1"
    UNATTENDED = "5.1.2"
    APPOINTMENT_CANCELLED = "5.1.3"
    EVENT_DONE = "5.1.4"
    CANCELLATION_REQUESTED = "5.2"
    CANCELLED = "6.0"
    COMPLETED = "7.0"


BUSINESS_STATUS = "http://hl7.org/fhir/us/bser/CodeSystem/TaskBusinessStatusCS"
TASK_CODE = "http://hl7.org/fhir/CodeSystem/task-code"
SDOH = "http://hl7.org/fhir/us/sdoh-clinicalcare/CodeSystem/SDOHCC-CodeSystemTemporaryCodes"
CONSENT_SCOPE = "http://terminology.hl7.org/CodeSystem/consentscope"
ACT_CODE = "http://terminology.hl7.org/CodeSystem/v3-ActCode"
LANGUAGE = "urn:ietf:bcp:47"
ACT_REASON = "http://terminology.hl7.org/CodeSystem/v3-ActReason"
CONFIDENTIALITY = "http://terminology.hl7.org/CodeSystem/v3-Confidentiality"
PROVENANCE_PARTICIPANT = "http://terminology.hl7.org/CodeSystem/provenance-participant-type"
DATA_OPERATION = "http://terminology.hl7.org/CodeSystem/v3-DataOperation"
COMMUNICATION_CATEGORY = "http://terminology.hl7.org/CodeSystem/communication-category"

# Our own. A system is only a name: nothing needs to answer there.
REFERRAL = "urn:carepath:referral"
SENDING = "urn:carepath:sending"
CONSENT = "urn:carepath:consent"
AGENCY = "urn:carepath:agency"
OFFICE = "urn:carepath:office"
SERVICE = "urn:carepath:service"
INPUT = "urn:carepath:task-input"

SDOH_CATEGORY = {
    "food_bank": "food-insecurity",
    "interview_clothes": "material-hardship",
    "clothing": "material-hardship",
    "job_training": "employment-status",
    "vocational_training": "employment-status",
    "education": "educational-attainment",
    "transport": "transportation-insecurity",
    "housing": "housing-instability",
    "benefits": "financial-insecurity",
    "recreation": "social-connection",
    "legal_help": "sdoh-category-unspecified",
    "legal": "sdoh-category-unspecified",
}
"""Gravity's category of a service. One that is not social care has none."""
