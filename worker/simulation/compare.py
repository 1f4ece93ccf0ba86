"""The same patients under two policies: who was treated differently, and how much more work it is for whom."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from worker.simulation.outcome import Outcome

DIFFERENCES = (
    "another end of the program",
    "a shorter stay",
    "a longer stay",
    "fewer extensions",
    "more extensions",
    "other tasks for staff",
    "other messages",
)


@dataclass
class Comparison:
    """Counts over pairs of outcomes; like a tally, it does not grow with their number."""

    patients: int = 0
    different: int = 0
    how: Counter[str] = field(default_factory=Counter)
    ends: Counter[tuple[str, str]] = field(default_factory=Counter)
    """From the end under the first policy to that under the second."""
    groups: dict[tuple[str, str], list[int]] = field(default_factory=dict)
    """By a group of patients: how many were treated differently, and of how many."""
    stay_days: list[int] = field(default_factory=lambda: [0, 0])
    seat_days: list[int] = field(default_factory=lambda: [0, 0])

    def add(self, first: Outcome, second: Outcome) -> dict[str, object] | None:
        """Count one patient; the line that tells the difference, if there is one."""
        self.patients += 1
        found = list(differences(first, second))
        self.different += bool(found)
        self.how.update(found)
        ends = (end_of(first), end_of(second))
        self.ends[ends] += 1
        for group in groups_of(first):
            counted = self.groups.setdefault(group, [0, 0])
            counted[0] += bool(found)
            counted[1] += 1
        for number, outcome in enumerate((first, second)):
            self.stay_days[number] += outcome.stay_days or 0
            self.seat_days[number] += sum((until - since).days for since, until in outcome.in_program)
        return _line(first, second, found) if found else None


def end_of(outcome: Outcome) -> str:
    """How the program ended, with those for whom it has not, or never began."""
    if outcome.reason:
        return outcome.reason
    return "in_program" if outcome.admitted_on else "not_admitted"


def differences(first: Outcome, second: Outcome) -> Iterator[str]:
    """In what a patient was treated differently, in the words of `DIFFERENCES`."""
    ending, shorter, longer, fewer, more, tasks, messages = DIFFERENCES
    if end_of(first) != end_of(second):
        yield ending
    before, after = first.stay_days, second.stay_days
    if before is not None and after is not None and before != after:
        yield shorter if after < before else longer
    if first.extensions != second.extensions:
        yield fewer if second.extensions < first.extensions else more
    if Counter((t.kind, t.role) for t in first.tasks) != Counter((t.kind, t.role) for t in second.tasks):
        yield tasks
    if first.messages != second.messages:
        yield messages


def groups_of(outcome: Outcome) -> Iterator[tuple[str, str]]:
    """The groups that a patient belongs to, by what happened under the first policy."""
    yield "end of the program", end_of(outcome)
    yield "missed sessions", _band(outcome.misses)
    yield "slips in the program", _band(len(outcome.slips_in_program))


def _band(count: int) -> str:
    return "none" if count == 0 else "1 or 2" if count <= 2 else "3 or more"


def _line(first: Outcome, second: Outcome, found: list[str]) -> dict[str, object]:
    return {
        "patient": first.number,
        "different": "; ".join(found),
        "end": end_of(first),
        "end_against": end_of(second),
        "stay_days": first.stay_days,
        "stay_days_against": second.stay_days,
        "extensions": first.extensions,
        "extensions_against": second.extensions,
        "tasks": len(first.tasks),
        "tasks_against": len(second.tasks),
        "escalated_tasks": first.escalations,
        "escalated_tasks_against": second.escalations,
    }
