"""Which leaves are refused: two at a time, and longer ones than whoever states them may state (E6)."""

from datetime import timedelta

from workflows.core.engine.errors import InvalidEntry, NotAllowedNow
from workflows.core.engine.sources import spoken_by
from workflows.core.episode.entries import Leave, Source
from workflows.core.episode.facts import Facts
from workflows.core.episode.policy import Course
from workflows.core.episode.stay.entries import CONTROLLED_ENVIRONMENTS


def refuse_overlapping(leave: Leave, facts: Facts) -> None:
    """The same leave is not told twice. Two that overlap are both kept, since the return from the first may still come,
    and are shown until it does (T4)."""
    replaced = facts.record.get(leave.supersedes) if leave.supersedes else None
    begins = replaced.entry.from_ if replaced and isinstance(replaced.entry, Leave) else None
    for first, last, _ in facts.leaves:
        if first == leave.from_ and first != begins:
            raise InvalidEntry(
                f"from: a leave from {first} to {last} is on record; this one overlaps it on every day. To change that "
                "leave, supersede it."
            )


def refuse_longer_than_one_s_own(leave: Leave, facts: Facts) -> None:
    """A leave stops every ladder: for longer than the policy's days a person of the staff has to know of it (E6)."""
    source = spoken_by(leave)
    if (most := _longest_leave(leave, source, facts.policy.course)) is None:
        return
    days = (leave.until - leave.from_).days + 1
    if days > most:
        raise NotAllowedNow(
            f"until: a leave of {days} days is recorded by the staff; told by source {source.value} it is at most "
            f"{most} days."
        )
    if source not in _ONE_S_OWN:  # an agency tells of a stay part by part, in any order (T4)
        return
    within = facts.policy.course.own_leave_within_days
    if (together := _most_days_away(leave, facts, within)) > most:
        raise NotAllowedNow(
            f"until: with the leaves that were told before, these are {together} days within {within}; told by source "
            f"{source.value} it is at most {most}. The staff record this one (E6)."
        )


def _longest_leave(leave: Leave, source: Source, course: Course) -> int | None:
    """The most days of a leave that a source may tell; None: the staff, and a take-over of what they recorded."""
    if source in _ONE_S_OWN:
        return course.own_leave_days
    if source is Source.AGENCY:
        is_stay = leave.reason in CONTROLLED_ENVIRONMENTS
        return course.agency_stay_days if is_stay else course.agency_leave_days
    return None


_ONE_S_OWN = (Source.PATIENT, Source.KIOSK, Source.LAB)
"""Whose word about a leave is no word of where the person is; a hospital or a jail, an agency, knows for longer."""


def _most_days_away(leave: Leave, facts: Facts, within: int) -> int:
    """The most days of leave, within so many days, that a person has told of themselves, with those of a new one."""
    ended = {first: last for first, last, _ in facts.leaves}
    told = [
        (r.entry.from_, min(r.entry.until, ended.get(r.entry.from_, r.entry.until)))
        for r in facts.record.standing(Leave)
        if spoken_by(r.entry) in _ONE_S_OWN and r.key != leave.supersedes
    ]
    around = timedelta(days=within)
    # None of them is longer than the policy's days, or it would have been refused; but a policy may have changed.
    days = {
        first + timedelta(days=n)
        for first, last in (*told, (leave.from_, leave.until))
        if first - around < leave.until and leave.from_ < last + around
        for n in range(min((last - first).days + 1, within))
    }
    return max(sum(day <= one < day + around for one in days) for day in days)
