"""A clinic with two agencies that answer over real HTTP: the vocabulary of the disclosure tests."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from activities.agencies.links import Links
from activities.agencies.port import AgencyWord, Handover, UnknownAgency
from activities.channels.http import exchange
from activities.channels.port import Leaving, at_once
from activities.clinic_database import ClinicDatabase, Crosswalk
from activities.clinic_database.consents import Consents
from activities.clinic_database.ledger import Ledger
from activities.clinic_database.ledger_verifying import Verifier
from activities.clinic_database.patients import Patient, Patients
from activities.disclose import Discloser
from activities.emergencies import InEmergency
from activities.handover import Agencies, Agency
from tests.activities.http_server import Answering, answering
from tests.databases import JOURNAL_KEY
from workflows.core.episode.consent.grounds import Way
from workflows.ports.agencies import Disclosure

ZONE = ZoneInfo("America/Chicago")
TERMS: dict[str, Any] = {
    "consent_id": "c1", "type": "disclosure", "discloser": "program", "recipient": "food-1", "purpose": "referral",
    "content": ["referral"], "signed_on": "2026-01-05", "signed_by": "patient", "authority": None,
    "expires_on": "2099-12-31", "expires_event": None,
}  # fmt: skip


@dataclass(frozen=True)
class SampleAgency:
    """An agency as the file would name it."""

    agency_id: str
    name: str = "Example Pantry"
    address: str = "1 Main Street"
    classes: frozenset[str] = frozenset()
    medical: bool = False


@dataclass
class Posting:
    """Posts what is handed over to the agency's server, and reads its status as the port asks."""

    url: str
    sent: list[Handover] = field(default_factory=list)
    timeout: float = 30
    way: Way = "content"
    to: str = "the-agency.example/in"

    async def send(self, handover: Handover, leaving: Leaving = at_once) -> str:
        content = json.dumps({"key": handover.key, "notice": handover.notice}).encode()
        await exchange("the agency", "POST", self.url, content=content, within=self.timeout, leaving=leaving)
        self.sent.append(handover)
        return f"there-{handover.key}"

    async def ask(self, reference: str) -> AgencyWord | None:
        return None


@dataclass
class Book:
    """The agencies of the clinic."""

    channel: Posting
    agencies: dict[str, SampleAgency]

    def get(self, agency_id: str) -> Agency:
        if agency_id not in self.agencies:
            raise UnknownAgency(f"there is no agency {agency_id}; add it to the agencies file")
        return self.agencies[agency_id]

    def channel_of(self, agency: Agency) -> Posting:
        return self.channel


class Clinic:
    """A patient with one episode, two agencies, and everything that judges and keeps a disclosure."""

    def __init__(self, database: ClinicDatabase, server: Answering) -> None:
        self.database, self.server = database, server
        self.channel = Posting(f"http://{server.address}/")
        agencies: Agencies = Book(
            self.channel,
            {
                "food-1": SampleAgency("food-1"),
                "food-2": SampleAgency("food-2"),
                "th-9": SampleAgency("th-9", classes=frozenset({"treating_providers"})),
                "treating_providers": SampleAgency("treating_providers"),
                "er-1": SampleAgency("er-1", medical=True),
            },
        )
        links = Links("secret", "https://answers.example")
        self.discloser = Discloser(database, lambda: agencies, links, ZONE, JOURNAL_KEY)
        self.consents, self.ledger = Consents(database), Ledger(database)
        self.verifier = Verifier(database, JOURNAL_KEY)

    async def begin(self) -> "Clinic":
        """Open the episode."""
        await Crosswalk(self.database).open_episode("MRN-1", "e1", date(2026, 1, 5))
        await Patients(self.database).save(
            Patient(
                "MRN-1",
                given_name="Ada",
                family_name="Example",
                birth_date=date(1980, 2, 3),
                phone="555-0101",
            )
        )
        return self

    async def states(
        self, version: int = 1, *, stands: bool = True, revocation: Any = None, entry: str = "n1",
        lifted: tuple[str, ...] = (), episode_id: str = "e1", **terms: Any,
    ) -> None:  # fmt: skip
        """The record says that a consent is on file."""
        said = {"entry_id": entry, "recorded_by": "cm-1", "stands": stands, "revocation": revocation}
        await self.consents.keep(episode_id, version, [{**TERMS, **terms, **said}], lifted)

    async def lines(self) -> list[str]:
        """What stands in the accounting: recipient and state."""
        return [f"{one.recipient} {one.state}" for one in await self.ledger.accounting("MRN-1")]


def wanted(key: str = "r1:sending", **changes: Any) -> Disclosure:
    """A referral to the pantry."""
    given = {
        "key": key, "episode_id": "e1", "referral_id": "r1", "agency": "food-1", "service": "food_bank",
        "purpose": "referral", "content": ["referral"], **changes,
    }  # fmt: skip
    return (InEmergency if "emergency" in changes else Disclosure).model_validate(given)


def revoked(entry: str = "n2") -> dict[str, str]:
    """A revocation as the record tells of it."""
    return {"entry_id": entry, "at": "2026-02-01T09:00:00-06:00", "by": "cm-1"}


@contextmanager
def agency_server(*statuses: int) -> Iterator[Answering]:
    """The agencies' server, which answers with these, one after the other, and then with 200."""
    with answering(*statuses) as server:
        yield server
