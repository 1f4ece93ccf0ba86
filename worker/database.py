"""The clinic database as the settings name it: made by `setup` and `up`, and only found by everything else."""

import asyncio
from collections.abc import Callable
from typing import TypeVar

from activities.clinic_database import MIGRATIONS, migrate, revision_of
from worker.database_url import REMEDY, sqlite_file
from worker.errors import CannotDo
from worker.home import not_found
from worker.settings import Settings

T = TypeVar("T")

NEWEST = max(file.name.partition("_")[0] for file in MIGRATIONS.glob("versions/[0-9]*.py"))
"""The revision of the schema that this code reads and writes."""


async def brought_up_to_date(settings: Settings) -> None:
    """Bring the schema up to date, and make the database where there is none: for `setup` and `up` alone.

    Raises:
        CannotDo: the database cannot be opened. The URL may hold a password, so it is not repeated.
    """
    from alembic.util import CommandError  # two commands migrate; the others do not wait for Alembic to load

    try:
        await asyncio.to_thread(_open, lambda: migrate(settings.database))
    except CommandError:
        raise _newer() from None


async def check_database(settings: Settings) -> None:
    """Refuse to go on without the clinic's database: whoever stands in the wrong place is told so, and nothing is made.

    Raises:
        CannotDo: there is none, it cannot be opened, or its schema is of another version.
    """
    file = sqlite_file(settings.database)
    if file is not None and not file.is_file():
        if file.is_relative_to(settings.home):
            raise not_found(settings.home)
        raise CannotDo(f"CAREPATH_DATABASE: there is no clinic database at {file}. Set it to the database of your "
                       "clinic, or make it with `carepath setup`.")  # fmt: skip
    found = await asyncio.to_thread(_open, lambda: revision_of(settings.database))
    if found == NEWEST:
        return
    if found is None:
        raise CannotDo("CAREPATH_DATABASE: the database holds no clinic yet. Set it to the database of your clinic, or "
                       "run `carepath setup`.")  # fmt: skip
    if found > NEWEST:
        raise _newer()
    raise CannotDo("CAREPATH_DATABASE: the clinic database is of an older version of carepath: run `carepath setup`, "
                   "which brings it up to date.")  # fmt: skip


def _open(work: Callable[[], T]) -> T:
    from sqlalchemy.exc import SQLAlchemyError

    try:
        return work()
    except (SQLAlchemyError, OSError, ImportError, ValueError) as error:
        why = "it is locked by another program; try again" if "locked" in str(error) else REMEDY
        raise CannotDo(
            f"CAREPATH_DATABASE: the clinic database cannot be opened ({_kind(error)}); {why}."
        ) from None


def _kind(error: Exception) -> str:
    # The driver's own text may repeat the address with its password: only what kind of trouble it is.
    told = str(getattr(error, "orig", error)).lower()
    for sign, words in (
        ("locked", "it is locked"),
        ("refused", "no server listens there"),
        ("password", "the password was refused"),
        ("does not exist", "there is no such database or user"),
        ("resolve", "no such host is known"),
        ("name or service", "no such host is known"),
        ("timeout", "it did not answer in time"),
        ("not a database", "the file is no SQLite database"),
        ("readonly", "the file may not be written"),
        ("permission", "the file may not be read"),
        ("unable to open", "the file or its folder may not be opened"),
        ("no space", "the disk is full"),
        ("disk is full", "the disk is full"),
    ):
        if sign in told:
            return words
    return "the address cannot be read" if isinstance(error, ValueError) else "it did not answer as expected"


def _newer() -> CannotDo:
    return CannotDo(
        "CAREPATH_DATABASE: the clinic database is of another version of carepath; use the newer one."
    )
