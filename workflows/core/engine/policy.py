"""What each part of a policy has in common."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, field_validator

from workflows.core.engine.errors import Refused

Days = Annotated[int, Field(ge=0, le=3650)]
Minutes = Annotated[int, Field(ge=0)]


class InvalidPolicy(Refused):
    """A policy that cannot be read or contradicts itself; the message lists each field and its remedy."""


MOST = 100_000
"""No number of a policy is larger: a delay of that many days is longer than any record."""


class Part(BaseModel):
    """Numbers of one subject. It never changes; a name that it does not know is a slip of the hand."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    @field_validator("*")
    @classmethod
    def _can_be_reckoned_with(cls, value: object) -> object:
        if isinstance(value, int) and value > MOST:
            raise ValueError(f"{value} is more than {MOST}")
        return value
