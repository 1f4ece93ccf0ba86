"""Facts of the course: leave, crisis and flags (E6, E8, A6)."""

from datetime import date, timedelta
from functools import cached_property

from workflows.core.entries import Crisis, Flag, Leave, Return
from workflows.core.entries.course import CONTROLLED_ENVIRONMENTS
from workflows.core.facts.intake import IntakeFacts
from workflows.core.record import Recorded


class CourseFacts(IntakeFacts):
    """What stands beside the pathway without being a step of it."""

    @cached_property
    def leaves(self) -> list[tuple[date, date, str]]:
        """Leaves as first day, last day and reason; a return ends the leave on the day before it (E6)."""

        def fold() -> list[tuple[date, date, str]]:
            returns = [r.entry.on for r in self.record.standing(Return) if isinstance(r.entry, Return)]
            found = []
            for recorded in self.record.standing(Leave):
                leave = recorded.entry
                assert isinstance(leave, Leave)
                back = min((on for on in returns if on >= leave.from_), default=None)
                until = min(leave.until, back - timedelta(days=1)) if back else leave.until
                if until >= leave.from_:
                    found.append((leave.from_, until, leave.reason))
            return found

        return self._fold("leaves", self.record.version(Leave, Return), fold)

    def on_leave_at(self, day: date) -> bool:
        """Whether a day falls into a leave."""
        return any(start <= day <= end for start, end, _ in self.leaves)

    @cached_property
    def on_leave(self) -> bool:
        """Whether the patient is on leave today."""
        return self.on_leave_at(self.today)

    def controlled_days(self, first: date, last: date) -> int:
        """Days after `first` and up to `last` in hospital or jail, which do not count toward the gate (S10)."""
        if self.policy.gate.controlled_days_count:
            return 0
        days: set[date] = set()
        for start, end, reason in self.leaves:
            if reason in CONTROLLED_ENVIRONMENTS:
                start, end = max(start, first + timedelta(days=1)), min(end, last)
                days.update(start + timedelta(days=n) for n in range((end - start).days + 1))
        return len(days)

    @cached_property
    def crisis(self) -> Recorded | None:
        """A crisis whose response nobody has completed yet (E8)."""
        return next(
            (r for r in self.record.standing(Crisis) if not self.answer(f"crisis_response:{r.key}")), None
        )

    @cached_property
    def flags(self) -> list[str]:
        """Flags that are on today."""
        return sorted(
            {
                r.entry.name
                for r in self.record.standing(Flag)
                if isinstance(r.entry, Flag)
                and r.entry.on <= self.today
                and (r.entry.off is None or self.today <= r.entry.off)
            }
        )

    @property
    def high_risk(self) -> bool:
        """Whether a flag replaces the ladder by same-day contact (A6)."""
        return any(flag in self.policy.attendance.high_risk_flags for flag in self.flags)
