"""Settings from environment variables with the prefix `CAREPATH_`."""

import secrets
from pathlib import Path
from zoneinfo import ZoneInfo

from pydantic import ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from activities.agencies.links import Links
from worker.errors import CannotDo

HOME = Path(".carepath")

OFF = "off"
"""`CAREPATH_CODEC` without encryption."""


class Settings(BaseSettings):
    """One clinic. Address, namespace, TLS and API key of Temporal come from its own standard environment."""

    model_config = SettingsConfigDict(env_prefix="CAREPATH_", extra="ignore")

    database: str = f"sqlite+aiosqlite:///{HOME / 'clinic.db'}"
    staff: Path = Path("deploy/example/staff.yaml")
    directories: Path = HOME / "directories" / "feeds.yaml"
    policy: Path | None = None
    """A policy file, or a folder with one for each pathway."""
    smtp: str = "smtp://127.0.0.1:8025"
    sender: str = "office@clinic.example"
    clinic_phone: str = "555-0100"
    webhook_secret: str | None = None
    timezone: str = "America/Chicago"
    """The clinic's own, where no episode tells its program's."""
    templates: Path | None = None
    """The clinic's own folder of message templates."""
    agencies: Path = Path("deploy/example/agencies.yaml")
    gateway_url: str = "http://127.0.0.1:8240"
    """Where agencies reach the gateway; it stands in the links that they are sent."""
    gateway_secret: str | None = None
    """Signs those links; without one a secret is made once and kept beside the clinic's own files."""
    letters: Path = HOME / "letters"
    """Where letters to agencies are laid for printing."""
    codec: str = OFF
    """The file with the keys that encrypt histories; off on a local address only."""

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, name: str) -> str:
        try:
            return ZoneInfo(name).key
        except (ValueError, OSError, KeyError):
            raise ValueError(f"{name} is not a time zone; use a name such as America/Chicago") from None


def links(settings: Settings) -> Links:
    """The links for agencies, under the clinic's own secret; it is made once where the settings give none."""
    secret = settings.gateway_secret
    if secret is None:
        kept = HOME / "gateway.secret"
        if not kept.exists():
            HOME.mkdir(exist_ok=True)
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
        return Settings()
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
