"""What a patient does, before anybody writes it down. Instants are in the program's time zone."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from worker.simulation.parameters import WaysOut


@dataclass(frozen=True, slots=True)
class Screened:
    """The first visit: the person is screened."""

    at: datetime


@dataclass(frozen=True, slots=True)
class Admitted:
    """The first program day."""

    at: datetime
    last_use_on: date
    signs: bool
    """Whether the rights notice and the contact preferences are signed at once."""


@dataclass(frozen=True, slots=True)
class NeverBegins:
    """The person does not come back after screening, and says so at last."""

    at: datetime


@dataclass(frozen=True, slots=True)
class TestGiven:
    """A test that was asked for, or the laboratory's result of one."""

    __test__ = False

    at: datetime
    test_id: str
    collected_on: date
    result: Literal["negative", "presumptive", "definitive", "dilute", "not_provided"]
    substance: str
    use_on: date | None


@dataclass(frozen=True, slots=True)
class SessionDay:
    """A session of the schedule and what the person does about it."""

    at: datetime
    """When it is recorded; notice of an absence comes before the session."""
    start: datetime
    """Wall-clock start without an offset: the session's name."""
    minutes: int
    spell: int | None
    """The spell of absences that it belongs to; None: the person comes, or is excused."""
    excused: bool = False


@dataclass(frozen=True, slots=True)
class Use:
    """A return to use that is told at `at`."""

    at: datetime
    on: date
    substance: str
    relapse: bool


@dataclass(frozen=True, slots=True)
class GoalMet:
    """The personal goal is met."""

    at: datetime


@dataclass(frozen=True, slots=True)
class LeaveTaken:
    """Leave from `first` to `last`, told in advance."""

    at: datetime
    reason: str
    first: date
    last: date


@dataclass(frozen=True, slots=True)
class BackFromLeave:
    """The first day after leave."""

    at: datetime


@dataclass(frozen=True, slots=True)
class CrisisCalled:
    """A crisis becomes known."""

    at: datetime
    type: str


@dataclass(frozen=True, slots=True)
class Leaves:
    """The person leaves the program for good; `says_so` matters for those who drop out."""

    at: datetime
    way: WaysOut
    says_so: bool
    reason: str
    """The exit reason where somebody can state it."""


@dataclass(frozen=True, slots=True)
class StopsAnswering:
    """In aftercare, from here on nobody reaches the person."""

    at: datetime


Happening = (
    Screened
    | Admitted
    | NeverBegins
    | SessionDay
    | Use
    | GoalMet
    | LeaveTaken
    | BackFromLeave
    | CrisisCalled
    | Leaves
    | StopsAnswering
)
