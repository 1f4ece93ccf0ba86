"""What an episode that begins now must know: closed days of its site, and who of its team is away or has left.

It begins with these as entries, so that they can be taken back like any other (T3).
"""

from collections.abc import Iterable, Mapping
from typing import Any

from activities.clinic_database import ClinicDatabase
from activities.clinic_database.absences import Absence, Absences
from activities.clinic_database.closures import ClosedDay, Closures
from workflows.core.episode.start import EpisodeStart


async def known_at_the_beginning(database: ClinicDatabase, start: EpisodeStart) -> list[dict[str, Any]]:
    """What an episode that begins now must know: closed days of its site, and who of its team is away or has left."""
    since = start.referred_on
    days = [closed(day) for day in await Closures(database).standing(since) if day.site in (None, start.site)]
    team = start.team.model_dump(exclude_none=True)
    acting = set(team.values())
    entries: list[dict[str, Any]] = []
    pending = [one for one in await Absences(database).all() if one.until_on is None or one.until_on >= since]
    changed = True
    while changed:  # who stands in may be away, too
        changed = False
        for absence in list(pending):
            if absence.staff_id in acting:
                pending.remove(absence)
                acting.add(absence.substitute)
                changed = True
                roles = [r for r, one in team.items() if one == absence.staff_id] or [
                    entry["role"] for entry in entries if entry["staff_id"] == absence.staff_id
                ]
                entries += entries_of(absence, {}, dict.fromkeys(roles))
    return [*days, *entries]


def entries_of(absence: Absence, named: Mapping[str, str], roles: Iterable[str]) -> list[dict[str, Any]]:
    """The changes of a team by which an absence is told: nobody is named for a role for which another person acts."""
    entries = []
    for role in roles:
        entry: dict[str, Any] = {
            "kind": "team",
            "id": f"{absence.absence_id}:{role}:{absence.version}",
            "by": absence.recorded_by,
            "role": role,
            "staff_id": absence.substitute,
            "from": absence.from_on.isoformat(),
        }
        if not (absence.for_good and named.get(role) == absence.staff_id):
            entry["stands_in_for"] = absence.staff_id
            entry |= {"until": absence.until_on.isoformat()} if absence.until_on else {}
        entries.append(entry)
    return entries


def closed(day: ClosedDay) -> dict[str, Any]:
    """A closed day as an entry."""
    return {
        "kind": "closure", "id": day.closure_id, "by": day.recorded_by, "on": day.on.isoformat(), "reason": day.reason
    }  # fmt: skip
