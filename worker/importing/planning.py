"""What an import sends to an episode, given what earlier imports have brought: pure, and the same whatever the order.

A row whose content is known changes nothing. Another content about the same thing takes the place of the one that the
export no longer holds (T3), so that a correction is no disagreement between two sources (A8). The id of an entry
follows from all of this: an import that broke off before it could note what it had sent, sends the same again.
"""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from activities.clinic_database.imported import Imported
from worker.importing.rows import Statement

CORRECTED = "corrected in the export of the other system"
TWO_OF_ONE_ID = "id: the export holds this id with another content too; give each entry an id of its own"


@dataclass(frozen=True)
class Subject:
    """A statement with its identity: what it is about, whoever is meant."""

    statement: Statement
    identity: str
    is_reported: bool = True
    """False for a copy in a later stay: the row is reported once."""


@dataclass(frozen=True)
class Sending:
    """One entry for the episode, and the rows that say so."""

    subjects: tuple[Subject, ...]
    entry: dict[str, Any]
    replaces: tuple[Imported, ...] = ()

    @property
    def first(self) -> Subject:
        """The row by which it is reported; the others say the same."""
        return self.subjects[0]


@dataclass
class Plan:
    """What becomes of the rows of one episode."""

    sendings: list[Sending] = field(default_factory=list)
    known: list[Subject] = field(default_factory=list)
    refused: list[tuple[Subject, str]] = field(default_factory=list)


def identity_of(system: str, episode_id: str, about: str) -> str:
    """What a row is about, as a code: in which system's words, and in which stay."""
    return hashlib.sha256(f"{system}|{episode_id}|{about}".encode()).hexdigest()[:40]


def plan(subjects: Iterable[Subject], known: Iterable[Imported]) -> Plan:
    """What to send.

    Args:
        subjects: The rows of one episode.
        known: What earlier imports have brought to it, of the same identities.
    """
    by_identity: dict[str, list[Subject]] = defaultdict(list)
    for one in subjects:
        by_identity[one.identity].append(one)
    before: dict[str, list[Imported]] = defaultdict(list)
    for row in known:
        before[row.identity].append(row)
    made = Plan()
    for identity in sorted(by_identity):
        _plan_one(by_identity[identity], before[identity], made)
    _follow_corrections(made, before)
    made.sendings.sort(key=_order)
    return made


def _plan_one(subjects: Sequence[Subject], known: Sequence[Imported], made: Plan) -> None:
    """The rows about one thing."""
    standing = {row.content: row for row in known if row.stands}
    contents: dict[str, list[Subject]] = defaultdict(list)
    for one in sorted(subjects, key=lambda one: (one.statement.row.file, one.statement.row.line)):
        contents[one.statement.content].append(one)
    made.known += [one for content, same in contents.items() if content in standing for one in same]
    new = {content: same for content, same in contents.items() if content not in standing}
    gone = sorted(
        (row for content, row in standing.items() if content not in contents), key=lambda r: r.entry_id
    )
    by_id = next(iter(subjects)).statement.entry.get("id") is not None
    if by_id and len(contents) > 1:
        kept = next(iter(contents)) if len(new) == len(contents) else None
        made.refused += [
            (one, TWO_OF_ONE_ID) for content, same in new.items() if content != kept for one in same
        ]
        new = {content: same for content, same in new.items() if content == kept}
    for content in sorted(new):
        replaced = tuple(gone) if new[content][0].statement.is_state else tuple(gone[:1])
        gone = gone[len(replaced) :]
        latest = replaced[0] if replaced else _latest(known, content)
        made.sendings.append(
            Sending(tuple(new[content]), _entry(new[content][0], latest, replaced), replaced)
        )


def _latest(known: Sequence[Imported], content: str) -> Imported | None:
    """What keeps the id of a content that comes back apart from the one that it had before."""
    same = [row for row in known if row.content == content]
    return max(same, key=lambda row: row.entry_id) if same else None


def _entry(subject: Subject, before: Imported | None, replaced: Sequence[Imported]) -> dict[str, Any]:
    statement = subject.statement
    entry = dict(statement.entry)
    given = entry.get("id")
    told = f"{subject.identity}|{statement.content}|{before.entry_id if before else ''}"
    code = hashlib.sha256(told.encode()).hexdigest()[:20]
    if before is None:
        entry["id"] = given or f"import-{code}"
    else:
        entry["id"] = f"{given}@{code[:8]}" if given and len(str(given)) <= 100 else f"import-{code}"
    if replaced and not statement.is_state and not entry.get("supersedes"):
        entry["supersedes"] = replaced[0].entry_id
        entry["supersedes_reason"] = CORRECTED
    return entry


def _follow_corrections(made: Plan, before: dict[str, list[Imported]]) -> None:
    """A retraction names the id that the other system gave; what stands under it now may be a correction of that."""
    now: dict[str, str] = {}
    for sending in made.sendings:
        if given := sending.first.statement.entry.get("id"):
            now[str(given)] = sending.entry["id"]
    for one in made.known:
        if given := one.statement.entry.get("id"):
            standing = [row for row in before[one.identity] if row.stands]
            now.setdefault(str(given), standing[0].entry_id)
    for sending in made.sendings:
        target = sending.entry.get("entry_id")
        if sending.entry["kind"] == "retraction" and target in now:
            sending.entry["entry_id"] = now[target]


def _order(sending: Sending) -> tuple[bool, int, str]:
    """The course of the stay first, then what happened last: so whatever does not fit into one update changes nothing
    of how things stand today (T7)."""
    statement = sending.first.statement
    is_many = statement.entry["kind"] in ("attendance", "test")
    return is_many, -(statement.day.toordinal() if statement.day else 0), sending.entry["id"]
