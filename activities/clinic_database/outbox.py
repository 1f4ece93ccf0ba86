"""The outbox: one row for each sending, so that a retried activity does not send twice (P9).

A row is claimed before the message leaves and settled after. An attempt that finds a row still claimed follows
one that died in between: nobody knows whether the message left. What leaves the clinic is then marked uncertain, and a
person reconciles it; a notice to staff, of which twice is harmless and never is not, may be claimed again. An attempt
that *knows* that nothing left gives its claim back, and the next one may send.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from sqlalchemy.ext.asyncio import AsyncSession

from activities.clinic_database.engine import ClinicDatabase
from activities.clinic_database.faults import mended
from activities.clinic_database.inserting import insert
from activities.clinic_database.tables import OutboxRow

State = Literal[
    "pending", "sending", "sent", "uncertain", "refused", "stale", "suppressed", "withheld", "to_post"
]


@dataclass(frozen=True, slots=True)
class Claim:
    """What an attempt may do: send if it is `ours`, else report the state that the row has."""

    ours: bool
    state: str
    channel: str
    reference: str = ""
    unclear: int = 0
    """How often it left before, and nobody knows whether it arrived."""


async def row_of(session: AsyncSession, key: str, *, episode_id: str, kind: str, recipient: str) -> OutboxRow:
    """The row of a sending, locked until the transaction ends; the first attempt makes it, as `pending`.

    Two attempts may come at once: one of them inserts, and the other waits for it at the lock.
    """
    new = insert(session, OutboxRow).values(
        key=key, episode_id=episode_id, kind=kind, recipient=recipient, state="pending", attempts=0,
        created_at=datetime.now(UTC),
    )  # fmt: skip
    await session.execute(new.on_conflict_do_nothing())
    return await session.get_one(OutboxRow, key, with_for_update=True)


class Outbox:
    """All sendings."""

    def __init__(self, database: ClinicDatabase) -> None:
        self._database = database

    async def claim(
        self, key: str, *, episode_id: str, kind: str, recipient: str, again: Collection[str] = ()
    ) -> Claim:
        """Claim a sending for this attempt; one in a state of `again` is claimed although an attempt came before.

        A claim that is ours tells the state in which it was found.
        """
        async with self._database.transaction() as session:
            row = await row_of(session, key, episode_id=episode_id, kind=kind, recipient=recipient)
            found = row.state
            known = row.channel or "", row.reference or ""
            if found == "pending" or found in again:
                row.unclear += found == "sending"
                row.state, row.attempts = "sending", row.attempts + 1
                return Claim(True, found, *known, row.unclear)
            if found == "sending":
                row.state, row.settled_at = "uncertain", datetime.now(UTC)
            return Claim(False, row.state, *known, row.unclear)

    async def settle(
        self,
        key: str,
        state: State,
        channel: str = "",
        reference: str = "",
        works: Collection[str] = (),
        *,
        episode_id: str,
        kind: str,
        recipient: str,
    ) -> None:
        """Say what became of a sending; `pending` gives the claim back. `works` names channels that did.

        A notice to staff whose claim could not be written has gone out all the same: its row is made here.
        """
        async with self._database.transaction() as session:
            row = await row_of(session, key, episode_id=episode_id, kind=kind, recipient=recipient)
            row.attempts = max(row.attempts, 1)
            row.state, row.channel, row.reference = state, channel, reference
            row.unclear += state == "uncertain"
            row.settled_at = None if state == "pending" else datetime.now(UTC)
            for name in works:
                await mended(session, name)
