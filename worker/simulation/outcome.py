"""What became of one patient: everything that is counted, and nothing that grows with the caseload."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

_TEDS = {
    "completed": "completed",
    "transferred": "transferred",
    "withdrew": "dropped_out",
    "lost_contact": "dropped_out",
    "involuntary": "terminated",
}

RECOVERED_AFTER = timedelta(days=30)
"""A slip is recovered from when so many days follow in care without another: the length of the sobriety gate."""


@dataclass(frozen=True, slots=True)
class TaskDone:
    """One task: when it opened and ended, and how high it had climbed by then."""

    kind: str
    role: str
    opened_on: date
    level: int
    how: str
    """`answered`, `closed` by the engine (done otherwise, or no longer owed), or `open` at the end."""


@dataclass(slots=True)
class Outcome:
    """One patient under one policy."""

    number: int
    referred_on: date
    admitted_on: date | None = None
    last_contact_on: date | None = None
    """Of the program; where it was completed, the day of the step-down."""
    stepped_down_on: date | None = None
    exit: str | None = None
    """The engine's reason; None: not closed when it was last looked at."""
    exit_on: date | None = None
    stage: str = "intake"
    in_program: list[tuple[date, date]] = field(default_factory=list)
    """First day and day after the last, for each time in the program: the seats used."""
    in_aftercare: list[tuple[date, date]] = field(default_factory=list)
    slips: list[date] = field(default_factory=list)
    """Days of use that became known, from admission on."""
    extensions: int = 0
    unmet_at_length: tuple[str, ...] = ()
    """Gate conditions that were not met when the program's length was reached."""
    gate_wait_days: int | None = None
    """From the day on which the program's length was reached to the step-down."""
    signature_hours: float | None = None
    """From the gate being ready to the clinician's signature."""
    returned: int = 0
    """Returns from aftercare to the program."""
    misses: int = 0
    entries: int = 0
    notices: Counter[str] = field(default_factory=Counter)
    messages: int = 0
    tasks: list[TaskDone] = field(default_factory=list)
    refused: Counter[str] = field(default_factory=Counter)
    """Answers that the engine refused, by kind of task."""
    waits_for_nothing: str | None = None
    """The stage in which an open episode had neither a deadline nor an open task (E9)."""
    ended_at: datetime | None = None

    @property
    def reason(self) -> str | None:
        """How the program ended, in the words of TEDS; None while it lasts, or where it never began."""
        if self.admitted_on is None:
            return None
        if self.stepped_down_on:
            return "completed"
        return _TEDS.get(self.exit, "other") if self.exit else None

    @property
    def stay_days(self) -> int | None:
        """Days in the program, both ends counted as TEDS does for outpatients: admission to last contact or exit."""
        if self.admitted_on is None or self.reason is None:
            return None
        last = self.stepped_down_on or min(
            day for day in (self.last_contact_on, self.exit_on) if day is not None
        )
        return max(1, (last - self.admitted_on).days + 1)

    @property
    def slips_in_program(self) -> list[date]:
        """Those before the step-down."""
        return [day for day in self.slips if self.stepped_down_on is None or day < self.stepped_down_on]

    @property
    def slips_after(self) -> list[date]:
        """Those since the step-down."""
        return [day for day in self.slips if self.stepped_down_on is not None and day >= self.stepped_down_on]

    @property
    def recoveries(self) -> int:
        """Slips after which `RECOVERED_AFTER` passed in care without another."""
        last = self.exit_on or (self.ended_at.date() if self.ended_at else None)
        if self.last_contact_on and self.stepped_down_on is None and last:
            last = min(last, self.last_contact_on)
        ends = [*self.slips[1:], last]
        return sum(
            end is not None and end - slip >= RECOVERED_AFTER
            for slip, end in zip(self.slips, ends, strict=False)
        )

    @property
    def tasks_by_role(self) -> Counter[str]:
        """How many tasks each role got."""
        return Counter(task.role for task in self.tasks)

    @property
    def escalations(self) -> int:
        """How many tasks climbed at least one level."""
        return sum(task.level > 0 for task in self.tasks)

    def row(self) -> dict[str, object]:
        """One line of the patients' table."""
        return {
            "patient": self.number,
            "referred_on": self.referred_on,
            "admitted_on": self.admitted_on,
            "reason": self.reason,
            "exit": self.exit,
            "exit_on": self.exit_on,
            "stay_days": self.stay_days,
            "stepped_down_on": self.stepped_down_on,
            "misses": self.misses,
            "slips_in_program": len(self.slips_in_program),
            "slips_in_aftercare": len(self.slips_after),
            "recoveries": self.recoveries,
            "extensions": self.extensions,
            "gate_wait_days": self.gate_wait_days,
            "returned_to_program": self.returned,
            "tasks": len(self.tasks),
            "escalated_tasks": self.escalations,
            "messages": self.messages,
            "entries": self.entries,
        }
