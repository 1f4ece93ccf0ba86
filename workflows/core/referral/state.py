"""All that a referral is, as one value."""

from dataclasses import dataclass, field

from workflows.core.engine.state import State
from workflows.core.referral.requests import Requests


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferralState(State):
    """All that a referral is."""

    requests: Requests = field(default_factory=Requests)
    """What was asked of the world so far."""
