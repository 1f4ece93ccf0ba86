"""Days on which a site, or the whole clinic, is closed: each open episode has an entry, a new one begins with it."""

import uuid
from dataclasses import dataclass
from datetime import UTC, date, datetime

from sqlalchemy import Select, select

from activities.clinic_database.engine import ClinicDatabase
from activities.clinic_database.tables import ClosureRow


@dataclass(frozen=True, slots=True)
class ClosedDay:
    """A day, of a site or (None) of the whole clinic."""

    closure_id: str
    site: str | None
    on: date
    reason: str
    recorded_by: str
    taken_back_by: str | None


class Closures:
    """All closed days of the clinic."""

    def __init__(self, database: ClinicDatabase) -> None:
        self._database = database

    async def add(self, on: date, site: str | None, reason: str, by: str) -> ClosedDay:
        """Note a closed day; saying it again changes nothing."""
        async with self._database.transaction() as session:
            known = await session.scalar(_standing().where(ClosureRow.on == on, ClosureRow.site == site))
            row = known or ClosureRow(
                closure_id=f"closure-{uuid.uuid4().hex[:12]}",
                site=site,
                on=on,
                reason=reason,
                recorded_by=by,
                recorded_at=datetime.now(UTC),
            )
            session.add(row)
            return _day(row)

    async def take_back(self, on: date, site: str | None, by: str) -> ClosedDay | None:
        """It is not closed after all. Saying it again gives the same day; None: it was never noted as closed."""
        async with self._database.transaction() as session:
            found = select(ClosureRow).where(ClosureRow.on == on, ClosureRow.site == site)
            row = await session.scalar(
                found.order_by(ClosureRow.recorded_at.desc()).limit(1).with_for_update()
            )
            if row and row.taken_back_at is None:
                row.taken_back_at, row.taken_back_by = datetime.now(UTC), by
            return _day(row) if row else None

    async def standing(self, since: date | None = None) -> list[ClosedDay]:
        """Every closed day that stands, the earliest first."""
        found = _standing().where(ClosureRow.on >= since) if since else _standing()
        async with self._database.transaction() as session:
            return [_day(row) for row in await session.scalars(found.order_by(ClosureRow.on))]


def _standing() -> Select[ClosureRow]:
    return select(ClosureRow).where(ClosureRow.taken_back_at.is_(None))


def _day(row: ClosureRow) -> ClosedDay:
    return ClosedDay(row.closure_id, row.site, row.on, row.reason, row.recorded_by, row.taken_back_by)
