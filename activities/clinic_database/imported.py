"""What imports have brought, for ever: an export is imported again and again, and Temporal forgets (T4).

A row holds codes alone: what a row of an export was about and what it said, as hashes, and which entry of which episode
it became.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Executable, delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from activities.clinic_database.engine import ClinicDatabase
from activities.clinic_database.inserting import insert
from activities.clinic_database.tables import ImportedRow

AT_ONCE = 500
"""Identities that are asked for in one statement; databases bound how many a statement may hold."""


@dataclass(frozen=True, slots=True)
class Imported:
    """An entry that an import has brought."""

    identity: str
    """What its row was about."""
    content: str
    """What it said."""
    episode_id: str
    entry_id: str
    stands: bool = True
    """Whether no later import has brought another content in its place."""


class ImportMemory:
    """All that was imported."""

    def __init__(self, database: ClinicDatabase) -> None:
        self._database = database

    async def known(self, identities: Sequence[str]) -> list[Imported]:
        """What was brought of these."""
        found: list[Imported] = []
        async with self._database.transaction() as session:
            for first in range(0, len(identities), AT_ONCE):
                asked = select(ImportedRow).where(
                    ImportedRow.identity.in_(identities[first : first + AT_ONCE])
                )
                found += [
                    Imported(row.identity, row.content, row.episode_id, row.entry_id, row.stands)
                    for row in await session.scalars(asked)
                ]
        return found

    async def keep(self, brought: Iterable[Imported], replaced: Iterable[Imported] = ()) -> None:
        """Remember what was brought, and what it has taken the place of; twice changes nothing."""
        now = datetime.now(UTC)
        async with self._database.transaction() as session:
            for row in replaced:
                change = update(ImportedRow).where(
                    ImportedRow.episode_id == row.episode_id, ImportedRow.entry_id == row.entry_id
                )
                await session.execute(change.values(stands=False))
            rows = [
                {"episode_id": row.episode_id, "entry_id": row.entry_id, "identity": row.identity,
                 "content": row.content, "stands": row.stands, "imported_at": now}
                for row in {(row.episode_id, row.entry_id): row for row in brought}.values()
            ]  # fmt: skip
            for first in range(0, len(rows), AT_ONCE):
                await session.execute(_in_place_of_what_is_there(session, rows[first : first + AT_ONCE]))

    async def forget(self, episode_id: str) -> int:
        """Forget what was brought to an episode that runs no more and begins again; how much that was."""
        async with self._database.transaction() as session:
            gone = await session.execute(delete(ImportedRow).where(ImportedRow.episode_id == episode_id))
            return int(gone.rowcount)  # type: ignore[attr-defined]


def _in_place_of_what_is_there(session: AsyncSession, rows: list[dict[str, Any]]) -> Executable:
    new = insert(session, ImportedRow).values(rows)
    said = {name: new.excluded[name] for name in ("identity", "content", "stands", "imported_at")}
    return new.on_conflict_do_update(index_elements=["episode_id", "entry_id"], set_=said)
