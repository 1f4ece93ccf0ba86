"""The stay from referral to the end of aftercare, and what ends it otherwise (I1-I6, E1-E11, C1, C2)."""

from typing import Annotated

from pydantic import Field

from workflows.core.calendar import Delay
from workflows.core.policy.part import Days, Part


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


class Intake(Part):
    """Intake (I2-I4)."""

    level_of_care_decision: Delay = Delay(business_days=1)
    """Until a clinician has decided on the level of care (I2)."""
    admission: Delay = Delay(business_days=3)
    """Until the person is screened, and admitted (I4)."""
    screening_again: Delay = Delay(business_days=1)
    """After an attempt that did not reach the person (I1)."""
    short_use_years: Annotated[float, Field(ge=0)] = 1
    """Use of fewer years, with nothing else that speaks for more care, proposes outpatient care (I2)."""
    long_use_years: Annotated[float, Field(ge=0)] = 10
    """Use of so many years or more speaks for more than an IOP (I1, I2)."""
    dangerous_withdrawal: tuple[str, ...] = ("alcohol", "benzodiazepines", "barbiturates")
    """Substances whose withdrawal is a danger to life (I1)."""


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
