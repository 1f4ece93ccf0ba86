"""The clinic database keeps the journal of each episode and referral: what they took, line by line (T2, T3)."""

from datetime import datetime
from typing import Any

from pydantic import BaseModel

KEEP_JOURNAL = "keep_journal"
CONTRADICTION = "JournalContradiction"
"""The clinic database has another line under a number, or lacks the lines before it: no trying again mends that."""

LINES_AT_ONCE = 200
BYTES_AT_ONCE = 500_000
"""So much is handed over at once; a single line may have more."""


class JournalLines(BaseModel):
    """Lines in their order, the first of them with the number `first`."""

    workflow_id: str
    first: int
    lines: list[str]


class JournalKept(BaseModel):
    """How many lines the clinic database has of it by now."""

    lines: int


RESTORE = "restore_from_journal"


class RestoreAsked(BaseModel):
    """Whose journal is to begin to live again, and when."""

    workflow_id: str
    at: datetime


class Restored(BaseModel):
    """How it began, and what a run that continues another one is told: as if it had never been interrupted."""

    start: dict[str, Any]
    resumed: dict[str, Any]
