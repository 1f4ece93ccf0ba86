"""Taking a feed: fetch it, read it, judge whether it may replace the last good one, and keep what became of it.

Nothing is lost: whatever goes wrong, what was good stays in force, and the state says what went wrong and since when.
"""

import asyncio
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from activities.directory import documents
from activities.directory.feeds import Feed
from activities.directory.fetching import FeedUnreachable, fetch
from activities.directory.reading import FeedRead, FeedUnusable, counts
from activities.directory.store import DirectoryStore
from workflows.ports.directory import FeedOutcome

KEPT_AT = 0.1
"""A feed that has shrunk to this part of the last good one is not believed: one that broke off looks like that."""
WARNED_BELOW = 0.5
"""One that has shrunk below this is taken, and staff are told."""
REFUSED_ABOVE = 0.2
"""Staff are told when more than this part of the rows cannot be used."""


class Intake:
    """Takes feeds into the store."""

    def __init__(
        self, store: DirectoryStore, now: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self._store, self._now = store, now

    async def take(
        self,
        feed: Feed,
        content: bytes | Mapping[str, bytes] | None = None,
        *,
        origin: str = "feeds_file",
        even_if_smaller: bool = False,
    ) -> FeedOutcome:
        """Take one feed, from `content` or from where it is read; what became of it.

        A feed that cannot be used is no error: the outcome says `kept` and why.

        Raises:
            FeedUnreachable: nothing arrived, and another attempt may help. That is noted with the feed, too.
        """
        try:
            content = await fetch(feed) if content is None else content
        except FeedUnreachable as error:
            await self._store.keep(feed, str(error), self._now(), origin=origin)
            raise
        except FeedUnusable as error:
            return await self._kept(feed, str(error), origin)
        now = self._now()
        try:
            today = now.astimezone(ZoneInfo(feed.timezone)).date()
            reading = await asyncio.to_thread(documents.read, content, feed, today)
        except FeedUnusable as error:
            return await self._kept(feed, str(error), origin)
        before = await self._store.state(feed.name)
        had = before.listings if before and before.good_at else 0
        if shrunk(had, len(reading.listings)) and not even_if_smaller:
            reason = f"it has shrunk from {had:,} listings to {len(reading.listings):,}"
            return await self._kept(feed, reason, origin, reading)
        warnings = warnings_of(had, reading)
        change = await self._store.take(feed, reading, now, origin=origin, warnings=warnings)
        return outcome(feed, reading).model_copy(
            update={"result": "taken", "new": change.new, "changed": change.changed, "gone": change.gone,
                    "warnings": [*reading.remarks, *warnings]}
        )  # fmt: skip

    async def _kept(
        self, feed: Feed, reason: str, origin: str, reading: FeedRead | None = None
    ) -> FeedOutcome:
        reading = reading or FeedRead()
        await self._store.keep(feed, reason, self._now(), origin=origin, lines=reading.lines)
        return outcome(feed, reading).model_copy(update={"reason": reason, "warnings": reading.remarks})


def shrunk(had: int, has: int) -> bool:
    """Whether a feed has become too small to be believed."""
    return has <= had * KEPT_AT


def warnings_of(had: int, reading: FeedRead) -> list[str]:
    """What staff should look at although the feed was taken."""
    found = []
    has, refused = len(reading.listings), dict(counts(reading.lines))["refused"]
    if has < had * WARNED_BELOW:
        found.append(f"it has shrunk from {had:,} listings to {has:,}")
    if refused > len(reading.lines) * REFUSED_ABOVE:
        found.append(f"{refused:,} of its {len(reading.lines):,} rows cannot be used")
    return found


def outcome(feed: Feed, reading: FeedRead) -> FeedOutcome:
    """How many rows became what; `kept` until it is taken."""
    return FeedOutcome(
        feed=feed.name, result="kept", rows=len(reading.lines), became=dict(counts(reading.lines))
    )
