"""Who a patient is, and how they want to be reached: identity stands here and nowhere else (P1)."""

import re
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from activities.clinic_database.engine import ClinicDatabase
from activities.clinic_database.keys import all_keys, key_to_keep, present_key
from activities.clinic_database.tables import ContactRow, EpisodeRow, PatientRow
from activities.telephone import normal_form, same_number


@dataclass(frozen=True, slots=True)
class Patient:
    """A person, by the clinic's own key. Everything but the key may be unknown."""

    patient_key: str
    given_name: str | None = None
    family_name: str | None = None
    birth_date: date | None = None
    phone: str | None = None
    email: str | None = None
    language: str | None = None
    """The language in which the person is written to, such as `es`."""
    timezone: str | None = None
    quiet_from: time | None = None
    quiet_until: time | None = None
    """No message between these wall-clock times in the person's zone; together they may span midnight."""
    stopped_at: datetime | None = None
    """When the person asked that no further messages come (STOP)."""
    latitude: float | None = None
    longitude: float | None = None

    @property
    def quiet_hours(self) -> tuple[time, time] | None:
        """The hours that the person has named; None where they have named none."""
        if self.quiet_from is None or self.quiet_until is None:
            return None
        return self.quiet_from, self.quiet_until

    def zone(self, clinic: ZoneInfo) -> ZoneInfo:
        """The person's time zone; the clinic's where nothing else is known."""
        return ZoneInfo(self.timezone) if self.timezone else clinic


class Patients:
    """All patients of the clinic. In `region`, such as US, a number without country code is read."""

    def __init__(self, database: ClinicDatabase, region: str = "US") -> None:
        self._database, self._region = database, region

    async def save(self, patient: Patient) -> None:
        """Keep what is known of a patient, in place of what was; a telephone number in its normal form."""
        if patient.phone and (number := normal_form(patient.phone, self._region)):
            patient = replace(patient, phone=number)
        async with self._database.transaction() as session:
            values = {name: getattr(patient, name) for name in Patient.__slots__}
            values["patient_key"] = await key_to_keep(session, patient.patient_key)
            await session.merge(PatientRow(**values))

    async def get(self, patient_key: str) -> Patient | None:
        """A patient by key."""
        async with self._database.transaction() as session:
            row = await session.get(PatientRow, await present_key(session, patient_key))
            return _patient(row) if row else None

    async def keys_of(self, patient_key: str) -> list[str]:
        """Every key of a person, the one under which they are on file now first."""
        async with self._database.transaction() as session:
            return await all_keys(session, patient_key)

    async def knows(self, patient_key: str) -> bool:
        """Whether anything is on file under a key: a person, or an episode of theirs."""
        async with self._database.transaction() as session:
            key = await present_key(session, patient_key)
            if await session.get(PatientRow, key):
                return True
            found = select(EpisodeRow.episode_id).where(EpisodeRow.patient_key == key)
            return await session.scalar(found.limit(1)) is not None

    async def of_episode(self, episode_id: str) -> Patient | None:
        """The patient behind an episode: only the key where no more is on file; None for an unknown episode."""
        async with self._database.transaction() as session:
            found = (
                select(EpisodeRow.patient_key, PatientRow)
                .outerjoin(PatientRow, PatientRow.patient_key == EpisodeRow.patient_key)
                .where(EpisodeRow.episode_id == episode_id)
            )
            row = (await session.execute(found)).one_or_none()
            if row is None:
                return None
            key, kept = row
            patient = _patient(kept) if kept else Patient(key)
            return replace(patient, stopped_at=await _stopped_at(session, key))

    async def stop(self, patient_key: str, stopped: bool = True) -> None:
        """Send no further messages to a patient, or (False) send them again: the person's own word (P2)."""
        async with self._database.transaction() as session:
            keys = await all_keys(session, patient_key)
            if await session.get(PatientRow, keys[0]) is None:
                session.add(PatientRow(patient_key=keys[0]))
                await session.flush()
            for row in await session.scalars(select(PatientRow).where(PatientRow.patient_key.in_(keys))):
                row.stopped_at = (row.stopped_at or datetime.now(UTC)) if stopped else None

    async def reached_at(self, phone: str) -> list[str]:
        """Keys of everyone who is reached at a telephone: by the number on file, or by the channel to which messages
        go; those may differ. Nobody there is no error (P11)."""
        async with self._database.transaction() as session:
            channels = await session.execute(select(ContactRow.patient_key, ContactRow.channel))
            over = [key for key, channel in channels if self._leads_to(channel, phone)]
            known = await session.execute(select(PatientRow.patient_key, PatientRow.phone))
            on_file = [key for key, number in known if number and same_number(number, phone, self._region)]
        return list(dict.fromkeys([*on_file, *over]))

    def _leads_to(self, channel: str, phone: str) -> bool:
        return any(same_number(part, phone, self._region) for part in re.split(r"[/?&:@]", channel) if part)

    async def stop_phone(self, phone: str, stopped: bool = True) -> None:
        """STOP from a telephone, or (False) START: it holds for everyone who is reached there (P2)."""
        for key in await self.reached_at(phone):
            await self.stop(key, stopped)


async def _stopped_at(session: AsyncSession, key: str) -> datetime | None:
    """When the person first said STOP, under whichever of their keys: an older number may still be theirs (P2)."""
    rows = select(PatientRow.stopped_at).where(PatientRow.patient_key.in_(await all_keys(session, key)))
    return min((at for at in await session.scalars(rows) if at), default=None)


def _patient(row: PatientRow) -> Patient:
    return Patient(**{name: getattr(row, name) for name in Patient.__slots__})
