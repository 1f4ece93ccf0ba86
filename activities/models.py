"""What workflows and activities say to each other: names and models only, nothing heavy to import."""

from datetime import date, datetime
from typing import Literal

from pydantic import BaseModel

NOTIFY_STAFF = "notify_staff"
MESSAGE_PATIENT = "message_patient"
NOTE_EPISODE = "note_episode"

UNKNOWN_STAFF = "UnknownStaff"
CHANNEL_REFUSED = "ChannelRefused"
CHANNEL_DOWN = "ChannelDown"
TEMPLATE_REFUSED = "TemplateRefused"


class StaffNotice(BaseModel):
    """A notice to a role or a staff id; `lines` are sentences without identity."""

    key: str
    episode_id: str
    role: str
    staff_id: str | None
    subject_code: str
    lines: list[str]
    due_at: datetime | None = None
    task_id: str | None = None
    level: int = 0


class PatientMessage(BaseModel):
    """A neutral message to the patient from an approved template (P2)."""

    key: str
    episode_id: str
    template: str
    send_before: datetime | None = None


class Receipt(BaseModel):
    """What became of one sending; `to` is a staff id or "patient", never an address."""

    key: str
    outcome: Literal["sent", "already_sent", "stale", "suppressed", "uncertain"]
    channel: str
    to: str


class EpisodeNote(BaseModel):
    """Whether an episode is closed, and since when; None: it is open.

    With `follows`, it is a new episode of the patient whose episode that was.
    """

    episode_id: str
    closed_on: date | None = None
    follows: str | None = None
    opened_on: date | None = None
