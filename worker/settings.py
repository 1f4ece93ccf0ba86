"""Settings from environment variables with the prefix `CAREPATH_`."""

import secrets
from pathlib import Path
from typing import Any, Literal
from zoneinfo import ZoneInfo

from pydantic import Field, ValidationError, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from activities.agencies.links import Links
from worker.database_url import usable_url
from worker.errors import CannotDo
from worker.home import default_credentials, default_home, not_found
from worker.running import running_clinic

GATEWAY_PORT = 8240
"""Where the gateway listens, unless it is told otherwise."""

CODEC_PORT = 8234
"""Where the codec server does."""

SIGNING_FILE = "signing.secret"
"""In the home of a clinic, the key with which it signs what its people state."""

OFF = "off"
"""`CAREPATH_CODEC` without encryption."""


KEY_FILE = "codec.keys"
"""The key file that `carepath up` makes in the home of a new clinic."""


def own_codec(home: Path) -> str:
    """The key file of a clinic's home, where there is one."""
    file = home.expanduser().absolute() / KEY_FILE
    return str(file) if file.is_file() else OFF


def _in_home(*parts: str) -> Any:
    return Field(default_factory=lambda given: Path(given["home"], *parts), validate_default=True)


class Settings(BaseSettings):
    """One clinic. Address, namespace, TLS and API key of Temporal come from its own standard environment."""

    model_config = SettingsConfigDict(env_prefix="CAREPATH_", env_ignore_empty=True, extra="ignore")

    home: Path = Field(default_factory=default_home)
    """The clinic's one home; what is not set otherwise lies there. It follows from no working directory."""
    database: str = Field(default="sqlite:///clinic.db", validate_default=True)
    """The clinic database, as an SQLAlchemy URL. A SQLite file without a whole path lies in the home."""
    staff: Path = _in_home("staff.yaml")
    directories: Path = _in_home("directories", "feeds.yaml")
    policy: Path | None = None
    """A policy file, or a folder with one for each pathway."""
    smtp: str = "smtp://127.0.0.1:8025"
    sender: str = "office@clinic.example"
    clinic_phone: str = "555-0100"
    webhook_secret: str | None = None
    timezone: str = "America/Chicago"
    """The clinic's own, where no episode tells its program's."""
    region: str = Field(default="US", validate_default=False)
    """The clinic's country, as a code of two letters, in which telephone numbers without country code are read."""
    templates: Path | None = None
    """The clinic's own folder of message templates."""
    agencies: Path = _in_home("agencies.yaml")
    gateway_url: str = f"http://127.0.0.1:{GATEWAY_PORT}"
    """Where agencies reach the gateway; it stands in the links that they are sent."""
    gateway_secret: str | None = None
    """Signs those links; without one a secret is made once and kept in the home."""
    letters: Path = _in_home("letters")
    """Where letters to agencies are laid for printing."""
    web_ui: str = "http://127.0.0.1:8233"
    """Where people of the clinic open the Temporal Web UI; links to it stand beside tasks."""
    credentials: Path = Field(default_factory=default_credentials)
    """Where the credentials of whoever uses this machine lie, a folder for each clinic."""
    signed_in_hours: float = Field(default=12, gt=0, le=24 * 7)
    """So long a sign-in on the command line lasts: a shift."""
    codec: str = Field(default_factory=lambda given: own_codec(given["home"]))
    """The file with the keys that encrypt histories, by default the one of the home; off on a local address only."""
    codec_mode: Literal["strict", "lenient"] = "strict"
    """Whether what is not encrypted is refused where a key is set, or passes: for histories that began without one."""
    build_id: str | None = None
    """What this installation is called among the versions of the worker; None: it follows from the code."""

    @field_validator("home")
    @classmethod
    def _whole(cls, home: Path) -> Path:
        return home.expanduser().absolute()

    @field_validator("database", mode="after")
    @classmethod
    def _usable(cls, url: str, info: ValidationInfo) -> str:
        return usable_url(url, info.data.get("home", default_home()))

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, name: str) -> str:
        try:
            return ZoneInfo(name).key
        except (ValueError, OSError, KeyError):
            raise ValueError(f"{name} is not a time zone; use a name such as America/Chicago") from None

    @field_validator("region")
    @classmethod
    def _known_region(cls, code: str) -> str:
        import phonenumbers  # most clinics leave it at the default, and need not wait for the plans of all countries

        if code.upper() not in phonenumbers.SUPPORTED_REGIONS:
            raise ValueError(f"{code} is no country; use a code of two letters, such as US")
        return code.upper()


def signs(settings: Settings) -> bool:
    """Whether the clinic signs what its people state: it has a key for that."""
    return (settings.home / SIGNING_FILE).exists()


def links(settings: Settings) -> Links:
    """The links for agencies, under the clinic's own secret; it is made once where the settings give none.

    Raises:
        CannotDo: the clinic has no home yet.
    """
    secret = settings.gateway_secret
    if secret is None:
        kept = settings.home / "gateway.secret"
        if not settings.home.is_dir():
            raise not_found(settings.home)
        if not kept.exists():
            kept.touch(mode=0o600)
            kept.write_text(secrets.token_urlsafe(32), "utf-8")
        secret = kept.read_text("utf-8").strip()
    return Links(secret, settings.gateway_url)


def load_settings() -> Settings:
    """Read the settings.

    Raises:
        CannotDo: names the variable and what would be right.
    """
    try:
        settings = Settings()
        running = running_clinic(settings.home)
        # What `carepath up` runs with is right for every other window, unless that says otherwise.
        ours = {name: getattr(running, name) for name in ("smtp", "gateway_url", "web_ui")} if running else {}
        left_open = {name: value for name, value in ours.items() if name not in settings.model_fields_set}
        return settings.model_copy(update=left_open)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        name = "CAREPATH_" + "_".join(map(str, first["loc"])).upper()
        raise CannotDo(f"{name}: {first['msg'].removeprefix('Value error, ')}.") from None


def check_codec(settings: Settings, address: str) -> None:
    """Histories may be unencrypted on a local address only.

    Raises:
        CannotDo: the codec is off and the address is not local.
    """
    host = address.rpartition(":")[0].strip("[]")
    if settings.codec == OFF and host not in ("localhost", "127.0.0.1", "::1"):
        raise CannotDo(f"CAREPATH_CODEC is off, and {address} is not on this machine: histories would leave it "
                       "unencrypted. Make a key file with `carepath codec key FILE`, and name it there.")  # fmt: skip
