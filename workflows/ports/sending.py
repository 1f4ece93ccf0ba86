"""What becomes of any sending, to staff, to a patient or to an agency."""

from typing import Literal

from pydantic import BaseModel, Field

CHANNEL_REFUSED = "ChannelRefused"
CHANNEL_DOWN = "ChannelDown"


class Receipt(BaseModel):
    """What became of one sending; `to` is a staff id or "patient", never an address."""

    key: str
    outcome: Literal["sent", "already_sent", "stale", "suppressed", "uncertain"]
    channel: str
    to: str
    missed: list[str] = Field(default_factory=list)
    """Who was not reached, and why, in plain words."""
    instead: bool = False
    """Whether somebody else was reached, in place of the one it was for."""
