"""The listings in the clinic database, feed by feed: what is in force, and how the last reading went."""

import asyncio
import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from activities.clinic_database import ClinicDatabase
from activities.directory.feeds import Feed
from activities.directory.listing import AS_JSON, Listing
from activities.directory.reading import Became, FeedRead, Line
from activities.directory.tables import FeedRow, LineRow, ListingRow


@dataclass(frozen=True, slots=True)
class FeedState:
    """How a feed stands."""

    name: str
    format: str
    origin: str
    state: str
    reason: str
    warnings: tuple[str, ...]
    listings: int
    revision: int
    max_age_days: int
    tried_at: datetime
    good_at: datetime | None
    bad_since: datetime | None

    @property
    def good_until(self) -> datetime | None:
        """Until when its listings are offered without a newer good answer."""
        return self.good_at + timedelta(days=self.max_age_days) if self.good_at else None

    def in_force(self, now: datetime) -> bool:
        """Whether its listings may be offered: a list that nobody has confirmed for long may send people to closed
        doors."""
        return self.state != "retired" and self.good_until is not None and now <= self.good_until


@dataclass(frozen=True, slots=True)
class Change:
    """What taking a feed has changed."""

    new: int = 0
    changed: int = 0
    gone: int = 0

    @property
    def any(self) -> bool:
        """Whether a listing is other than it was."""
        return bool(self.new or self.changed or self.gone)


class DirectoryStore:
    """All feeds and their listings."""

    def __init__(self, database: ClinicDatabase) -> None:
        self._database = database

    async def states(self) -> list[FeedState]:
        """How each feed stands, by name."""
        async with self._database.transaction() as session:
            rows = await session.scalars(select(FeedRow).order_by(FeedRow.name))
            return [_state(row) for row in rows]

    async def state(self, name: str) -> FeedState | None:
        """How one feed stands; None where it was never read."""
        async with self._database.transaction() as session:
            row = await session.get(FeedRow, name)
            return _state(row) if row else None

    async def take(
        self, feed: Feed, reading: FeedRead, now: datetime, *, origin: str, warnings: Sequence[str] = ()
    ) -> Change:
        """Put what was read in force. The same again changes nothing but when it was confirmed."""
        # Made ready before the transaction begins: until it ends, SQLite lets nobody else write.
        ready = await asyncio.to_thread(lambda: [_values(feed.name, one) for one in reading.listings])
        async with self._database.transaction() as session:
            row = await _row(session, feed, now, origin)
            change = await _exchange(session, feed.name, ready, now)
            row.revision += change.any
            row.listings, row.state, row.reason = len(reading.listings), "good", ""
            row.tried_at = row.good_at = now
            row.bad_since, row.warnings = None, list(warnings)
            await _write_lines(session, feed.name, reading.lines)
        return change

    async def keep(
        self, feed: Feed, reason: str, now: datetime, *, origin: str, lines: Sequence[Line] = ()
    ) -> None:
        """Note that a reading could not be used; the last good one stays in force."""
        async with self._database.transaction() as session:
            row = await _row(session, feed, now, origin)
            row.state, row.reason, row.tried_at = "kept", reason, now
            row.bad_since = row.bad_since or now
            if lines:
                await _write_lines(session, feed.name, lines)

    async def retire(self, but: Iterable[str], now: datetime) -> list[str]:
        """Take out of force the feeds that have left the feeds file; their names."""
        kept = set(but)
        async with self._database.transaction() as session:
            rows = await session.scalars(
                select(FeedRow).where(FeedRow.origin == "feeds_file", FeedRow.state != "retired")
            )
            leaving = [row for row in rows if row.name not in kept]
            for row in leaving:
                row.state, row.reason, row.bad_since, row.warnings = "retired", "", None, []
                row.revision, row.listings = row.revision + 1, 0
                await session.execute(_of(row.name).where(ListingRow.gone_at.is_(None)).values(gone_at=now))
            return [row.name for row in leaving]

    async def listings(self, feed: str) -> list[Listing]:
        """The listings of a feed that have not left it."""
        async with self._database.transaction() as session:
            found = select(ListingRow.content).where(ListingRow.feed == feed, ListingRow.gone_at.is_(None))
            contents = list(await session.scalars(found.order_by(ListingRow.source_id)))
        return await asyncio.to_thread(lambda: [AS_JSON.validate_json(content) for content in contents])

    async def listing(self, listing_id: str) -> Listing | None:
        """One listing by its id, also one that has left its feed."""
        feed, _, source_id = listing_id.partition(":")
        async with self._database.transaction() as session:
            row = await session.get(ListingRow, (feed, source_id))
            return AS_JSON.validate_json(row.content) if row else None

    async def lines(self, feed: str) -> list[Line]:
        """The rows of the last reading of which there is something to say."""
        async with self._database.transaction() as session:
            rows = await session.scalars(select(LineRow).where(LineRow.feed == feed).order_by(LineRow.number))
            return [Line(row.number, row.source_id, _became(row.became), (row.reason,)) for row in rows]


def _of(feed: str) -> Any:
    return update(ListingRow).where(ListingRow.feed == feed)


async def _row(session: AsyncSession, feed: Feed, now: datetime, origin: str) -> FeedRow:
    row = await session.get(FeedRow, feed.name, with_for_update=True)
    if row is None:
        row = FeedRow(
            name=feed.name, revision=0, listings=0, reason="", warnings=[], state="kept", tried_at=now
        )
        session.add(row)
    row.format, row.origin, row.max_age_days = feed.format, origin, feed.max_age_days
    await session.flush()
    return row


def _values(feed: str, listing: Listing) -> dict[str, Any]:
    content = AS_JSON.dump_json(listing, exclude_defaults=True)
    return {
        "feed": feed, "source_id": listing.source_id, "kind": listing.kind, "name": listing.name,
        "digest": hashlib.sha256(content).hexdigest(), "content": content.decode(), "gone_at": None,
    }  # fmt: skip


async def _exchange(
    session: AsyncSession, feed: str, ready: Sequence[dict[str, Any]], now: datetime
) -> Change:
    found = await session.execute(
        select(ListingRow.source_id, ListingRow.digest, ListingRow.gone_at).where(ListingRow.feed == feed)
    )
    before = {source_id: None if gone_at else digest for source_id, digest, gone_at in found}
    new = [values for values in ready if values["source_id"] not in before]
    changed = [
        values for values in ready if before.get(values["source_id"], values["digest"]) != values["digest"]
    ]
    gone = {one for one, digest in before.items() if digest} - {values["source_id"] for values in ready}
    if new:
        await session.execute(insert(ListingRow), new)
    if changed:
        await session.execute(update(ListingRow), changed)
    leaving = sorted(gone)
    for begin in range(0, len(leaving), 500):  # a statement takes only so many parameters
        some = leaving[begin : begin + 500]
        await session.execute(_of(feed).where(ListingRow.source_id.in_(some)).values(gone_at=now))
    return Change(len(new), len(changed), len(gone))


async def _write_lines(session: AsyncSession, feed: str, lines: Iterable[Line]) -> None:
    await session.execute(delete(LineRow).where(LineRow.feed == feed))
    telling = [
        {
            "feed": feed,
            "number": line.number,
            "source_id": line.source_id,
            "became": line.became,
            "reason": line.reason,
        }
        for line in lines
        if line.became != "taken"
    ]
    if telling:
        await session.execute(insert(LineRow), telling)


def _became(value: str) -> Became:
    known: dict[str, Became] = {"remarked": "remarked", "duplicate": "duplicate", "refused": "refused"}
    return known.get(value, "taken")


def _state(row: FeedRow) -> FeedState:
    return FeedState(
        row.name, row.format, row.origin, row.state, row.reason, tuple(row.warnings), row.listings, row.revision,
        row.max_age_days, row.tried_at, row.good_at, row.bad_since,
    )  # fmt: skip
