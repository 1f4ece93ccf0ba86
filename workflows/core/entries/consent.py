"""Consents and their revocation (P3, P4). Recorded and kept here; judged where something is sent."""

from datetime import date
from typing import Literal

from pydantic import model_validator

from workflows.core.entries.base import Code, Entry


class Consent(Entry):
    """A signed consent. One that lacks an element is refused with the list of what is missing (P4)."""

    kind: Literal["consent"]
    consent_id: Code
    type: Code = "disclosure"
    recipient: Code | None = None
    purpose: Code | None = None
    content: Code | None = None
    signed_on: date | None = None
    expires_on: date | None = None
    expires_event: Code | None = None

    @model_validator(mode="after")
    def _has_every_element(self) -> "Consent":
        missing = [
            name for name in ("recipient", "purpose", "content", "signed_on") if not getattr(self, name)
        ]
        if not (self.expires_on or self.expires_event):
            missing.append("expires_on or expires_event")
        if missing:
            raise ValueError(f"a consent needs also: {', '.join(missing)}")
        return self

    def when(self) -> date | None:
        return self.signed_on


class Revocation(Entry):
    """The patient takes a consent back; from then on, never backwards (P4)."""

    kind: Literal["revocation"]
    consent_id: Code
    on: date | None = None

    def when(self) -> date | None:
        return self.on
