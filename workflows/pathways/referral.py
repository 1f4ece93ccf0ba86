"""Referrals of every kind, one chart: a need, a choice, a consent, a first visit, and whether it is right.

Read the chart from the top: states first, then what moves between them. A transition happens by itself as soon as its
guard holds; guards are the properties of `ReferralGuards`, and each is a fact. Each guard on the way contains the
one before it, so that a correction leads back the way that the statement had come.
"""

from datetime import datetime
from typing import ClassVar

from statemachine import HistoryState, State, StateChart

from workflows.core.engine.guards import Guards
from workflows.core.referral.attempt import Reached
from workflows.core.referral.engine import Engine
from workflows.core.referral.facts import ReferralFacts
from workflows.core.referral.referral import Referral
from workflows.core.referral.start import ReferralStart


def _at(*steps: Reached) -> property:
    return property(lambda self: self.step in steps)


def _closed_as(*reasons: str) -> property:
    return property(lambda self: self.facts.closed is not None and self.facts.closed.reason in reasons)


class ReferralGuards(Guards[ReferralFacts]):
    """The guards: each is a fact, in the chart's words."""

    @property
    def step(self) -> Reached | None:
        return self.facts.current.step if self.facts.current else None

    @property
    def visited(self) -> bool:
        return self.step is Reached.VISITED

    @property
    def told(self) -> bool:
        return self.visited or (self.step is not None and self.step.is_with_agency)

    @property
    def chosen(self) -> bool:
        return self.step is not None

    @property
    def places_known(self) -> bool:
        return self.chosen or bool(self.facts.offered)

    consent_needed = _at(Reached.CONSENT_NEEDED)
    not_certain = _at(Reached.UNCERTAIN)
    not_arrived = _at(Reached.NOT_ARRIVED)
    made_by_hand = _at(Reached.BY_HAND)
    goes_by_themselves = _at(Reached.JOINING)

    accepted = _at(Reached.ACCEPTED)
    waitlisted = _at(Reached.WAITLISTED)
    booked = _at(Reached.SCHEDULED)
    visit_missed = _at(Reached.MISSED)
    booked_no_more = _at(Reached.UNBOOKED)
    done_by_their_word = _at(Reached.ENDED)

    @property
    def sponsor_is_sought(self) -> bool:
        return self.facts.start.joins

    @property
    def cancelling(self) -> bool:
        return bool(self.facts.withdrawing)

    @property
    def over(self) -> bool:
        return self.facts.closed is not None

    over_engaged = _closed_as("engaged")
    over_first_visit = _closed_as("first_visit_attended")
    over_declined = _closed_as("declined")
    over_none_available = _closed_as("none_available")
    over_otherwise = _closed_as("not_needed", "deceased", "other")


class ReferralChart(StateChart[ReferralGuards]):
    """One referral, from the need to the end of its need."""

    allow_event_without_transition = True
    catch_errors_as_events = False

    class referral(State.Parallel, name="Referral"):
        class course(State.Compound, name="Course"):
            class underway(State.Compound, name="Under way"):
                seeking = State("A place is sought", initial=True)
                choosing = State("The patient chooses")

                class arranging(State.Compound, name="Being arranged"):
                    queued = State("Ready to be sent", initial=True)
                    waiting_for_consent = State("Waits for a consent")
                    uncertain = State("Not certain whether it arrived")
                    lost = State("It did not arrive")
                    by_hand = State("Contact by a person")
                    joining = State("First meeting ahead")

                    queued.to(waiting_for_consent, cond="consent_needed")
                    queued.to(uncertain, cond="not_certain")
                    queued.to(lost, cond="not_arrived")
                    queued.to(by_hand, cond="made_by_hand")
                    queued.to(joining, cond="goes_by_themselves")
                    waiting_for_consent.to(queued, cond="!consent_needed")
                    uncertain.to(queued, cond="!not_certain")
                    lost.to(queued, cond="!not_arrived")
                    by_hand.to(queued, cond="!made_by_hand")
                    joining.to(queued, cond="!goes_by_themselves")

                class with_agency(State.Compound, name="With the other side"):
                    sent = State("Sent", initial=True)
                    taken = State("Accepted")
                    on_waitlist = State("On a waiting list")
                    scheduled = State("First visit booked")
                    missed = State("First visit missed")
                    unbooked = State("Booking cancelled")
                    ended = State("Done, as they say")

                    sent.to(taken, cond="accepted")
                    sent.to(on_waitlist, cond="waitlisted")
                    sent.to(scheduled, cond="booked")
                    sent.to(missed, cond="visit_missed")
                    sent.to(unbooked, cond="booked_no_more")
                    sent.to(ended, cond="done_by_their_word")
                    taken.to(sent, cond="!accepted")
                    on_waitlist.to(sent, cond="!waitlisted")
                    scheduled.to(sent, cond="!booked")
                    missed.to(sent, cond="!visit_missed")
                    unbooked.to(sent, cond="!booked_no_more")
                    ended.to(sent, cond="!done_by_their_word")

                class came(State.Compound, name="First visit attended"):
                    settling = State("Finding out whether it is right", initial=True)
                    sponsor = State("A sponsor is sought")

                    settling.to(sponsor, cond="sponsor_is_sought")
                    sponsor.to(settling, cond="!sponsor_is_sought")

                where_it_stood = HistoryState(type="deep")

                seeking.to(choosing, cond="places_known")
                choosing.to(arranging, cond="chosen")
                arranging.to(with_agency, cond="told")
                with_agency.to(came, cond="visited")
                # The next candidate, a new match, and every correction lead back.
                came.to(with_agency, cond="!visited")
                with_agency.to(arranging, cond="!told")
                arranging.to(choosing, cond="!chosen")
                choosing.to(seeking, cond="!places_known")

            class closed(State.Compound, name="Closed"):
                closing = State("Closed", initial=True)
                engaged = State("Engaged")
                arrived = State("First visit attended there")
                declined = State("Declined")
                none_available = State("None available")
                otherwise = State("Closed otherwise")

                closing.to(engaged, cond="over_engaged")
                closing.to(arrived, cond="over_first_visit")
                closing.to(declined, cond="over_declined")
                closing.to(none_available, cond="over_none_available")
                closing.to(otherwise, cond="over_otherwise")
                engaged.to(closing, cond="!over_engaged")
                arrived.to(closing, cond="!over_first_visit")
                declined.to(closing, cond="!over_declined")
                none_available.to(closing, cond="!over_none_available")
                otherwise.to(closing, cond="!over_otherwise")

            underway.to(closed, cond="over")
            closed.to(underway.where_it_stood, cond="!over")

        class withdrawals(State.Compound, name="Taking back"):
            nothing_taken_back = State("Nothing", initial=True)
            cancel_requested = State("Cancellation asked for")

            nothing_taken_back.to(cancel_requested, cond="cancelling")
            cancel_requested.to(nothing_taken_back, cond="!cancelling")


class ReferralPathway:
    """What drawings show of it."""

    name: ClassVar[str] = "referral"
    title: ClassVar[str] = "Referral"
    chart: ClassVar[type[ReferralChart]] = ReferralChart


def new_referral(start: ReferralStart, now: datetime) -> Referral:
    """A referral on this chart."""
    return Referral(Engine(start, ReferralChart, ReferralGuards), now)
