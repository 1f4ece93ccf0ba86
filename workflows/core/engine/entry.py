"""What all entries have in common."""

import unicodedata
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import Annotated, Any, ClassVar, Self
from zoneinfo import ZoneInfo

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    StringConstraints,
    model_validator,
)

from workflows.core.engine.signatures import Signature
from workflows.core.engine.years import check_year


class Source(StrEnum):
    """Who or what a statement comes from."""

    STAFF = "staff"
    PATIENT = "patient"
    KIOSK = "kiosk"
    LAB = "lab"
    AGENCY = "agency"
    IMPORT = "import"

    @property
    def arrives_out_of_order(self) -> bool:
        """Feeds may send a correction before what it corrects; a person who does so has mistyped (T4)."""
        return self in (Source.LAB, Source.AGENCY, Source.IMPORT)


BY_STAFF = (Source.STAFF, Source.IMPORT)
"""A named person's word, given here or, before the episode was taken over, in another system (E1)."""


def _wall_time(value: datetime) -> datetime:
    if value.tzinfo is not None:
        raise ValueError("a session is named by its local start without an offset, such as 2026-03-02T18:00")
    return value.replace(second=0, microsecond=0)


def _printable(text: str) -> str:
    if any(unicodedata.category(sign) in ("Cc", "Cf") for sign in text):
        raise ValueError("it holds a sign that cannot be seen, such as a line break; leave it out")
    return text


Code = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=120), AfterValidator(_printable)
]
"""A short code or reference, never text about a patient."""


def _named(value: object) -> object:
    return value.strip().lower().replace(" ", "_") if isinstance(value, str) else value


Name = Annotated[Code, BeforeValidator(_named)]
"""A code that rules read: capitals and spaces make no difference."""

Reason = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500)]


def _with_a_time(value: object) -> object:
    if isinstance(value, str) and ":" not in value:
        raise ValueError("a session is named by day and time of its start, such as 2026-03-02T18:00")
    return value


SessionStart = Annotated[datetime, BeforeValidator(_with_a_time), AfterValidator(_wall_time)]
"""The start of a session as wall-clock time in the program's time zone; it is the session's name."""


class Entry(BaseModel):
    """One small dated statement about an episode. Entries are never changed and never deleted (T3)."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True, populate_by_name=True)

    kind: str
    id: Code | None = None
    """Idempotency key: the same id has one effect (T4)."""
    by: Code
    """Staff id or system that states it."""
    source: Source = Source.STAFF
    """Who or what it comes from; what each may state differs."""
    note_ref: Code | None = None
    """Where the clinic's own note about it is: a reference, never text about the person (P1)."""
    supersedes: Code | None = None
    """Id of an entry that this one replaces; the replaced one no longer stands (T3)."""
    supersedes_reason: Reason | None = None
    """Why it does (T3). Kinds without a `reason` of their own take it as `reason` too."""
    signature: Signature | None = None
    """Who was known to state it, signed by the clinic over all the rest and over the episode (E0)."""

    states_a_plan: ClassVar[bool] = False
    """Whether the statement may be about a day to come; all others are refused if dated ahead (T5)."""

    stated_by: ClassVar[tuple[Source, ...]] = tuple(Source)
    """The sources that may state it: every one, but for what moves or shapes care (E0, E1)."""
    laboratories_amend: ClassVar[bool] = False
    """Whether a laboratory corrects it also where another system has brought it."""
    identified_by: ClassVar[tuple[str, ...] | None] = None
    """The fields, as they are written, that tell what it is about: a session has one attendance, and a stay, without
    any, one admission. None: each content is a statement of its own."""
    brings_forward: ClassVar[bool] = False
    """Whether a later statement about the same brings the earlier one forward by the rules of its subject, instead of
    taking its place."""
    begins_a_history: ClassVar[bool] = False
    """Whether it brings the episode along when it comes from another system (T7)."""

    @model_validator(mode="before")
    @classmethod
    def _reason_of_a_correction(cls, statement: Any) -> Any:
        if isinstance(statement, dict) and "reason" not in cls.model_fields and statement.get("supersedes"):
            named = {"supersedes_reason" if name == "reason" else name: v for name, v in statement.items()}
            return named if len(named) == len(statement) else statement
        return statement

    @model_validator(mode="after")
    def _reason_belongs_to_a_correction(self) -> Self:
        if self.supersedes_reason and not self.supersedes:
            raise ValueError("supersedes: name the entry that this one takes the place of")
        return self

    @model_validator(mode="after")
    def _dates_are_of_our_time(self) -> Self:
        for name, value in self.__dict__.items():
            if isinstance(value, date):
                try:
                    check_year(value)
                except ValueError as error:
                    raise ValueError(f"{name.rstrip('_')}: {error}") from None
        return self

    @property
    def key(self) -> str:
        """The id once it is certain: everything in a record has one."""
        assert self.id is not None, "an entry gets its id before it enters a record"
        return self.id

    def plain(self) -> dict[str, Any]:
        """It as plain JSON, without what goes without saying."""
        return self.model_dump(mode="json", by_alias=True, exclude_defaults=True)

    def when(self) -> date | datetime | None:
        """The day (program's zone), wall-clock time or instant at which it is true; None: when recorded."""
        return None

    def stated_days(self) -> tuple[date | datetime, ...]:
        """Every day or instant that is stated as a fact; none of them may lie ahead (T5)."""
        when = self.when()
        return () if when is None or self.states_a_plan else (when,)

    def stated_moments(self) -> tuple[date | datetime, ...]:
        """The same, and every instant at which something is said to have been reported."""
        return self.stated_days()


_FIELDS_STATED: dict[frozenset[str], set[str]] = {}


def kept_small(entry: Entry) -> Entry:
    """The same entry, with the names of the fields that were stated shared by all that state the same ones.

    A record keeps its entries as long as it lives, and a set of names of its own is a half of what one takes.
    """
    stated = entry.model_fields_set
    shared = _FIELDS_STATED.setdefault(frozenset(stated), stated)
    object.__setattr__(entry, "__pydantic_fields_set__", shared)
    return entry


def effective_at(entry: Entry, recorded_at: datetime, zone: ZoneInfo) -> datetime:
    """The instant, in the program's zone, at which an entry is true (T2).

    A statement about a whole day is placed at its start, so that a statement with a time of the same day
    comes after it.
    """
    when = entry.when()
    if when is None:
        return recorded_at.astimezone(zone)
    if isinstance(when, datetime):
        return (when if when.tzinfo else when.replace(tzinfo=zone)).astimezone(zone)
    return datetime.combine(when, time(), zone)


def dated_ahead(entry: Entry, now: datetime, zone: ZoneInfo, skew: timedelta) -> bool:
    """Whether a statement of fact is dated in the future beyond the allowed clock skew (T5)."""
    latest = (now + skew).astimezone(zone)
    return any(
        (when if when.tzinfo else when.replace(tzinfo=zone)) > latest
        if isinstance(when, datetime)
        else when > latest.date()
        for when in entry.stated_moments()
    )
