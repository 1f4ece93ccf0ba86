"""The journal: what every episode and referral took, line by line, for ever (T2, T3). Here is the home of the record.

Lines are only ever added. A trigger refuses changes; the chain under the clinic's key shows those that went around it.
Where the clinic encrypts its histories, lines are encrypted with the same keys.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol

from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from activities.clinic_database.engine import ClinicDatabase
from activities.clinic_database.journal_chain import Key, Link, continued, problems
from activities.clinic_database.tables import JournalRow


class Contradiction(Exception):
    """A line cannot be kept, however often it is tried: its place is taken, or the lines before it are not there."""


class OtherKey(Exception):
    """The clinic's key is not the one with which its journal is sealed."""


class Cipher(Protocol):
    """Encrypts what is kept, as histories are encrypted."""

    def close(self, plain: str) -> str:
        """As ciphertext, in signs that any database takes."""

    def open(self, closed: str) -> str:
        """What it was."""


@dataclass(frozen=True, slots=True)
class Verified:
    """What a verification found."""

    journals: int
    lines: int
    problems: tuple[str, ...]
    digest: str
    """Over the end of every chain, to be noted elsewhere and compared: it shows an end that was cut off."""


class Journal:
    """The journals of a clinic.

    Args:
        database: Where they are kept.
        key: With which their lines are sealed.
        cipher: With which they are encrypted; None: they are not.
    """

    def __init__(self, database: ClinicDatabase, key: Key, cipher: Cipher | None = None) -> None:
        self._database, self._key, self._cipher = database, key, cipher

    @property
    def key(self) -> Key:
        """With which its lines are sealed; the ledger's are sealed with the same one."""
        return self._key

    async def keep(self, workflow_id: str, first: int, lines: Sequence[str]) -> int:
        """Keep lines under their numbers; how many there are then. Kept twice is kept once.

        Raises:
            Contradiction: another line stands under a number, or lines before the first are missing.
            OtherKey: the journal is sealed with another key.
        """
        async with self._database.transaction() as session:
            await _in_line(session, workflow_id)
            head = await _head(session, workflow_id)
            there = head.number + 1 if head else 0
            if first > there:
                raise Contradiction(
                    f"line {first} cannot be kept: the clinic database has {there} lines of {workflow_id}, and those "
                    "between are missing. Was it restored from a backup?"
                )
            self._must_be_ours(head)
            known = {link.number: link.line for link in await self._links(session, workflow_id, first)}
            for number, line in enumerate(lines, first):
                if known.get(number, line) != line:
                    raise Contradiction(
                        f"line {number} of {workflow_id} stands in the clinic database and says something else: "
                        "the workflow was reset, or the database is another clinic's"
                    )
            new = lines[there - first :]
            now = datetime.now(UTC)
            session.add_all(
                self._row(workflow_id, link, now)
                for link in continued(self._key, workflow_id, [head] if head else [], new)
            )
            return there + len(new)

    async def lines(self, workflow_id: str) -> list[dict[str, Any]]:
        """What a journal says, from its beginning; nothing where there is none."""
        async with self._database.transaction() as session:
            return [json.loads(link.line) for link in await self._links(session, workflow_id, 0)]

    async def count(self, workflow_id: str) -> int:
        """How many lines there are of it."""
        async with self._database.transaction() as session:
            counted = select(func.count()).where(JournalRow.workflow_id == workflow_id)
            return await session.scalar(counted) or 0

    async def counts(self) -> dict[str, int]:
        """How many lines there are of each."""
        async with self._database.transaction() as session:
            counted = select(JournalRow.workflow_id, func.count()).group_by(JournalRow.workflow_id)
            return dict((await session.execute(counted)).tuples().all())

    async def kept_since(self, workflow_id: str) -> datetime | None:
        """When its last line was kept."""
        async with self._database.transaction() as session:
            return await session.scalar(
                select(JournalRow.kept_at)
                .where(JournalRow.workflow_id == workflow_id)
                .order_by(JournalRow.number.desc())
                .limit(1)
            )

    async def all_ids(self) -> list[str]:
        """Of whom there are journals."""
        async with self._database.transaction() as session:
            found = select(JournalRow.workflow_id).distinct().order_by(JournalRow.workflow_id)
            return list(await session.scalars(found))

    async def check_key(self) -> None:
        """Refuse a key that is not the one with which the journals are sealed.

        Raises:
            OtherKey: it is another one.
        """
        async with self._database.transaction() as session:
            newest = select(JournalRow.key_id).order_by(JournalRow.id.desc()).limit(1)
            found = await session.scalar(newest)
        if found is not None and found != self._key.id:
            raise OtherKey(f"the journal is sealed with key {found}, and this is key {self._key.id}")

    async def verify(self, workflow_id: str | None = None) -> Verified:
        """Hold each line of one journal, or of all, against its seal and the line before it."""
        everyone = await self.all_ids()
        asked = everyone if workflow_id is None else [workflow_id]
        found: list[str] = []
        heads: list[str] = []
        lines = 0
        for one in asked:
            async with self._database.transaction() as session:
                chain = await self._links(session, one, 0)
            lines += len(chain)
            heads += [chain[-1].seal] if chain else []
            found += [f"{one}: {wrong}" for wrong in problems(self._key, one, chain, everyone)]
        digest = hashlib.sha256("".join(sorted(heads)).encode()).hexdigest()
        return Verified(len(heads), lines, tuple(found), digest)

    async def _links(self, session: AsyncSession, workflow_id: str, first: int) -> list[Link]:
        found = select(JournalRow).where(JournalRow.workflow_id == workflow_id, JournalRow.number >= first)
        rows = await session.scalars(found.order_by(JournalRow.number, JournalRow.id))
        return [Link(row.number, self._opened(row), row.previous, row.seal, row.key_id) for row in rows]

    def _opened(self, row: JournalRow) -> str:
        if not row.is_encrypted:
            return row.line
        if self._cipher is None:
            raise OtherKey("the journal is encrypted, and CAREPATH_CODEC names no key file")
        return self._cipher.open(row.line)

    def _row(self, workflow_id: str, link: Link, now: datetime) -> JournalRow:
        return JournalRow(
            workflow_id=workflow_id,
            number=link.number,
            line=self._cipher.close(link.line) if self._cipher else link.line,
            is_encrypted=self._cipher is not None,
            previous=link.previous,
            seal=link.seal,
            key_id=link.key_id,
            kept_at=now,
        )

    def _must_be_ours(self, head: Link | None) -> None:
        if head and head.key_id != self._key.id:
            raise OtherKey(f"the journal is sealed with key {head.key_id}, and this is key {self._key.id}")


async def _head(session: AsyncSession, workflow_id: str) -> Link | None:
    """The end of a chain, as the next line follows it; what it says is not read."""
    found = select(JournalRow).where(JournalRow.workflow_id == workflow_id)
    row = await session.scalar(found.order_by(JournalRow.number.desc()).limit(1))
    return Link(row.number, "", row.previous, row.seal, row.key_id) if row else None


async def _in_line(session: AsyncSession, workflow_id: str) -> None:
    if session.get_bind().dialect.name == "postgresql":
        # Two writers would read the same end; SQLite's transactions already wait for each other.
        await session.execute(
            text("SELECT pg_advisory_xact_lock(hashtextextended(:key, 1))"), {"key": workflow_id}
        )
