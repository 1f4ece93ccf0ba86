"""Which agencies the clinic works with and how each is reached: a YAML file that the clinic keeps.

office: {name: Office of Care Coordination, address: "100 Main Street, Anytown", phone: 555-0100}
agencies:
  - id: food-1
    name: Example Pantry
    address: 1 Main Street, Anytown
    services: [food_bank]
    channel: {type: fhir, url: "https://pantry.example/fhir", token_env: PANTRY_TOKEN, knows_repeats: true}

Secrets stand in the environment; the file names the variables.
"""

import os
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    model_validator,
)

from activities.agencies.port import UnknownAgency
from activities.channels.reach import LOCAL, OutOfBounds, check_address
from activities.written import Unreadable, read_document
from workflows.core.episode.consent.covering import CLASSES
from workflows.core.episode.messages.neutral import check_phone, check_sender

LEAST_MINUTES_BETWEEN_QUESTIONS = 15
"""Closed-loop referral by the Gravity guide: ask at least once a business day, and not more often than this."""


class AgenciesFileError(Exception):
    """The agencies file cannot be used; the message names the file, the agency, the field and the remedy."""


class MissingSecret(Exception):
    """The environment variable that the file names for a secret is not set; the message names it."""


def _web_address(url: str) -> str:
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise ValueError("is not a web address") from None
    if parts.username is not None or parts.password is not None:
        raise ValueError(
            "holds a user or a password; name an environment variable in token_env or secret_env"
        )
    if not host or parts.scheme not in ("https", "http") or parts.query or parts.fragment:
        raise ValueError("must be a web address such as https://agency.example/fhir, without ? or #")
    if parts.scheme == "http" and host not in LOCAL:
        raise ValueError("must begin with https://; http:// is for this machine alone")
    return url.rstrip("/")


def _check_where(url: str, own_network: bool) -> None:
    try:
        check_address(url, own_network=own_network)
    except OutOfBounds as error:
        own = ""
        if not own_network and "private" in str(error):
            own = "; say own_network: true if that is the clinic's own"
        raise ValueError(f"url: {error}{own}") from None


def _mail_address(address: str) -> str:
    name, at, host = address.partition("@")
    if (
        not at
        or not name
        or "." not in host
        or any(not c.isprintable() or c in " ,;<>@" for c in name + host)
    ):
        raise ValueError("must be one mail address such as intake@agency.example")
    return address


def _neutral(text: str) -> str:
    # Word by word: run together, "Studio Plaza" would hold a word that it does not say.
    if problems := [problem for word in text.split() for problem in check_sender(word)]:
        raise ValueError(f"{problems[0]}; give it a neutral name")
    return text


def _digits(phone: str) -> str:
    if problems := check_phone(phone):
        raise ValueError(problems[0])
    return phone


def _known_class(name: str) -> str:
    if name not in CLASSES:
        raise ValueError(
            f"{name} is not a class that a consent can name; those are {', '.join(sorted(CLASSES))}"
        )
    return name


def _no_class(agency_id: str) -> str:
    if agency_id in CLASSES:  # a consent that names the class would name the agency too
        raise ValueError(f"{agency_id} is a class of recipients; give the agency an id of its own")
    return agency_id


Line = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
Id = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]{0,39}$")]
Service = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,59}$")]
Variable = Annotated[str, StringConstraints(pattern=r"^[A-Z][A-Z0-9_]{0,99}$")]
"""A name in capitals, so that a secret pasted in its place does not pass for one."""
WebAddress = Annotated[str, AfterValidator(_web_address)]


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class _OverTheWeb(_Strict):
    """A channel to a web address of the agency's."""

    url: WebAddress
    own_network: bool = False
    """Whether it may lie in the clinic's own network; nothing is sent into a private network otherwise."""

    @model_validator(mode="after")
    def _leads_out(self) -> Self:
        _check_where(self.url, self.own_network)
        return self


class FhirChannel(_OverTheWeb):
    """A FHIR R4 server of the agency's own."""

    type: Literal["fhir"]
    token_env: Variable | None = None
    """The variable with the bearer token."""
    poll_minutes: Annotated[int, Field(ge=LEAST_MINUTES_BETWEEN_QUESTIONS, le=7 * 24 * 60)] = 60
    """It is asked about a referral no more often than this."""
    knows_repeats: bool = False
    """The agency says that it honours conditional create, so that a sending without an answer is tried again."""


class WebhookChannel(_OverTheWeb):
    """An address that takes signed JSON."""

    type: Literal["webhook"]
    secret_env: Variable
    """The variable with the secret of the signatures."""
    knows_repeats: bool = False
    """The agency says that it honours the idempotency key, so that a sending without an answer is tried again."""


class EmailChannel(_Strict):
    """A mailbox that gets a link, and no content."""

    type: Literal["email"]
    to: Annotated[str, AfterValidator(_mail_address)]


class LetterChannel(_Strict):
    """A letter, rendered for printing."""

    type: Literal["letter"]


AnyChannel = Annotated[
    FhirChannel | WebhookChannel | EmailChannel | LetterChannel, Field(discriminator="type")
]


class Agency(_Strict):
    """One agency."""

    agency_id: Annotated[Id, AfterValidator(_no_class), Field(alias="id")]
    name: Line
    address: Line
    """Where its letters go; it stands in the patient's accounting of disclosures (45 CFR 164.528(b)(2))."""
    classes: frozenset[Annotated[str, AfterValidator(_known_class)]] = frozenset()
    """Classes of recipients that a consent for treatment, payment and operations may name."""
    services: tuple[Service, ...] = ()
    medical: bool = False
    """Medical personnel, who may be told in an emergency without a consent (P6)."""
    channel: AnyChannel

    @property
    def ask_every(self) -> timedelta | None:
        """How long to wait between two questions; None where it cannot be asked."""
        return timedelta(minutes=self.channel.poll_minutes) if isinstance(self.channel, FhirChannel) else None

    def signing_secret(self) -> str | None:
        """The secret with which its systems sign what they answer; None for an agency whose systems do not.

        Raises:
            MissingSecret: the environment does not hold it.
        """
        return secret_of(self.channel.secret_env) if isinstance(self.channel, WebhookChannel) else None


class Office(_Strict):
    """How the clinic appears to agencies, on the outside of an envelope too: nothing tells what care it gives (P2)."""

    id: Id = "office"
    """Tells it apart from others who refer to the same agencies."""
    name: Annotated[Line, AfterValidator(_neutral)] = "Office of Care Coordination"
    address: Annotated[Line, AfterValidator(_neutral)] = "100 Main Street, Anytown"
    phone: Annotated[Line, AfterValidator(_digits)] = "555-0100"


class AgencyBook(_Strict):
    """The whole file."""

    office: Office = Office()
    agencies: tuple[Agency, ...] = ()

    @model_validator(mode="after")
    def _one_of_each_id(self) -> Self:
        seen: set[str] = set()
        for agency in self.agencies:
            if agency.agency_id in seen:
                raise ValueError(f"two agencies have the id {agency.agency_id}; give each its own")
            seen.add(agency.agency_id)
        return self

    def get(self, agency_id: str) -> Agency:
        """The agency of an id.

        Raises:
            UnknownAgency: there is none.
        """
        for agency in self.agencies:
            if agency.agency_id == agency_id:
                return agency
        raise UnknownAgency(f"there is no agency {agency_id}; add it to the agencies file, or choose another")


def load(path: Path) -> AgencyBook:
    """Read the agencies file.

    Raises:
        AgenciesFileError: the file is missing, is no YAML, or has a wrong field.
    """
    try:
        content = read_document(path)
    except Unreadable as error:
        raise AgenciesFileError(f"{path}: {error}; mend it, or set CAREPATH_AGENCIES to the file") from None
    try:
        return AgencyBook.model_validate(content)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        where, what = _where(content, first["loc"]), first["msg"].removeprefix("Value error, ")
        raise AgenciesFileError(f"{path}: {where}{what}") from None


def _where(content: Any, place: tuple[int | str, ...]) -> str:
    """The place of a mistake, with the agency by its id where it has one."""
    if place[:1] == ("agencies",) and len(place) > 1 and isinstance(place[1], int):
        agency = content["agencies"][place[1]]
        known = agency.get("id") if isinstance(agency, dict) else None
        who = f"agency {known}" if isinstance(known, str) else f"agency number {place[1] + 1}"
        # pydantic puts the chosen type of the channel between the channel and its field
        rest = [str(part) for part in place[2:] if part not in ("fhir", "webhook", "email", "letter")]
        return f"{who}: {'.'.join(rest)}{': ' if rest else ''}"
    return f"{'.'.join(map(str, place))}: " if place else ""


def secret_of(variable: str) -> str:
    """A secret from the environment.

    Raises:
        MissingSecret: it is not set, or empty.
    """
    value = os.environ.get(variable, "").strip()
    if not value:
        raise MissingSecret(f"the environment variable {variable} is not set")
    return value
