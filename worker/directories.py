"""What the commands do with the directories, without a Temporal server: everything is in the clinic database."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from pydantic import ValidationError

from activities.clinic_database import ClinicDatabase
from activities.clinic_database.patients import Patients
from activities.directory.current import Current
from activities.directory.feeds import Feed, FeedsFileError, in_words, load
from activities.directory.fetching import FeedUnreachable
from activities.directory.intake import Intake
from activities.directory.store import DirectoryStore
from activities.find_candidates import CandidateFinder
from worker.database import check_database
from worker.errors import CannotDo
from worker.settings import Settings, load_settings
from workflows.ports.directory import FeedOutcome


@dataclass(frozen=True)
class Directories:
    """The directories of the clinic."""

    settings: Settings
    store: DirectoryStore
    finder: CandidateFinder
    patients: Patients

    def feeds(self) -> dict[str, Feed]:
        """The feeds of the feeds file.

        Raises:
            CannotDo: the file cannot be used.
        """
        try:
            return load(self.settings.directories).feeds
        except FeedsFileError as error:
            raise CannotDo(f"{error}.") from None

    async def take(
        self, feed: Feed, *, origin: str = "feeds_file", even_if_smaller: bool = False
    ) -> FeedOutcome:
        """Read one feed now; one that cannot be reached is an outcome as well."""
        try:
            return await Intake(self.store).take(feed, origin=origin, even_if_smaller=even_if_smaller)
        except FeedUnreachable as error:
            return FeedOutcome(feed=feed.name, result="kept", reason=str(error))

    async def take_all(self) -> list[FeedOutcome]:
        """Read all feeds of the feeds file now, and take out of force those that have left it."""
        feeds = self.feeds()
        await self.store.retire(feeds, datetime.now(UTC))
        return [await self.take(feed) for feed in feeds.values()]


@asynccontextmanager
async def directories(settings: Settings | None = None) -> AsyncIterator[Directories]:
    """Open the clinic database, and close it at the end."""
    settings = settings or load_settings()
    await check_database(settings)
    database = ClinicDatabase(settings.database)
    store, patients = DirectoryStore(database), Patients(database)
    try:
        yield Directories(
            settings, store, CandidateFinder(patients, Current(store), settings.timezone), patients
        )
    finally:
        await database.close()


def by_hand(source: str, **fields: object) -> Feed:
    """A feed that is in no feeds file; `source` is a file, a folder or an address.

    Raises:
        CannotDo: a field is wrong.
    """
    where = {"url": source} if source.startswith(("http://", "https://")) else {"file": Path(source)}
    try:
        return Feed.model_validate(
            {name: value for name, value in fields.items() if value is not None} | where
        )
    except ValidationError as error:
        raise CannotDo(f"{in_words(error)}.") from None
