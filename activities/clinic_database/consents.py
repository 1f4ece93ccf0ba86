"""Consents as they stand at this moment, with their history.

The record of the episode is where a consent comes from; this is where it is asked for, because the answer must be
read in the very transaction that claims a sending (P3). A revocation may be written here first, so that nothing goes
out while it travels through the record.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from activities.clinic_database.engine import ClinicDatabase
from activities.clinic_database.tables import ConsentEventRow, ConsentRow, EpisodeRow, OutboxRow
from workflows.core.episode.consent.covering import EPISODE_ENDS, Consent

TERMS = (
    "consent_id", "type", "discloser", "recipient", "purpose", "content", "signed_on", "signed_by", "authority",
    "expires_on", "expires_event",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class ConsentOnFile:
    """A consent with what a form would show."""

    consent: Consent
    discloser: str
    signed_by: str
    authority: str | None
    revoked_at: datetime | None
    revoked_by: str | None
    history: tuple[tuple[datetime, str, str], ...] = ()
    """When, what and by whom."""


@dataclass(frozen=True, slots=True)
class Begun:
    """A sending under a consent that was begun before the consent was taken back."""

    recipient: str
    kind: str
    way: str
    """`content`, `link` or `post`."""
    state: str
    """`sending`; `uncertain` where nobody knows whether it arrived; `to_post`: a letter lies there; or `sent`."""
    since: datetime | None
    """When it left, or may have; None: nothing of it has left, and nothing will."""
    reference: str


@dataclass(frozen=True, slots=True)
class TakenBack:
    """What a revocation has met with."""

    entries: tuple[str, ...]
    """Ids of the consents on file that it was."""
    stopped: int
    """Sendings that waited for their next attempt."""
    begun: tuple[Begun, ...]
    """Sendings that no revocation calls back, and those that are kept back at their last moment; the oldest first."""


class Consents:
    """All consents of the clinic."""

    def __init__(self, database: ClinicDatabase) -> None:
        self._database = database

    async def keep(
        self, episode_id: str, version: int, stated: Sequence[dict[str, Any]], lifted: Sequence[str]
    ) -> None:
        """Take over what an episode's record says. What is older than what was taken over before is left alone."""
        async with self._database.transaction() as session:
            for statement in stated:
                await _keep(session, episode_id, version, statement, lifted)

    async def revoke(
        self, episode_id: str, consent_id: str, entry_id: str, at: datetime, by: str
    ) -> TakenBack:
        """Take a consent back at once, and say what was begun under it. Queued sendings are stopped (P4).

        Whatever has leave to go has it from a transaction before this one, and is told of here; nothing gets it after.
        """
        async with self._database.transaction() as session:
            found = select(ConsentRow).where(
                ConsentRow.episode_id == episode_id,
                ConsentRow.consent_id == consent_id,
                ConsentRow.revoked_at.is_(None),
            )
            rows = list(await session.scalars(found.with_for_update()))
            revocation = {"entry_id": entry_id, "at": at.isoformat(), "by": by}
            stopped = [await _revoke(session, row, revocation) for row in rows]
            begun = await _begun(session, episode_id, consent_id)
            return TakenBack(tuple(row.entry_id for row in rows), sum(stopped), begun)

    async def of_episode(self, episode_id: str) -> list[ConsentOnFile]:
        """Every consent of an episode with its history, in the order in which they were recorded."""
        async with self._database.transaction() as session:
            happened = await happened_in(session, episode_id)
            rows = await session.scalars(_rows(episode_id))
            events = await session.scalars(
                select(ConsentEventRow)
                .where(ConsentEventRow.episode_id == episode_id)
                .order_by(ConsentEventRow.id)
            )
            history: dict[str, list[tuple[datetime, str, str]]] = {}
            for event in events:
                history.setdefault(event.entry_id, []).append((event.at, event.what, event.by))
            return [
                ConsentOnFile(
                    judged(row, happened),
                    row.discloser,
                    row.signed_by,
                    row.authority,
                    row.revoked_at,
                    row.revoked_by,
                    tuple(history.get(row.entry_id, ())),
                )
                for row in rows
            ]


async def standing_in(session: AsyncSession, episode_id: str) -> list[Consent]:
    """The consents of an episode, as the rule reads them, locked until the transaction ends.

    The lock makes a revocation wait for the sending that is being claimed, or the claim for the revocation.
    """
    happened = await happened_in(session, episode_id)
    rows = await session.scalars(_rows(episode_id).with_for_update())
    return [judged(row, happened) for row in rows]


async def happened_in(session: AsyncSession, episode_id: str) -> frozenset[str]:
    """The events of an episode with which a consent may expire."""
    closed_on = await session.scalar(select(EpisodeRow.closed_on).where(EpisodeRow.episode_id == episode_id))
    return EPISODE_ENDS if closed_on is not None else frozenset()


def judged(row: ConsentRow, happened: frozenset[str]) -> Consent:
    """A row as the rule reads it."""
    return Consent(
        row.consent_id,
        row.type,
        row.recipient,
        row.purpose,
        frozenset(row.content),
        row.signed_on,
        row.expires_on,
        row.expires_event,
        revoked=row.revoked_at is not None,
        entered_in_error=not row.stands,
        happened=happened,
    )


def _rows(episode_id: str) -> Any:
    return select(ConsentRow).where(ConsentRow.episode_id == episode_id).order_by(ConsentRow.id)


async def _keep(
    session: AsyncSession, episode_id: str, version: int, stated: dict[str, Any], lifted: Sequence[str]
) -> None:
    found = select(ConsentRow).where(
        ConsentRow.episode_id == episode_id, ConsentRow.entry_id == stated["entry_id"]
    )
    row = await session.scalar(found.with_for_update())
    by, revocation = stated["recorded_by"], stated["revocation"]
    if row is None:
        terms = {name: stated[name] for name in TERMS}
        for name in ("signed_on", "expires_on"):
            terms[name] = date.fromisoformat(terms[name]) if terms[name] else None
        row = ConsentRow(
            episode_id=episode_id,
            entry_id=stated["entry_id"],
            recorded_by=by,
            stands=True,
            version=version,
            **terms,
        )
        session.add(row)
        _note(session, row, "given", by)
    elif version <= row.version:
        return
    row.version = version
    if row.stands != stated["stands"]:
        row.stands = stated["stands"]
        _note(session, row, "stands again" if row.stands else "entered in error", by)
        if not row.stands:
            await _stop_queued(session, row)
    if revocation and row.revoked_at is None:
        await _revoke(session, row, revocation)
    elif revocation is None and row.revocation_entry in lifted:
        row.revoked_at = row.revoked_by = row.revocation_entry = None
        _note(session, row, "revocation retracted", by)


async def _begun(session: AsyncSession, episode_id: str, consent_id: str) -> tuple[Begun, ...]:
    found = select(OutboxRow).where(
        OutboxRow.episode_id == episode_id,
        OutboxRow.consent_id == consent_id,
        OutboxRow.state.in_(("sending", "uncertain", "to_post", "sent")),
    )
    return tuple(
        Begun(
            row.recipient, row.kind, row.channel or "content", row.state,
            row.leaving_at if row.state == "sending" else row.leaving_at or row.settled_at, row.reference or "",
        )
        for row in await session.scalars(found.order_by(OutboxRow.created_at))
    )  # fmt: skip


async def _revoke(session: AsyncSession, row: ConsentRow, revocation: dict[str, Any]) -> int:
    row.revoked_at = datetime.fromisoformat(revocation["at"])
    row.revoked_by, row.revocation_entry = revocation["by"], revocation["entry_id"]
    _note(session, row, "revoked", revocation["by"])
    return await _stop_queued(session, row)


async def _stop_queued(session: AsyncSession, row: ConsentRow) -> int:
    """A sending that waits for its next attempt is withheld; one that is about to leave asks again before it does."""
    queued = update(OutboxRow).where(
        OutboxRow.episode_id == row.episode_id,
        OutboxRow.consent_id == row.consent_id,
        OutboxRow.state == "pending",
    )
    stopped = queued.values(state="withheld", settled_at=datetime.now(UTC)).returning(OutboxRow.key)
    return len(list(await session.scalars(stopped)))


def _note(session: AsyncSession, row: ConsentRow, what: str, by: str) -> None:
    session.add(
        ConsentEventRow(
            episode_id=row.episode_id, entry_id=row.entry_id, what=what, by=by, at=datetime.now(UTC)
        )
    )
