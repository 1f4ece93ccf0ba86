"""What changes around the patient: who cares for them, and on which days the program is closed (T6, I4)."""

from datetime import date
from typing import Annotated, ClassVar, Literal, Self

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from workflows.core.engine.entry import BY_STAFF, Entry, Reason, Source

Role = Literal["case_manager", "therapist", "nurse", "supervisor", "director"]
"""The roles of an episode's team."""


def _code(value: str) -> str:
    if set(value) - _LETTERS:
        raise ValueError("a staff id is a code without spaces, such as cm-2")
    return value


_LETTERS = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.:/+-")

StaffId = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=64), AfterValidator(_code)
]
"""Stands in search attributes, which nothing encrypts: a code, never a name (P1)."""


class TeamChange(Entry):
    """From a day on somebody else has a role in the team: for good, or in the place of a person who is away.

    With `stands_in_for` it holds while that person has the role, up to and with `until`; without `until` for as long
    as nothing else is said. It may be planned ahead (T5): until its day nothing changes.
    """

    kind: Literal["team"]
    stated_by: ClassVar[tuple[Source, ...]] = BY_STAFF
    states_a_plan: ClassVar[bool] = True
    role: Role
    """The role that changes hands."""
    staff_id: StaffId
    """Who has it from then on."""
    from_: date = Field(alias="from")
    """The first day."""
    until: date | None = None
    """The last day of standing in."""
    stands_in_for: StaffId | None = None
    """The person in whose place."""

    @model_validator(mode="after")
    def _is_a_change(self) -> Self:
        if self.until and not self.stands_in_for:
            raise ValueError(
                "until: only who stands in for somebody does so up to a day; name that person in stands_in_for"
            )
        if self.until and self.until < self.from_:
            raise ValueError(f"until: {self.until} lies before it begins on {self.from_}")
        if self.stands_in_for == self.staff_id:
            raise ValueError(f"stands_in_for: {self.staff_id} cannot stand in for themselves")
        return self

    def when(self) -> date:
        return self.from_


class Closure(Entry):
    """A day on which the program is closed: snow, a holiday. Decided ahead, or told afterwards (A3, T6)."""

    kind: Literal["closure"]
    stated_by: ClassVar[tuple[Source, ...]] = BY_STAFF
    states_a_plan: ClassVar[bool] = True
    on: date
    """The day."""
    reason: Reason
    """Why, such as snow."""

    def when(self) -> date:
        return self.on
