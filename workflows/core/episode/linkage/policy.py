"""Numbers of referrals of every kind (C3-C5, I3, E5)."""

from datetime import timedelta
from typing import Annotated, Self

from pydantic import Field, model_validator

from workflows.core.engine.calendar import Delay
from workflows.core.engine.policy import Part
from workflows.core.episode.linkage.vocabulary import ReferralKind


class Linkage(Part):
    """Referrals of every kind (C3-C5, I3, E5): how long each step may take before a person is asked."""

    offer: Delay = Delay(business_days=3)
    """Until a therapist and mutual help have been offered after the step down (C3, C4)."""
    at_most: Annotated[int, Field(ge=1, le=50)] = 5
    """How many candidates a search brings."""
    search_by_hand: Delay = Delay(business_days=2)
    """Until somebody has looked for a place where the directories know none."""
    choice: Delay = Delay(business_days=3)
    """Until the person has chosen."""
    consent: Delay = Delay(business_days=2)
    """Until a consent for the place that was chosen is signed (P3)."""
    contact: Delay = Delay(business_days=2)
    """A contact that a person makes by hand, where an agency has no channel."""
    reconcile: Delay = Delay(business_days=1)
    """Until it is known whether an uncertain sending arrived (P9)."""
    answer: Delay = Delay(business_days=3)
    """The agency's time to answer, after which somebody asks."""
    waitlist: Delay = Delay(days=7)
    """So long on a waiting list the next candidate is offered."""
    appointment: Delay = Delay(business_days=3)
    """Until there is an appointment with a place that has accepted."""
    visit_lasts: Delay = Delay(hours=1)
    """So long after an appointment it is asked whether it was attended."""
    visit_asked: Delay = Delay(business_days=1)
    """Then, until it is known whether it was attended."""
    rebooking: Delay = Delay(business_days=2)
    """Until there is a new appointment after one that was missed or cancelled."""
    first_visit: Delay = Delay(days=14)
    """The wait clock from the choice to the first visit; when it is over, the next candidate is offered (C3)."""
    first_visit_elsewhere: Delay = Delay(days=7)
    """The wait clock to another level of care (I3, E5)."""
    wait_longer: Delay = Delay(days=7)
    """After the patient chose to keep waiting, the question comes back."""
    first_meeting: Delay = Delay(days=7)
    """The first meeting of mutual help, told by the patient (C4)."""
    sponsor: Delay = Delay(days=30)
    """After the first meeting, until the person is asked about a sponsor (C4)."""
    engaged: Delay = Delay(days=14)
    """After the first visit, until the patient is asked whether it is right for them."""
    cancellation: Delay = Delay(business_days=2)
    """The agency's time to confirm a cancellation."""
    again: Delay = Delay(business_days=1)
    """After an answer that settles nothing, such as nobody reached, the task comes back."""
    poll: Delay = Delay(business_hours=4)
    """How often an agency is asked for news: at least once in a business day, and never within 15 minutes."""
    late_entries_for: Delay = Delay(days=14)
    """How long a closed referral still takes what becomes known late (E11)."""
    purpose: str = "referral"
    """Purpose code of the disclosure to an agency (P3)."""
    content: tuple[str, ...] = ("referral",)
    """Content codes of the disclosure to an agency (P3)."""
    content_unnamed: tuple[str, ...] = ("identity", "contact")
    """The same for a service that is not among `named_services`: what it is about does not go out by default (C5)."""
    secular_choice: str = "SMART Recovery meeting, online"
    """What is offered where a search has found nothing secular: a secular choice always exists (C4)."""
    named_services: tuple[str, ...] = (
        "food_bank", "interview_clothes", "job_training", "vocational_training", "transport", "legal_help", "legal",
        "recreation", "housing", "child_care",
    )  # fmt: skip
    """Services that a task may name. Every other is "a service" outside the referral itself: what touches HIV,
    hepatitis or other infections must stand in no notice and no index, under whatever name it goes (C5)."""

    def first_visit_of(self, kind: ReferralKind) -> Delay:
        """The wait clock of a kind of referral, from the choice to the first visit (C3, I3)."""
        return self.first_visit_elsewhere if kind == "level_of_care" else self.first_visit

    @model_validator(mode="after")
    def _asks_no_faster_than_agencies_bear(self) -> Self:
        elapsed = self.poll.roughly
        if elapsed < timedelta(minutes=15):
            raise ValueError("poll: an agency is asked at most every 15 minutes; use at least minutes: 15")
        return self
