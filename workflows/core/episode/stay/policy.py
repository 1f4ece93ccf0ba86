"""Numbers of the stay: its length, leave, and how long its record stays open (S11, E3, E6-E8, E11, C7)."""

from typing import Annotated

from pydantic import Field

from workflows.core.engine.calendar import Delay
from workflows.core.engine.policy import Days, Part


class Length(Part):
    """The length of the program and its extension (S11)."""

    days: Annotated[int, Field(ge=1)] = 90
    """Program days after which the gate may pass; where it does not, the program is extended."""
    extension_days: Annotated[int, Field(ge=1)] = 14
    """Days by which one extension goes on."""
    max_extensions: Annotated[int, Field(ge=0)] = 4
    """After so many a team review is mandatory, and nothing else."""
    continued_stay_review: Delay = Delay(business_days=2)
    """Until a clinician has said why the stay goes on."""


class Course(Part):
    """Leave, crisis and exits (E3, E6-E8, C7)."""

    reopen_within: Delay = Delay(hours=72)
    """So long after a withdrawal all can be reopened as it was (E3)."""
    crisis_response: Delay = Delay(minutes=30)
    """Until whoever is on call has answered a crisis (E8)."""
    after_crisis: Delay = Delay(business_days=1)
    """Until the contact and the look at the level of care that follow a crisis (E8)."""
    own_leave_days: Days = 14
    """So many days of leave a patient may tell, a kiosk or a laboratory; what is longer is recorded by the
    staff (E6)…"""
    own_leave_within_days: Annotated[int, Field(ge=1, le=3650)] = 90
    """…within so many days: several short leaves are one long absence."""
    agency_leave_days: Days = 60
    """So many days of leave an agency may tell at once; what is longer is recorded by the staff (E6)…"""
    agency_stay_days: Days = 365
    """…or a stay in a hospital, a jail or a residence, which whoever runs it knows for longer ahead."""
    oldest_referral_days: Annotated[int, Field(ge=1)] = 3650
    """A referral of longer ago begins no episode: it is a slip of the hand (T5)."""
    after_leave: Delay = Delay(business_days=1)
    """Until a person who is back from leave is screened again (E6)."""
    exit_bundle: Delay = Delay(business_days=1)
    """Until whoever leaves has the exit bundle (C7)."""
    transfer_visit: Delay = Delay(days=7)
    """Until the receiving side is asked whether the first visit was attended (E5)."""
    late_entries_for: Delay = Delay(days=2192)
    """How long the record of a closed episode still takes entries: as long as it is kept, six years (E11)."""
