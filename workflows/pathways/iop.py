"""The Intensive Outpatient Program (IOP, also IOT): intake, 90 days of program, the gate, aftercare.

Read the chart from the top: states first, then what moves between them. A transition without an event happens
by itself as soon as its guard holds; guards are the properties of `IopSituation`. Events come only from what a
named person decided, and an exit only from what one has signed, so that no slip, test, miss or time-out closes
an episode (E1).
"""

from collections.abc import Collection, Iterator
from types import MappingProxyType

from statemachine import HistoryState, State, StateChart

from workflows.core.deadlines import (
    Deadline,
    dose_week,
    gate_opens,
    ladder_rung,
    leave_changes,
    program_ends,
    record_closes,
    session_closes,
    test_window_closes,
)
from workflows.core.duties import Duty
from workflows.core.duties.admission import intake, rights_and_preferences
from workflows.core.duties.leaving import exit_duties, involuntary_discharge, transfer
from workflows.core.duties.outreach import attendance_questions, outreach
from workflows.core.duties.safety import after_leave, crisis
from workflows.core.duties.slips import adherence, drawn_tests, holds, level_review, slip_response
from workflows.core.facts import Facts
from workflows.core.facts.discharge import Step
from workflows.core.pathway import Pathway, Stage
from workflows.core.situation import Situation
from workflows.pathways.iop_duties import (
    checkins,
    continued_stay,
    gate,
    late_news,
    reassessment,
    slip_response_is_open,
)


def _exit_is(reason: str) -> property:
    return property(
        lambda self: self.facts.exit_signed is not None and self.facts.exit_signed.reason == reason
    )


def _discharge_at(*steps: Step) -> property:
    return property(lambda self: self.facts.discharge is not None and self.facts.discharge.step in steps)


class IopSituation(Situation):
    """The guards of the chart: each is a fact, in the chart's words."""

    @property
    def screened(self) -> bool:
        return self.facts.screening is not None

    @property
    def level_decided(self) -> bool:
        return self.facts.level_of_care is not None

    @property
    def suited(self) -> bool:
        return self.facts.level_of_care is not None and self.facts.level_admitted

    @property
    def not_suited_to_it(self) -> bool:
        return self.facts.level_of_care is not None and not self.facts.level_admitted

    @property
    def admission_complete(self) -> bool:
        return self.facts.admitted

    @property
    def stepped_down(self) -> bool:
        return self.facts.stepped_down

    @property
    def searched_for(self) -> bool:
        return self.facts.outreach is not None and self.facts.outreach.searching

    @property
    def reached_again(self) -> bool:
        return self.facts.outreach is not None and not self.facts.outreach.searching

    @property
    def missing_nothing(self) -> bool:
        return self.facts.outreach is None

    @property
    def responding_to_slip(self) -> bool:
        return slip_response_is_open(self.facts)

    @property
    def level_review_open(self) -> bool:
        return self.facts.level_review is not None

    @property
    def is_extended(self) -> bool:
        return bool(self.facts.extensions)

    @property
    def at_extension_limit(self) -> bool:
        return self.facts.at_extension_limit

    @property
    def goals_settled(self) -> bool:
        return bool(self.facts.goals) and "open" not in self.facts.goals.values()

    @property
    def gate_ready(self) -> bool:
        return self.facts.gate_ready

    @property
    def reassessment_open(self) -> bool:
        return next(reassessment(self.facts), None) is not None

    @property
    def on_leave(self) -> bool:
        return self.facts.on_leave

    @property
    def in_crisis(self) -> bool:
        return self.facts.in_crisis

    @property
    def exit_signed(self) -> bool:
        return self.facts.exit_signed is not None

    discharge_proposed = _discharge_at(*Step)
    discharge_reviewed = _discharge_at(Step.TEAM_MEETING, Step.NOTICE, Step.APPEAL_PERIOD, Step.APPEAL)
    discharge_owes_notice = _discharge_at(Step.NOTICE, Step.APPEAL_PERIOD, Step.APPEAL)
    discharge_noticed = _discharge_at(Step.APPEAL_PERIOD, Step.APPEAL)
    discharge_appealed = _discharge_at(Step.APPEAL)

    exit_completed = _exit_is("completed")
    exit_transferred = _exit_is("transferred")
    exit_withdrew = _exit_is("withdrew")
    exit_lost_contact = _exit_is("lost_contact")
    exit_involuntary = _exit_is("involuntary")
    exit_incarcerated = _exit_is("incarcerated")
    exit_deceased = _exit_is("deceased")
    exit_other = _exit_is("other")


class IopChart(StateChart[IopSituation]):
    """One patient's passage through the program. Leave and crisis stand beside the pathway: it is never left."""

    # A clinical entry that a stage has no use for is kept and moves nothing (E11).
    allow_event_without_transition = True
    catch_errors_as_events = False

    class episode(State.Parallel, name="Episode"):
        class pathway(State.Compound, name="Pathway"):
            class underway(State.Compound, name="Under way"):
                class intake(State.Compound, name="Intake"):
                    referred = State("Referred", initial=True)
                    screening = State("Level of care to be decided")
                    awaiting_admission = State("Awaiting admission")
                    not_suited = State("Another level of care is right")

                    # What a retracted screening or decision had moved goes back (T3).
                    screening.to(referred, cond="!screened and !level_decided")
                    awaiting_admission.to(screening, cond="!level_decided")
                    not_suited.to(screening, cond="!level_decided")

                    referred.to(screening, cond="screened")
                    screening.to(awaiting_admission, cond="suited")
                    screening.to(not_suited, cond="not_suited_to_it")
                    referred.to(awaiting_admission, cond="suited")
                    referred.to(not_suited, cond="not_suited_to_it")
                    awaiting_admission.to(not_suited, cond="not_suited_to_it")
                    not_suited.to(awaiting_admission, cond="suited")

                class program(State.Parallel, name="Program"):
                    class attendance(State.Compound, name="Attendance"):
                        attending = State("Attending", initial=True)
                        outreach = State("Outreach")
                        reengaging = State("Engagement plan")

                        attending.to(outreach, cond="searched_for")
                        attending.to(reengaging, cond="reached_again")
                        reengaging.to(outreach, cond="searched_for")
                        outreach.to(reengaging, cond="reached_again")
                        outreach.to(attending, cond="missing_nothing")
                        reengaging.to(attending, cond="missing_nothing")

                    class sobriety(State.Compound, name="Sobriety"):
                        steady = State("Steady", initial=True)
                        slip_response = State("Slip response")
                        level_review = State("Level-of-care review")

                        steady.to(slip_response, cond="responding_to_slip")
                        slip_response.to(level_review, cond="level_review_open")
                        level_review.to(slip_response, cond="!level_review_open")
                        slip_response.to(steady, cond="!responding_to_slip")

                    class length(State.Compound, name="Length"):
                        standard = State("Standard", initial=True)
                        extended = State("Extended")
                        at_limit = State("Extension limit reached")

                        standard.to(extended, cond="is_extended")
                        extended.to(at_limit, cond="at_extension_limit")
                        at_limit.to(extended, cond="!at_extension_limit")
                        extended.to(standard, cond="!is_extended")

                    class goals(State.Compound, name="Goals"):
                        working = State("Working on goals", initial=True)
                        settled = State("Goals met or waived")

                        working.to(settled, cond="goals_settled")
                        settled.to(working, cond="!goals_settled")

                    class gate(State.Compound, name="Gate"):
                        gate_waiting = State("Gate not ready", initial=True)
                        gate_review = State("Gate review")

                        gate_waiting.to(gate_review, cond="gate_ready")
                        gate_review.to(gate_waiting, cond="!gate_ready")

                class aftercare(State.Compound, name="Aftercare"):
                    following = State("Check-ins", initial=True)
                    reassessment = State("Closer contact and reassessment")

                    following.to(reassessment, cond="reassessment_open")
                    reassessment.to(following, cond="!reassessment_open")

                where_it_stood = HistoryState(type="deep")

                intake.to(program, cond="admission_complete")
                program.to(intake, cond="!admission_complete")
                aftercare.to(intake, cond="!admission_complete")
                # Both follow what a clinician has signed: the gate's pass, and the return to the program (S9, C1).
                program.to(aftercare, cond="stepped_down")
                aftercare.to(program, cond="!stepped_down")

            class closed(State.Compound, name="Closed"):
                closing = State("Closed", initial=True)
                completed = State("Completed")
                transferred = State("Transferred")
                withdrew = State("Withdrew")
                lost_contact = State("Lost contact")
                involuntary = State("Involuntary discharge")
                incarcerated = State("Incarcerated")
                deceased = State("Deceased")
                other = State("Other exit")

                closing.to(completed, cond="exit_completed")
                closing.to(transferred, cond="exit_transferred")
                closing.to(withdrew, cond="exit_withdrew")
                closing.to(lost_contact, cond="exit_lost_contact")
                closing.to(involuntary, cond="exit_involuntary")
                closing.to(incarcerated, cond="exit_incarcerated")
                closing.to(deceased, cond="exit_deceased")
                closing.to(other, cond="exit_other")

            # An exit is signed by a named person; it can be corrected, and a withdrawal reopened (E1, E3).
            underway.to(closed, cond="exit_signed")
            closed.to(underway.where_it_stood, cond="!exit_signed")

        class presence(State.Compound, name="Presence"):
            present = State("Present", initial=True)
            away = State("On leave")

            present.to(away, cond="on_leave")
            away.to(present, cond="!on_leave")

        class safety(State.Compound, name="Safety"):
            calm = State("No crisis", initial=True)
            crisis = State("Crisis")

            calm.to(crisis, cond="in_crisis")
            crisis.to(calm, cond="!in_crisis")

        class discharge(State.Compound, name="Involuntary discharge under way"):
            none = State("Not proposed", initial=True)
            proposed = State("Director's review")
            team_meeting = State("Team meeting")
            notice = State("Notice owed")
            appeal_period = State("Time for an appeal")
            appeal = State("Appeal to be heard")

            none.to(proposed, cond="discharge_proposed")
            proposed.to(team_meeting, cond="discharge_reviewed")
            team_meeting.to(notice, cond="discharge_owes_notice")
            notice.to(appeal_period, cond="discharge_noticed")
            appeal_period.to(appeal, cond="discharge_appealed")
            # Rejected, rescinded, decided, or a step of it retracted: each ends where it then stands.
            appeal.to(appeal_period, cond="!discharge_appealed")
            appeal_period.to(notice, cond="!discharge_noticed")
            notice.to(team_meeting, cond="!discharge_owes_notice")
            team_meeting.to(proposed, cond="!discharge_reviewed")
            proposed.to(none, cond="!discharge_proposed")


class Iop(Pathway):
    """The pathway as the engine runs it: the chart, and what is owed and awaited in each stage."""

    name = "iop"
    title = "Intensive Outpatient Program"
    chart = IopChart
    situation = IopSituation
    level = "iop"
    # What a clinician's signature moves.
    moves = MappingProxyType(
        {
            ("gate_review", "pass"): "aftercare",
            ("gate_review", "advance"): "aftercare",
            ("reassessment", "return_to_program"): "program",
        }
    )

    # What closes the episode, each by a named person's answer; `exit` entries say the rest (E1).
    exits = MappingProxyType(
        {
            ("lost_contact_proposal", "close"): "lost_contact",
            ("discharge_decision", "discharge"): "involuntary",
            ("discharge_appeal_hearing", "uphold"): "involuntary",
            ("aftercare_complete", "complete"): "completed",
            ("transfer", "first_visit_attended"): "transferred",
            ("refer_to_level_of_care", "first_visit_attended"): "transferred",
            ("refer_to_level_of_care", "declined"): "withdrew",
            ("screening", "declined"): "withdrew",
            ("admission", "declined"): "withdrew",
        }
    )

    def stage(self, states: Collection[str]) -> Stage:
        if "closed" in states:
            return "closed"
        if "aftercare" in states:
            return "aftercare"
        if "program" in states:
            return "gate_review" if "gate_review" in states else "program"
        return "intake"

    def duties(self, facts: Facts, stage: Stage) -> Iterator[Duty]:
        if facts.exit_signed and facts.exit_signed.reason == "deceased":
            yield from exit_duties(facts)
            return
        yield from crisis(facts)
        if stage == "closed":
            yield from exit_duties(facts)
            return
        yield from after_leave(facts)
        yield from involuntary_discharge(facts)
        yield from transfer(facts)
        if stage == "intake":
            yield from intake(facts)
            return
        yield from slip_response(facts)
        yield from holds(facts)
        yield from adherence(facts)
        if stage == "aftercare":
            yield from reassessment(facts)
            yield from late_news(facts)
            if not facts.on_leave:
                yield from checkins(facts)
            return
        yield from drawn_tests(facts)
        yield from rights_and_preferences(facts)
        yield from outreach(facts)
        yield from attendance_questions(facts)
        yield from level_review(facts)
        yield from continued_stay(facts)
        yield from gate(facts)

    def deadlines(self, facts: Facts, stage: Stage) -> Iterator[Deadline]:
        if stage == "closed":
            yield from record_closes(facts)
        elif stage == "aftercare":
            yield from leave_changes(facts)
        elif stage != "intake":
            yield from session_closes(facts)
            yield from test_window_closes(facts)
            yield from ladder_rung(facts)
            yield from dose_week(facts)
            yield from gate_opens(facts)
            yield from program_ends(facts)
            yield from leave_changes(facts)
