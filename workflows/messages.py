"""What the workflows send each other. Inputs from outside are plain JSON and are read in the workflow itself,

where an error can say what is wrong; these models carry only what our own code sends.
"""

from datetime import datetime
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field

from workflows.core.engine.entry import Code, Reason
from workflows.core.engine.holding import Held
from workflows.core.engine.signatures import Signature, Trust
from workflows.core.engine.signing import ANYONE, Signers
from workflows.core.engine.urgency import Urgency

TaskId = Annotated[str, Field(pattern=r"^task-[\w.:+-]{1,64}$")]
"""Whoever tells of a task is told something back by this id: one that cannot be would stop a workflow for ever."""


class Level(BaseModel):
    """A level of an overdue task: from `at` on it belongs to `role`."""

    role: str
    staff_id: str | None = None
    at: datetime


class TaskStart(BaseModel):
    """The input of a `StaffTask`."""

    task_id: str
    kind: str
    episode_id: str
    reports_to: str | None = None
    """Id of the workflow that asked for it, where that is not the episode's own."""
    site: str
    role: str
    owner: str | None = None
    due_at: datetime
    levels: list[Level] = Field(default_factory=list)
    outcomes: list[str]
    rule: str
    entries: list[str] = Field(default_factory=list)
    asks: str
    signers: Signers = ANYONE
    urgency: Urgency = Urgency.ORDINARY
    trust: Trust | None = None
    """What signatures are judged by; None, or without keys: nothing is signed here (E0)."""


class TaskChanged(BaseModel):
    """An episode tells an open task how it stands now; `revision` grows with each change."""

    revision: int
    owner: str | None
    due_at: datetime
    levels: list[Level]
    entries: list[str]
    asks: str
    signers: Signers
    asks_otherwise: bool = False
    """Whether what it asks has changed, and whoever has it must hear so (T3)."""


class Completion(BaseModel):
    """What the update `complete` takes."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    by: Code
    outcome: Code
    reason: Reason | None = None
    signature: Signature | None = None


class Reassignment(BaseModel):
    """What the update `reassign` takes."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    to: Code
    by: Code
    instead_of: Code | None = None
    """Whose place it is taken in, where a person has gone or is away."""
    signature: Signature | None = None


class Acknowledging(BaseModel):
    """What the update `acknowledge` takes."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    by: Code
    signature: Signature | None = None


class TaskDone(BaseModel):
    """A task tells its episode what a named person decided."""

    task_id: TaskId
    by: str
    outcome: str
    reason: str | None = None
    known_as: tuple[str, ...] | None = None
    """The roles of somebody outside the team, as the task has read them in the staff directory."""
    signature: Signature | None = None
    """The person's own, over the answer."""


class TaskTrusts(BaseModel):
    """An episode tells its open tasks which keys of the clinic are in force since one has come or gone."""

    trust: Trust


class TaskHeard(BaseModel):
    """Whoever asked for a task tells it that its answer was heard, and what came of it."""

    changes: list[str] = Field(default_factory=list)
    objection: str | None = None
    """Why the answer had no effect."""


class TaskWithdrawn(BaseModel):
    """An episode tells a task that it is no longer owed."""

    reason: str
    quietly: bool
    """True if it was done elsewhere, or its place is taken by the next step: then nobody needs to be told."""


class TaskReach(BaseModel):
    """A task tells its episode that nobody was reached about it, and why; or that somebody was."""

    task_id: str
    unreached: str | None


class ReferralNews(BaseModel):
    """A referral tells its episode how it stands: `visited` once somebody came, `closed` with its reason."""

    referral_id: str
    state: Literal["open", "visited", "closed"]
    at: datetime
    reason: str | None = None


class HistoryLine(BaseModel):
    """One thing that happened to a task."""

    at: datetime
    what: str
    by: str | None = None


class Why(BaseModel):
    """The rule and the entries that put a task there."""

    rule: str
    entries: list[str]
    asks: str


class TaskView(BaseModel):
    """What the query `task` answers."""

    task_id: str
    kind: str
    episode_id: str
    role: str
    owner: str | None
    stands_in_for: str | None = None
    """In whose place the owner has it, where it was handed over by hand."""
    due_at: datetime
    level: int
    state: str
    outcomes: list[str]
    signed_by: list[str] = Field(default_factory=list)
    """Roles that may answer it; empty: whoever there is."""
    nobody_reached: bool = False
    """Whether its latest notice has reached nobody so far; it is tried on until the task ends."""
    not_reached: str | None = None
    """Why."""
    why: Why
    history: list[HistoryLine]
    ended: HistoryLine | None = None
    """How it was completed or withdrawn, and by whom."""
    is_heard: bool = False
    """Whether the answer has had its effect where the task was asked for; what is not heard yet will be."""
    changes: list[str] = Field(default_factory=list)
    """What it has changed, in words."""

    @classmethod
    def of(cls, task: TaskStart, held: Held, **how_it_stands: Any) -> Self:
        """A task as whoever holds it sees it."""
        return cls(
            task_id=task.task_id,
            kind=task.kind,
            episode_id=task.episode_id,
            role=held.role,
            owner=held.owner,
            stands_in_for=held.stands_in_for,
            due_at=task.due_at,
            level=held.level,
            outcomes=task.outcomes,
            signed_by=list(task.signers.roles),
            why=Why(rule=task.rule, entries=task.entries, asks=task.asks),
            **how_it_stands,
        )


class Result(BaseModel):
    """The result of one entry of `record_many`: what it changed, or the error it was refused with."""

    index: int
    entry_id: str | None = None
    duplicate: bool = False
    stage: str | None = None
    changes: list[str] = Field(default_factory=list)
    before: dict[str, Any] = Field(default_factory=dict)
    after: dict[str, Any] = Field(default_factory=dict)
    error: dict[str, str] | None = None
