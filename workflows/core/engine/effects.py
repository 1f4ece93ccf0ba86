"""What the engine may ask of the world: a closed set of typed requests, carried out by the shell.

No effect holds a name, an address or a sentence about a person: kinds, roles, staff ids, dates, entry ids (P1).
Each has a key that is the same however often it is asked for, so that it happens once.
"""

from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any

from workflows.core.engine.calendar import Instant
from workflows.core.engine.signing import ANYONE, Signers
from workflows.core.engine.urgency import Urgency


@dataclass(frozen=True, slots=True)
class EscalationLevel:
    """A level of an overdue task: from `at` on it belongs to `role`."""

    role: str
    staff_id: str | None
    at: Instant


@dataclass(frozen=True, slots=True)
class OpenTask:
    """A person owes something. `duty` names it within the episode; `task_id` in the whole clinic."""

    task_id: str
    duty: str
    kind: str
    role: str
    owner: str | None
    since: Instant
    """From when `due_at` is counted."""
    due_at: Instant
    escalation: tuple[EscalationLevel, ...]
    outcomes: tuple[str, ...]
    rule: str
    entries: tuple[str, ...]
    asks: str
    signers: Signers = ANYONE
    urgency: Urgency = Urgency.ORDINARY
    revision: int = 0
    """Grows with every change, so that one that arrives late does not undo a newer one."""
    opened_at: Instant | None = None
    done_by: tuple[str, ...] = ()
    """Kinds of entries that do what is owed."""


@dataclass(frozen=True, slots=True)
class ChangeTask:
    """An open task is asked otherwise: it follows the team, the days on which the program is open, and what it asks.

    `task` is the whole of it as it stands now; its `revision` has grown.
    """

    task: OpenTask
    asks_otherwise: bool = False
    """Whether whoever has it must hear that what it asks has changed, such as after a correction (T3)."""


@dataclass(frozen=True, slots=True)
class CloseTask:
    """What was owed is no longer: whoever was alerted is told why (A5), unless it was done or is asked anew."""

    task_id: str
    duty: str
    reason: str
    quietly: bool
    """True if it was done, or its place is taken by the next step: then nobody needs to hear of it."""


@dataclass(frozen=True, slots=True)
class Notify:
    """A notice to staff that asks for nothing to be completed."""

    key: str
    role: str
    staff_id: str | None
    subject: str
    lines: tuple[str, ...]
    urgency: Urgency = Urgency.ORDINARY
    is_plain: bool = False
    """Whether its lines tell nothing of the person: then they stand in a mail, too (P1)."""


@dataclass(frozen=True, slots=True)
class MessagePatient:
    """A neutral message from an approved template (P2); not sent after `send_before` (T7)."""

    key: str
    template: str
    send_before: datetime
    quiet: tuple[time, time] | None = None
    """Wall-clock times between which it waits, unless the person has named others."""


@dataclass(frozen=True, slots=True)
class NoteClosed:
    """The clinic database learns that the episode is closed, or open again (None), so that I6 holds."""

    key: str
    closed_on: date | None


@dataclass(frozen=True, slots=True)
class BeginEpisode:
    """An episode of another pathway begins for the same patient, with these entries at hand (plain JSON)."""

    key: str
    episode_id: str
    pathway: str
    referred_on: date
    history: tuple[dict[str, Any], ...]


@dataclass(frozen=True, slots=True)
class KeepConsents:
    """The clinic database learns what the record says of every consent; there it is judged at each sending (P3).

    `version` grows with the record, so that a state which arrives late does not undo a newer one. A revocation is
    lifted only by the id of a retracted one in `lifted`.
    """

    key: str
    version: int
    consents: tuple[dict[str, Any], ...]
    lifted: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class StartReferral:
    """A referral begins, in a workflow of its own. What the service is stands nowhere but in its input (C5)."""

    referral_id: str
    kind: str
    service: str
    wishes: dict[str, Any]
    since: datetime
    need: str
    policy: dict[str, Any]
    statements: tuple[dict[str, Any], ...]


@dataclass(frozen=True, slots=True)
class TellReferral:
    """A referral hears what was stated in the episode and concerns it (plain JSON of its own kinds)."""

    referral_id: str
    statement: dict[str, Any]


Effect = (
    OpenTask
    | ChangeTask
    | CloseTask
    | Notify
    | MessagePatient
    | NoteClosed
    | BeginEpisode
    | KeepConsents
    | StartReferral
    | TellReferral
)
