"""Who has which role on a day: the first team, what has changed since, and who stands in for whom (I4).

Whoever is in the team at a moment owes its tasks and may sign; what somebody signed while they were stays signed.
"""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta

from workflows.core.engine.calendar import day_in_words
from workflows.core.engine.record import Record
from workflows.core.episode.entries import TeamChange

Team = Mapping[str, str]
"""Staff ids by role."""


def changes_in(record: Record) -> list[TeamChange]:
    """The changes that stand, by the day from which each holds; of two for one day, the one recorded last counts."""
    return [r.entry for r in record.standing(TeamChange)]


def named_on(day: date, first: Team, changes: Sequence[TeamChange]) -> dict[str, str]:
    """Who was named for each role, whether or not they are away."""
    named = dict(first)
    for change in changes:
        if change.stands_in_for is None and change.from_ <= day:
            named[change.role] = change.staff_id
    return named


def team_on(day: date, first: Team, changes: Sequence[TeamChange]) -> dict[str, str]:
    """Who acts in each role: whoever was named, or whoever stands in for them; and for those in turn."""
    acting = named_on(day, first, changes)
    for role, staff_id in acting.items():
        asked = [staff_id]
        while (other := _substitute(role, asked[-1], day, changes)) and other not in asked:
            asked.append(other)
        acting[role] = asked[-1]
    return acting


def _substitute(role: str, staff_id: str, day: date, changes: Sequence[TeamChange]) -> str | None:
    return next(
        (
            change.staff_id
            for change in reversed(changes)
            if (change.role, change.stands_in_for) == (role, staff_id)
            and change.from_ <= day <= (change.until or day)
        ),
        None,
    )


def days_ahead(record: Record, today: date) -> list[date]:
    """The days ahead on which a planned change begins, or somebody no longer stands in."""
    days: set[date] = set()
    for change in changes_in(record):
        days.add(change.from_)
        if change.until:
            days.add(change.until + timedelta(days=1))
    return sorted(day for day in days if day > today)


def planned(record: Record, today: date) -> list[str]:
    """What lies ahead, in words: roles, staff ids and days."""
    return [
        f"{change.role.replace('_', ' ')} {change.staff_id} from {day_in_words(change.from_)}"
        + (f" for {change.stands_in_for}" if change.stands_in_for else "")
        for change in changes_in(record)
        if change.from_ > today
    ]
