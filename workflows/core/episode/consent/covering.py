"""When a consent covers a disclosure (P3, P4): what it says, whether it still stands, and what it lets go out.

Pure. The act of sending asks here, with what the clinic database holds at that moment; so does everything that only
shows consents. There is no second judge.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from types import MappingProxyType

TREATMENT_PAYMENT_OPERATIONS = "tpo"
DISCLOSURE = "disclosure"
COUNSELLING_NOTES = "counselling_notes"
PROCEEDINGS = "proceedings"

TYPES = (TREATMENT_PAYMENT_OPERATIONS, DISCLOSURE, COUNSELLING_NOTES, PROCEEDINGS)
"""Kinds of consent; counselling notes and legal proceedings need their own (42 CFR 2.31(b) and (d))."""

CLASSES = frozenset({"treating_providers", "health_plans", "payers", "program_operations"})
"""Recipients that a consent for treatment, payment and operations may name as a class (42 CFR 2.31(a)(4))."""

TPO_PURPOSES = frozenset({"treatment", "payment", "operations"})

WITH_COUNSELLING_NOTES = frozenset({COUNSELLING_NOTES, "identity", "contact"})
"""All that a consent for counselling notes may name: them, and whose they are (42 CFR 2.31(b))."""

PURPOSES_OF_PROCEEDINGS = frozenset({"proceedings", "court", "legal_proceedings", "investigation"})

OUTREACH_PURPOSES = frozenset({"outreach", "collateral_contact", "emergency_contact"})
"""For these a consent lets somebody close to the patient be contacted while the patient is searched for (P7)."""

_OTHER_PURPOSES = TPO_PURPOSES | OUTREACH_PURPOSES | {"referral"}

EPISODE_ENDS = frozenset({"end_of_episode", "end_of_care", "end_of_treatment", "end_of_program", "discharge"})
"""Events on which a consent may expire that the episode itself brings about, however they are spelt."""

NO_EVENT = "none"
"""What a consent for treatment, payment and operations may say of its end: there is none but a revocation."""

BUNDLES = MappingProxyType({"referral": frozenset({"identity", "contact", "service_need"})})
"""Content that a form names by one word, and its parts."""

NAMES_NOTHING = frozenset(
    {
        "everything",
        "all",
        "any",
        "anything",
        "all_records",
        "entire_record",
        "whole_record",
        "full_record",
        "*",
    }
)
"""Words that name no content: what may be disclosed is described, specifically (42 CFR 2.31(a)(3), P4)."""

ONLY_BY_NAME = frozenset({"hiv", "hepatitis", "sti", "counselling_notes"})
"""Content that goes out only where a consent names this very word (C5, P4)."""


@dataclass(frozen=True, slots=True)
class Consent:
    """One consent as signed, and what has become of it. Days are program days."""

    consent_id: str
    type: str
    recipient: str
    purpose: str
    content: frozenset[str]
    signed_on: date
    expires_on: date | None = None
    expires_event: str | None = None
    revoked: bool = False
    entered_in_error: bool = False
    happened: frozenset[str] = field(default_factory=frozenset)
    """Events that have come to pass, for consents that expire with one."""

    def ended(self, on: date) -> str | None:
        """Why it no longer stands on a day; None while it stands. On the day of its expiry it still stands."""
        if self.entered_in_error:
            return "was entered in error"
        if self.revoked:
            return "is revoked"
        if self.signed_on > on:
            return f"is signed only on {self.signed_on}"
        if self.expires_on is not None and self.expires_on < on:
            return f"expired on {self.expires_on}"
        if self.expires_event is not None and _one_spelling(self.expires_event) in self.happened:
            return f"expired with {self.expires_event.replace('_', ' ')}"
        return None


@dataclass(frozen=True, slots=True)
class Request:
    """A disclosure that somebody wants to make: to whom, why, and what."""

    recipient: str
    classes: frozenset[str]
    """Classes of recipients that it belongs to."""
    purpose: str
    content: frozenset[str]


def objection(consent: Consent, request: Request, on: date) -> str | None:
    """Why a consent does not let a disclosure go out on a day; None if it does."""
    if ended := consent.ended(on):
        return ended
    if not _names(consent, request):
        return f"names {consent.recipient} and not {request.recipient}"
    if not _serves(consent, request):
        return f"is for {consent.purpose} and not for {request.purpose}"
    if missing := sorted(parts(request.content) - _covered(consent)):
        return f"does not cover {', '.join(missing)}"
    return None


def covering(
    consents: Iterable[Consent], request: Request, on: date
) -> tuple[Consent | None, tuple[str, ...]]:
    """The consent under which a disclosure may go out on a day; without one, why each does not serve.

    Of several the narrowest is taken: one that names the recipient before one that names a class, then the latest.
    """
    objections: list[str] = []
    serving: list[Consent] = []
    for consent in consents:
        if no := objection(consent, request, on):
            objections.append(f"consent {consent.consent_id} {no}")
        else:
            serving.append(consent)
    if not serving:
        return None, tuple(objections) or ("no consent is on file",)
    best = max(serving, key=lambda one: (one.recipient == request.recipient, one.signed_on, one.consent_id))
    return best, ()


def parts(content: Iterable[str]) -> frozenset[str]:
    """Content with each bundle taken apart."""
    return frozenset(part for code in content for part in BUNDLES.get(code, (code,)))


def missing_elements(
    *,
    type: str,
    discloser: str | None,
    recipient: str | None,
    purpose: str | None,
    content: Iterable[str],
    may_revoke: bool,
    signed_on: date | None,
    expires: bool,
    signed_by_representative: bool,
    authority: str | None,
) -> list[str]:
    """What a consent lacks to be one, element by element, in the words of the form (42 CFR 2.31; P4)."""
    named = tuple(content)
    lacks = {
        "discloser (who may disclose)": not discloser,
        "recipient (to whom)": not recipient,
        "purpose (why)": not purpose,
        "content (what)": not named,
        "content by name (a word for everything names nothing; such as identity, contact, service_need)": (
            any(map(_names_nothing, named))
        ),
        "may_revoke (the patient is told of the right to revoke)": not may_revoke,
        "signed_on (signature and date)": signed_on is None,
        "expires_on or expires_event": not expires,
        "authority (of the representative who signed)": signed_by_representative and not authority,
    }
    missing = [name for name, lacking in lacks.items() if lacking]
    if recipient in CLASSES and type != TREATMENT_PAYMENT_OPERATIONS:
        missing.append(f"recipient by name (a class such as {recipient} serves type tpo only)")
    if type == COUNSELLING_NOTES and (more := sorted(parts(named) - WITH_COUNSELLING_NOTES)):
        missing.append(
            f"a consent of its own for {', '.join(more)} (one for counselling notes names them alone)"
        )
    if COUNSELLING_NOTES in named and type != COUNSELLING_NOTES:
        missing.append("a consent of its own for counselling notes (type counselling_notes)")
    if purpose in PURPOSES_OF_PROCEEDINGS and type != PROCEEDINGS:
        missing.append("a consent of its own for legal proceedings (type proceedings)")
    if type == PROCEEDINGS and purpose in _OTHER_PURPOSES:
        missing.append(f"a consent of its own for {purpose} (one for legal proceedings serves nothing else)")
    return missing


def objection_to_event(event: str, type: str, others: Iterable[str]) -> str | None:
    """Why a consent cannot end with an event; None if it can. What nobody knows would never end it (P4).

    Args:
        event: As it was written.
        type: The consent's.
        others: Events outside the episode that the policy knows; a person tells that one has come.
    """
    known = [*sorted(EPISODE_ENDS), *others]
    if type == TREATMENT_PAYMENT_OPERATIONS:  # 42 CFR 2.31(a)(7)(ii)
        known.append(NO_EVENT)
    if _one_spelling(event) in map(_one_spelling, known):
        return None
    return f"nobody knows an event {event}, so it would never end this consent; there are {', '.join(known)}"


def _names_nothing(content: str) -> bool:
    """Whether a word for content means all there is, in whatever words: `any_and_all_information`, `entire_chart`."""
    return content in NAMES_NOTHING or _WHOLE.fullmatch(_one_spelling(content)) is not None


_WHOLE = re.compile(
    r"((my|his|her|their|the|any|all|every|anything|everything|entire|whole|full|complete)_)*"
    r"(any|all|every|anything|everything|entire|whole|full|complete)_"
    r"((and|or|of|in|my|his|her|their|the|a|an|patient|client|medical|health|clinical|treatment|program|protected)_)*"
    r"((any|all|every|entire|whole|full|complete)_)*"
    r"((my|his|her|their|the|patient|client|medical|health|clinical|treatment|program|protected)_)*"
    r"(records?|charts?|files?|information|info|data|things?|history|phi|everything|anything|of_it|above|content)"
)


def _names(consent: Consent, request: Request) -> bool:
    if consent.recipient == request.recipient and consent.recipient not in CLASSES:
        return True
    return consent.type == TREATMENT_PAYMENT_OPERATIONS and consent.recipient in request.classes


def _serves(consent: Consent, request: Request) -> bool:
    # Judged here too and not only when it is recorded: what lets something out never relies on an earlier check.
    if (consent.type == COUNSELLING_NOTES) != (COUNSELLING_NOTES in request.content):
        return False
    if request.purpose in PURPOSES_OF_PROCEEDINGS and consent.type != PROCEEDINGS:
        return False
    if consent.type == PROCEEDINGS and request.purpose in _OTHER_PURPOSES:
        return False
    if consent.purpose == request.purpose:
        return True
    if consent.type != TREATMENT_PAYMENT_OPERATIONS:
        return False
    # One consent for treatment, payment and operations serves all three; sending somebody to a provider who will
    # treat them is treatment.
    treats = request.purpose == "referral" and "treating_providers" in request.classes
    return request.purpose in TPO_PURPOSES or treats


def _covered(consent: Consent) -> frozenset[str]:
    named = parts(consent.content)
    if consent.type == COUNSELLING_NOTES:
        return named & WITH_COUNSELLING_NOTES
    if consent.type == TREATMENT_PAYMENT_OPERATIONS and "all" in named:
        return named | (parts(("referral",)) - ONLY_BY_NAME) | _CLINICAL
    return named


_CLINICAL = frozenset({"attendance", "level_of_care", "medication", "treatment_plan", "test_results"})
"""What `all` means in a consent for treatment, payment and operations; never what goes out only by name."""


def _one_spelling(event: str) -> str:
    return "_".join(event.lower().replace("-", " ").replace("_", " ").split())
