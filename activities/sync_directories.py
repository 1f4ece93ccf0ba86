"""Reading the directories, for the nightly workflow: which there are, one at a time, and what staff must hear of
them."""

from datetime import UTC, datetime
from pathlib import Path

from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities.directory import alarms
from activities.directory.feeds import Feeds, FeedsFileError, load
from activities.directory.fetching import FeedUnreachable
from activities.directory.intake import Intake
from activities.directory.store import DirectoryStore
from workflows.ports.directory import (
    DIRECTORY_ALARMS,
    FEED_UNREACHABLE,
    FEEDS_FILE_UNUSABLE,
    LIST_FEEDS,
    TAKE_FEED,
    DirectoryAlarm,
    FeedNames,
    FeedOutcome,
)


class DirectorySync:
    """Reads the feeds file anew at each step, so that a changed file is in force without a restart."""

    def __init__(self, feeds_file: Path, store: DirectoryStore) -> None:
        self._file, self._store = feeds_file, store
        self._intake = Intake(store)

    @activity.defn(name=LIST_FEEDS)
    async def list_directory_feeds(self) -> FeedNames:
        """The feeds of the file; those that have left it are taken out of force."""
        feeds = self._feeds()
        return FeedNames(
            names=list(feeds.feeds), retired=await self._store.retire(feeds.feeds, datetime.now(UTC))
        )

    @activity.defn(name=TAKE_FEED)
    async def take_directory_feed(self, name: str) -> FeedOutcome:
        """Read one feed. One that cannot be used is an outcome; one that cannot be reached is tried again."""
        feed = self._feeds().feeds.get(name)
        if feed is None:
            return FeedOutcome(feed=name, result="kept", reason="it is no longer in the feeds file")
        try:
            return await self._intake.take(feed)
        except FeedUnreachable as error:
            raise ApplicationError(
                f"{name}: {error}", type=FEED_UNREACHABLE, next_retry_delay=error.after
            ) from None

    @activity.defn(name=DIRECTORY_ALARMS)
    async def directory_alarms(self) -> list[DirectoryAlarm]:
        """What staff must hear."""
        return list(alarms.alarms(await self._store.states(), datetime.now(UTC)))

    def _feeds(self) -> Feeds:
        try:
            return load(self._file)
        except FeedsFileError as error:
            raise ApplicationError(str(error), type=FEEDS_FILE_UNUSABLE, non_retryable=True) from None
