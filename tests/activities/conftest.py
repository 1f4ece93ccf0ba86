"""The clinic database of a test, on each kind of server that it runs on."""

import uuid
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import psycopg
import pytest

from activities.clinic_database import ClinicDatabase, migrate
from tests import postgresql, servers
from tests.databases import make_database
from worker.settings import Settings


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[str]:
    """One PostgreSQL server for all tests, with a migrated database that each copies for itself."""
    if postgresql.programs() is None:
        pytest.skip("PostgreSQL is not installed (Debian's package postgresql)")
    with postgresql.server() as url:
        with psycopg.connect(url.replace("+psycopg", ""), autocommit=True) as connection:
            connection.execute("CREATE DATABASE migrated")
        migrate(url.rpartition("/")[0] + "/migrated")
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A migrated database with nothing in it."""
    if request.param == "sqlite":
        url = f"sqlite+aiosqlite:///{tmp_path / 'clinic.db'}"
        make_database(url)
        return url
    server: str = request.getfixturevalue("postgresql_server")
    name = f"clinic_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(server.replace("+psycopg", ""), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE migrated")
    return server.rpartition("/")[0] + f"/{name}"


@pytest.fixture
def clinic_settings(tmp_path: Path, database_url: str) -> Settings:
    """A clinic of one test, on each kind of database."""
    return servers.clinic_of(tmp_path).model_copy(update={"database": database_url})


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[ClinicDatabase]:
    """That database, opened."""
    opened = ClinicDatabase(database_url)
    yield opened
    await opened.close()
