"""What a patient wishes, read from the plain names of a search."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from activities.directory import vocabulary
from activities.directory.fields import members, whole
from activities.directory.listing import DAY
from activities.directory.times import clock, from_name


class WrongWish(Exception):
    """A wish cannot be understood; the message names it and says what would be right."""


def _codes(of: Any) -> BeforeValidator:
    return BeforeValidator(lambda value: tuple(dict.fromkeys(filter(None, map(of, members(value))))))


def _language(value: Any) -> str:
    found = vocabulary.language(value)
    if found is None:
        raise ValueError(f"{value} is no language that is known here; write es or Spanish")
    return found


def _format(value: Any) -> str:
    found = vocabulary.slug(value)
    if found not in vocabulary.FORMATS:
        raise ValueError(f"{value} is no format; write one of {', '.join(sorted(vocabulary.FORMATS))}")
    return found


def _weekday(value: Any) -> int:
    day = whole(value) if whole(value) is not None else from_name(value)
    if day is None or not 1 <= day <= 7:
        raise ValueError(f"{value} is no weekday; write mon, tue, … or 1 for Monday to 7 for Sunday")
    return day


def _minutes(value: Any) -> int | None:
    if value is None or value == "":
        return None
    found = clock(value)
    if found is None:
        raise ValueError(f"{value} is no time of day; write it as 18:00")
    return found


Minutes = Annotated[int | None, BeforeValidator(_minutes)]


class Wishes(BaseModel):
    """What is wished; nothing of it is demanded of a search."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    specialties: Annotated[tuple[str, ...], _codes(vocabulary.specialty)] = ()
    payers: Annotated[tuple[str, ...], _codes(vocabulary.payer)] = ()
    languages: Annotated[tuple[str, ...], _codes(_language)] = ()
    modality: Literal["in_person", "online", "either"] = "either"
    max_km: float | None = Field(default=None, gt=0, le=20_040)
    weekdays: Annotated[tuple[int, ...], _codes(_weekday)] = ()
    not_before: Minutes = None
    not_after: Minutes = None
    fellowships: Annotated[tuple[str, ...], _codes(vocabulary.fellowship)] = ()
    formats: Annotated[tuple[str, ...], _codes(_format)] = ()
    open_meetings_only: bool = False
    max_wait_days: int | None = Field(default=None, ge=0)
    access: Annotated[tuple[str, ...], _codes(vocabulary.slug)] = ()

    @property
    def at_some_time(self) -> bool:
        """Whether a day or a time is wished."""
        return bool(self.weekdays) or self.not_before is not None or self.not_after is not None

    def week(self) -> bytes:
        """For each minute of two weeks from Monday 00:00 on, 1 where it suits and 0 where it does not; then one 0.

        Two weeks, so that hours that reach into the next week are a slice; the 0 is for what has no time.
        """
        begin = 0 if self.not_before is None else self.not_before
        end = DAY - 1 if self.not_after is None else self.not_after
        if begin <= end:
            day = bytes(begin) + b"\1" * (end - begin + 1) + bytes(DAY - 1 - end)
        else:  # over midnight, as from 22:00 to 02:00
            day = b"\1" * (end + 1) + bytes(begin - end - 1) + b"\1" * (DAY - begin)
        wished = self.weekdays or range(1, 8)
        return b"".join(day if weekday in wished else bytes(DAY) for weekday in range(1, 8)) * 2 + b"\0"


def read(given: Mapping[str, Any]) -> Wishes:
    """Read the wishes of a search.

    Raises:
        WrongWish: one cannot be understood.
    """
    try:
        return Wishes.model_validate({name: value for name, value in given.items() if value is not None})
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(map(str, first["loc"][:1]))
        raise WrongWish(f"{where}: {first['msg'].removeprefix('Value error, ')}") from None
