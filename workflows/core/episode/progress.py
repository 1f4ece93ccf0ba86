"""What an episode shows: the answer to an entry, the progress, the journal."""

from datetime import date, datetime
from typing import Any

from pydantic import BaseModel, Field

from workflows.core.engine.shown import OpenTaskView
from workflows.core.episode.assessment.shown import AssessmentView


class GateCondition(BaseModel):
    """One condition of the gate."""

    name: str
    met: bool
    why: str


class GateProgress(BaseModel):
    """The gate: `ready` when only the signature is missing, `passes` when a clinician has signed too (S9)."""

    passes: bool
    ready: bool
    earliest_on: date | None
    """The earliest day on which it can pass, as far as dates decide it: never in the past while it is shut."""
    opens_on: date | None
    """The day from which dates no longer keep it shut; it stays the same while nothing happens."""
    conditions: list[GateCondition]
    """As they are; once the gate is passed, as they were met when it was signed."""
    passed_on: date | None = None
    """The day of the signature by which the patient is in aftercare: from then on the gate is history (S13)."""
    passed_by: str | None = None
    """Staff id of whoever signed."""


class Week(BaseModel):
    """The dose of the current program week (A1)."""

    minutes: int
    days: int
    short_by_minutes: int


class TeamChangeView(BaseModel):
    """From a day on somebody else has a role, or stands in for whoever has it."""

    entry_id: str
    role: str
    staff_id: str
    since: date
    until: date | None = None
    stands_in_for: str | None = None


class NextDeadline(BaseModel):
    """What the episode waits for."""

    at: datetime
    name: str


class MoveView(BaseModel):
    """A change of the stage as it came: by entries, or by time alone."""

    at: datetime
    to: str
    """The stage."""
    entry_ids: list[str] = Field(default_factory=list)
    """What was stated just before."""
    deadline: str = ""
    """What was waited for, where time alone has moved the patient."""


class ExitView(BaseModel):
    """How and when an episode ended (E4)."""

    reason: str
    on: date
    entry_id: str
    stay_ended_on: date
    """The last contact or the day of the exit, whichever is earlier: the length of stay ends there."""


class Question(BaseModel):
    """What a person may decide without a task that asks for it: a `decision` with this `about` and a choice."""

    about: str
    choices: list[str]
    asks: str
    rule: str
    signed_by: list[str] = Field(default_factory=list)
    """Roles that may decide it; empty: whoever is of the staff."""


class Progress(BaseModel):
    """Where an episode stands on its program day."""

    episode_id: str
    timezone: str
    """The program's own, in which its times and days are meant."""
    pathway: str
    stage: str
    on_leave: bool
    in_crisis: bool
    states: list[str]
    site: str = ""
    team: dict[str, str] = Field(default_factory=dict)
    """Staff ids by role, as of today: those who stand in are in the place of those who are away."""
    team_named: dict[str, str] = Field(default_factory=dict)
    """Who was named for each role, whether or not they are away."""
    team_changes: list[TeamChangeView] = Field(default_factory=list)
    """Changes of the team that stand, past and planned."""
    program_day: int | None
    admitted_on: date | None
    last_use_on: date | None
    days_sober: int | None
    gate: GateProgress
    week: Week
    consecutive_misses: int
    open_tasks: list[OpenTaskView]
    open_referrals: list[str]
    next_deadline: NextDeadline | None
    extensions: int
    on_hold: list[str]
    flags: list[str]
    needs_second_director: bool = False
    """Whether the director has proposed a discharge: another one must decide on it (E2)."""
    waits_for: list[str]
    """What admission still waits for (I4)."""
    unmatched: list[str] = Field(default_factory=list)
    """Entries that wait for another one, such as a return whose leave was not told yet (T4)."""
    undelivered: list[str]
    """Notices that are tried no more, and what else could not be done, with the reason."""
    nobody_reached: bool = False
    """Whether something urgent or owed has reached nobody so far; it is tried on, and this clears when it arrives."""
    not_reached: list[str] = Field(default_factory=list)
    """Why, for each task and notice that has reached nobody so far."""
    look_at: list[str] = Field(default_factory=list)
    """What the clinic's own files do not know of this episode: its patient, people of its team; with the remedy."""
    not_kept: list[str] = Field(default_factory=list)
    """What the clinic database does not have yet, since when, and why where that is known (T3)."""
    journal_behind: bool = False
    """Whether that lasts so long that somebody must see to it."""
    assessments: list[AssessmentView] = Field(default_factory=list)
    """Scores by instrument, and when each is due (M1)."""
    signing_keys: list[str] = Field(default_factory=list)
    """Ids of the clinic's keys that are in force; none: statements are taken without a signature (E0)."""
    refused_by_payer: list[str] = Field(default_factory=list)
    """Authorizations that a payer refuses: a billing fact, beside the course of care (S11)."""
    moves: list[MoveView] = Field(default_factory=list)
    """Every change of the stage here so far, with what brought it; not what an import tells of."""
    may_decide: list[Question] = Field(default_factory=list)
    """What may be decided now beside the open tasks (E10)."""
    exit: ExitView | None = None


class JournalLine(BaseModel):
    """One entry as the journal shows it. Times are in the program's zone."""

    entry_id: str
    kind: str
    effective_at: datetime
    recorded_at: datetime
    by: str
    source: str
    signed_by: str | None = None
    """Who has signed it, and in which roles; None: nobody has (E0)."""
    stands: bool
    moved_to: str | None = None
    """The stage into which it has moved the patient, if it has."""
    undone_by: str | None = None
    undone_because: str | None = None
    """Why it was retracted or superseded, as far as that was said (T3)."""
    entry: dict[str, Any]
