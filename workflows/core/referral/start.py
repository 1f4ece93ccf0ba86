"""How a referral begins: the one input of the `Referral` workflow."""

from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from workflows.core.engine.signatures import KeyId, PublicKey
from workflows.core.episode.linkage.vocabulary import ReferralKind
from workflows.core.episode.start import Team, TimeZone
from workflows.core.referral.statements import Moment


class ReferralStart(BaseModel):
    """Everything that is known about a referral when it begins; nothing that tells who the patient is (P1)."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    referral_id: str
    """The id of its workflow, `referral-<opaque>`."""
    episode_id: str
    site: str
    timezone: TimeZone
    kind: ReferralKind
    service: str
    """What is needed, as a code: therapist, aa, food_bank, residential. It stands in no notice and no index (C5)."""
    wishes: dict[str, JsonValue] = Field(default_factory=dict)
    since: Moment
    """When the need was stated."""
    need: str | None = None
    """The entry of the episode that it answers."""
    team: Team = Team()
    closures: tuple[date, ...] = ()
    policy: dict[str, Any] | None = None
    """What of the default policy is otherwise; it stays the same for the life of the referral (T8)."""
    statements: tuple[dict[str, Any], ...] = ()
    """What is known at the beginning, such as consents that stand."""
    signing_keys: dict[KeyId, PublicKey] = Field(default_factory=dict)
    """The clinic's public keys, as the episode has them: only what one of them has signed is believed (E0)."""

    @property
    def zone(self) -> ZoneInfo:
        """The program's time zone."""
        return ZoneInfo(self.timezone)

    @property
    def joins(self) -> bool:
        """Whether people go there by themselves: nothing is sent and nobody is asked to confirm who came (C4)."""
        return self.kind == "mutual_help"

    @property
    def began_at(self) -> datetime:
        """When the need was stated, in the program's zone."""
        return self.since.astimezone(self.zone)
