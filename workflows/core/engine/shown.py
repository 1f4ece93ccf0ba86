"""What is shown of any record: the answer to an entry, and a task that somebody owes."""

from datetime import datetime
from typing import Any

from pydantic import BaseModel, Field


class Changed(BaseModel):
    """The answer to one entry. `changes` are plain sentences; `before` and `after` hold the facts that changed."""

    entry_id: str
    duplicate: bool = False
    stage: str
    changes: list[str] = Field(default_factory=list)
    before: dict[str, Any] = Field(default_factory=dict)
    after: dict[str, Any] = Field(default_factory=dict)


class OpenTaskView(BaseModel):
    """A task that somebody owes; `task_id` is the id of its workflow."""

    task_id: str
    kind: str
    role: str
    owner: str | None = None
    """The staff id of whom it is, by the team; None: whoever answers for the role."""
    due_at: datetime
    level: int
    rule: str
    entries: list[str]
    asks: str
    outcomes: list[str] = Field(default_factory=list)
    """What it may be completed with."""
    signed_by: list[str] = Field(default_factory=list)
    """Roles that may answer it; empty: whoever there is."""
    nobody_reached: bool = False
    """Whether no notice about it has reached anybody; they are tried on."""
