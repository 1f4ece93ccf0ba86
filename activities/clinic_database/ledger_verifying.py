"""Whether the ledger is what was written: every line against its seal, the outbox, the heads, and the triggers (P8)."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from activities.clinic_database.engine import ClinicDatabase
from activities.clinic_database.journal_chain import Key, Link, problems
from activities.clinic_database.ledger import (
    BEGINNING,
    CARRIED_OVER,
    NOBODY,
    carry_over,
    digest_of,
    end_of,
    hash_of,
    in_line,
    link_of,
    must_be_ours,
    said_in,
)
from activities.clinic_database.ledger_chain import (
    LINES,
    Head,
    against,
    next_head,
    noted,
    problems_of_heads,
    said_by,
)
from activities.clinic_database.ledger_tables import HeadRow, LedgerRow
from activities.clinic_database.only_grows import triggers_missing
from activities.clinic_database.tables import OutboxRow

DISCLOSURES = ("referral", "cancellation", "completion", "told_by_hand")
"""Kinds of rows in the outbox that have lines in the ledger."""

LINES_OF = {
    "sending": ("sending",), "sent": ("sent", "arrived"), "uncertain": ("uncertain",), "to_post": ("to_post",),
    "refused": ("not_sent", "not_arrived"),
}  # fmt: skip
"""For each state of the outbox, the lines of which one must stand there."""


@dataclass(frozen=True, slots=True)
class Verified:
    """What a verification found; `digest` is over the end of each patient's chain."""

    chains: int
    lines: int
    problems: tuple[str, ...]
    digest: str
    heads: int = 0
    since: Head | None = None
    """The head that it was held against."""
    grown: int | None = None
    """How many lines there are since then."""


class Verifier:
    """Whoever verifies has the clinic's key: without it nobody can tell what was written."""

    def __init__(self, database: ClinicDatabase, key: Key) -> None:
        self._database, self._key = database, key

    async def verify(self, since: Link | None = None) -> Verified:
        """Hold each line against its seal and the line before it, and all of them against the outbox and the heads.

        Args:
            since: A head that was noted elsewhere, whose own seal holds.
        """
        async with self._database.transaction() as session:
            # The outbox first: what is written meanwhile makes the ledger longer and nothing wrong.
            owed = {
                row.key: row.state
                for row in await session.scalars(select(OutboxRow).where(OutboxRow.kind.in_(DISCLOSURES)))
            }
            heads = await _heads(session)
            rows = list(await session.scalars(select(LedgerRow).order_by(LedgerRow.id)))
            found = await triggers_missing(session)
        before = [row for row in rows if row.seal is None]
        sealed = sorted((row for row in rows if row.seal is not None), key=lambda row: row.number or 0)
        found += self._wrong_before(before, sealed)
        found += problems(self._key, LINES, [link_of(row) for row in sealed])
        found += _out_of_place(sealed)
        seals = {row.number: row.seal for row in sealed if row.number is not None and row.seal is not None}
        found += problems_of_heads(self._key, heads, seals)
        said = said_by(since) if since else None
        if since and said:
            found += [] if since in heads else ["the head that was given is not among those of the database"]
            found += [one for one in [against(said, seals)] if one and one not in found]
        found += _missed(owed, {said_in(row.line) for row in rows})
        ends = {row.patient_key: row.hash for row in (*before, *sealed) if row.patient_key != NOBODY}
        digest = hashlib.sha256("".join(sorted(ends.values())).encode()).hexdigest()
        grown = len(sealed) - said.lines if said else None
        return Verified(len(ends), len(rows), tuple(found), digest, len(heads), said, grown)

    async def head(self) -> str:
        """Write down how the ledger ends now, and seal it; as it is to be noted elsewhere.

        Raises:
            OtherKey: the ledger is sealed with another key.
        """
        async with self._database.transaction() as session:
            await in_line(session)
            await carry_over(session, self._key)
            end, heads = await end_of(session), await _heads(session)
            must_be_ours(self._key, end)
            head = next_head(self._key, heads[-1] if heads else None, end, datetime.now(UTC))
            session.add(HeadRow(**head._asdict()))
        return noted(head)

    async def carried_over(self) -> int:
        """Seal what stands there from before there were seals, once; how many lines that were."""
        async with self._database.transaction() as session:
            await in_line(session)
            return await carry_over(session, self._key)

    async def check_key(self) -> None:
        """Refuse a key that is not the one of the ledger.

        Raises:
            OtherKey: it is another one.
        """
        async with self._database.transaction() as session:
            must_be_ours(self._key, await end_of(session))

    def _wrong_before(self, before: Sequence[LedgerRow], sealed: Sequence[LedgerRow]) -> list[str]:
        """What is wrong with the lines from before there were seals."""
        carrying = sealed[0] if sealed and said_in(sealed[0].line)[1] == CARRIED_OVER else None
        then = [row for row in before if carrying and row.id < carrying.id]
        found = [
            f"the line with id {row.id} has no seal: it was added by somebody without the clinic's key"
            if sealed
            else f"the line with id {row.id} has no seal yet: `carepath setup` seals what is from before"
            for row in before
            if carrying is None or row.id > carrying.id
        ]
        ends: dict[str, str] = {}
        for row in then:
            if row.previous != ends.get(row.patient_key, BEGINNING):
                found.append(
                    f"the line with id {row.id} does not follow the line before it; one was taken out"
                )
            if row.hash != hash_of(row.patient_key, row.previous, row.line):
                found.append(f"the line with id {row.id} is not what was written; it was changed")
            ends[row.patient_key] = row.hash
        count, digest = digest_of(then)
        if carrying and f'["digest","{digest}"]' not in carrying.line:
            found.append(
                f"the {count} lines from before there were seals are not those that were sealed: one was changed, "
                "added or taken out"
            )
        return found


async def is_sealed(database: ClinicDatabase) -> bool:
    """Whether any line of the ledger has a seal, of whatever key."""
    async with database.transaction() as session:
        return await end_of(session) is not None


async def _heads(session: AsyncSession) -> list[Link]:
    rows = await session.scalars(select(HeadRow).order_by(HeadRow.number))
    return [Link(row.number, row.line, row.previous, row.seal, row.key_id) for row in rows]


def _out_of_place(sealed: Sequence[LedgerRow]) -> list[str]:
    """In the accounting lines stand by their ids: these follow their numbers."""
    return [
        f"line {after.number} was put before line {first.number}"
        for first, after in pairwise(sealed)
        if after.id <= first.id
    ]


def _missed(owed: dict[str, str], said: set[tuple[str, str]]) -> list[str]:
    """A chain whose end was cut off is whole by itself: what the outbox knows of it shows that something is missing."""
    return [
        f"sending {key}: the outbox has it as {state}, and the ledger does not; a line is gone"
        for key, state in owed.items()
        if (lines_of := LINES_OF.get(state)) and not any((key, what) in said for what in lines_of)
    ]
