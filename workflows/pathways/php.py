"""Partial Hospitalization (PHP): daily care for two to four weeks, then a step down into the IOP.

It has no sobriety gate and no aftercare of its own. When its length is reached a clinician reviews the step down; the
decision closes this episode and begins one of the Intensive Outpatient Program, with what is known at hand.
"""

from collections.abc import Iterator
from types import MappingProxyType

from statemachine import HistoryState, StateChart

from workflows.core.engine.calendar import Delay
from workflows.core.engine.duty import CLINICIAN, Duty, repeated
from workflows.core.engine.places import Compound, Parallel, Place
from workflows.core.engine.reading import kept
from workflows.core.engine.signing import CLINICIANS
from workflows.core.episode.facts import Facts
from workflows.core.episode.intake.duties import rights_and_preferences
from workflows.core.episode.pathway import COMMON_EXITS, Pathway
from workflows.pathways import regions
from workflows.pathways.guards import CommonGuards
from workflows.pathways.php_claims import CLAIMS


@kept
def step_down_duties(facts: Facts) -> Iterator[Duty]:
    """When the length is reached a clinician decides; care goes on week by week until then."""
    length = facts.policy.length
    duty = Duty(
        "step_down_review",
        CLINICIAN,
        facts.calendar.at(facts.length_reached_on),
        length.continued_stay_review,
        ("step_down", "continue", "complete"),
        "S11",
        (),
        "Review the step down into the Intensive Outpatient Program; complete where no program is to follow.",
        early=True,
        signed_by=CLINICIANS,
        announced="Step-down review",
    )
    yield from repeated(facts, duty, {"continue": Delay(days=length.extension_days)})


class PhpGuards(CommonGuards):
    """The guards that only this chart reads."""

    @property
    def step_down_due(self) -> bool:
        return self.facts.admitted_on is not None and self.facts.today >= self.facts.length_reached_on


class PhpChart(StateChart[PhpGuards]):
    """One patient's passage through partial hospitalization."""

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

                    class step_down(Compound, name="Step down", owes=(step_down_duties,)):
                        stabilizing = Place("Stabilizing", initial=True)
                        step_down_review = Place("Step-down review")

                        stabilizing.to(step_down_review, cond="step_down_due")
                        step_down_review.to(stabilizing, cond="!step_down_due")

                where_it_stood = HistoryState(type="deep")

                intake.to(program, cond="admission_complete")
                program.to(intake, cond="!admission_complete")

            closed = regions.closed()

            underway.to(closed, cond="exit_signed")
            closed.to(underway.where_it_stood, cond="!exit_signed")

        presence = regions.presence()
        safety = regions.safety()
        discharge = regions.discharge()


class Php(Pathway):
    """The pathway as the engine runs it."""

    name = "php"
    title = "Partial Hospitalization Program"
    chart = PhpChart
    guards = PhpGuards
    level = "php"
    moves = MappingProxyType({})
    exits = MappingProxyType(
        {
            **COMMON_EXITS,
            ("step_down_review", "step_down"): "transferred",
            ("step_down_review", "complete"): "completed",
        }
    )
    follows = MappingProxyType({("step_down_review", "step_down"): "iop"})
    claims = CLAIMS
    # ASAM level 2.5: twenty hours a week; four to six hours on most days, for two to four weeks.
    defaults = MappingProxyType(
        {
            "dose": {"min_minutes": 1200, "max_minutes": 2400, "min_days": 5, "max_days": 7},
            "length": {"days": 14, "extension_days": 7, "max_extensions": 2},
            "gate": {"sober_days": 0},
            "tests": {"phases": [{"max_gap_days": 4}]},
            "attendance": {
                "ladder": [
                    {"name": "reminder", "after": {"minutes": 15}, "message": "please_call"},
                    {"name": "call", "after": {"hours": 1}, "task": "outreach_call", "within": {"hours": 2}},
                    {
                        "name": "therapist_call",
                        "after": {"by_close_of_business": True},
                        "task": "outreach_therapist_call",
                        "role": "therapist",
                    },
                    {
                        "name": "supervisor_review",
                        "after": {"hours": 24},
                        "at_misses": 2,
                        "task": "supervisor_review",
                        "role": "supervisor",
                        "outcomes": ["reached", "continue_outreach"],
                    },
                    {
                        "name": "lost_contact_proposal",
                        "after": {"days": 14},
                        "task": "lost_contact_proposal",
                        "role": "supervisor",
                        "within": {"business_days": 2},
                        "outcomes": ["close", "continue_outreach", "reached"],
                    },
                ]
            },
        }
    )
