"""Telling staff, and asking who they are."""

from collections.abc import Mapping
from datetime import datetime

from pydantic import BaseModel, Field

from workflows.core.engine.escalation import in_place_of

NOTIFY_STAFF = "notify_staff"
WHO_IS = "who_is"
UNKNOWN_STAFF = "UnknownStaff"


class Addressee(BaseModel):
    """A role, and who holds it, if that is known."""

    role: str
    staff_id: str | None = None


class StaffNotice(BaseModel):
    """A notice to a role or a staff id; `lines` are sentences without identity. Without episode id it is of none.

    A mail holds codes, times and a link (P1): the lines of a notice about an episode stay behind the login, unless they
    tell of the clinic's own affairs alone.
    """

    key: str
    episode_id: str
    role: str
    staff_id: str | None
    subject_code: str
    lines: list[str]
    due_at: datetime | None = None
    task_id: str | None = None
    level: int = 0
    others: list[Addressee] = Field(default_factory=list)
    """Who is told, in this order, while the one it is for is not reached."""
    in_danger: bool = False
    """Whether the others are told at the first attempt that fails, and not only when it goes on failing."""
    is_plain: bool = False
    """Whether its lines tell of the clinic's own affairs, such as a database that is away, and of nobody."""
    insisting: bool = False
    """Whether it is tried until it arrives: then no refusal is final, since the directory may be mended."""


class StaffKnown(BaseModel):
    """What the staff directory says of a staff id: the person's roles; None: it knows nobody of that id."""

    roles: list[str] | None = None


def others_than(role: str, team: Mapping[str, str]) -> list[Addressee]:
    """Those who are told in place of a role."""
    return [Addressee(role=other, staff_id=team.get(other)) for other in in_place_of(role)]
