"""Faults of our own access to a channel: noted when a sending meets one, gone with the next sending that works.

They are what an operator has to mend: a sign-in that has expired, a certificate, a disk. One row for each channel.
"""

import logging
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import delete, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession

from activities.clinic_database.engine import ClinicDatabase
from activities.clinic_database.tables import ChannelFaultRow

log = logging.getLogger("carepath.channels")


@dataclass(frozen=True, slots=True)
class ChannelFault:
    """A channel over which nothing can be sent, and why, in words for whoever mends it."""

    channel: str
    reason: str
    since: datetime
    last_at: datetime
    attempts: int


class ChannelFaults:
    """What stops sendings at the moment."""

    def __init__(self, database: ClinicDatabase) -> None:
        self._database = database

    async def note(self, channel: str, reason: str) -> None:
        """Note a fault. Where even that is impossible, as with a full disk, the log alone says so."""
        now = datetime.now(UTC)
        try:
            async with self._database.transaction() as session:
                row = await session.get(ChannelFaultRow, channel, with_for_update=True)
                if row is None:
                    session.add(
                        ChannelFaultRow(channel=channel, reason=reason, since=now, last_at=now, attempts=1)
                    )
                    log.error("Nothing can be sent by %s: %s.", channel, reason)
                else:
                    row.reason, row.last_at, row.attempts = reason, now, row.attempts + 1
        except (SQLAlchemyError, OSError) as error:
            log.error(
                "Nothing can be sent by %s: %s; nor can that be noted (%s).",
                channel, reason, type(error).__name__,
            )  # fmt: skip

    async def mended(self, channel: str) -> None:
        """A channel has worked."""
        async with self._database.transaction() as session:
            await mended(session, channel)

    async def now(self) -> list[ChannelFault]:
        """The faults that nobody has mended, by the name of the channel."""
        async with self._database.transaction() as session:
            rows = await session.scalars(select(ChannelFaultRow).order_by(ChannelFaultRow.channel))
            return [
                ChannelFault(one.channel, one.reason, one.since, one.last_at, one.attempts) for one in rows
            ]


async def mended(session: AsyncSession, channel: str) -> None:
    """A sending over a channel has worked."""
    done = await session.execute(
        delete(ChannelFaultRow).where(ChannelFaultRow.channel == channel).returning(ChannelFaultRow.channel)
    )
    if done.first():
        log.warning("Sending by %s works again.", channel)
