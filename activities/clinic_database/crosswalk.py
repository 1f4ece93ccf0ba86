"""From the clinic's patient key to the opaque episode id, and to the patient's contact data (I6, P1)."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

from sqlalchemy import or_, select, update
from sqlalchemy.exc import IntegrityError

from activities.clinic_database.engine import ClinicDatabase
from activities.clinic_database.keys import key_on_file, key_to_keep, present_key
from activities.clinic_database.tables import ContactRow, EpisodeRow


class EpisodeAlreadyOpen(Exception):
    """The patient has an open episode; a second one is refused with a pointer to it (I6)."""

    def __init__(self, episode_id: str) -> None:
        super().__init__(
            f"This patient already has the open episode {episode_id}; record what happens there."
        )
        self.episode_id = episode_id


@dataclass(frozen=True, slots=True)
class Passage:
    """An episode of a patient, as the crosswalk has it."""

    episode_id: str
    patient_key: str
    opened_on: date
    closed_on: date | None

    @property
    def is_open(self) -> bool:
        """Whether the person is in care by it."""
        return self.closed_on is None


class Crosswalk:
    """Who is behind which episode."""

    def __init__(self, database: ClinicDatabase) -> None:
        self._database = database

    @property
    def database(self) -> ClinicDatabase:
        """Where it is kept."""
        return self._database

    async def all_open(self) -> list[str]:
        """Every episode that has not ended."""
        async with self._database.transaction() as session:
            found = select(EpisodeRow.episode_id).where(EpisodeRow.closed_on.is_(None))
            return list(await session.scalars(found.order_by(EpisodeRow.episode_id)))

    async def open_episode(self, patient_key: str, episode_id: str, opened_on: date) -> None:
        """Note a new episode.

        Raises:
            EpisodeAlreadyOpen: the patient has one, whatever process opened it.
            BadKey: the key is new, and nobody could read it off a screen.
        """
        try:
            async with self._database.transaction() as session:
                key = await key_to_keep(session, patient_key)
                session.add(EpisodeRow(episode_id=episode_id, patient_key=key, opened_on=opened_on))
        except IntegrityError:
            existing = await self.open_episode_of(patient_key)
            raise EpisodeAlreadyOpen(existing or episode_id) from None

    async def open_episode_of(self, patient_key: str) -> str | None:
        """The patient's open episode."""
        async with self._database.transaction() as session:
            key = await present_key(session, patient_key)
            found = select(EpisodeRow.episode_id).where(
                EpisodeRow.patient_key == key, EpisodeRow.closed_on.is_(None)
            )
            return await session.scalar(found)

    async def is_closed(self, episode_id: str) -> bool:
        """Whether an episode has ended; one that is not on file has not."""
        async with self._database.transaction() as session:
            found = select(EpisodeRow.closed_on).where(EpisodeRow.episode_id == episode_id)
            return await session.scalar(found) is not None

    async def episodes_of(self, patient_key: str) -> list[str]:
        """All episodes of a patient, the latest first."""
        async with self._database.transaction() as session:
            key = await present_key(session, patient_key)
            found = select(EpisodeRow.episode_id).where(EpisodeRow.patient_key == key)
            return list(await session.scalars(found.order_by(EpisodeRow.opened_on.desc())))

    async def passages_of(self, patient_key: str, episode_ids: Collection[str] = ()) -> list[Passage]:
        """All episodes of the person of a key, or of some ids, the earliest first.

        The ids find the person too where their key has changed since, as when two keys were found to be one.
        """
        async with self._database.transaction() as session:
            named = select(EpisodeRow.patient_key).where(EpisodeRow.episode_id.in_(episode_ids))
            keys = {await present_key(session, patient_key), *(await session.scalars(named))}
            found = select(EpisodeRow).where(
                or_(EpisodeRow.patient_key.in_(keys), EpisodeRow.episode_id.in_(episode_ids))
            )
            rows = await session.scalars(found.order_by(EpisodeRow.opened_on, EpisodeRow.episode_id))
            return [Passage(row.episode_id, row.patient_key, row.opened_on, row.closed_on) for row in rows]

    async def all_episodes(self) -> list[Passage]:
        """Every episode that the clinic has, open ones first."""
        async with self._database.transaction() as session:
            rows = await session.scalars(select(EpisodeRow).order_by(EpisodeRow.closed_on.is_not(None)))
            return [Passage(r.episode_id, r.patient_key, r.opened_on, r.closed_on) for r in rows]

    async def spelled(self, patient_key: str) -> str:
        """A key as it is spelled on file, whether or not it was merged."""
        async with self._database.transaction() as session:
            return await key_on_file(session, patient_key)

    async def patient_of(self, episode_id: str) -> str | None:
        """The key of an episode's patient."""
        async with self._database.transaction() as session:
            found = select(EpisodeRow.patient_key).where(EpisodeRow.episode_id == episode_id)
            return await session.scalar(found)

    async def contact_on_file(self, patient_key: str) -> ContactRow | None:
        """How a patient may be reached."""
        async with self._database.transaction() as session:
            return await session.get(ContactRow, await present_key(session, patient_key))

    async def note(self, episode_id: str, closed_on: date | None) -> None:
        """Note that an episode is closed, or (None) open again. Saying it twice changes nothing."""
        async with self._database.transaction() as session:
            change = update(EpisodeRow).where(EpisodeRow.episode_id == episode_id)
            await session.execute(change.values(closed_on=closed_on))

    async def follow(self, before: str, episode_id: str, opened_on: date) -> None:
        """Note an episode that takes the place of another one of the same patient; twice changes nothing."""
        async with self._database.transaction() as session:
            found = select(EpisodeRow).where(EpisodeRow.episode_id.in_([before, episode_id]))
            rows = {row.episode_id: row for row in await session.scalars(found)}
            row = rows.get(before)
            if row is None or episode_id in rows:
                return
            row.closed_on = row.closed_on or opened_on
            await session.flush()
            session.add(
                EpisodeRow(
                    episode_id=episode_id,
                    patient_key=row.patient_key,
                    opened_on=opened_on,
                    ledger_key=row.ledger_key,
                )
            )

    async def save_contact(self, patient_key: str, channel: str, allowed: bool) -> None:
        """Keep how a patient may be reached."""
        async with self._database.transaction() as session:
            key = await key_to_keep(session, patient_key)
            await session.merge(ContactRow(patient_key=key, channel=channel, allowed=allowed))

    async def contact_of(self, episode_id: str) -> ContactRow | None:
        """How the patient of an episode may be reached; None where nothing is on file."""
        async with self._database.transaction() as session:
            found = select(ContactRow).join(EpisodeRow, EpisodeRow.patient_key == ContactRow.patient_key)
            return await session.scalar(found.where(EpisodeRow.episode_id == episode_id))
