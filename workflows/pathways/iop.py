"""The Intensive Outpatient Program (IOP, also IOT): intake, 90 days of program, the gate, aftercare.

Read the chart from the top: states first, then what moves between them. A transition happens by itself as soon as
its guard holds; guards are the properties of `IopSituation`, and each is a fact. The step down to aftercare and every
exit follow only from what a named person has signed, so that no slip, test, miss or time-out closes an episode (E1).
"""

from collections.abc import Iterator
from types import MappingProxyType

from statemachine import HistoryState, State, StateChart

from workflows.core.deadlines import (
    Deadline,
    dose_week,
    gate_opens,
    ladder_rung,
    program_ends,
    session_closes,
    test_window_closes,
)
from workflows.core.duties import Duty
from workflows.core.duties.admission import rights_and_preferences
from workflows.core.duties.length import continued_stay
from workflows.core.duties.linkage import offers
from workflows.core.duties.outreach import attendance_questions, outreach
from workflows.core.duties.slips import drawn_tests, level_review
from workflows.core.facts import Facts
from workflows.core.pathway import COMMON_EXITS, Pathway
from workflows.pathways import regions
from workflows.pathways.guards import CommonSituation
from workflows.pathways.iop_claims import CLAIMS
from workflows.pathways.iop_duties import checkins, gate, late_news, reassessment


class IopSituation(CommonSituation):
    """The guards that only this chart reads: each is a fact, in the chart's words."""

    @property
    def stepped_down(self) -> bool:
        return self.facts.stepped_down

    @property
    def goals_settled(self) -> bool:
        return bool(self.facts.goals) and "open" not in self.facts.goals.values()

    @property
    def gate_ready(self) -> bool:
        return self.facts.gate_ready

    @property
    def reassessment_open(self) -> bool:
        return bool(reassessment(self.facts))


class IopChart(StateChart[IopSituation]):
    """One patient's passage through the program. Leave and crisis stand beside the pathway: it is never left."""

    # A clinical entry that a stage has no use for is kept and moves nothing (E11).
    allow_event_without_transition = True
    catch_errors_as_events = False

    class episode(State.Parallel, name="Episode"):
        class pathway(State.Compound, name="Pathway"):
            class underway(State.Compound, name="Under way"):
                intake = regions.intake()

                class program(State.Parallel, name="Program"):
                    attendance = regions.attendance()

                    sobriety = regions.sobriety()

                    length = regions.length()

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

            closed = regions.closed()

            # An exit is signed by a named person; it can be corrected, and a withdrawal reopened (E1, E3).
            underway.to(closed, cond="exit_signed")
            closed.to(underway.where_it_stood, cond="!exit_signed")

        presence = regions.presence()

        safety = regions.safety()

        discharge = regions.discharge()


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

    exits = MappingProxyType({**COMMON_EXITS, ("aftercare_complete", "complete"): "completed"})

    claims = CLAIMS

    def program_duties(self, facts: Facts) -> Iterator[Duty]:
        yield from drawn_tests(facts)
        yield from rights_and_preferences(facts)
        yield from outreach(facts)
        yield from attendance_questions(facts)
        yield from level_review(facts)
        yield from continued_stay(facts)
        yield from gate(facts)

    def aftercare_duties(self, facts: Facts) -> Iterator[Duty]:
        yield from reassessment(facts)
        yield from level_review(facts)
        yield from late_news(facts)
        yield from offers(facts)
        if not facts.on_leave:
            yield from checkins(facts)

    def program_deadlines(self, facts: Facts) -> Iterator[Deadline]:
        yield from session_closes(facts)
        yield from test_window_closes(facts)
        yield from ladder_rung(facts)
        yield from dose_week(facts)
        yield from gate_opens(facts)
        yield from program_ends(facts)
