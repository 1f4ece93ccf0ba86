"""Sessions: who came, what was moved, and how a person was reached (A1-A8)."""

import re
from datetime import date, datetime
from typing import Annotated, ClassVar, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from workflows.core.entries.base import Code, Entry, Name, SessionStart

Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
WEEKDAYS: tuple[Weekday, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def _weekday(value: object) -> object:
    return value.strip().lower()[:3] if isinstance(value, str) else value


def _clock_time(value: object) -> object:
    if not isinstance(value, str) or not re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", value):
        raise ValueError("a time of day on the wall, such as 18:00 (in YAML, in quotes)")
    return value


class WeeklySession(BaseModel):
    """One line of a weekly schedule; `start` is wall-clock time in the program's zone."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    weekday: Annotated[Weekday, BeforeValidator(_weekday)]
    start: Annotated[str, BeforeValidator(_clock_time)]
    minutes: Annotated[int, Field(gt=0, le=720)]
    service: Code = "group"


class Attendance(Entry):
    """Whether the patient came to a session, and for how many minutes (A2)."""

    kind: Literal["attendance"]
    session: SessionStart
    status: Literal["attended", "excused", "missed"]
    minutes: Annotated[int, Field(ge=0, le=720)] | None = None
    """Minutes really attended; absent: the whole session."""
    service: Name | None = None

    def when(self) -> datetime | None:
        # An absence may be excused ahead of its session: then it is true from when it is recorded.
        return None if self.status == "excused" else self.session


class SessionChange(Entry):
    """The clinic, a holiday, the weather or the patient changed the calendar; never a miss (A3)."""

    kind: Literal["session_change"]
    states_a_plan: ClassVar[bool] = True
    session: SessionStart
    change: Literal["cancelled", "moved", "added"]
    new_start: SessionStart | None = None
    minutes: Annotated[int, Field(gt=0, le=720)] | None = None
    service: Code | None = None
    reason: Literal["clinic", "holiday", "weather", "patient"] = "clinic"

    @model_validator(mode="after")
    def _moved_needs_a_target(self) -> "SessionChange":
        if self.change == "moved" and self.new_start is None:
            raise ValueError("new_start: a moved session needs its new start")
        return self


class Schedule(Entry):
    """A new weekly schedule from a day on."""

    kind: Literal["schedule"]
    states_a_plan: ClassVar[bool] = True
    schedule: Annotated[tuple[WeeklySession, ...], Field(min_length=1)]
    from_: date = Field(alias="from")

    def when(self) -> date:
        return self.from_


class Contact(Entry):
    """An attempt to reach the patient, and what came of it."""

    kind: Literal["contact"]
    at: datetime
    channel: Code
    outcome: Literal[
        "reached", "voicemail", "no_answer", "busy", "wrong_number", "disconnected", "callback_scheduled",
        "crisis_escalated", "replied", "sent", "no_reply", "undeliverable", "opted_out",
    ]  # fmt: skip

    def when(self) -> datetime:
        return self.at

    @property
    def reached(self) -> bool:
        """Whether the patient was spoken with: this ends the search, but leaves an engagement plan (A5)."""
        return self.outcome in ("reached", "replied", "callback_scheduled")


class Module(Entry):
    """A skills module that was worked through."""

    kind: Literal["module"]
    skill: Code
    done_on: date

    def when(self) -> date:
        return self.done_on


class MutualHelp(Entry):
    """A mutual-help meeting, told by the patient; it never counts toward the dose (A2)."""

    kind: Literal["mutual_help"]
    on: date
    group: Code

    def when(self) -> date:
        return self.on
