"""The seals of the disclosure ledger: one chain over all its lines under the clinic's key, and heads of it (P8). Pure.

Whoever can write the database, and does not have the key, can change, replace, move or add no line unseen, nor take one
out of the middle. A head says how many lines there were and what the last one was, with the head before it, and is
sealed: noted elsewhere, it shows an end that was cut off, and how far the ledger has grown since.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from activities.clinic_database.journal_chain import BEGINNING, Key, Link, continued, problems

LINES, HEADS = "disclosure ledger", "heads of the disclosure ledger"
"""Whose the two chains are: no line of one of them, or of a journal, fits into another."""


class NoHead(ValueError):
    """What was given is no head of a ledger; the message says why."""


class Head(NamedTuple):
    """How the ledger ended at some time."""

    lines: int
    """How many sealed lines there were."""
    last: str
    """The seal of the last of them."""
    at: datetime


def sealed_text(patient_key: str, previous: str, line: str, hash_: str) -> str:
    """What a seal of a line is over: every column that says something."""
    return json.dumps([patient_key, previous, line, hash_])


def next_head(key: Key, last_head: Link | None, last_line: Link | None, at: datetime) -> Link:
    """A head over the ledger as it ends now."""
    said = {
        "lines": last_line.number + 1 if last_line else 0,
        "last": last_line.seal if last_line else BEGINNING,
        "at": at.isoformat(timespec="seconds"),
    }
    return continued(key, HEADS, [last_head] if last_head else [], [json.dumps(said, sort_keys=True)])[0]


def noted(head: Link) -> str:
    """A head as it is noted elsewhere: one line of JSON, which names nobody."""
    return json.dumps(head._asdict(), sort_keys=True)


def head_of(key: Key, text: str) -> Link:
    """A head as it was noted.

    Raises:
        NoHead: it is none, it was changed, or another clinic's key has sealed it.
    """
    try:
        given = json.loads(text)
        head = Link(int(given["number"]), str(given["line"]), str(given["previous"]), str(given["seal"]),
                    str(given["key_id"]))  # fmt: skip
        said_by(head)
    except (ValueError, TypeError, KeyError):
        raise NoHead("is no head of a ledger: `carepath ledger head` writes one") from None
    if head.key_id != key.id:
        raise NoHead(f"was sealed with another key ({head.key_id}); this clinic's is {key.id}")
    if head.seal != key.seal(HEADS, head.number, head.previous, head.line):
        raise NoHead("is not what was noted: it was changed")
    return head


def said_by(head: Link) -> Head:
    """What a head says.

    Raises:
        ValueError, KeyError, TypeError: it says something else.
    """
    said = json.loads(head.line)
    return Head(int(said["lines"]), str(said["last"]), datetime.fromisoformat(said["at"]))


def against(head: Head, seals: Mapping[int, str]) -> str | None:
    """What a head shows that the chain alone cannot; None where every line of its time is there.

    Args:
        head: Whose seal holds.
        seals: Of each line that is there now, under its number.
    """
    ends = head.lines - 1
    if ends < 0 or seals.get(ends) == head.last:
        return None
    then = f"at {head.at:%Y-%m-%d %H:%M} UTC there were {head.lines} lines"
    if ends in seals:
        return f"{then}, and line {ends} is another one now: it was replaced"
    first = max((number for number in seals if number < ends), default=-1) + 1
    gone = f"line {first} is" if first == ends else f"lines {first} to {ends} are"
    return f"{then}, and {gone} gone: the end was cut off"


def problems_of_heads(key: Key, heads: Sequence[Link], seals: Mapping[int, str]) -> list[str]:
    """What is wrong with the heads that the database keeps, and what they show of the lines."""
    wrong = problems(key, HEADS, heads)
    if wrong:
        return [f"heads: {one}" for one in wrong]
    shown = (against(said_by(head), seals) for head in heads)
    return list(dict.fromkeys(one for one in shown if one))
