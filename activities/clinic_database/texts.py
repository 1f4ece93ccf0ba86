"""Text messages that came in and that nobody here understood: kept, until a person of the staff has seen them (P2)."""

from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import select

from activities.clinic_database.engine import ClinicDatabase
from activities.clinic_database.inserting import insert
from activities.clinic_database.tables import TextRow

LONGEST = 1600
"""Characters of a text message that are kept; no telephone sends more in one."""


@dataclass(frozen=True, slots=True)
class Text:
    """One message, and the number from which it came."""

    key: str
    sender: str
    text: str
    received_at: datetime


class Texts:
    """All messages that came in."""

    def __init__(self, database: ClinicDatabase) -> None:
        self._database = database

    async def keep(self, key: str, sender: str, text: str) -> None:
        """Keep a message; the same key again changes nothing."""
        async with self._database.transaction() as session:
            new = insert(session, TextRow).values(
                key=key, sender=sender[:40], text=text[:LONGEST], received_at=datetime.now(UTC)
            )
            await session.execute(new.on_conflict_do_nothing())

    async def unseen(self) -> list[Text]:
        """Messages that nobody has seen, the oldest first."""
        async with self._database.transaction() as session:
            found = (
                select(TextRow).where(TextRow.seen_at.is_(None)).order_by(TextRow.received_at, TextRow.key)
            )
            return [
                Text(row.key, row.sender, row.text, row.received_at) for row in await session.scalars(found)
            ]

    async def seen(self, key: str, by: str) -> bool:
        """Note that a person has seen a message, by its key or the beginning of it; False where there is none."""
        async with self._database.transaction() as session:
            found = select(TextRow).where(
                TextRow.key.startswith(key, autoescape=True), TextRow.seen_at.is_(None)
            )
            rows = list(await session.scalars(found.with_for_update()))
            if len(rows) != 1:
                return False
            rows[0].seen_at, rows[0].seen_by = datetime.now(UTC), by
            return True
