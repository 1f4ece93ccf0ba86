"""Every number of a simulation, as one file; the defaults are calibrated to what has been published.

The source stands beside each default. Where the literature gives no figure the docstring says "assumed": change
those first when you know your own clinic.
"""

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from worker.errors import CannotDo
from workflows.core.episode.entries import WeeklySession, in_words
from workflows.core.episode.start import Team

Share = Annotated[float, Field(ge=0, le=1)]
Weights = dict[str, Annotated[float, Field(ge=0)]]

WaysOut = Literal["dropped_out", "transferred", "terminated", "other"]
REASONS = ("completed", "transferred", "dropped_out", "terminated", "other")
"""The reasons for discharge that TEDS distinguishes."""


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


def _completed_by(defaults: Mapping[str, Any]) -> BeforeValidator:
    """A table in a file names only the rows that differ; the others keep their defaults."""

    def complete(given: object) -> object:
        return {**defaults, **given} if isinstance(given, Mapping) else given

    return BeforeValidator(complete)


class Spread(_Part):
    """A length that differs from person to person: lognormal, given by its median and its log-scale width."""

    median: Annotated[float, Field(gt=0, le=3650)]
    sigma: Annotated[float, Field(ge=0, le=3)] = 0.5


class Caseload(_Part):
    """Who comes, when, and to what program. The clinic is invented."""

    begins_on: date = date(2026, 1, 5)
    referred_over_days: Annotated[int, Field(ge=1, le=3650)] = 364
    """Referrals spread evenly over so many days, however many patients there are: more patients is a larger clinic."""
    followed_for_days: Annotated[int, Field(ge=1, le=3650)] = 760
    """How long each patient is followed from referral; 18 months of aftercare fit in."""
    site: str = "simulated"
    timezone: str = "America/Chicago"
    schedule: Annotated[tuple[WeeklySession, ...], Field(min_length=1)] = tuple(
        WeeklySession(weekday=day, start="18:00", minutes=180) for day in ("mon", "wed", "fri")
    )
    closures: tuple[date, ...] = ()
    team: Team = Team(case_manager="cm-1", therapist="th-1", supervisor="su-1", director="di-1")
    substances: Weights = {"alcohol": 0.45, "opioids": 0.2, "cocaine": 0.15, "cannabis": 0.2}
    """Main substance (assumed)."""


class Intake(_Part):
    """From referral to the first program day."""

    never_begins: Share = 0
    """Share who are screened and never begin. Published: 29 to 42 % (Molfenter 2013, PMC3962267); 0 here, because
    the caseload counts admissions as TEDS does."""
    screened_after_days: Spread = Spread(median=2)
    """Assumed."""
    admitted_after_days: Spread = Spread(median=3)
    """From screening (assumed)."""
    last_use_before_days: Spread = Spread(median=6)
    """Before admission (assumed)."""
    signs_at_admission: Share = 0.9
    """Rights notice and contact preferences signed on the first day; else a task asks for them (assumed)."""


class WayOut(_Part):
    """One way in which people leave the program before its end.

    `share` of all admitted would leave so on some day, if they were still there; `stay` is when.
    """

    share: Share
    stay_days: Spread


_WAYS: Mapping[WaysOut, WayOut] = {
    "dropped_out": WayOut(share=0.252, stay_days=Spread(median=21, sigma=0.9)),
    "transferred": WayOut(share=0.205, stay_days=Spread(median=55, sigma=0.7)),
    "terminated": WayOut(share=0.262, stay_days=Spread(median=39, sigma=0.9)),
    "other": WayOut(share=0.095, stay_days=Spread(median=48, sigma=0.7)),
}


class Leaving(_Part):
    """Who leaves early, how and when; everybody else stays as long as the program asks, up to `patience_days`.

    The shares are not the published ones: who would leave on day 120 completes a program of 90 days, and some who stop
    coming are reached and come back. They are set so that what comes out under the default policy is what TEDS 2004
    found (see `Published`).
    """

    ways: Annotated[Mapping[WaysOut, WayOut], _completed_by(_WAYS)] = _WAYS
    patience_days: Spread = Spread(median=180, sigma=0.35)
    """From admission: how long people stay in a program that is extended again and again (assumed)."""
    says_so: Share = 0.3
    """Of those who drop out, the share who tell someone (withdrawal); the others stop coming (assumed)."""
    appeals: Share = 0.15
    """Of those who are given notice of an involuntary discharge, the share who appeal (assumed)."""
    other_reasons: Weights = {"incarcerated": 0.45, "deceased": 0.05, "other": 0.5}
    """What `other` stands for (assumed)."""

    @model_validator(mode="after")
    def _shares_fit(self) -> Self:
        total = sum(way.share for way in self.ways.values())
        if total > 1:
            raise ValueError(f"ways: the shares add up to {total:.2f}; together they may be at most 1")
        return self


class Attendance(_Part):
    """Absences come in spells: one missed session makes the next one likelier.

    One session in eight with the defaults (assumed). Published no-show rates in outpatient programs fell from 37 to
    20 % with process improvement, but count first appointments too (Molfenter 2013, PMC3962267).
    """

    spell_begins: Share = 0.08
    """Chance that a session is the first of a spell, after one that was attended."""
    spell_continues: Share = 0.45
    excused: Share = 0.04
    """Sessions for which the person gives notice."""
    full_length: Share = 0.85
    """Sessions attended from beginning to end; the others are 10 to 60 minutes shorter."""
    leave: Share = 0.08
    """Share who take leave once in the first 90 days, for 4 to 10 days: travel or hospital."""
    crisis: Share = 0.03
    """Share with a crisis in the first 90 days."""
    goal_met_days: Spread = Spread(median=30, sigma=0.35)
    """From admission until the personal goal is met, which the gate asks for (assumed)."""


class Outreach(_Part):
    """What comes of reaching for those who stay away (assumed; that earlier and active outreach works better is the
    finding of PMC2670779, its size is not)."""

    reached_in_spell: Share = 0.5
    """Chance of each attempt to reach someone who only misses sessions."""
    reached_after_leaving: Share = 0.2
    """Chance of each attempt to reach someone who has stopped coming for good."""
    returns_from_spell: Share = 0.6
    """Of those reached in a spell, the share who come to the next session."""
    comes_back: Share = 0.35
    """Of those reached on the day they stopped coming, the share who come back to stay."""
    comes_back_half_life_days: Annotated[float, Field(gt=0)] = 10
    """After so many days away that share is half as large."""
    says_so: Share = 0.4
    """Of those reached who do not come back, the share who say so and withdraw."""


class Use(_Part):
    """Return to use during the program (assumed: no published rate per week was found)."""

    per_week: Share = 0.06
    again: Share = 0.3
    """Share of uses after which another one follows within `again_within_days`."""
    again_within_days: Annotated[int, Field(ge=1)] = 12
    relapse: Share = 0.08
    """Share that a clinician classes as relapse."""
    told: Share = 0.6
    """Share that the person tells, within three days; of the others only a test can know."""


class Tests(_Part):
    """Drug tests (assumed). When one is drawn is the policy's and the engine's."""

    comes_when_called: Share = 0.92
    """Chance that a person who comes to the program gives a drawn test in its window."""
    finds_for_days: Annotated[int, Field(ge=0)] = 3
    """For so many days after a use a test is positive."""
    confirmed_after_days: Annotated[int, Field(ge=1)] = 3
    """From the positive on site to the laboratory's result."""
    dilute: Share = 0.01
    refused: Share = 0.02


class Aftercare(_Part):
    """After the step-down."""

    use_again: Share = 0.62
    """Share who use at least once in the 18 months; 54 % were found to among monitored graduates (MyFYR,
    PMC5814127). The default is a little higher because some are no longer in contact when it happens."""
    first_use_days: Spread = Spread(median=90, sigma=1.0)
    """From the step-down (assumed: most return to use comes early)."""
    again: Share = 0.4
    """Chance of each use to be followed by another, 5 to 60 days later (assumed)."""
    stops_answering: Share = 0.29
    """Share who are no longer reached from some day on; 71 % were retained (MyFYR, PMC5814127)."""
    stops_after_days: Spread = Spread(median=150, sigma=0.8)
    """Assumed."""
    answers_call: Share = 0.85
    """Chance that a check-in call is answered; else the person calls back within some days (assumed)."""
    calls_before_giving_up: Annotated[int, Field(ge=1)] = 10
    """After so many calls in a row that reached nobody, the case manager ends the episode as `other` (assumed). The
    engine goes on asking for a check-in on every business day, and proposes no end."""


_HOURS: Mapping[str, Spread] = {
    "case_manager": Spread(median=3, sigma=0.9),
    "therapist": Spread(median=6, sigma=0.9),
    "supervisor": Spread(median=10, sigma=0.9),
    "director": Spread(median=12, sigma=0.8),
    "on_call": Spread(median=0.3, sigma=0.5),
    "other": Spread(median=6, sigma=0.9),
}

_ANSWERS: Mapping[str, Weights] = {
    "screening": {},
    "admission": {},
    "level_of_care": {"iop": 1},
    "refer_to_level_of_care": {"first_visit_attended": 0.8, "declined": 0.2},
    "lost_contact_proposal": {"close": 0.9, "continue_outreach": 0.1},
    "transfer": {"first_visit_attended": 0.85, "not_attended": 0.15},
    "involuntary_review": {"approve": 0.9, "reject": 0.1},
    "discharge_team_meeting": {"alternatives_tried": 0.9, "alternatives_remain": 0.1},
    "discharge_notice": {"given": 1},
    "discharge_decision": {"discharge": 0.95, "rescind": 0.05},
    "discharge_appeal_hearing": {"uphold": 0.6, "rescind": 0.4},
    "collect_test": {"collected": 1},
    "test_not_collected": {"talked": 0.7, "excused": 0.3},
    "hold_review": {"await_confirmation": 0.8, "collect_again": 0.15, "lift_hold": 0.05},
    "level_of_care_review": {
        "stay": 0.6,
        "patient_declined": 0.2,
        "offer_php": 0.15,
        "offer_residential": 0.05,
    },
    "gate_review": {"pass": 0.95, "hold": 0.05},
    "reassessment": {"stay_in_aftercare": 0.8, "return_to_program": 0.2},
    "aftercare_complete": {"complete": 1},
    "safety_check": {"safe": 0.9, "not_reached": 0.1},
    "individual_session": {"held": 0.9, "declined": 0.1},
    "plan_review": {"unchanged": 0.4, "changed": 0.6},
}


class Staff(_Part):
    """How staff answer tasks (assumed). Times run from when a task is theirs, and only in office hours but for
    `on_call`."""

    answers_after_hours: Annotated[Mapping[str, Spread], _completed_by(_HOURS)] = _HOURS
    """By role; `other` is every role that is not named."""
    overlooked: Share = 0.04
    """Share of tasks that their first owner never answers: they climb, or lie."""
    answers: Annotated[Mapping[str, Weights], _completed_by(_ANSWERS)] = _ANSWERS
    """Weights of the outcomes by kind of task. An empty one means that nobody answers it: something else does it.
    A kind that is not named gets its first outcome that does not close the episode."""
    accepts_more_care: Share = 0.4
    """Of those to whom a level-of-care review offers more care, the share who are transferred to it."""


class Published(_Part):
    """What the outcomes are held against in the report; it changes no behaviour."""

    source: str = "TEDS 2004, intensive outpatient, n = 114,440"
    reasons: Mapping[str, Share] = {
        "completed": 0.38,
        "transferred": 0.18,
        "dropped_out": 0.23,
        "terminated": 0.14,
        "other": 0.07,
    }
    """TEDS 2004, chapter 4 and table 2.5."""
    median_stay_days: Mapping[str, Annotated[float, Field(ge=0)]] = {
        "completed": 50,
        "transferred": 42,
        "dropped_out": 26,
        "terminated": 36,
        "other": 36,
    }
    """Admission to last contact; TEDS 2004, table 4.11 (aged 18 and over)."""
    median_stay_overall_days: Annotated[float, Field(ge=0)] = 41
    use_again_in_aftercare: Share = 0.54
    """Monitored graduates with some use (MyFYR, PMC5814127)."""


class Parameters(_Part):
    """The whole file; every part and every number has a default."""

    caseload: Caseload = Caseload()
    intake: Intake = Intake()
    leaving: Leaving = Leaving()
    attendance: Attendance = Attendance()
    outreach: Outreach = Outreach()
    use: Use = Use()
    tests: Tests = Tests()
    aftercare: Aftercare = Aftercare()
    staff: Staff = Staff()
    published: Published = Published()


def load_parameters(settings: Any) -> Parameters:
    """Complete what a file says with the defaults.

    Raises:
        CannotDo: names each field that is wrong and what would be right.
    """
    if not isinstance(settings, Mapping):
        raise CannotDo(
            "A parameters file is one object with named parts, such as attendance: {excused: 0.05}."
        )
    try:
        return Parameters.model_validate(settings)
    except ValidationError as error:
        raise CannotDo(f"These parameters cannot be used: {in_words(error, Parameters)}") from None
