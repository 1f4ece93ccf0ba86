"""The clinic database as the settings name it, ready for use."""

import asyncio

from alembic.util import CommandError
from sqlalchemy.exc import SQLAlchemyError

from activities.clinic_database import migrate
from worker.errors import CannotDo
from worker.settings import Settings


async def brought_up_to_date(settings: Settings) -> None:
    """Bring the schema up to date.

    Raises:
        CannotDo: the database cannot be opened. The URL may hold a password, so it is not repeated.
    """
    try:
        await asyncio.to_thread(migrate, settings.database)
    except CommandError:
        raise CannotDo(
            "CAREPATH_DATABASE: the clinic database is of another version of carepath; use the newer one."
        ) from None
    except (SQLAlchemyError, OSError, ImportError) as error:
        raise CannotDo(
            f"CAREPATH_DATABASE: the clinic database cannot be opened ({type(error).__name__}); give the address of a "
            "database that runs or of a file, such as sqlite+aiosqlite:///clinic.db."
        ) from None
