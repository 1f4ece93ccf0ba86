"""Opening the clinic database, and bringing its schema up to date.

SQLite's driver begins transactions lazily and read-only; two writers then fork a chain or fail at commit. So
each transaction begins with BEGIN IMMEDIATE, which waits for its turn. Whoever waits there asks again and again, and
one of many may never be lucky: so a process has one connection, for which its transactions stand in line.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import create_engine, event, inspect, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.pool import AsyncAdaptedQueuePool

MIGRATIONS = Path(__file__).parent / "migrations"

SECONDS_TO_CONNECT = 4
"""How long a database server may take to answer at all."""


class ClinicDatabase:
    """One database; `transaction()` gives a session that commits at the end or not at all."""

    def __init__(self, url: str) -> None:
        # What is bound to a statement names people: it stands in no error and in no log (P1).
        self._engine = create_async_engine(
            url, hide_parameters=True, connect_args=_bounded(url), **_in_line(url)
        )
        self._sessions = async_sessionmaker(self._engine, expire_on_commit=False)
        if self._engine.dialect.name == "sqlite":
            _wait_for_the_write_lock(self._engine.sync_engine)

    @property
    def dialect(self) -> str:
        """`sqlite` or `postgresql`."""
        return self._engine.dialect.name

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncSession]:
        """A session inside one transaction."""
        async with self._sessions.begin() as session:
            yield session

    async def close(self) -> None:
        """Close all connections."""
        await self._engine.dispose()


def _wait_for_the_write_lock(engine: Any) -> None:
    @event.listens_for(engine, "connect")
    def _prepare(connection: Any, _record: Any) -> None:
        connection.isolation_level = None
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "busy_timeout=10000"):
            cursor = connection.cursor()
            cursor.execute(f"PRAGMA {pragma}")
            cursor.close()

    @event.listens_for(engine, "begin")
    def _begin(connection: Any) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")


def revision_of(url: str) -> str | None:
    """Which version of the schema a database holds; None: none of ours. Reads only."""
    engine = create_engine(_synchronous(url), connect_args=_bounded(url), hide_parameters=True)
    try:
        with engine.connect() as connection:
            if not inspect(connection).has_table("alembic_version"):
                return None
            return str(connection.scalar(text("SELECT version_num FROM alembic_version")))
    finally:
        engine.dispose()


def migrate(url: str) -> None:
    """Bring the schema up to date; creates a SQLite file and its folder where there is none."""
    # Every command opens the database, few migrate it: the others need not wait for Alembic to load.
    from alembic import command
    from alembic.config import Config

    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite" and parsed.database:
        Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["url"] = _synchronous(url)
    command.upgrade(config, "head")


def _synchronous(url: str) -> URL:
    parsed = make_url(url)
    driver = {"postgresql": "postgresql+psycopg"}
    name = parsed.get_backend_name()
    return parsed.set(drivername=driver.get(name, name))


def _in_line(url: str) -> dict[str, Any]:
    """One connection to SQLite, which lets one write at a time anyway: who came first goes first."""
    if not url.startswith("sqlite"):
        return {}
    return {"poolclass": AsyncAdaptedQueuePool, "pool_size": 1, "max_overflow": 0}


def _bounded(url: str) -> dict[str, int]:
    return {} if url.startswith("sqlite") else {"connect_timeout": SECONDS_TO_CONNECT}
