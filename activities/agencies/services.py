"""What agencies do for people, by code, and which of it goes out only where a consent names it (C5)."""

from types import MappingProxyType

from activities.agencies.port import Handover
from workflows.core.consents import ONLY_BY_NAME

TITLES = MappingProxyType(
    {
        "food_bank": "Food",
        "interview_clothes": "Clothes for job interviews",
        "job_training": "Job training",
        "vocational": "Vocational services",
        "transport": "Transport",
        "legal_help": "Legal help",
        "housing": "Housing",
        "recreation": "Recreation",
        "therapist": "Psychotherapy",
        "emergency_care": "Emergency care",
        "hiv_testing": "HIV testing",
        "hiv_information": "Information about HIV",
        "hepatitis_testing": "Hepatitis testing",
        "hepatitis_information": "Information about hepatitis",
        "sti_testing": "Testing for sexually transmitted infections",
        "sti_information": "Information about sexually transmitted infections",
    }
)
"""What an agency reads. A service that is not listed here is shown by its code."""


def title_of(service: str) -> str:
    """A service in words."""
    return TITLES.get(service, service.replace("_", " "))


def topics_of(service: str) -> frozenset[str]:
    """The content codes that a consent must name before this service may be told to anybody."""
    return frozenset(word for word in service.lower().split("_") if word in ONLY_BY_NAME)


def need_told(handover: Handover) -> str | None:
    """The service that the agency may be told of; None where the consent does not go so far.

    The channel errs to the silent side: a service that must be named in the consent is not told unless the content
    names it beside the need. The agency then learns only that somebody would like to come.
    """
    need = handover.content.get("service_need")
    if need is None or not topics_of(need) <= frozenset(handover.content):
        return None
    return need
