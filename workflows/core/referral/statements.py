"""What can be stated about a referral: one class per kind, told apart by `kind`, dated like any entry (T2-T4).

A statement about a place to go may name it by `listing_id` or by `agency`; without either it is about the place that
was chosen at that time. `at` is when it was so; `on` says the same for a whole day; without both it is so when it is
recorded.
"""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, JsonValue, StringConstraints

from workflows.core.engine.entry import Code, Entry, Reason
from workflows.core.engine.signing_keys import SigningKey
from workflows.core.engine.years import check_year
from workflows.core.episode.entries import Closure, Retraction, TeamChange, parse_entry

Status = Literal[
    "received", "accepted", "waitlisted", "declined", "scheduled", "visited", "missed", "ended", "cancelled"
]
"""What an agency says of a referral; `ended` that it is done, `cancelled` that it confirms our cancellation."""

ClosingReason = Literal[
    "engaged", "first_visit_attended", "declined", "none_available", "not_needed", "deceased", "other"
]

Outcome = Literal[
    "sent", "withheld", "uncertain", "to_post", "failed", "by_hand", "by_patient", "arrived", "not_arrived"
]


def _of_our_time(when: datetime) -> datetime:
    check_year(when)
    return when


Moment = Annotated[AwareDatetime, AfterValidator(_of_our_time)]
"""An instant with which one can reckon."""


class Statement(Entry):
    """What all statements about a referral have in common."""

    at: Moment | None = None
    """The instant at which it was so."""
    on: date | None = None
    """The day on which it was so."""

    def when(self) -> date | datetime | None:
        return self.at or self.on


class AboutPlace(Statement):
    """A statement about one of the places to go."""

    listing_id: Code | None = None
    """The place, as the directory calls it."""
    agency: Code | None = None
    """The place, as the agencies file calls it."""
    choice_id: Code | None = None
    """Id of the choice that is meant, where the same place was chosen again since."""


class Place(BaseModel):
    """One place to go, with the reasons for its rank; `agency` where a referral can be sent to it."""

    model_config = ConfigDict(frozen=True, defer_build=True)

    listing_id: Code
    """The place, as the directory calls it."""
    name: str
    """What it is called."""
    agency: Code | None = None
    """The agency to which a referral can be sent."""
    online: bool = False
    """Whether one takes part from home."""
    secular: bool = False
    """Whether it is a secular choice (C4)."""
    why: tuple[str, ...] = ()
    """The reasons for its rank."""


class Candidates(Statement):
    """What a search found, the best first; `search` names the search, absent where a person looked."""

    kind: Literal["candidates"]
    found: tuple[Place, ...]
    """The places."""
    as_of: datetime | None = None
    """How old the directory was."""
    search: Code | None = None
    """The search that it answers."""


class Preference(Statement):
    """What the patient wishes, beside what was known; it searches again without the places in `leave_out`."""

    kind: Literal["preference"]
    wishes: dict[str, JsonValue] = Field(default_factory=dict)
    """By name, as in `need`."""
    leave_out: tuple[Code, ...] = ()
    """Places that are not offered again."""


class Choice(Statement):
    """The patient chooses a place: one that was found, or with `name` one of their own."""

    kind: Literal["choice"]
    listing_id: Code
    """The place, as the directory calls it, or a code of your own."""
    name: str | None = None
    """What a place of their own is called."""
    agency: Code | None = None
    """The agency to which the referral is sent."""


class ConsentGiven(Statement):
    """A consent was recorded in the episode: what waited for it is tried again, and judged there (P3)."""

    kind: Literal["consent"]
    consent_id: Code | None = None
    """Which consent."""
    recipient: Code | None = None
    """Whom it names."""
    purpose: Code | None = None
    """What it is for."""


class ConsentRevoked(Statement):
    """A consent was taken back: nothing that is still here goes out on it (P4)."""

    kind: Literal["revocation"]
    consent_id: Code
    """Which consent."""


class Sending(AboutPlace):
    """What became of a sending, or that the contact was made without one.

    `sent`, `withheld`, `uncertain`, `to_post` and `failed` are the machine's own words, by its `try_id`; a person
    states `by_hand`, `by_patient`, `arrived` or `not_arrived`.
    """

    kind: Literal["sending"]
    outcome: Outcome
    """What became of it."""
    what: Literal["referral", "cancellation", "completion"] = "referral"
    """What was sent."""
    try_id: Code | None = None
    """Which attempt."""
    reference: (
        Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)] | None
    ) = None
    """The agency's own word for it, as long as a channel takes."""
    consent_id: Code | None = None
    """The consent on which it left."""
    way: Literal["content", "link", "post"] | None = None
    """What was sent; of a `link` a person tells what it is about."""
    reason: Reason | None = None
    """Why it did not leave."""


class SendAgain(AboutPlace):
    """A person decides to send once more what did not arrive (P9)."""

    kind: Literal["send_again"]


class AgencyAnswered(AboutPlace):
    """What an agency says, whether it tells us, is asked, or says it to a person on the telephone."""

    kind: Literal["answer"]
    status: Status
    """What the agency says."""
    appointment_at: Moment | None = None
    """The appointment, where it names one."""


class Appointment(AboutPlace):
    """An appointment was booked for `appointment_at`, or is cancelled."""

    kind: Literal["appointment"]
    appointment_at: Moment | None = None
    """When it is."""
    change: Literal["booked", "cancelled"] = "booked"
    """Whether it is booked or cancelled."""


class Visit(AboutPlace):
    """The first visit, or the first meeting of a group, was attended or missed."""

    kind: Literal["visit"]
    status: Literal["attended", "missed"] = "attended"
    """Whether the person came."""


class NotComfortable(AboutPlace):
    """The patient does not feel comfortable there; it leads to a new match and is held against nobody (C3)."""

    kind: Literal["not_comfortable"]


class NextCandidate(AboutPlace):
    """Another place is to be found, because this one cannot be reached or takes too long."""

    kind: Literal["next_candidate"]


class Engaged(AboutPlace):
    """The patient goes there and means to go on: the referral has done its work."""

    kind: Literal["engaged"]


class Sponsor(Statement):
    """The patient has a sponsor, or does not want one; told by the patient."""

    kind: Literal["sponsor"]
    status: Literal["found", "not_wanted"] = "found"
    """Found, or not wanted."""


class Cancellation(AboutPlace):
    """We take back what was sent; it is cancelled when the other side has confirmed it."""

    kind: Literal["cancellation"]
    reason: Reason | None = None
    """Why."""


class CancellationConfirmed(AboutPlace):
    """The other side has confirmed a cancellation, or a person has decided to wait for that no longer."""

    kind: Literal["cancellation_confirmed"]
    heard: bool = True
    """Whether they have heard of it; a person may leave that open."""


class Closing(Statement):
    """The referral is over, and why. `declined` is the patient's right and leaves no mark (C6)."""

    kind: Literal["closing"]
    reason: ClosingReason
    """How it ended."""


class Reply(Statement):
    """An answer to a task that changes no fact: not reached, not yet, keep waiting."""

    kind: Literal["reply"]
    about: Code
    """The kind of the task, or its id."""
    choice: Code
    """One of its outcomes."""
    reason: Reason | None = None
    """Why."""


STATEMENTS: dict[str, type[Entry]] = {
    cls.model_fields["kind"].annotation.__args__[0]: cls  # type: ignore[union-attr]
    for cls in (
        Candidates, Preference, Choice, ConsentGiven, ConsentRevoked, Sending, SendAgain, AgencyAnswered, Appointment,
        Visit, NotComfortable, NextCandidate, Engaged, Sponsor, Cancellation, CancellationConfirmed, Closing, Reply,
        TeamChange, Closure, Retraction, SigningKey,
    )
}  # fmt: skip


def parse_statement(statement: Mapping[str, Any]) -> Entry:
    """Read one statement from plain JSON.

    Raises:
        InvalidEntry: names each field that is wrong, what it holds, and what would be right.
    """
    return parse_entry(statement, STATEMENTS)
