"""How large anything may be that is told to an episode or a referral: every bound stands here.

Temporal takes no value above 2 MB, and an episode that cannot be continued as new stops for ever. So what arrives is
measured before it is kept, and what is kept is measured before more is taken.
"""

import json
from collections.abc import Iterable, Mapping
from typing import Any, Protocol

from workflows.core.engine.errors import InvalidEntry, NotAllowedNow

ENTRY_BYTES = 40_000
"""One entry as JSON. The largest in use, a whole policy, has 16 kB."""

TEXT_CHARACTERS = 2_000
"""Any text in an entry; most fields allow less."""

LIST_ITEMS = 200
"""Any list in an entry, such as the substances of a test."""

OBJECT_FIELDS = 500
"""Any object in an entry, such as a table of a policy."""

NESTING = 12
"""Lists and objects inside each other."""

BATCH_ENTRIES = 1_000
"""Entries in one `record_many`."""

ANSWER_BYTES = 1_000_000
"""All that one update answers."""

START_BYTES = 400_000
"""The start of an episode with its policy and the entries of the episode that it follows."""

RECORD_BYTES = 1_000_000
"""All entries of one record, as JSON; at 200 bytes each these are 5,000, eight a day for two years."""

RESERVE_BYTES = 100_000
"""So much of it is kept for what must be said to the end."""

SNAPSHOT_BYTES = 1_600_000
"""An episode as it is packed for continue-as-new. A full record, compressed or not, stays below it."""

HISTORY_LINES = 300
"""What is written about one task, such as who has seen it; to complete it there is always room."""

NOTES_KEPT = 200
"""Notes on what could not be delivered: the latest are kept, the earlier ones stand in the history."""

TO_THE_END = frozenset(
    (
        "crisis", "use", "flag", "leave", "return", "revocation", "retraction", "decision", "exit",
        "cancellation", "closing",
    )
)  # fmt: skip
"""Kinds that have room in the reserve: danger, consent, corrections, and the end."""


_JSON = json.JSONEncoder(ensure_ascii=False, allow_nan=False, default=str)


class Stated(Protocol):
    """What has a kind: an entry."""

    @property
    def kind(self) -> str:
        """Tells what is stated."""


def size_of(value: Any, what: str = "This entry") -> int:
    """The size of a plain value as JSON, in bytes.

    Raises:
        InvalidEntry: it is no JSON: nested without end, or with characters or numbers that are none.
    """
    try:
        return len(_JSON.encode(value).encode())
    except RecursionError:
        raise InvalidEntry(f"{what} is nested too deeply; {NESTING} levels are allowed.") from None
    except UnicodeEncodeError:
        raise InvalidEntry(
            f"{what} holds characters that are no text: half of a pair (a surrogate)."
        ) from None
    except (ValueError, TypeError):
        raise InvalidEntry(
            f"{what} holds a number that is none, such as NaN, or a field without a name."
        ) from None


def check_entry(statement: Mapping[str, Any]) -> None:
    """Refuse an entry that is too large, before it is read.

    Raises:
        InvalidEntry: names the field and the bound.
    """
    size = size_of(statement)
    if size > ENTRY_BYTES:
        raise InvalidEntry(f"This entry has {size:,} bytes; at most {ENTRY_BYTES:,} are allowed.")
    _check(statement, (), NESTING)


def check_start(start: Any) -> None:
    """Refuse the start of a workflow that would leave no room for its record.

    Raises:
        InvalidEntry: names the bound.
    """
    size = size_of(start, "The start")
    if size > START_BYTES:
        raise InvalidEntry(f"The start has {size:,} bytes; at most {START_BYTES:,} are allowed.")


def check_batch(statements: Any) -> None:
    """Refuse what is no list of entries, or one that is too long.

    Raises:
        InvalidEntry: says how to divide it.
    """
    if not isinstance(statements, list):
        raise InvalidEntry("record_many takes a list of entries.")
    if len(statements) > BATCH_ENTRIES:
        raise InvalidEntry(
            f"record_many takes at most {BATCH_ENTRIES:,} entries at once; these are {len(statements):,}. "
            "Send them in parts."
        )


def check_room(entry: Stated, size: int, taken: int) -> None:
    """Refuse an entry that the record has no room for: with it the episode could not be continued as new (E9).

    Args:
        entry: What is about to be recorded.
        size: Its own size in bytes.
        taken: What the record holds.

    Raises:
        NotAllowedNow: says what the record holds, and what can still be recorded.
    """
    room = RECORD_BYTES if entry.kind in TO_THE_END else RECORD_BYTES - RESERVE_BYTES
    if taken + size > room:
        raise NotAllowedNow(
            f"The record is full: it holds {taken:,} bytes, and there is room for {room:,}. What is left is kept for "
            f"{', '.join(sorted(TO_THE_END))}. End this episode (exit, reason other) and begin a new one."
        )


def _check(value: Any, where: tuple[object, ...], levels: int) -> None:
    if isinstance(value, str):
        if len(value) > TEXT_CHARACTERS:
            raise InvalidEntry(
                f"{_in_words(where)}: the text has {len(value):,} characters; at most {TEXT_CHARACTERS:,} are allowed."
            )
    elif isinstance(value, dict):
        _check_all(value.items(), len(value), OBJECT_FIELDS, where, levels)
    elif isinstance(value, list | tuple):
        _check_all(enumerate(value), len(value), LIST_ITEMS, where, levels)
    elif isinstance(value, Mapping):
        _check(dict(value), where, levels)


def _check_all(
    parts: Iterable[tuple[object, Any]], count: int, allowed: int, where: tuple[object, ...], levels: int
) -> None:
    if count > allowed:
        raise InvalidEntry(f"{_in_words(where)}: there are {count:,} items; at most {allowed:,} are allowed.")
    if levels == 0:
        raise InvalidEntry(f"{_in_words(where)}: it is nested too deeply; {NESTING} levels are allowed.")
    for name, part in parts:
        _check(part, (*where, name), levels - 1)


def _in_words(where: tuple[object, ...]) -> str:
    return ".".join(str(name)[:40] for name in where) or "this entry"
