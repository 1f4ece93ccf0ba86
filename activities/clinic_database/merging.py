"""One person under two patient keys becomes one, and can be taken apart again (I6, P1, P8).

What is on file under the key that goes on stands; the other one fills gaps. Where they differ about how the person may
be reached, the safer of the two holds: whoever said STOP under either key gets no message. Episodes get the new key.
The ledger is not rewritten: each episode keeps its chain, and the accounting of the person reads them all.
"""

from dataclasses import dataclass, fields, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from activities.clinic_database.engine import ClinicDatabase
from activities.clinic_database.keys import all_keys, key_on_file, present_key
from activities.clinic_database.patients import Patient
from activities.clinic_database.tables import ContactRow, EpisodeRow, MergeRow, PatientRow

_DAY = timedelta(days=1)
_OWN = ("patient_key", "stopped_at", "quiet_from", "quiet_until")
"""What is not simply filled in from the other record."""


class CannotMerge(Exception):
    """Two records are not merged, or not taken apart; the message says why and what would be right."""


@dataclass(frozen=True, slots=True)
class Merged:
    """What a merge has done. Fields in which the two differed are named, never shown: they are who somebody is (P1)."""

    into_key: str
    episodes: tuple[str, ...]
    differed: tuple[str, ...]
    is_new: bool = True


@dataclass(frozen=True, slots=True)
class Contact:
    """The channel over which a person is written to."""

    channel: str
    allowed: bool


class Merging:
    """Merges patients of one clinic."""

    def __init__(self, database: ClinicDatabase) -> None:
        self._database = database

    async def merge(self, from_key: str, into_key: str, by: str) -> Merged:
        """Make one person of two keys, all of it or nothing. Saying it twice changes nothing.

        Raises:
            CannotMerge: a key is unknown or was merged already, or both have an open episode (I6).
        """
        async with self._database.transaction() as session:
            from_key, into_key = [await key_on_file(session, key) for key in (from_key, into_key)]
            if known := await self._standing(session, from_key):
                if await present_key(session, into_key) == known.into_key:
                    return Merged(known.into_key, tuple(known.episodes), (), is_new=False)
                raise CannotMerge(f"{from_key} was merged into {known.into_key} already; merge that one.")
            if merged := await self._standing(session, into_key):
                raise CannotMerge(f"{into_key} was merged into {merged.into_key}; name that key.")
            if from_key == into_key:
                raise CannotMerge(
                    "The two keys are the same; name the two under which the person is on file."
                )
            episodes = await _episodes(session, from_key, into_key)
            for key in (from_key, into_key):
                if key not in {row.patient_key for row in episodes} and not await _is_on_file(session, key):
                    raise CannotMerge(f"Nothing is on file for {key}.")
            _refuse_two_open(episodes)
            differed = await self._put_together(session, from_key, into_key, by, episodes)
            moved = [row for row in episodes if row.patient_key == from_key]
            for row in moved:
                row.ledger_key, row.patient_key = row.ledger_key or from_key, into_key
            return Merged(into_key, tuple(row.episode_id for row in moved), differed)

    async def unmerge(self, from_key: str, by: str) -> Merged:
        """Take a person apart again: what was merged goes back to where it was.

        What was put together and has been changed since stays as it is, and so does whatever was begun since.

        Raises:
            CannotMerge: the key is not merged.
        """
        async with self._database.transaction() as session:
            from_key = await key_on_file(session, from_key)
            merge = await self._standing(session, from_key)
            if merge is None:
                raise CannotMerge(f"{from_key} is not merged into another key.")
            if late := await self._standing(session, merge.into_key):
                raise CannotMerge(
                    f"{merge.into_key} was itself merged into {late.into_key} since; take that apart first."
                )
            keys = await all_keys(session, from_key)
            # What has followed one of its episodes since goes with it: it stands in the same chain.
            found = select(EpisodeRow).where(
                EpisodeRow.patient_key == merge.into_key, EpisodeRow.ledger_key.in_(keys)
            )
            moved = list(await session.scalars(found.order_by(EpisodeRow.opened_on)))
            for one in moved:
                one.patient_key, one.ledger_key = (
                    from_key,
                    None if one.ledger_key == from_key else one.ledger_key,
                )
            row = await session.get(PatientRow, merge.into_key)
            stayed = _restore(row, merge) if row else []
            contact = await session.get(ContactRow, merge.into_key)
            if contact and _contact_on_file(contact) == merge.after["contact"]:
                was = merge.before["contact"]
                if was:
                    contact.channel, contact.allowed = was["channel"], was["allowed"]
                else:
                    await session.delete(contact)
            merge.undone_by, merge.undone_at = by, datetime.now(UTC)
            return Merged(merge.into_key, tuple(one.episode_id for one in moved), tuple(stayed))

    async def _put_together(
        self, session: AsyncSession, from_key: str, into_key: str, by: str, episodes: list[EpisodeRow]
    ) -> tuple[str, ...]:
        ours, other = await session.get(PatientRow, into_key), await session.get(PatientRow, from_key)
        before = _on_file(ours)
        kept, differed = together(_patient(ours, into_key), _patient(other, from_key))
        # The other record stays as it is, under its own key: a STOP that comes from its telephone still counts.
        if ours or other:
            await session.merge(PatientRow(**{one.name: getattr(kept, one.name) for one in fields(Patient)}))
        our_contact = await session.get(ContactRow, into_key)
        other_contact = await session.get(ContactRow, from_key)
        contact = safer(_contact(our_contact), _contact(other_contact))
        contact_before = _contact_on_file(our_contact)
        if contact:
            await session.merge(
                ContactRow(patient_key=into_key, channel=contact.channel, allowed=contact.allowed)
            )
            if our_contact and other_contact and our_contact.channel != other_contact.channel:
                differed = (*differed, "channel")
        session.add(
            MergeRow(
                from_key=from_key,
                into_key=into_key,
                by=by,
                at=datetime.now(UTC),
                before={"patient": before, "contact": contact_before},
                after={
                    "patient": _plain(kept) if ours or other else None,
                    "contact": {"channel": contact.channel, "allowed": contact.allowed} if contact else None,
                },
                episodes=[row.episode_id for row in episodes if row.patient_key == from_key],
            )
        )
        await session.flush()
        return differed

    async def _standing(self, session: AsyncSession, from_key: str) -> MergeRow | None:
        found = select(MergeRow).where(MergeRow.from_key == from_key, MergeRow.undone_at.is_(None))
        return await session.scalar(found.with_for_update())


def together(ours: Patient, other: Patient) -> tuple[Patient, tuple[str, ...]]:
    """Two records of one person as one, and the names of the fields in which both said something different.

    Ours stands, the other fills gaps; a STOP holds from the first time it was said, and quiet hours cover both.
    """
    both = [(one.name, getattr(ours, one.name), getattr(other, one.name)) for one in fields(Patient)]
    filled = {name: mine if mine is not None else theirs for name, mine, theirs in both if name not in _OWN}
    differed = [
        name
        for name, mine, theirs in both
        if name not in _OWN and mine is not None and theirs is not None and mine != theirs
    ]
    stops = [one for one in (ours.stopped_at, other.stopped_at) if one]
    quiet_from, quiet_until = quiet_of_both(
        (ours.quiet_from, ours.quiet_until), (other.quiet_from, other.quiet_until)
    )
    kept = replace(
        ours, **filled, stopped_at=min(stops, default=None), quiet_from=quiet_from, quiet_until=quiet_until
    )
    return kept, tuple(differed)


Hours = tuple[time | None, time | None]


def quiet_of_both(one: Hours, other: Hours) -> Hours:
    """Quiet hours that cover two others; each may span midnight, and None or no length is none at all."""
    spans = [(a, b) for a, b in (one, other) if a is not None and b is not None and a != b]
    if not spans:
        return one
    found = [
        (begin, end)
        for begin, _ in spans
        for _, end in spans
        if begin != end and all(_covers((begin, end), span) for span in spans)
    ]
    return min(found, key=_length, default=(time(0), time(23, 59)))


def _covers(wide: tuple[time, time], narrow: tuple[time, time]) -> bool:
    return (_clock(narrow[0]) - _clock(wide[0])) % _DAY + _length(narrow) <= _length(wide)


def _length(span: tuple[time, time]) -> timedelta:
    return (_clock(span[1]) - _clock(span[0])) % _DAY


def _clock(at: time) -> timedelta:
    return timedelta(hours=at.hour, minutes=at.minute, seconds=at.second)


def safer(ours: Contact | None, other: Contact | None) -> Contact | None:
    """Our channel, else the other one; whoever may not be written to under either key is not written to."""
    kept = ours or other
    allowed = all(one.allowed for one in (ours, other) if one)
    return replace(kept, allowed=allowed) if kept else None


async def _episodes(session: AsyncSession, *keys: str) -> list[EpisodeRow]:
    found = select(EpisodeRow).where(EpisodeRow.patient_key.in_(keys)).order_by(EpisodeRow.opened_on)
    return list(await session.scalars(found.with_for_update()))


def _refuse_two_open(episodes: list[EpisodeRow]) -> None:
    is_open = [row for row in episodes if row.closed_on is None]
    if len(is_open) > 1:
        listed = " and ".join(f"episode-{row.episode_id} ({row.patient_key})" for row in is_open)
        raise CannotMerge(
            f"Both keys have an open episode: {listed}; a person has one (I6). Record in the one that goes on what "
            "the other holds, end the other with `carepath record EPISODE exit reason=other on=DATE --by …`, then "
            "merge. Nothing was changed."
        )


async def _is_on_file(session: AsyncSession, key: str) -> bool:
    return bool(await session.get(PatientRow, key) or await session.get(ContactRow, key))


def _restore(row: PatientRow, merge: MergeRow) -> list[str]:
    """Put back what the merge has filled in; the names of what was changed since, which stays. A STOP stays."""
    before, after = merge.before["patient"] or {}, merge.after["patient"] or {}
    now, stayed = _on_file(row) or {}, []
    for name, value in after.items():
        if value == before.get(name):
            continue
        if now.get(name) == value and name != "stopped_at":
            setattr(row, name, _read(name, before.get(name)))
        else:
            stayed.append(name)
    return stayed


def _read(name: str, value: Any) -> Any:
    if value is None:
        return None
    readers = {
        "birth_date": date.fromisoformat,
        "quiet_from": time.fromisoformat,
        "quiet_until": time.fromisoformat,
    }
    return readers[name](value) if name in readers else value


def _patient(row: PatientRow | None, key: str) -> Patient:
    return Patient(**{one.name: getattr(row, one.name) for one in fields(Patient)}) if row else Patient(key)


def _contact(row: ContactRow | None) -> Contact | None:
    return Contact(row.channel, row.allowed) if row else None


def _contact_on_file(row: ContactRow | None) -> dict[str, Any] | None:
    return {"channel": row.channel, "allowed": row.allowed} if row else None


def _on_file(row: PatientRow | None) -> dict[str, Any] | None:
    return _plain(_patient(row, row.patient_key)) if row else None


def _plain(patient: Patient) -> dict[str, Any]:
    values = {one.name: getattr(patient, one.name) for one in fields(Patient)}
    return {
        name: value.isoformat() if hasattr(value, "isoformat") else value for name, value in values.items()
    }
