"""Who of the staff is away or has left, and to whom their tasks and notices go meanwhile.

The staff directory is the clinic's own file and says who works here; who is away changes daily and is kept here. Each
episode gets a `team` entry for it, so that its tasks and signatures follow; this table is what a new episode begins
with, and what a notice is sent by that was meant for somebody who is away.
"""

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from sqlalchemy import select

from activities.clinic_database.engine import ClinicDatabase
from activities.clinic_database.tables import AbsenceRow


@dataclass(frozen=True, slots=True)
class Absence:
    """From `from_on` up to and with `until_on` (None: until further notice) the substitute acts for a person."""

    absence_id: str
    staff_id: str
    substitute: str
    from_on: date
    until_on: date | None
    for_good: bool
    recorded_by: str
    version: int
    taken_back: bool

    def holds_on(self, day: date) -> bool:
        """Whether the person is away on a day."""
        return not self.taken_back and self.from_on <= day <= (self.until_on or day)

    def overlaps(self, from_on: date, until_on: date | None) -> bool:
        """Whether it shares a day with a span."""
        ends, until = self.until_on or date.max, until_on or date.max
        return not self.taken_back and self.from_on <= until and from_on <= ends


class Absences:
    """All absences of the clinic."""

    def __init__(self, database: ClinicDatabase) -> None:
        self._database = database

    async def note(
        self, staff_id: str, substitute: str, from_on: date, until_on: date | None, *, for_good: bool, by: str
    ) -> Absence:
        """Note an absence, or that a person has left. Saying it again changes nothing; other days, or another
        substitute, take the place of those that were noted for the same time."""
        async with self._database.transaction() as session:
            rows = list(await session.scalars(select(AbsenceRow).where(AbsenceRow.taken_back.is_(False))))
            for row in rows:
                if for_good and row.for_good and row.staff_id == substitute:
                    row.taken_back = True  # whoever takes over is back
            same = [
                row
                for row in rows
                if row.staff_id == staff_id
                and row.for_good == for_good
                and _absence(row).overlaps(from_on, until_on)
            ]
            if not same:
                same = [
                    AbsenceRow(
                        absence_id=f"absence-{uuid.uuid4().hex[:12]}",
                        staff_id=staff_id,
                        for_good=for_good,
                        recorded_at=datetime.now(UTC),
                        version=0,
                        taken_back=False,
                    )
                ]
                session.add(same[0])
            row = same[0]
            said = (substitute, from_on, until_on)
            if row.version == 0 or said != (row.substitute, row.from_on, row.until_on):
                row.substitute, row.from_on, row.until_on = said
                row.recorded_by, row.version = by, row.version + 1
            return _absence(row)

    async def end(self, staff_id: str, on: date, by: str) -> list[Absence]:
        """A person is back from a day on: what had begun before ends on the day before it, what had not is taken back.

        Returns:
            The absences that have changed, or that had ended so before.
        """
        async with self._database.transaction() as session:
            found = select(AbsenceRow).where(AbsenceRow.staff_id == staff_id, AbsenceRow.for_good.is_(False))
            ended = []
            for row in await session.scalars(found.with_for_update()):
                last = on - timedelta(days=1)
                if row.taken_back or (row.until_on and row.until_on < last):
                    continue
                if row.from_on > last:
                    row.taken_back, row.version, row.recorded_by = True, row.version + 1, by
                elif row.until_on != last:
                    row.until_on, row.version, row.recorded_by = last, row.version + 1, by
                ended.append(_absence(row))
            return ended

    async def all(self) -> list[Absence]:
        """Every absence that was not taken back, by the day on which it begins."""
        async with self._database.transaction() as session:
            found = select(AbsenceRow).where(AbsenceRow.taken_back.is_(False))
            return [_absence(row) for row in await session.scalars(found.order_by(AbsenceRow.from_on))]


def acting_for(staff_id: str, day: date, absences: Iterable[Absence]) -> str:
    """Who acts for a person on a day: the person, or their substitute, and so on; never in a circle."""
    away = {one.staff_id: one.substitute for one in absences if one.holds_on(day)}
    asked = [staff_id]
    while (other := away.get(asked[-1])) and other not in asked:
        asked.append(other)
    return asked[-1]


def _absence(row: AbsenceRow) -> Absence:
    return Absence(
        row.absence_id,
        row.staff_id,
        row.substitute,
        row.from_on,
        row.until_on,
        row.for_good,
        row.recorded_by,
        row.version,
        row.taken_back,
    )
