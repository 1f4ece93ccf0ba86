"""On which ground an outside agency may be told over a channel (P3, P6): the judge of every act of sending.

Pure: who asks has read the consents in the transaction that claims the sending.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Literal

from workflows.core.episode.consent.covering import (
    COUNSELLING_NOTES,
    ONLY_BY_NAME,
    Consent,
    Request,
    covering,
    parts,
)

Way = Literal["content", "link", "post"]
"""How an agency is told: by the content itself, by a link under which a person tells it, or by a letter."""

CARRIED = parts(("referral",)) | (ONLY_BY_NAME - {COUNSELLING_NOTES})
"""Content that a channel can tell. All else is told by people."""

Profession = Literal[
    "physician", "nurse", "paramedic", "emergency_dispatcher", "pharmacist", "other_medical_personnel"
]
"""Who may be told in an emergency; family, an emergency contact and the police are none of them (P6)."""

EMERGENCY_PURPOSE = "medical emergency"
"""What the ledger says of why, where no consent was asked (P6)."""

EMERGENCY_SCOPE = "Disclosed in a medical emergency (42 CFR 2.51)."
"""What the recipient is told of the ground."""

_OTHER_NAMES = {
    "aids": "hiv", "prep": "hiv", "hep": "hepatitis", "hcv": "hepatitis", "hbv": "hepatitis", "stis": "sti",
    "std": "sti", "stds": "sti", "sexual": "sti", "syphilis": "sti",
}  # fmt: skip
"""Words in a service's code that mean one of the topics too; a code is whatever staff write."""


@dataclass(frozen=True, slots=True)
class Ground:
    """What something goes out on."""

    basis: Literal["consent", "emergency"]
    consent: Consent | None = None

    @property
    def consent_id(self) -> str | None:
        """The consent under which it goes out; None in an emergency."""
        return self.consent.consent_id if self.consent else None


def ground_by_consent(consents: Iterable[Consent], request: Request, on: date) -> Ground | str:
    """The ground on which something may go out under a consent; otherwise why not, in words (P3).

    Args:
        consents: All of the patient's.
        request: What is to be told, to whom.
        on: The program day, by which a consent expires.
    """
    if beyond := _beyond_channels(request.content):
        return beyond
    consent, objections = covering(consents, request, on)
    if consent is None:
        return f"no consent lets {request.recipient} be told: {'; '.join(objections)}"
    return Ground("consent", consent)


def ground_in_emergency(request: Request, *, is_medical: bool, way: Way) -> Ground | str:
    """The same without a consent, in a medical emergency (P6).

    Args:
        request: What is to be told, to whom.
        is_medical: Whether the recipient is medical personnel.
        way: How it would be told.
    """
    if beyond := _beyond_channels(request.content):
        return beyond
    if not is_medical:
        return f"in an emergency only medical personnel are told, and {request.recipient} is none"
    if way != "content":
        return f"in an emergency {request.recipient} is not told by mail: tell it by telephone"
    return Ground("emergency")


def _beyond_channels(content: Iterable[str]) -> str | None:
    # The ledger would say that it was told, and whoever waits for it would never get it.
    beyond = sorted(parts(content) - CARRIED)
    return f"no channel carries {', '.join(beyond)}: tell it by telephone" if beyond else None


def topics_of(service: str) -> frozenset[str]:
    """The content codes that a consent must name before a service may be told to anybody (C5)."""
    words = (_OTHER_NAMES.get(word, word) for word in service.lower().replace("-", "_").split("_"))
    return frozenset(word for word in words if word in ONLY_BY_NAME)


def may_be_named(service: str, content: Iterable[str]) -> bool:
    """Whether a service may be told by name: one that must be named in the consent is not told unless the content names
    it beside the need (C5)."""
    return topics_of(service) <= frozenset(content)
