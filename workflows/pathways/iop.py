"""The Intensive Outpatient Program (IOP, also IOT): intake, 90 days of program, the gate, aftercare.

Read the chart from the top: states first, with what people owe and what time changes in them; then what moves between
them. A transition happens by itself as soon as its guard holds; guards are the properties of `IopGuards`, and each
is a fact. The step down to aftercare and every exit follow only from what a named person has signed, so that no slip,
test, miss or time-out closes an episode (E1).
"""

from types import MappingProxyType

from statemachine import HistoryState, StateChart

from workflows.core.engine.places import Compound, Parallel, Place
from workflows.core.episode.deadlines import gate_opens, program_ends
from workflows.core.episode.intake.duties import rights_and_preferences
from workflows.core.episode.linkage.duties import offers
from workflows.core.episode.pathway import COMMON_EXITS, Pathway
from workflows.core.episode.sobriety.duties import level_review
from workflows.core.episode.stay.duties import continued_stay
from workflows.pathways import regions
from workflows.pathways.guards import CommonGuards
from workflows.pathways.iop_claims import CLAIMS
from workflows.pathways.iop_duties import checkins, late_news
from workflows.pathways.iop_duties import gate as gate_review_duties
from workflows.pathways.iop_duties import reassessment as reassessment_duties


class IopGuards(CommonGuards):
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
        return bool(reassessment_duties(self.facts))


class IopChart(StateChart[IopGuards]):
    """One patient's passage through the program. Leave and crisis stand beside the pathway: it is never left."""

    # A clinical entry that a stage has no use for is kept and moves nothing (E11).
    allow_event_without_transition = True
    catch_errors_as_events = False

    class episode(Parallel, name="Episode"):
        class pathway(Compound, name="Pathway"):
            class underway(Compound, name="Under way", owes=regions.UNDERWAY, awaits=regions.UNDERWAY_AWAITS):
                intake = regions.intake()

                class program(
                    Parallel,
                    name="Program",
                    stage="program",
                    owes=(*regions.IN_TREATMENT, rights_and_preferences),
                    says=regions.IN_PROGRAM_SAYS,
                ):
                    attendance = regions.attendance()

                    sobriety = regions.sobriety()

                    class length(Compound, name="Length", owes=(continued_stay,), awaits=(program_ends,)):
                        standard = Place("Standard", initial=True)
                        extended = Place("Extended")
                        at_limit = Place("Extension limit reached")

                        standard.to(extended, cond="is_extended")
                        standard.to(at_limit, cond="at_extension_limit")
                        extended.to(at_limit, cond="at_extension_limit")
                        at_limit.to(extended, cond="!at_extension_limit")
                        extended.to(standard, cond="!is_extended")

                    class goals(Compound, name="Goals"):
                        working = Place("Working on goals", initial=True)
                        settled = Place("Goals met or waived")

                        working.to(settled, cond="goals_settled")
                        settled.to(working, cond="!goals_settled")

                    class gate(Compound, name="Gate", owes=(gate_review_duties,), awaits=(gate_opens,)):
                        gate_waiting = Place("Gate not ready", initial=True)
                        gate_review = Place("Gate review", stage="gate_review")

                        gate_waiting.to(gate_review, cond="gate_ready")
                        gate_review.to(gate_waiting, cond="!gate_ready")

                class aftercare(
                    Compound,
                    name="Aftercare",
                    stage="aftercare",
                    owes=(
                        *regions.IN_TREATMENT,
                        reassessment_duties,
                        level_review,
                        late_news,
                        offers,
                        checkins,
                    ),
                ):
                    following = Place("Check-ins", initial=True)
                    reassessment = Place("Closer contact and reassessment")

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
    """The pathway as the engine runs it."""

    name = "iop"
    title = "Intensive Outpatient Program"
    chart = IopChart
    guards = IopGuards
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
