"""The ladder by which an overdue task climbs, as data of the policy."""

from workflows.core.engine.calendar import Delay
from workflows.core.engine.policy import Part


class Escalation(Part):
    """One level of the ladder by which an overdue task climbs: whose it becomes, how long after it was due."""

    role: str
    """Whose it becomes."""
    after: Delay
    """How long after it was due."""


NEXT_ROLES = ("supervisor", "director")
"""Who is told, in this order, while a notice does not reach the one it is for."""


def in_place_of(role: str) -> tuple[str, ...]:
    """The roles that are told in place of one that is not reached."""
    return tuple(other for other in NEXT_ROLES if other != role)
