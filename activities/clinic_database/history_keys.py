"""With which keys the clinic encrypts its histories. Whoever has another one, or none, is stopped before writing (P1).

Only their ids and fingerprints are here: no key follows from them.
"""

from collections.abc import Mapping
from datetime import UTC, datetime

from sqlalchemy import delete, select

from activities.clinic_database.engine import ClinicDatabase
from activities.clinic_database.tables import HistoryKeyRow


class HistoryKeys:
    """The keys that workers of the clinic have had. A clinic with one of them encrypts."""

    def __init__(self, database: ClinicDatabase) -> None:
        self._database = database

    async def noted(self) -> dict[str, str]:
        """Fingerprints by the id of the key, the oldest first."""
        async with self._database.transaction() as session:
            found = await session.scalars(
                select(HistoryKeyRow).order_by(HistoryKeyRow.noted_at, HistoryKeyRow.key_id)
            )
            return {row.key_id: row.fingerprint for row in found}

    async def note(self, fingerprints: Mapping[str, str]) -> None:
        """From now on the clinic encrypts with these too; saying it twice changes nothing."""
        async with self._database.transaction() as session:
            for key_id, fingerprint in fingerprints.items():
                if await session.get(HistoryKeyRow, key_id) is None:
                    session.add(
                        HistoryKeyRow(key_id=key_id, fingerprint=fingerprint, noted_at=datetime.now(UTC))
                    )

    async def forget(self, key_id: str) -> bool:
        """Nothing that was encrypted with it is needed any more; whether it was noted."""
        async with self._database.transaction() as session:
            noted = await session.get(HistoryKeyRow, key_id) is not None
            await session.execute(delete(HistoryKeyRow).where(HistoryKeyRow.key_id == key_id))
            return noted
