"""Numbers of aftercare: its check-ins and its length (C1, C2)."""

from typing import Annotated

from pydantic import Field

from workflows.core.engine.calendar import Delay
from workflows.core.engine.policy import Days, Part


class Aftercare(Part):
    """Check-ins after the program (C2): weekly, then every two weeks, then monthly."""

    weekly_for_weeks: Days = 8
    """So many weeks check-ins come weekly."""
    fortnightly_until_month: Days = 10
    """Up to this month they come every two weeks."""
    monthly_until_month: Days = 18
    """Up to this month they come monthly; then aftercare has reached its length."""
    closer_from_risk: Annotated[int, Field(ge=0, le=10)] = 4
    """From this score on the next check-in comes within a week."""
    in_person_from_risk: Annotated[int, Field(ge=0, le=10)] = 7
    """From this score on the next check-in is in person."""
    checkin_within: Delay = Delay(by_close_of_business=True)
    """Until a check-in of the day is done."""
    checkin_again: Delay = Delay(business_days=1)
    """After an attempt that did not reach the person."""
    checkin_attempts: Annotated[int, Field(ge=1)] = 3
    """After so many attempts that reached nobody a check-in counts as missed: a clinician is asked, and the next one
    comes a week later."""
    lost_contact_after_days: Days = 30
    """So long after the last contact, with a check-in missed, closing for lost contact is proposed."""
    lost_contact_again: Delay = Delay(days=30)
    """After it was decided to search on, the proposal comes back."""
    closer_contact_days: Days = 3
    """Where a clinician asks for closer contact the next check-in comes within so many days (C1, S13)."""
    closer_after_use_days: Days = 30
    """So long after a return to use, or after a clinician has asked for closer contact, check-ins come weekly (C1)."""
    continue_for: Delay = Delay(days=30)
    """After a clinician continued aftercare beyond its length, the question comes back."""
    reassessment: Delay = Delay(business_days=1)
    """Until a clinician has answered a use in aftercare, late news, or a missed check-in (C1, C2, S13)."""
