"""Which patient key stands for a person now, where two were found to be one."""

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from activities.clinic_database.tables import EpisodeRow, MergeRow


async def present_key(session: AsyncSession, patient_key: str) -> str:
    """The key under which a person is on file now: the given one, unless it was merged into another."""
    into = select(MergeRow.into_key).where(MergeRow.undone_at.is_(None))
    while found := await session.scalar(into.where(MergeRow.from_key == patient_key)):
        patient_key = found
    return patient_key


async def all_keys(session: AsyncSession, patient_key: str) -> list[str]:
    """Every key of a person, the present one first."""
    keys = [await present_key(session, patient_key)]
    for key in keys:  # grows while it is read: what was merged into a merged key counts too
        merged = select(MergeRow.from_key).where(MergeRow.into_key == key, MergeRow.undone_at.is_(None))
        keys += [one for one in await session.scalars(merged.order_by(MergeRow.id)) if one not in keys]
    return keys


async def chain_of(session: AsyncSession, episode_id: str) -> str:
    """The chain of the ledger in which an episode's disclosures stand: that of the key under which it was begun, since
    no chain is ever rewritten; the episode itself where the crosswalk does not know it."""
    kept = func.coalesce(EpisodeRow.ledger_key, EpisodeRow.patient_key)
    found: str | None = await session.scalar(select(kept).where(EpisodeRow.episode_id == episode_id))
    return found or f"episode-{episode_id}"
