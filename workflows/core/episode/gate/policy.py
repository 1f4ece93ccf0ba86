"""Numbers of the sobriety gate (S9, S10)."""

from typing import Annotated

from pydantic import Field

from workflows.core.engine.calendar import Delay
from workflows.core.engine.policy import Days, Part


class Gate(Part):
    """The sobriety gate before aftercare (S9, S10)."""

    sober_days: Days = 30
    """So many days since last use (S9)."""
    min_negative_tests: Annotated[int, Field(ge=0)] = 2
    """So many valid negatives within these days (S9)."""
    max_days_between_tests: Annotated[int, Field(ge=1)] = 14
    """No stretch of these days is longer without a valid test (S9)."""
    controlled_days_count: bool = False
    """Whether days in hospital or jail count toward `sober_days`; they never break the window (S10)."""
    review: Delay = Delay(business_days=1)
    """Until a clinician signs a gate that is ready (S9)."""
    review_again_days: Days = 7
    """After a clinician holds a ready gate, the review comes back (S9)."""
