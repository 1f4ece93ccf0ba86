"""One place to go: a meeting, a therapist, a service or another level of care, whatever directory it comes from."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from pydantic import TypeAdapter

from workflows.core.episode.linkage.vocabulary import ReferralKind

Modality = Literal["in_person", "online", "hybrid"]
Status = Literal["active", "temporarily_closed", "inactive"]

DAY = 24 * 60
WEEK = 7 * DAY


@dataclass(frozen=True, slots=True, order=True)
class Slot:
    """A weekly time, on the wall clock of the listing's own zone.

    `weekday` is ISO (1 is Monday), `start` minutes after midnight, `minutes` the length and 0 where it is not known; a
    slot may reach past midnight. `weeks` are the weeks of the month in which it is held (-1 the last), none for every
    week.
    """

    weekday: int
    start: int
    minutes: int = 0
    weeks: tuple[int, ...] = ()

    @property
    def minute_of_week(self) -> int:
        """Minutes after Monday 00:00."""
        return (self.weekday - 1) * DAY + self.start


@dataclass(frozen=True, slots=True)
class Place:
    """Degrees. An `approximate` one is the middle of a town or so: never near to anything."""

    latitude: float
    longitude: float
    approximate: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """What a directory says of one place, as far as a patient needs it.

    No contact persons, payment handles or free notes: those are dropped where the feed is read. `phone` and `email` are
    of an organisation or a professional, at work.
    """

    source: str
    """The feed."""
    source_id: str
    kind: ReferralKind
    name: str
    services: tuple[str, ...] = ()
    """Needs that it meets, as codes of `vocabulary`."""
    fellowship: str = ""
    secular: bool = False
    timezone: str
    """IANA name; of `weekly`."""
    weekly: tuple[Slot, ...] = ()
    other_times: str = ""
    """Times that are not weekly, in words."""
    modality: Modality = "in_person"
    status: Status = "active"
    place: Place | None = None
    address: str = ""
    how_to_find: str = ""
    region: str = ""
    url: str = ""
    join_url: str = ""
    join_phone: str = ""
    phone: str = ""
    email: str = ""
    languages: tuple[str, ...] = ()
    """ISO 639-1, where stated."""
    formats: tuple[str, ...] = ()
    """How a meeting is held and for whom, as codes of `vocabulary`."""
    open_meeting: bool | None = None
    """Whether others than members may come; None where the feed does not say."""
    specialties: tuple[str, ...] = ()
    payers: tuple[str, ...] = ()
    accepts_new: bool | None = None
    wait_days: int | None = None
    eligibility: str = ""
    agency: str = ""
    """The agency to which a referral can be sent."""
    unknown_codes: tuple[str, ...] = ()
    """Codes of the feed that nobody knows, as they were."""
    updated_at: datetime | None = None
    trust: Literal["official", "partner", "unverified"] = "official"
    tags: tuple[str, ...] = field(default=())
    """Access: wheelchair, sign_language, childcare, ..."""

    @property
    def listing_id(self) -> str:
        """The id by which everything else knows it."""
        return f"{self.source}:{self.source_id}"

    @property
    def offered(self) -> bool:
        """Whether a patient may be sent there at all: a closed place wins over everything else that is said of it."""
        return self.status == "active"

    @property
    def located(self) -> Place | None:
        """Where it is, if that is known well enough to measure a distance."""
        return self.place if self.place and not self.place.approximate and self.modality != "online" else None


AS_JSON: TypeAdapter[Listing] = TypeAdapter(Listing)
"""To and from JSON, for the store."""
