"""The sessions of the program: what they must add up to, and how a missed one is followed (A1-A8)."""

from collections.abc import Mapping
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from workflows.core.engine.calendar import Delay
from workflows.core.engine.policy import Days, Minutes, Part

_SERVICE_NAMES = {
    **dict.fromkeys(
        (
            "group_therapy", "group_session", "group_counselling", "group_counseling", "therapy_group", "process_group",
            "iop_group", "iop", "iot", "iop_session", "evening_group", "morning_group", "relapse_prevention",
            "relapse_prevention_group", "php_group",
        ),
        "group",
    ),
    **dict.fromkeys(
        (
            "psychotherapy", "cbt", "dbt", "emdr", "individual_therapy", "individual_session", "individual_counselling",
            "individual_counseling", "individual_psychotherapy", "one_on_one", "one_to_one", "1_1", "1_on_1", "therapy",
            "counselling", "counseling", "cognitive_behavioral_therapy", "cognitive_behavioural_therapy",
        ),
        "individual",
    ),
    **dict.fromkeys(
        (
            "family_counselling", "family_counseling", "family_therapy", "family_session", "family_group",
            "couples_therapy", "couples_counselling", "couples_counseling", "multi_family_group",
        ),
        "family",
    ),
    **dict.fromkeys(
        (
            "drug_education", "alcohol_education", "drug_and_alcohol_education", "psychoeducation", "psycho_education",
            "education_group", "educational_group", "lecture",
        ),
        "education",
    ),
    **dict.fromkeys(
        (
            "skill", "skills_module", "skills_modules", "skills_training", "skills_group", "skill_building",
            "life_skills", "coping_skills", "module", "dbt_skills", "dbt_skills_group",
        ),
        "skills",
    ),
}  # fmt: skip


class Dose(Part):
    """The weekly dose (A1); the numbers are ASAM level 2.1 for adults."""

    min_minutes: Minutes = 540
    """Least minutes of the program's services in a week."""
    max_minutes: Minutes = 1140
    """Most minutes in a week; the week's report says when there were more."""
    min_days: Annotated[int, Field(ge=0, le=7)] = 3
    """On so many days of the week at least."""
    max_days: Annotated[int, Field(ge=0, le=7)] = 5
    """On so many days of the week at most."""
    max_days_without_service: Annotated[int, Field(ge=0, le=7)] = 2
    """So many days in a row may be without an offered service."""
    forecast_on_day: Annotated[int, Field(ge=1, le=7)] = 4
    """Day of the program week, 1 to 7, on which a shortfall is forecast (A7)."""
    weekly_summary: bool = True
    """Whether the case manager hears at the end of each program week also where all is well."""
    services: tuple[str, ...] = ("group", "individual", "family", "education", "skills")
    """Services whose minutes count (A2); mutual help never does."""
    service_names: Mapping[str, str] = Field(default_factory=lambda: dict(_SERVICE_NAMES))
    """Other names of these services, in any spelling (A2)."""

    def __hash__(self) -> int:
        return hash((self.services, tuple(sorted(self.service_names.items()))))

    @model_validator(mode="after")
    def _least_is_at_most_most(self) -> Self:
        for least, most in (("min_minutes", "max_minutes"), ("min_days", "max_days")):
            if getattr(self, least) > getattr(self, most):
                raise ValueError(f"{least}: {getattr(self, least)} is more than {most} {getattr(self, most)}")
        return self


class Rung(Part):
    """One rung of the missed-session ladder (A4).

    It is reached `after` the missed session's end, or with the `at_misses`-th consecutive miss if that comes
    first. It sends the patient a neutral `message`, or opens a task of kind `task` for `role`, due `within`.
    """

    name: str
    """What the rung is called; each has a name of its own."""
    after: Delay
    """How long after the missed session's end it is reached."""
    at_misses: Annotated[int, Field(ge=2)] | None = None
    """With so many misses in a row it is reached at once."""
    message: str | None = None
    """The template of a message to the person."""
    task: str | None = None
    """The kind of a task."""
    role: str = "case_manager"
    """Whose task it is."""
    within: Delay = Delay(by_close_of_business=True)
    """Until the task is due."""
    outcomes: tuple[str, ...] = ("reached", "not_reached")
    """What the task may be answered with."""
    contacts_others: Literal["no", "with_consent", "only"] = "no"
    """Whether somebody whom a consent names is contacted too, or is all that the rung is for; then it is skipped
    where no consent names anybody (P7)."""

    @model_validator(mode="after")
    def _does_one_thing(self) -> Self:
        if (self.message is None) == (self.task is None):
            raise ValueError(f"rung {self.name}: give either a message to the patient or a task, not both")
        return self


_MISSED_SESSION_LADDER = (
    Rung(name="reminder", after=Delay(minutes=15), message="please_call"),
    Rung(name="call", after=Delay(hours=1), task="outreach_call", within=Delay(hours=2)),
    Rung(name="second_attempt", after=Delay(by_close_of_business=True), task="outreach_second_channel"),
    Rung(name="therapist_call", after=Delay(hours=24), task="outreach_therapist_call", role="therapist"),
    Rung(
        name="supervisor_review",
        after=Delay(hours=48),
        at_misses=2,
        task="supervisor_review",
        role="supervisor",
        outcomes=("reached", "continue_outreach"),
    ),
    Rung(
        name="letter",
        after=Delay(hours=72),
        at_misses=3,
        task="outreach_letter",
        outcomes=("reached", "sent", "not_possible"),
        contacts_others="with_consent",
    ),
    Rung(
        name="team_conference",
        after=Delay(days=7),
        task="team_conference",
        role="supervisor",
        within=Delay(business_days=1),
        outcomes=("reached", "continue_outreach"),
    ),
    Rung(name="at_risk_notice", after=Delay(days=14), message="we_are_here"),
    Rung(
        name="lost_contact_proposal",
        after=Delay(days=30),
        task="lost_contact_proposal",
        role="supervisor",
        within=Delay(business_days=2),
        outcomes=("close", "continue_outreach", "reached"),
    ),
)


class Attendance(Part):
    """Missed sessions and the ladder that follows them (A3-A6)."""

    grace_minutes: Minutes = 15
    """So long after its end a session without any word of it becomes a presumed miss (A3)."""
    early_minutes: Minutes = 15
    """Who comes so long before a session has come to it; who comes while it is on has come late (A2)."""
    excuse_notice_minutes: Minutes = 0
    """So long before a session a patient's own excuse must come; after that only staff excuse (A3)."""
    ladder: Annotated[tuple[Rung, ...], Field(min_length=1)] = _MISSED_SESSION_LADDER
    """The steps by which a search for the person grows (A4)."""
    high_risk_flags: tuple[str, ...] = (
        "recent_overdose", "suicide_risk", "opioid_use_after_abstinence", "unclear_crisis",
    )  # fmt: skip
    """Flags with which clinical contact the same day takes the place of the ladder (A6)."""
    flag_names: Mapping[str, str] = Field(
        default_factory=lambda: {
            **dict.fromkeys(
                ("overdose", "od", "recent_od", "overdosed", "overdose_recent", "nonfatal_overdose"),
                "recent_overdose",
            ),
            **dict.fromkeys(
                (
                    "suicide", "suicidal", "suicidality", "suicidal_ideation", "si", "suicide_attempt",
                    "suicide_ideation", "suicidal_risk", "risk_of_suicide", "suicidal_thoughts", "self_harm",
                    "self_harm_risk",
                ),
                "suicide_risk",
            ),
            **dict.fromkeys(
                (
                    "opioid_use", "opioid_return_to_use", "opioid_relapse", "return_to_opioids", "lost_tolerance",
                    "opioid_use_after_sobriety", "opioids_after_abstinence", "opiate_use_after_abstinence",
                ),
                "opioid_use_after_abstinence",
            ),
        }
    )  # fmt: skip
    """Other names of these flags; capitals, spaces, hyphens and underscores make no difference (A6)."""
    other_flags: tuple[str, ...] = ()
    """Flags of the program's own, in any spelling. Where some are named, only these and those of high risk are taken,
    and none can hold a person's name (P1)."""
    crisis_flags: Mapping[str, str] = Field(default_factory=lambda: {"overdose": "recent_overdose"})
    """The flag that a crisis raises by itself, by its type; a type that is the name of a flag raises that one (A6)."""
    crises_without_flag: tuple[str, ...] = (
        "violence", "domestic_violence", "assault", "severe_withdrawal", "withdrawal", "child_at_risk", "child_safety",
        "child_neglect", "child_abuse",
    )  # fmt: skip
    """Types of crisis that are answered at once and raise no flag (E8). A type that nobody knows raises unclear_crisis,
    which is a high risk (A6)."""
    raised_flag_days: Annotated[int, Field(ge=1, le=3650)] = 90
    """So long a flag stays on that was raised by itself (A6)."""
    abstinence_days: Days = 14
    """An opioid use after so many days without raises its flag by itself: tolerance is lost (A6)."""
    opioids: tuple[str, ...] = (
        "opioid", "opioids", "opiate", "opiates", "heroin", "fentanyl", "norfentanyl", "carfentanil", "nitazene",
        "nitazenes", "oxycodone", "oxycontin", "percocet", "hydrocodone", "vicodin", "hydromorphone", "oxymorphone",
        "morphine", "codeine", "6-mam", "6-monoacetylmorphine", "tramadol", "tapentadol", "methadone", "eddp",
        "buprenorphine", "norbuprenorphine", "kratom", "mitragynine",
    )  # fmt: skip
    """Substances whose use after abstinence is a danger to life (A6)."""
    high_risk_contact: Delay = Delay(by_end_of_day=True)
    """Same-day clinical contact by the on-call role, also at night and at weekends (A6)."""
    high_risk_contact_again: Delay = Delay(hours=4)
    """After an attempt that did not reach the person (A6)."""
    last_rung_again: Delay = Delay(days=7)
    """How long after an answer the last rung asks anew, for as long as the search goes on (A4)."""
    engagement_plan: Delay = Delay(business_days=1)
    """Until it is agreed how a person who was reached comes back (A5)."""

    @model_validator(mode="after")
    def _rungs_in_order(self) -> Self:
        names = [rung.name for rung in self.ladder]
        if len(set(names)) != len(names):
            raise ValueError("ladder: each rung needs a name of its own")
        for lower, higher in zip(self.ladder, self.ladder[1:], strict=False):
            both_elapsed = lower.after.elapsed is not None and higher.after.elapsed is not None
            if both_elapsed and higher.after.roughly <= lower.after.roughly:
                raise ValueError(f"ladder: rung {higher.name} must come after rung {lower.name}")
        counts = [rung.at_misses for rung in self.ladder if rung.at_misses]
        if counts != sorted(counts):
            raise ValueError("ladder: at_misses must not fall from one rung to the next")
        return self
