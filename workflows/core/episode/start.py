"""How an episode begins: the one input of the `CareEpisode` workflow."""

from datetime import date, datetime, timedelta, timezone
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, field_validator

from workflows.core.engine.codes import check_code, check_opaque
from workflows.core.engine.errors import InvalidEntry
from workflows.core.engine.signatures import KeyId, PublicKey
from workflows.core.engine.years import check_year
from workflows.core.episode.entries import WeeklySession
from workflows.core.episode.policy import Policy


def _known_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ValueError, OSError, KeyError):
        raise ValueError(f"{name[:40]} is not a time zone; use a name such as America/Chicago") from None
    return name


TimeZone = Annotated[str, AfterValidator(_known_zone)]
"""The name of a time zone that exists."""


_FIRST_INTO_THE_DAY = timezone(timedelta(hours=14))


class Team(BaseModel):
    """Staff ids of the people who care for one patient; the nurse is optional (I4)."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    case_manager: str | None = None
    therapist: str | None = None
    nurse: str | None = None
    supervisor: str | None = None
    director: str | None = None


class Following(BaseModel):
    """What an episode that follows on another pathway begins with, where the clinic has settings of its own for it."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    policy: dict[str, Any] | None = None
    schedule: tuple[WeeklySession, ...] = ()
    """Absent: the sessions go on as they are, until a schedule is recorded."""


class EpisodeStart(BaseModel):
    """Everything that is known about an episode when it begins; nothing that tells who the patient is (P1)."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    episode_id: str
    site: str
    timezone: TimeZone
    referred_on: date
    pathway: str = "iop"
    policy: dict[str, Any] | None = None
    team: Team = Team()
    schedule: tuple[WeeklySession, ...] = ()
    closures: tuple[date, ...] = Field(default_factory=tuple)
    following: dict[str, Following] = Field(default_factory=dict)
    """By pathway, what an episode that follows this one there begins with; handed on from episode to episode."""
    follows: str | None = None
    """Id of the episode before: the one that this one continues on another pathway, or an earlier stay (E3)."""
    history: tuple[dict[str, Any], ...] = ()
    """Entries of that episode that stay at hand: what is known of use, tests, medication and goals."""
    signing_keys: dict[KeyId, PublicKey] = Field(default_factory=dict)
    """The clinic's public keys, by id: only what one of them has signed is believed. None: a local trial, in which
    statements are taken as they come, and shown as not signed (E0)."""

    @field_validator("referred_on")
    @classmethod
    def _of_our_time(cls, day: date) -> date:
        check_year(day)
        return day

    def check_codes(self) -> None:
        """Refuse text where a code belongs: these become workflow ids and search attributes, which nothing encrypts and
        which stand on screens for all to see (P1).

        Raises:
            InvalidEntry: names the field.
        """
        team = {f"team.{role}": staff_id for role, staff_id in self.team if staff_id}
        for field, given in {"episode_id": self.episode_id, "site": self.site, **team}.items():
            check_opaque(field, given) if field == "episode_id" else check_code(field, given)

    def check_referral(self, now: datetime, policy: Policy) -> None:
        """Refuse a day of referral that nobody can mean: one that lies ahead (T5), or so long ago that it is a slip of
        the hand.

        Raises:
            InvalidEntry: says what would be right.
        """
        instant = now + policy.clock_skew
        today = instant.astimezone(self.zone).date()
        # Whoever refers may be east of the program, where the next day has begun.
        if self.referred_on > instant.astimezone(_FIRST_INTO_THE_DAY).date():
            raise InvalidEntry(
                f"referred_on: {self.referred_on} lies ahead; in {self.timezone} it is {today}. Give the day on which "
                "the person was referred."
            )
        first = today - timedelta(days=policy.course.oldest_referral_days)
        if self.referred_on < first:
            raise InvalidEntry(
                f"referred_on: {self.referred_on} lies before {first}, longer ago than any stay of this program "
                "(course.oldest_referral_days). Give the day of the referral to this stay."
            )

    @property
    def zone(self) -> ZoneInfo:
        """The program's time zone."""
        return ZoneInfo(self.timezone)
