"""The agencies of the clinic, and the channel by which each is reached."""

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from activities.agencies.book import (
    Agency,
    AgencyBook,
    EmailChannel,
    FhirChannel,
    LetterChannel,
    MissingSecret,
    WebhookChannel,
    load,
    secret_of,
)
from activities.agencies.email import AgencyEmail
from activities.agencies.fhir.channel import Fhir
from activities.agencies.letter import Letter
from activities.agencies.port import AgencyChannel
from activities.agencies.webhook import AgencyWebhook
from activities.channels.email import Email
from activities.channels.port import AccessFault


class Named(Protocol):
    """Whatever has an agency's id."""

    @property
    def agency_id(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Reach:
    """What the channels need of the clinic: its mail server and sender, a folder for letters, and patience."""

    smtp_url: str
    sender: str
    letters: Path
    seconds: float = 20
    """How long each step of an exchange may take."""


class Agencies:
    """All agencies of one file, as it stands when it is read."""

    def __init__(self, book: AgencyBook, reach: Reach) -> None:
        self._book, self._reach = book, reach

    @classmethod
    def of_file(cls, path: Path, reach: Reach) -> "Agencies":
        """Read the file.

        Raises:
            activities.agencies.book.AgenciesFileError: it cannot be used; the message says why.
        """
        return cls(load(path), reach)

    def get(self, agency_id: str) -> Agency:
        """One of them.

        Raises:
            activities.agencies.port.UnknownAgency: there is none of that id.
        """
        return self._book.get(agency_id)

    def channel_of(self, agency: Named) -> AgencyChannel:
        """How it is reached.

        Raises:
            UnknownAgency: there is none of that id.
            AccessFault: a secret is missing in the environment; nothing was sent, and it goes out once that is mended.
        """
        known = self.get(agency.agency_id)
        try:
            return self._channel(known)
        except MissingSecret as error:
            raise AccessFault(str(error)) from None

    def missing_secrets(self) -> list[str]:
        """What would keep a channel from being used today, in words."""
        missing = []
        for agency in self._book.agencies:
            try:
                self._channel(agency)
            except MissingSecret as error:
                missing.append(f"agency {agency.agency_id}: {error}")
        return missing

    def _channel(self, agency: Agency) -> AgencyChannel:
        reach, office = self._reach, self._book.office
        match agency.channel:
            case FhirChannel(url=url, token_env=variable, knows_repeats=knows, own_network=own):
                token = secret_of(variable) if variable else None
                return Fhir(
                    agency, office, url, token, knows_repeats=knows, own_network=own, within=reach.seconds
                )
            case WebhookChannel(url=url, secret_env=variable, knows_repeats=knows, own_network=own):
                return AgencyWebhook(
                    agency.agency_id, url, secret_of(variable), knows_repeats=knows, own_network=own,
                    within=reach.seconds,
                )  # fmt: skip
            case EmailChannel(to=to):
                mail = Email(reach.smtp_url, reach.sender, reach.seconds)
                return AgencyEmail(mail, to, reach.sender, office.phone)
            case LetterChannel():
                return Letter(agency, office, reach.letters)
