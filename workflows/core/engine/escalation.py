"""The ladder by which an overdue task climbs, as data of the policy."""

from workflows.core.engine.calendar import Delay
from workflows.core.engine.policy import Part


class Escalation(Part):
    """One level of the ladder by which an overdue task climbs: whose it becomes, how long after it was due."""

    role: str
    """Whose it becomes."""
    after: Delay
    """How long after it was due."""
