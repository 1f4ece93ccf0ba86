"""Clinic databases with nothing in them: migrated once in each process, and copied for each test that wants one.

To migrate a database takes longer than most tests of what is done in it. That a clinic's database can be made from
nothing is proved where `carepath setup` and the migrations themselves are tested.
"""

import atexit
import shutil
import tempfile
from functools import cache
from pathlib import Path

from activities.clinic_database import ClinicDatabase, migrate
from activities.clinic_database.journal import Journal
from activities.clinic_database.journal_chain import Key
from worker.database_url import sqlite_file

JOURNAL_KEY = Key(b"a key of the tests, of 32 bytes.")
"""With which the journal of a clinic without a home is sealed."""


def sealed_for_tests(database: ClinicDatabase) -> Journal:
    """The journal of such a clinic."""
    return Journal(database, JOURNAL_KEY)


@cache
def _migrated() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="carepath-"))
    atexit.register(shutil.rmtree, folder)
    migrate(f"sqlite:///{folder / 'clinic.db'}")
    return folder / "clinic.db"


def make_database(url: str) -> None:
    """Make the clinic database of a test, unless there is one. What is on PostgreSQL is there (`tests/activities`)."""
    file = sqlite_file(url)
    if file is not None and not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(_migrated(), file)
