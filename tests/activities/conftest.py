"""The clinic database of a test, on each kind of server that it runs on."""

import asyncio
import uuid
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import psycopg
import pytest

from activities.clinic_database import ClinicDatabase, migrate
from tests import postgresql, servers
from worker.settings import Settings


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[str]:
    """One PostgreSQL server for all tests; each makes a database of its own."""
    if postgresql.programs() is None:
        pytest.skip("PostgreSQL is not installed (Debian's package postgresql)")
    with postgresql.server() as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database."""
    if request.param == "sqlite":
        return f"sqlite+aiosqlite:///{tmp_path / 'clinic.db'}"
    server: str = request.getfixturevalue("postgresql_server")
    name = f"clinic_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(server.replace("+psycopg", ""), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    return server.rpartition("/")[0] + f"/{name}"


@pytest.fixture
def clinic_settings(tmp_path: Path, database_url: str) -> Settings:
    """A clinic of one test, on each kind of database."""
    return servers.clinic_of(tmp_path).model_copy(update={"database": database_url})


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[ClinicDatabase]:
    """A migrated database."""
    await asyncio.to_thread(migrate, database_url)
    opened = ClinicDatabase(database_url)
    yield opened
    await opened.close()
