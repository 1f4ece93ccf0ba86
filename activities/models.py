"""What workflows and activities say to each other: names and models only, nothing heavy to import."""

from datetime import date, datetime, time
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field, StringConstraints

NOTIFY_STAFF = "notify_staff"
MESSAGE_PATIENT = "message_patient"
WHO_IS = "who_is"
WHAT_IS_KNOWN = "what_is_known_of_an_episode"
NOTE_EPISODE = "note_episode"
KEEP_CONSENTS = "keep_consents"
DISCLOSE = "disclose"
GIVE_UP = "give_up_disclosure"
RECONCILE = "reconcile_disclosure"
NOTE_TOLD = "note_told_by_hand"
FIND_CANDIDATES = "find_candidates"
ASK_AGENCY = "ask_agency"
LIST_FEEDS = "list_directory_feeds"
TAKE_FEED = "take_directory_feed"
DIRECTORY_ALARMS = "directory_alarms"

UNKNOWN_STAFF = "UnknownStaff"
CHANNEL_REFUSED = "ChannelRefused"
CHANNEL_DOWN = "ChannelDown"
TEMPLATE_REFUSED = "TemplateRefused"
NO_SUCH_AGENCY = "NoSuchAgency"
QUIET_HOURS = "QuietHours"
TO_BE_READ = "TextToBeRead"
WRONG_WISH = "WrongWish"
FEEDS_FILE_UNUSABLE = "FeedsFileUnusable"
FEED_UNREACHABLE = "FeedUnreachable"

ReferralKind = Literal["therapist", "mutual_help", "service", "level_of_care"]


class Addressee(BaseModel):
    """A role, and who holds it, if that is known."""

    role: str
    staff_id: str | None = None


class StaffNotice(BaseModel):
    """A notice to a role or a staff id; `lines` are sentences without identity. Without episode id it is of none."""

    key: str
    episode_id: str
    role: str
    staff_id: str | None
    subject_code: str
    lines: list[str]
    due_at: datetime | None = None
    task_id: str | None = None
    level: int = 0
    others: list[Addressee] = Field(default_factory=list)
    """Who is told, in this order, while the one it is for is not reached."""
    in_danger: bool = False
    """Whether the others are told at the first attempt that fails, and not only when it goes on failing."""
    insisting: bool = False
    """Whether it is tried until it arrives: then no refusal is final, since the directory may be mended."""


class StaffKnown(BaseModel):
    """What the staff directory says of a staff id: the person's roles; None: it knows nobody of that id."""

    roles: list[str] | None = None


class EpisodeAsked(BaseModel):
    """An episode, and the staff ids of its team."""

    episode_id: str
    team: list[str]


class EpisodeKnown(BaseModel):
    """What the clinic's own files know of an episode: whose it is, and who of its team works here (I6, E0)."""

    patient: Literal["known", "unknown", "closed"] = "known"
    """Whether the clinic database knows whose it is, and has not noted it as closed."""
    other: str | None = None
    """Id of another episode of the same patient that is open (I6)."""
    strangers: list[str] = Field(default_factory=list)
    """Staff ids of the team that the staff directory does not know."""

    @property
    def is_as_it_should_be(self) -> bool:
        """Whether nobody need look at it."""
        return self == EpisodeKnown()


class PatientMessage(BaseModel):
    """A neutral message to the patient from an approved template (P2)."""

    key: str
    episode_id: str
    template: str
    send_before: datetime | None = None
    quiet: tuple[time, time] | None = None
    """Wall-clock times between which it waits where the person has named none (P2)."""
    timezone: str | None = None
    """The program's, for whom no other zone is on file."""


class Receipt(BaseModel):
    """What became of one sending; `to` is a staff id or "patient", never an address."""

    key: str
    outcome: Literal["sent", "already_sent", "stale", "suppressed", "uncertain"]
    channel: str
    to: str
    missed: list[str] = Field(default_factory=list)
    """Who was not reached, and why, in plain words."""
    instead: bool = False
    """Whether somebody else was reached, in place of the one it was for."""


class EpisodeNote(BaseModel):
    """Whether an episode is closed, and since when; None: it is open.

    With `follows`, it is a new episode of the patient whose episode that was.
    """

    episode_id: str
    closed_on: date | None = None
    follows: str | None = None
    opened_on: date | None = None


class ConsentsStated(BaseModel):
    """What an episode's record says of every consent; `version` grows with the record."""

    episode_id: str
    version: int
    consents: list[dict[str, Any]]
    lifted: list[str]
    """Revocations that were retracted."""


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


Stated = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500)]


Profession = Literal[
    "physician", "nurse", "paramedic", "emergency_dispatcher", "pharmacist", "other_medical_personnel"
]
"""Who may be told in an emergency; family, an emergency contact and the police are none of them (P6)."""


class Emergency(BaseModel):
    """Why something is disclosed to medical personnel without a consent; all of it is recorded at once (P6)."""

    recipient: Stated
    """The person of the medical personnel."""
    profession: Profession
    facility: Stated
    discloser: Stated
    """The staff id of who discloses."""
    nature: Stated
    """The nature of the emergency."""

    def stated(self) -> tuple[tuple[str, str], ...]:
        """Names and values, for the ledger."""
        return tuple(sorted(self.model_dump().items()))


class Disclosure(BaseModel):
    """One disclosure to one outside agency, to be sent if a consent stands at that moment (P3).

    `content` are content codes; what they stand for is read in the clinic database.
    """

    key: str
    episode_id: str
    referral_id: str
    what: Literal["referral", "cancellation", "completion"] = "referral"
    agency: str
    service: str
    purpose: str
    content: list[str]
    timezone: str | None = None
    """The program's, by whose calendar a consent expires."""
    revokes: str | None = None
    emergency: Emergency | None = None


class DisclosureReceipt(BaseModel):
    """What became of a disclosure. `withheld` says in `reason` what is missing; nothing was sent then."""

    key: str
    outcome: Literal["sent", "already_sent", "withheld", "uncertain", "to_post"]
    """`to_post`: a letter is rendered, and a person prints and posts it."""
    agency: str
    way: Literal["content", "link", "post"] = "content"
    """What was sent: with a `link` the agency hears from a person what it is about."""
    consent_id: str | None = None
    reference: str | None = None
    reason: str | None = None


class ToldByHand(BaseModel):
    """What a person has told an agency by telephone or face to face: it is a disclosure like any other (P8)."""

    key: str
    episode_id: str
    referral_id: str
    recipient: str
    """The agency's id, or the listing's where there is none."""
    name: str
    purpose: str
    content: list[str]
    by: str
    at: datetime
    timezone: str


class ToldReceipt(BaseModel):
    """What stands in the ledger now; `objection` says why no consent covered it."""

    key: str
    objection: str | None = None


class Reconciliation(BaseModel):
    """What a person found out about a sending of which nobody knew whether it left (P9)."""

    key: str
    arrived: bool
    by: str


class AgencyQuestion(BaseModel):
    """Asks an agency what it says of a referral."""

    referral_id: str
    agency: str
    reference: str


class AgencyAnswer(BaseModel):
    """What it says; `status` None where it cannot be asked or has said nothing."""

    status: str | None = None
    at: datetime | None = None
    appointment_at: datetime | None = None
