"""Counts over a caseload, one patient at a time: nothing here grows with the number of patients."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import date, timedelta

from worker.simulation.counting import Days, Histogram
from worker.simulation.outcome import Outcome
from worker.simulation.parameters import REASONS, Caseload
from workflows.core.engine.calendar import WEEKDAYS


@dataclass
class Tally:
    """A caseload under one policy."""

    caseload: Caseload
    patients: int = 0
    admitted: int = 0
    entries: int = 0
    misses: int = 0
    reasons: Counter[str] = field(default_factory=Counter)
    """By the words of TEDS; `in_program` for those still there when they were last looked at."""
    exits: Counter[str] = field(default_factory=Counter)
    """By the engine's own reasons."""
    stays: dict[str, Histogram] = field(default_factory=lambda: {reason: Histogram() for reason in REASONS})
    stay: Histogram = field(default_factory=Histogram)
    extensions: Counter[int] = field(default_factory=Counter)
    unmet: Counter[str] = field(default_factory=Counter)
    gate_waits: Histogram = field(default_factory=Histogram)
    signatures: Histogram = field(default_factory=Histogram)
    """Hours from the gate being ready to the signature."""
    with_slip: int = 0
    slips: int = 0
    slips_after: int = 0
    recoveries: int = 0
    completed: int = 0
    used_again: int = 0
    aftercare_ends: Counter[str] = field(default_factory=Counter)
    returned: int = 0
    tasks: Counter[tuple[str, str]] = field(default_factory=Counter)
    """By role and kind."""
    tasks_on: Counter[tuple[str, str]] = field(default_factory=Counter)
    """By role and day of the week."""
    tasks_by_day: dict[str, Days] = field(default_factory=dict)
    levels: Counter[tuple[str, int]] = field(default_factory=Counter)
    """By role and the level that the task had climbed to."""
    unanswered: Counter[str] = field(default_factory=Counter)
    """Kinds of tasks that were still open at the end."""
    notices: Counter[str] = field(default_factory=Counter)
    messages: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    waits_for_nothing: Counter[str] = field(default_factory=Counter)
    seat_days: int = 0
    seats: Days = field(init=False)
    """Changes by day; `seats.running()` is what is in use."""
    following: Days = field(init=False)
    """The same for aftercare."""

    def __post_init__(self) -> None:
        self.seats, self.following = Days(self.caseload), Days(self.caseload)

    def add(self, outcome: Outcome) -> None:
        """Count one patient."""
        self.patients += 1
        self.entries += outcome.entries
        self.messages += outcome.messages
        self.notices.update(outcome.notices)
        self.refused.update(outcome.refused)
        if outcome.waits_for_nothing:
            self.waits_for_nothing[outcome.waits_for_nothing] += 1
        self._add_tasks(outcome)
        if outcome.exit:
            self.exits[outcome.exit] += 1
        if outcome.admitted_on:
            self._add_program(outcome)
        if outcome.stepped_down_on:
            self._add_aftercare(outcome)

    def _add_program(self, outcome: Outcome) -> None:
        self.admitted += 1
        self.misses += outcome.misses
        self.reasons[outcome.reason or "in_program"] += 1
        if outcome.reason and outcome.stay_days is not None:
            self.stays[outcome.reason].add(outcome.stay_days)
            self.stay.add(outcome.stay_days)
        self.extensions[outcome.extensions] += 1
        self.unmet.update(outcome.unmet_at_length)
        self.with_slip += bool(outcome.slips_in_program)
        self.slips += len(outcome.slips_in_program)
        self.slips_after += len(outcome.slips_after)
        self.recoveries += outcome.recoveries
        for periods, seats in ((outcome.in_program, self.seats), (outcome.in_aftercare, self.following)):
            for first, until in periods:
                seats.add(first)
                seats.add(until, -1)
        self.seat_days += sum((until - first).days for first, until in outcome.in_program)

    def _add_aftercare(self, outcome: Outcome) -> None:
        self.completed += 1
        self.used_again += bool(outcome.slips_after)
        self.returned += outcome.returned
        self.aftercare_ends[outcome.exit or f"still in {outcome.stage}"] += 1
        if outcome.gate_wait_days is not None:
            self.gate_waits.add(outcome.gate_wait_days)
        if outcome.signature_hours is not None:
            self.signatures.add(outcome.signature_hours)

    def _add_tasks(self, outcome: Outcome) -> None:
        for task in outcome.tasks:
            self.tasks[task.role, task.kind] += 1
            self.tasks_on[task.role, WEEKDAYS[task.opened_on.weekday()]] += 1
            if task.role not in self.tasks_by_day:
                self.tasks_by_day[task.role] = Days(self.caseload)
            self.tasks_by_day[task.role].add(task.opened_on)
            self.levels[task.role, task.level] += 1
            if task.how == "open":
                self.unanswered[task.kind] += 1

    # -- read ---------------------------------------------------------------------------------------------

    @property
    def roles(self) -> list[str]:
        """Roles that had tasks, busiest first."""
        return [role for role, _ in self.of_role().most_common()]

    def of_role(self) -> Counter[str]:
        """Tasks by role."""
        found: Counter[str] = Counter()
        for (role, _), count in self.tasks.items():
            found[role] += count
        return found

    def of_kind(self) -> Counter[str]:
        """Tasks by kind."""
        found: Counter[str] = Counter()
        for (_, kind), count in self.tasks.items():
            found[kind] += count
        return found

    def escalated(self, role: str) -> int:
        """Tasks of a role that climbed at least one level."""
        return sum(count for (owner, level), count in self.levels.items() if owner == role and level)

    def share(self, reason: str) -> float | None:
        """Share of those whose program has ended that ended so."""
        ended = sum(self.reasons[one] for one in REASONS)
        return self.reasons[reason] / ended if ended else None

    def date_of(self, index: int) -> date:
        """The calendar day of a position in `Days`."""
        return self.caseload.begins_on + timedelta(days=index)
