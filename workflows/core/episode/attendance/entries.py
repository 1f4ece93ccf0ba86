"""Sessions: who came, what was moved, and how a person was reached (A1-A8)."""

import re
from datetime import date, datetime
from typing import Annotated, ClassVar, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from workflows.core.engine.calendar import Weekday
from workflows.core.engine.entry import BY_STAFF, Code, Entry, Name, SessionStart, Source


def _weekday(value: object) -> object:
    return value.strip().lower()[:3] if isinstance(value, str) else value


def _clock_time(value: object) -> object:
    if not isinstance(value, str) or not re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", value):
        raise ValueError("a time of day on the wall, such as 18:00 (in YAML, in quotes)")
    return value


class WeeklySession(BaseModel):
    """One line of a weekly schedule; `start` is wall-clock time in the program's zone."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    weekday: Annotated[Weekday, BeforeValidator(_weekday)]
    """The day of the week."""
    start: Annotated[str, BeforeValidator(_clock_time)]
    """The time on the wall, such as 18:00."""
    minutes: Annotated[int, Field(gt=0, le=720)]
    """How long it lasts."""
    service: Code = "group"
    """What is done there; one of the policy's services, or another name of one."""


class Attendance(Entry):
    """Whether the patient came to a session, and for how many minutes (A2)."""

    kind: Literal["attendance"]
    identified_by: ClassVar[tuple[str, ...] | None] = ("session",)
    session: SessionStart
    """The session's start; an arrival while it is on is late."""
    status: Literal["attended", "excused", "missed"]
    """Whether the person came; an absence that was excused is no miss (A3)."""
    minutes: Annotated[int, Field(ge=0, le=720)] | None = None
    """Minutes really attended; absent: the whole session."""
    service: Name | None = None
    """Where it differs from the session's, or where no session stands."""

    def when(self) -> datetime | None:
        # An absence may be excused ahead of its session: then it is true from when it is recorded.
        return None if self.status == "excused" else self.session


class SessionChange(Entry):
    """The clinic, a holiday, the weather or the patient changed the calendar; never a miss (A3)."""

    kind: Literal["session_change"]
    states_a_plan: ClassVar[bool] = True
    session: SessionStart
    """The session that is meant, or that is added."""
    change: Literal["cancelled", "moved", "added"]
    """What happens to it."""
    new_start: SessionStart | None = None
    """Where it is moved to."""
    minutes: Annotated[int, Field(gt=0, le=720)] | None = None
    """How long it lasts now; absent: as before."""
    service: Code | None = None
    """What is done there now; absent: as before."""
    reason: Literal["clinic", "holiday", "weather", "patient"] = "clinic"
    """Why."""

    @model_validator(mode="after")
    def _moved_needs_a_target(self) -> "SessionChange":
        if self.change == "moved" and self.new_start is None:
            raise ValueError("new_start: a moved session needs its new start")
        if self.change == "moved" and self.new_start == self.session and not (self.minutes or self.service):
            raise ValueError(
                "new_start: the session is at this time already; give the time to which it moves"
            )
        return self


class Schedule(Entry):
    """A new weekly schedule from a day on."""

    kind: Literal["schedule"]
    stated_by: ClassVar[tuple[Source, ...]] = BY_STAFF
    states_a_plan: ClassVar[bool] = True
    schedule: Annotated[tuple[WeeklySession, ...], Field(min_length=1)]
    """The sessions of a week."""
    from_: date = Field(alias="from")
    """The first day on which it holds."""

    def when(self) -> date:
        return self.from_


class Contact(Entry):
    """An attempt to reach the patient, and what came of it."""

    kind: Literal["contact"]
    at: datetime
    """When it was tried."""
    channel: Code
    """How, such as `phone`."""
    outcome: Literal[
        "reached", "voicemail", "no_answer", "busy", "wrong_number", "disconnected", "callback_scheduled",
        "crisis_escalated", "replied", "sent", "no_reply", "undeliverable", "opted_out",
    ]  # fmt: skip
    """What came of it."""

    def when(self) -> datetime:
        return self.at

    @property
    def reached(self) -> bool:
        """Whether the patient was spoken with: this ends the search, but leaves an engagement plan (A5)."""
        return self.outcome in ("reached", "replied", "callback_scheduled")


class Module(Entry):
    """A skills module that was worked through."""

    kind: Literal["module"]
    identified_by: ClassVar[tuple[str, ...] | None] = ("skill",)
    brings_forward: ClassVar[bool] = True
    skill: Code
    """Which one."""
    done_on: date
    """The day on which it was finished."""

    def when(self) -> date:
        return self.done_on


class MutualHelp(Entry):
    """A mutual-help meeting, told by the patient; it never counts toward the dose (A2)."""

    kind: Literal["mutual_help"]
    identified_by: ClassVar[tuple[str, ...] | None] = ("on", "group")
    on: date
    """The day of the meeting."""
    group: Code
    """Which fellowship, such as `na`."""

    def when(self) -> date:
        return self.on
