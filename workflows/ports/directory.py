"""Directories of places to go, and reading them anew each night."""

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, Field

from workflows.core.episode.linkage.vocabulary import ReferralKind

FIND_CANDIDATES = "find_candidates"
LIST_FEEDS = "list_directory_feeds"
TAKE_FEED = "take_directory_feed"
DIRECTORY_ALARMS = "directory_alarms"
WRONG_WISH = "WrongWish"
FEEDS_FILE_UNUSABLE = "FeedsFileUnusable"
FEED_UNREACHABLE = "FeedUnreachable"


class CandidateSearch(BaseModel):
    """What a directory is asked. Where the patient lives is looked up behind the episode id and stands nowhere here.

    `wishes` by name: specialties, payers, languages, modality (in_person, online, either), max_km, weekdays (ISO, 1
    is Monday), not_before and not_after ("18:00"), fellowships, formats, open_meetings_only, max_wait_days, access
    (wheelchair, sign_language, childcare). Other names are left alone.
    """

    referral_id: str
    episode_id: str
    kind: ReferralKind
    service: str
    wishes: dict[str, Any] = Field(default_factory=dict)
    leave_out: list[str] = Field(default_factory=list)
    """Listings that were tried or declined."""
    at_most: int = 5
    longest_wait_days: int | None = None
    """So long a first visit may be ahead where nothing else is wished; None: as the policy has it by default (C3)."""
    ranking: dict[str, Any] = Field(default_factory=dict)
    """Numbers of the policy by which places are ranked, where they are not those that it has by default (C3)."""


class Candidate(BaseModel):
    """One place to go, with the reasons for its rank; `agency` where a referral can be sent to it."""

    listing_id: str
    name: str
    agency: str | None = None
    online: bool = False
    secular: bool = False
    why: list[str] = Field(default_factory=list)


class Candidates(BaseModel):
    """A ranked list, the best first, and from when the directory is."""

    found: list[Candidate]
    as_of: datetime | None = None


class FeedOutcome(BaseModel):
    """What became of one reading of a feed; `kept` says in `reason` why the last good one stays in force."""

    feed: str
    result: Literal["taken", "kept"]
    reason: str = ""
    rows: int = 0
    became: dict[str, int] = Field(default_factory=dict)
    """How many rows were taken, remarked (taken, with a remark), duplicate, refused."""
    new: int = 0
    changed: int = 0
    gone: int = 0
    warnings: list[str] = Field(default_factory=list)


class DirectoryAlarm(BaseModel):
    """What staff must hear about a feed. The key stays the same while the cause stays, and changes each week."""

    key: str
    feed: str
    lines: list[str]


class FeedNames(BaseModel):
    """The feeds to read, by name; `retired` have left the feeds file."""

    names: list[str]
    retired: list[str] = Field(default_factory=list)
