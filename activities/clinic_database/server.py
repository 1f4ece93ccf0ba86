"""On which Temporal server the clinic's episodes run: on another one all of them would look gone, and be begun again.

A namespace has an id that the server has drawn for it; unlike its name and address it belongs to no other one.
"""

from datetime import UTC, datetime

from activities.clinic_database.engine import ClinicDatabase
from activities.clinic_database.tables import TemporalServerRow

THE_ONE = 1


class HomeServer:
    """The server that `carepath setup` has prepared for the clinic."""

    def __init__(self, database: ClinicDatabase) -> None:
        self._database = database

    async def namespace_id(self) -> str | None:
        """The id of the clinic's namespace; None: no setup has noted one."""
        async with self._database.transaction() as session:
            row = await session.get(TemporalServerRow, THE_ONE)
            return row.namespace_id if row else None

    async def note(self, namespace_id: str) -> None:
        """From now on the clinic's episodes run there."""
        async with self._database.transaction() as session:
            await session.merge(
                TemporalServerRow(only=THE_ONE, namespace_id=namespace_id, noted_at=datetime.now(UTC))
            )
