"""Where a run of misses stands on the missed-session ladder (A4, A5)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from workflows.core.engine.calendar import Calendar
from workflows.core.episode.attendance.sessions import Judged
from workflows.core.episode.policy import Rung


@dataclass(frozen=True, slots=True)
class RungDue:
    """A rung and the instant at which it is reached."""

    number: int
    rung: Rung
    at: datetime
    own_at: datetime
    """When it would be reached if there were no rung above it: that may be later than `at`, since the order of the
    ladder stays, and business time stands still while the program is closed."""


@dataclass(frozen=True)
class Outreach:
    """The search for a patient who stays away: from the first miss of a run until they are reached.

    `key` names the run and never changes while it lasts, so that a further miss moves the ladder up and
    never starts it again.
    """

    key: str
    misses: tuple[Judged, ...]
    rungs: tuple[RungDue, ...]
    reached_at: datetime | None
    """When the patient was last spoken with; the search then rests until the next miss (A5)."""
    rests: int = 0
    """How often the search has rested: after each rest it asks anew."""
    taken_up_at: int = 0
    """Number of the rung with which the search was last taken up; those below had their turn before."""

    @property
    def asking(self) -> str:
        """Names what is asked since the search was last taken up."""
        return f"{self.key}+{self.rests}" if self.rests else self.key

    @property
    def searching(self) -> bool:
        """Whether the patient has missed a session since they were last spoken with."""
        return self.reached_at is None or self.misses[-1].session.ends_at > self.reached_at

    def reached(self, has_come: Callable[[datetime], bool]) -> RungDue | None:
        """The highest rung that has come; lower ones that were passed over are in it (T7)."""
        return (
            next((due for due in reversed(self.rungs) if has_come(due.at)), None) if self.searching else None
        )

    def next(self, has_come: Callable[[datetime], bool]) -> RungDue | None:
        """The rung that comes next."""
        ahead = [due for due in self.rungs if not has_come(due.at)] if self.searching else []
        return min(ahead, key=lambda due: due.at, default=None)


def outreach(
    misses: Sequence[Judged],
    contacts: Sequence[datetime],
    ladder: Sequence[Rung],
    grace: timedelta,
    calendar: Calendar,
) -> Outreach | None:
    """The outreach that a run of misses calls for; None where nobody is missing.

    Args:
        misses: The run, oldest first.
        contacts: When the patient was spoken with, in order.
        ladder: The policy's rungs, lowest first.
        grace: From a session's end until its miss is presumed.
        calendar: The program's.
    """
    if not misses:
        return None
    first = misses[0].session.ends_at
    spoken = [at for at in contacts if at > first]
    reached_at = spoken[-1] if spoken else None
    # Each contact rests the search; the next miss takes it up again one rung higher, never from the start.
    floor, taken_up_at, rungs = -1, 0, list(_rungs(first, -1, misses, ladder, grace, calendar))
    for at in spoken:
        passed = [due.number for due in rungs if due.at <= at]
        floor = max([floor, *passed])
        later = next((miss.session.ends_at for miss in misses if miss.session.ends_at > at), None)
        if later is None:
            break
        taken_up_at = min(floor + 1, len(ladder) - 1)
        rungs = _rungs(later, taken_up_at, misses, ladder, grace, calendar)
    key = misses[0].session.start.isoformat()
    return Outreach(key, tuple(misses), tuple(rungs), reached_at, len(spoken), taken_up_at)


def _rungs(
    anchor: datetime,
    at_once: int,
    misses: Sequence[Judged],
    ladder: Sequence[Rung],
    grace: timedelta,
    calendar: Calendar,
) -> list[RungDue]:
    """When each rung is reached, counted from the end of the missed session that starts the search."""
    found = []
    for number, rung in enumerate(ladder):
        at = calendar.due(anchor, rung.after)
        if rung.at_misses and len(misses) >= rung.at_misses:
            at = min(at, max(anchor, misses[rung.at_misses - 1].session.ends_at) + grace)
        if number <= at_once:
            at = anchor + grace
        # A rung is never reached before the miss itself is presumed, nor before the rung below it.
        at = max(at, anchor + grace)
        found.append(RungDue(number, rung, at, at))
    for lower in range(len(found) - 2, -1, -1):
        if found[lower].at > found[lower + 1].at:
            found[lower] = replace(found[lower], at=found[lower + 1].at)
    return found
