"""Which directories are read: a YAML file that the clinic keeps. A time zone per feed is mandatory, because almost no
feed says in which zone its times are.

feeds:
  aa-county: {format: meeting_guide, fellowship: aa, timezone: America/Chicago, url: "https://aa.example/feed"}
  food:      {format: hsds, timezone: America/Chicago, file: food.json, agencies: {pantry-1: north-food-bank}}
nightly: {at: "03:00", timezone: America/Chicago}
"""

from datetime import time
from pathlib import Path
from typing import Annotated, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    field_validator,
    model_validator,
)

from activities.directory import vocabulary
from activities.directory.fields import link
from activities.directory.times import zone_named
from activities.written import Unreadable, read_document

FormatName = Literal["meeting_guide", "bmlt", "hsds", "hsds_csv", "fhir", "nppes"]


class FeedsFileError(Exception):
    """The feeds file cannot be used; the message names the file, the field and the remedy."""


def _known_zone(name: str) -> str:
    if zone_named(name) != name:
        raise ValueError(f"{name} is no time zone; write one such as America/Chicago")
    return name


Zone = Annotated[str, AfterValidator(_known_zone)]


class Feed(BaseModel):
    """One directory: where it is read, and what it does not say of itself."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(default="", pattern=r"^[a-z0-9][a-z0-9_-]{0,59}$")
    format: FormatName
    timezone: Zone
    """Of all times that state no zone."""
    url: str | None = None
    file: Path | None = None
    country: str = Field(default="US", pattern=r"^[A-Z]{2}$")
    """Where its places should be; one outside is remarked."""
    fellowship: str = ""
    """Of a feed of meetings: aa, na, smart, ..."""
    secular: bool | None = None
    """Follows from the fellowship where nothing is said."""
    language: str = "en"
    """Of meetings that state none."""
    trust: Literal["official", "partner", "unverified"] = "official"
    max_age_days: int = Field(default=14, ge=1, le=3650)
    """After so many days without a good answer its listings are offered to nobody."""
    formats: dict[str, str] = Field(default_factory=dict)
    """What the feed's own codes mean, such as {ABC: step_study}."""
    agencies: dict[str, str] = Field(default_factory=dict)
    """Which agency a referral to a listing is sent to, by the listing's id in the feed."""

    @field_validator("fellowship")
    @classmethod
    def _by_its_code(cls, value: str) -> str:
        return vocabulary.fellowship(value)

    @field_validator("formats")
    @classmethod
    def _formats_are_known(cls, value: dict[str, str]) -> dict[str, str]:
        for code, meaning in value.items():
            if meaning not in vocabulary.FORMATS and meaning not in ("open", "closed", "temporarily_closed"):
                known = ", ".join(sorted(vocabulary.FORMATS))
                raise ValueError(
                    f"{code}: {meaning} is no format; write open, closed, temporarily_closed, {known}"
                )
        return value

    @model_validator(mode="after")
    def _is_read_somewhere(self) -> "Feed":
        if (self.url is None) == (self.file is None):
            raise ValueError("give either url or file")
        if self.url is not None and not link(self.url):
            raise ValueError(f"url: {self.url} is no http or https address")
        if self.format == "meeting_guide" and not self.fellowship:
            raise ValueError("a feed of meetings needs its fellowship, such as aa, na or smart")
        return self

    @property
    def of_fellowship(self) -> str:
        """The fellowship of its meetings; BMLT is the software of Narcotics Anonymous."""
        return self.fellowship or ("na" if self.format == "bmlt" else "")

    @property
    def is_secular(self) -> bool:
        """Whether its meetings are built on no higher power."""
        return self.of_fellowship in vocabulary.SECULAR_FELLOWSHIPS if self.secular is None else self.secular


class Nightly(BaseModel):
    """When all feeds are read each day, on the wall clock of the zone."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    at: time = time(3)
    timezone: Zone


class Feeds(BaseModel):
    """The whole file."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    feeds: dict[str, Feed]
    nightly: Nightly | None = None

    @model_validator(mode="after")
    def _have_names(self) -> "Feeds":
        named = {
            name: Feed.model_validate({**feed.model_dump(), "name": name})
            for name, feed in self.feeds.items()
        }
        object.__setattr__(self, "feeds", named)
        return self

    @property
    def reads_at(self) -> Nightly:
        """When they are read; at three in the zone of the first feed where nothing is said."""
        zone = next((feed.timezone for feed in self.feeds.values()), "UTC")
        return self.nightly or Nightly(timezone=zone)


def load(path: Path) -> Feeds:
    """Read the feeds file. A relative `file` in it is beside it.

    Raises:
        FeedsFileError: the file is missing, is no YAML, or has a wrong field.
    """
    try:
        content = read_document(path)
    except Unreadable as error:
        raise FeedsFileError(f"{path}: {error}; mend it, or set CAREPATH_DIRECTORIES to the file") from None
    try:
        feeds = Feeds.model_validate(content)
    except ValidationError as error:
        raise FeedsFileError(f"{path}: {in_words(error)}") from None
    beside = {
        name: feed.model_copy(update={"file": path.parent / feed.file}) if feed.file else feed
        for name, feed in feeds.feeds.items()
    }
    return feeds.model_copy(update={"feeds": beside})


def in_words(error: ValidationError) -> str:
    """The first thing that is wrong, with its field."""
    first = error.errors(include_url=False)[0]
    where = ".".join(map(str, first["loc"]))
    return f"{where}: {first['msg'].removeprefix('Value error, ')}".removeprefix(": ")
