"""Numbers of an involuntary discharge (E2)."""

from workflows.core.engine.calendar import Delay
from workflows.core.engine.policy import Part


class Discharge(Part):
    """Involuntary discharge (E2): how long each step may take, and the time for an appeal."""

    review: Delay = Delay(business_days=2)
    """Until the director has looked whether the reason is fair."""
    team_meeting: Delay = Delay(business_days=2)
    """Until the team has met."""
    notice: Delay = Delay(business_days=1)
    """Until the written notice is handed over."""
    appeal_period: Delay = Delay(hours=72)
    """So long after the notice the person may appeal."""
    appeal_not_before: Delay = Delay(hours=24)
    """Counted from the notice."""
    appeal_answered_within: Delay = Delay(hours=72)
    """Counted from the appeal."""
    decision: Delay = Delay(business_days=1)
    """Until the director has decided."""
