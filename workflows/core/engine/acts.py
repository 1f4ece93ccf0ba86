"""What has decided how a record is folded, act by act: the material of the journal in the clinic database (T2, T3).

A state follows from its start and from these alone; what was shown, sent or answered does not stand here. They are
noted where a workflow lives, and read again by whoever has the journal and no workflow.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from workflows.core.engine.entry import Entry


@dataclass(frozen=True, slots=True)
class Begun:
    """A referral took what was known at its beginning."""

    at: datetime


@dataclass(frozen=True, slots=True)
class Woken:
    """Time was looked at: at its own moment, or later where nobody was there to look."""

    at: datetime


@dataclass(frozen=True, slots=True)
class Stated:
    """Entries were taken together, in the order of the record. What was refused beside them stands nowhere."""

    at: datetime
    entries: tuple[Entry, ...]
    hands_over: bool = False
    """Whether another system handed the record over with them (T7)."""
    is_history: bool = False
    """Whether they brought a history from there."""


@dataclass(frozen=True, slots=True)
class Vouched:
    """What the staff directory said of somebody: their roles; None: it does not know them (E0)."""

    staff_id: str
    roles: tuple[str, ...] | None


@dataclass(frozen=True, slots=True)
class Forgotten:
    """The staff directory could not be asked about somebody."""

    staff_id: str


@dataclass(frozen=True, slots=True)
class AskedAnew:
    """A task ended without an answer that counts."""

    at: datetime
    task_id: str


@dataclass(frozen=True, slots=True)
class Heard:
    """What an agency said when it was asked; the same word again is no news."""

    attempt: str
    word: str


Act = Begun | Woken | Stated | Vouched | Forgotten | AskedAnew | Heard

MUST_BE_KEPT = (Stated, AskedAnew)
"""What nothing brings back. The others are kept with the next of these: time is looked at again, and so is the
directory."""


def written(act: Act) -> dict[str, Any]:
    """An act as plain JSON."""
    match act:
        case Begun():
            return {"act": "begun", "at": act.at.isoformat()}
        case Woken():
            return {"act": "woken", "at": act.at.isoformat()}
        case Stated():
            # Defaults too: what goes without saying today may not in a later version that reads this.
            entries = [one.model_dump(mode="json", by_alias=True, exclude_none=True) for one in act.entries]
            marks = {name: True for name in ("hands_over", "is_history") if getattr(act, name)}
            return {"act": "stated", "at": act.at.isoformat(), "entries": entries, **marks}
        case Vouched():
            return {"act": "vouched", "staff_id": act.staff_id, "roles": act.roles and list(act.roles)}
        case Forgotten():
            return {"act": "forgotten", "staff_id": act.staff_id}
        case AskedAnew():
            return {"act": "asked_anew", "at": act.at.isoformat(), "task_id": act.task_id}
        case Heard():
            return {"act": "heard", "attempt": act.attempt, "word": act.word}


def read(said: Mapping[str, Any], kinds: Mapping[str, type[Entry]]) -> Act:
    """An act as it was written.

    Args:
        said: What stands in the journal.
        kinds: The class of each kind of entry.

    Raises:
        ValueError, KeyError: it is none that this version of carepath knows.
    """
    try:
        return _read(said, kinds)
    except (TypeError, AttributeError):
        raise ValueError("this is no act of a journal: a part of it has another form") from None


def _read(said: Mapping[str, Any], kinds: Mapping[str, type[Entry]]) -> Act:
    match said["act"]:
        case "begun":
            return Begun(_instant(said))
        case "woken":
            return Woken(_instant(said))
        case "stated":
            entries = tuple(kinds[one["kind"]].model_validate(one) for one in said["entries"])
            return Stated(_instant(said), entries, bool(said.get("hands_over")), bool(said.get("is_history")))
        case "vouched":
            return Vouched(said["staff_id"], None if said["roles"] is None else tuple(said["roles"]))
        case "forgotten":
            return Forgotten(said["staff_id"])
        case "asked_anew":
            return AskedAnew(_instant(said), said["task_id"])
        case "heard":
            return Heard(said["attempt"], said["word"])
    raise ValueError(f"there is no act {said['act']}")


def _instant(said: Mapping[str, Any]) -> datetime:
    return datetime.fromisoformat(said["at"])
