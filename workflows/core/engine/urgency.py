"""How urgent a task or a notice is: the one place that decides what goes before what.

Urgent is what a person in danger waits for. It follows from who is asked and by which rule, so that a new duty has its
urgency without being listed anywhere.
"""

from enum import IntEnum

from workflows.core.engine.calendar import Delay

ON_CALL = "on_call"

DANGER = frozenset({"A6", "E7", "E8"})
"""Rules under which somebody may be in danger: high risk, a death, a crisis."""


class Urgency(IntEnum):
    """What goes first; the lower, the earlier."""

    IN_DANGER = 1
    TODAY = 2
    ORDINARY = 3
    FOR_INFORMATION = 4


def of_task(role: str, rule: str, within: Delay) -> Urgency:
    """The urgency of what a role owes by a rule."""
    if role == ON_CALL or rule in DANGER:
        return Urgency.IN_DANGER
    counted_in_hours = within.minutes is not None or within.hours is not None or within.by_end_of_day
    return Urgency.TODAY if counted_in_hours else Urgency.ORDINARY


def while_overdue(urgency: Urgency) -> Urgency:
    """An overdue task goes before those that are in time."""
    return min(urgency, Urgency.TODAY)
