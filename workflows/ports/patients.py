"""Telling a patient, in neutral words (P2)."""

from datetime import datetime, time

from pydantic import BaseModel

MESSAGE_PATIENT = "message_patient"
TEMPLATE_REFUSED = "TemplateRefused"
QUIET_HOURS = "QuietHours"
TO_BE_READ = "TextToBeRead"


class PatientMessage(BaseModel):
    """A neutral message to the patient from an approved template (P2)."""

    key: str
    episode_id: str
    template: str
    send_before: datetime | None = None
    quiet: tuple[time, time] | None = None
    """Wall-clock times between which it waits where the person has named none (P2)."""
    timezone: str | None = None
    """The program's, for whom no other zone is on file."""
