"""The port to an agency: what is handed over, and what an agency tells of it.

What is handed over was judged before it came here: the consent stood in the same transaction in which the sending
was claimed (P3). A channel adds nothing to it and looks nothing up.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal, Protocol

from activities.channels.port import Leaving, at_once
from workflows.core.episode.consent.grounds import Way

Status = Literal[
    "received", "accepted", "waitlisted", "declined", "scheduled", "visited", "missed", "ended", "cancelled"
]
"""What an agency says of a referral; `ended` that it is done, `cancelled` that it confirms our cancellation."""


@dataclass(frozen=True, slots=True)
class Person:
    """Who is referred, as far as the consent's content allows; what it does not allow is None."""

    given_name: str | None = None
    family_name: str | None = None
    birth_date: date | None = None
    phone: str | None = None
    email: str | None = None
    language: str | None = None


@dataclass(frozen=True, slots=True)
class Handover:
    """One thing sent to one agency.

    `key` is the same at every attempt and holds neither attempt nor run. `content` is what may be told beside the
    person, by content code: `service_need`, and a topic such as `hiv` where the consent names it (C5). `notice` and
    `scope` go with every consented disclosure (P5). `answer_url` is where the agency reads on and answers, behind a
    signature; it shows nothing of the care.
    """

    key: str
    what: Literal["referral", "cancellation", "completion"]
    """`completion`: the agency has done its part, and our order over there is closed."""
    referral_id: str
    service: str
    person: Person
    content: Mapping[str, str]
    consent_id: str
    notice: str
    scope: str
    sent_at: datetime
    answer_url: str = ""
    revokes: str | None = None
    """For a cancellation: the reference under which the agency knows the referral."""


@dataclass(frozen=True, slots=True)
class AgencyWord:
    """What an agency says of a referral when it is asked."""

    status: Status
    at: datetime | None = None
    """When it became so; None where the agency does not tell."""
    appointment_at: datetime | None = None
    detail: Mapping[str, str] = field(default_factory=dict)


class UnknownAgency(Exception):
    """No agency of that id is in the agencies file; the message says what to do."""


class AgencyChannel(Protocol):
    """One way to reach an agency."""

    @property
    def way(self) -> Way:
        """What has happened when it is sent."""

    @property
    def to(self) -> str:
        """The address to which it sends, as the ledger keeps it: no secret that the address may hold."""

    async def send(self, handover: Handover, leaving: Leaving = at_once) -> str:
        """Send once; the reference by which the agency knows it.

        Args:
            handover: What it is told.
            leaving: Asked directly before any of it leaves; so long does the claim wait for the other side (P3).

        Raises:
            activities.channels.port.Transient, Permanent, Uncertain, Withdrawn: as they say. No message holds an
                address, a name or a body (P1).
        """

    async def ask(self, reference: str) -> AgencyWord | None:
        """What the agency says now; None where this channel cannot ask, or the agency has said nothing yet.

        Raises:
            activities.channels.port.Transient, Permanent: as they say; asking changes nothing, so nothing is uncertain.
        """
