"""Inserts that say what is to happen where the row is there already: standard SQL has no words for that."""

from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession

from activities.clinic_database.tables import Base


def insert(session: AsyncSession, row: type[Base]) -> postgresql.Insert | sqlite.Insert:
    """An insert as the database of the session says it: it has `on_conflict_do_nothing` and `on_conflict_do_update`."""
    on_postgresql = session.get_bind().dialect.name == "postgresql"
    return postgresql.insert(row) if on_postgresql else sqlite.insert(row)
