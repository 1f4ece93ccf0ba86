"""Which patient key stands for a person now: however it is spelled, and where two were found to be one (I6)."""

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from activities.clinic_database.inserting import insert
from activities.clinic_database.spelling import form_of, written
from activities.clinic_database.tables import EpisodeRow, KeyRow, MergeRow


async def present_key(session: AsyncSession, patient_key: str) -> str:
    """The key under which a person is on file now: the given one as it is spelled here, unless it was merged."""
    patient_key = await key_on_file(session, patient_key)
    into = select(MergeRow.into_key).where(MergeRow.undone_at.is_(None))
    while found := await session.scalar(into.where(MergeRow.from_key == patient_key)):
        patient_key = found
    return patient_key


async def key_on_file(session: AsyncSession, patient_key: str) -> str:
    """A key as the clinic database spells it; one that is not on file as it is given."""
    return await _known(session, patient_key) or patient_key


async def key_to_keep(session: AsyncSession, patient_key: str) -> str:
    """The key under which something of a person is kept now; from here on every spelling of it is the same.

    Raises:
        BadKey: it is new, and nobody could read it off a screen.
    """
    if await _known(session, patient_key) is None:
        new = {"form": form_of(patient_key), "patient_key": written(patient_key)}
        kept = insert(session, KeyRow).values(new)
        await session.execute(kept.on_conflict_do_nothing())  # another process may have been first
    return await present_key(session, patient_key)


async def _known(session: AsyncSession, patient_key: str) -> str | None:
    """Where two spellings were two people before spellings were compared, each is still found by its own."""
    spelled = [patient_key] if "\x00" not in patient_key else []  # no database can be asked for that
    for form in (*spelled, form_of(patient_key)):
        if row := await session.get(KeyRow, form):
            return row.patient_key
    return None


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
