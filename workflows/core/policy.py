"""Every number that a program may change. The policy in force is pinned to the episode (T8).

The defaults are the ones RULES.md gives; the docstring of each part names its rule. `load_policy` takes a
partial policy, such as a file that overrides three numbers, and completes it with the defaults.
"""

from collections.abc import Mapping
from datetime import date, time, timedelta
from types import MappingProxyType
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from workflows.core.calendar import BusinessHours, Delay
from workflows.core.entries import in_words
from workflows.core.errors import Refused

Days = Annotated[int, Field(ge=0, le=3650)]
Minutes = Annotated[int, Field(ge=0)]


class InvalidPolicy(Refused):
    """A policy that cannot be read or contradicts itself; the message lists each field and its remedy."""


MOST = 100_000
"""No number of a policy is larger: a delay of that many days is longer than any record."""


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    @field_validator("*")
    @classmethod
    def _can_be_reckoned_with(cls, value: object) -> object:
        if isinstance(value, int) and value > MOST:
            raise ValueError(f"{value} is more than {MOST}")
        return value


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


class Dose(_Part):
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


class Gate(_Part):
    """The sobriety gate before aftercare (S9, S10)."""

    sober_days: Days = 30
    """So many days since last use (S9)."""
    min_negative_tests: Annotated[int, Field(ge=0)] = 2
    """So many valid negatives within these days (S9)."""
    max_days_between_tests: Annotated[int, Field(ge=1)] = 14
    """No stretch of these days is longer without a valid test (S9)."""
    controlled_days_count: bool = False
    """Whether days in hospital or jail count toward `sober_days`; they never break the window (S10)."""
    review: Delay = Delay(business_days=1)
    """Until a clinician signs a gate that is ready (S9)."""
    review_again_days: Days = 7
    """After a clinician holds a ready gate, the review comes back (S9)."""


class Length(_Part):
    """The length of the program and its extension (S11)."""

    days: Annotated[int, Field(ge=1)] = 90
    """Program days after which the gate may pass; where it does not, the program is extended."""
    extension_days: Annotated[int, Field(ge=1)] = 14
    """Days by which one extension goes on."""
    max_extensions: Annotated[int, Field(ge=0)] = 4
    """After so many a team review is mandatory, and nothing else."""
    continued_stay_review: Delay = Delay(business_days=2)
    """Until a clinician has said why the stay goes on."""


class Rung(_Part):
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


class Attendance(_Part):
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


class SlipResponse(_Part):
    """What follows a slip (S3)."""

    safety_check: Delay = Delay(by_end_of_day=True)
    """Until somebody has made sure that the person is safe."""
    safety_check_again: Delay = Delay(hours=2)
    """After an attempt that did not reach the person."""
    individual_session: Delay = Delay(business_days=1)
    """Until a session with the person alone."""
    plan_review: Delay = Delay(hours=72)
    """Until the plan of care has been looked through."""
    review_at_slips: Annotated[int, Field(ge=1)] = 2
    """So many slips ask for a review of the level of care…"""
    review_within_days: Days = 14
    """…if they lie within so many days."""
    review_due: Delay = Delay(business_days=2)
    """Until that review is done."""
    offer: Delay = Delay(business_days=2)
    """Until it is known what became of an offer of more care."""
    offer_again: Delay = Delay(business_days=2)
    """After the person has not decided yet."""


class TestPhase(_Part):
    """How densely tests are drawn (S4): up to a program day, or to the end; at most so many days apart."""

    __test__ = False  # not a test case, whatever pytest may think

    until_day: Annotated[int, Field(ge=1)] | None = None
    """The last program day of the phase; absent: to the end."""
    max_gap_days: Annotated[int, Field(ge=1)]
    """Tests are drawn at most so many days apart."""


class Tests(_Part):
    """How tests are drawn, which substances count, and which medication explains which positive (S4-S8)."""

    phases: tuple[TestPhase, ...] = (TestPhase(until_day=30, max_gap_days=7), TestPhase(max_gap_days=12))
    """Denser in the first phase; with none, no test is drawn (S4)."""
    after_slip_days: Days = 14
    """So long after a slip became known tests are drawn more often (S3)."""
    after_slip_max_gap_days: Annotated[int, Field(ge=1)] = 4
    """Then at most so many days apart (S3)."""
    collection: Delay = Delay(business_days=1)
    """The window in which a drawn test is collected (S4)."""
    not_collected: Delay = Delay(business_days=1)
    """Until somebody has said why a test was not collected (S4)."""
    result: Delay = Delay(business_days=5)
    """So long after a specimen was collected its result is asked about, if nothing is recorded of it (S5)."""

    never_counted: tuple[str, ...] = (
        "nicotine", "nikotin", "nicotin", "cotinine", "tobacco", "cigarette", "cigarettes", "cigar", "cigars",
        "smoking",
        "snus", "snuff", "dip", "chew", "chewing tobacco", "pipe tobacco", "nicotine gum", "nicotine patch",
        "nicotine pouch", "nicotine lozenge", "nicotine spray", "nicotine inhaler", "nicotine vape", "vape", "vaping",
        "juul", "zyn", "e-cigarette", "caffeine", "coffee", "decaf", "tea", "cola", "energy drink",
    )  # fmt: skip
    """What is never a slip, under every name that it goes by (S8)."""
    explained_by: Mapping[str, tuple[str, ...]] = Field(
        default_factory=lambda: {
            "buprenorphine": ("buprenorphine", "norbuprenorphine", "naloxone", "opioids"),
            "methadone": ("methadone", "eddp", "opioids"),
            "naltrexone": ("naltrexone", "6-beta-naltrexol", "beta-naltrexol"),
            "naloxone": ("naloxone",),
        }
    )
    """What a medication explains in a test, by its active ingredient; each ingredient is looked for in the name
    (S7)."""
    product_names: Mapping[str, str] = Field(
        default_factory=lambda: {
            **dict.fromkeys(
                ("suboxone", "zubsolv", "bunavail", "subutex", "sublocade", "brixadi", "buprenex", "butrans"),
                "buprenorphine",
            ),
            **dict.fromkeys(("methadose", "dolophine", "diskets"), "methadone"),
            **dict.fromkeys(("vivitrol", "revia", "depade"), "naltrexone"),
        }
    )
    """Product names of medication for addiction in the United States, with the active ingredient of each (S7)."""
    substance_names: Mapping[str, str] = Field(
        default_factory=lambda: {
            **dict.fromkeys(
                ("ethanol", "ethyl alcohol", "etoh", "etg", "ets", "ethyl glucuronide", "ethyl sulfate", "peth",
                 "phosphatidylethanol", "beer", "wine", "liquor", "spirits", "vodka", "whiskey", "whisky"),
                "alcohol",
            ),
            **dict.fromkeys(("benzoylecgonine", "coke", "crack", "crack cocaine"), "cocaine"),
            **dict.fromkeys(
                ("thc", "thc-cooh", "carboxy-thc", "marijuana", "marihuana", "cannabinoids", "weed", "hashish"),
                "cannabis",
            ),
            **dict.fromkeys(("meth", "crystal meth", "crystal", "d-methamphetamine"), "methamphetamine"),
            **dict.fromkeys(("benzos", "benzodiazepine"), "benzodiazepines"),
        }
    )  # fmt: skip
    """Other names of a substance, also what a laboratory finds of it, with the name under which uses are compared: one
    use that two people name differently is asked about once (S2)."""
    excused_reasons: tuple[str, ...] = ("unable", "absent", "excused", "clinic_cancelled")
    """Why a test that was not provided raises no doubt (S5); any other reason, and none, is a refusal (S6)."""
    hold_review: Delay = Delay(business_days=1)
    """Until a clinician has looked at what holds the gate (S2, S6)."""
    hold_review_again: Delay = Delay(business_days=3)
    """After a clinician chose to collect again or to await the confirmation, the question comes back (S6)."""


class Aftercare(_Part):
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


class Intake(_Part):
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


class Course(_Part):
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


class Discharge(_Part):
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


class Privacy(_Part):
    """Consent and disclosure (P4, P8)."""

    after_revocation: Delay = Delay(business_days=1)
    """Until the case manager has seen to what leaned on a consent that was taken back (P4)."""
    ledger_years: Annotated[int, Field(ge=6)] = 6
    """How far back an accounting of disclosures goes at least (45 CFR 164.528) (P8)."""
    consent_events: tuple[str, ...] = (
        "end_of_legal_proceedings", "end_of_probation", "end_of_parole", "end_of_insurance", "end_of_research",
    )  # fmt: skip
    """Events outside the episode with which a consent may end (P4); that one has come is told by a person."""


class Messages(_Part):
    """Messages to patients (P2)."""

    quiet_from: time | None = time(21)
    """From this time of day on no message leaves."""
    quiet_until: time | None = time(8)
    """No message between these wall-clock times of the person's zone where they have named none (47 CFR 64.1200(c)(1):
    nobody is called before 8 or after 21 o'clock). What falls between waits, and is judged again when it ends (A5)."""


class Linkage(_Part):
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
    visit_asked: Delay = Delay(business_days=1)
    """After an appointment, until it is known whether it was attended."""
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

    @model_validator(mode="after")
    def _asks_no_faster_than_agencies_bear(self) -> Self:
        elapsed = self.poll.roughly
        if elapsed < timedelta(minutes=15):
            raise ValueError("poll: an agency is asked at most every 15 minutes; use at least minutes: 15")
        return self


class Payer(_Part):
    """A payer's refusal and its appeal (S11)."""

    appeal: Delay = Delay(business_days=2)
    """Until the appeal is filed; sooner where the payer's notice names an earlier last day."""
    answer: Delay = Delay(hours=72)
    """Until the payer is asked for its answer: an urgent appeal, as one about care under way is, is answered within
    72 hours (29 CFR 2560.503-1(i)(2)(i), 45 CFR 147.136(b))."""
    answer_again: Delay = Delay(business_days=1)
    """After the payer was asked and has not answered."""


class Escalation(_Part):
    """One level of the ladder by which an overdue task climbs: whose it becomes, how long after it was due."""

    role: str
    """Whose it becomes."""
    after: Delay
    """How long after it was due."""


class Policy(_Part):
    """All numbers of one program."""

    clock_skew_minutes: Minutes = 5
    """So far ahead of ours another clock may be, before what it says counts as said of the future (T5)."""
    far_ahead_years: Annotated[int, Field(ge=1, le=100)] = 10
    """What is stated of a day so many years ahead is asked about: it may be a slip of the hand (T5)."""
    business: BusinessHours = BusinessHours()
    """When the program's office is open, in which business time runs (T6)."""
    dose: Dose = Dose()
    gate: Gate = Gate()
    length: Length = Length()
    attendance: Attendance = Attendance()
    slip_response: SlipResponse = SlipResponse()
    tests: Tests = Tests()
    aftercare: Aftercare = Aftercare()
    intake: Intake = Intake()
    course: Course = Course()
    discharge: Discharge = Discharge()
    privacy: Privacy = Privacy()
    messages: Messages = Messages()
    linkage: Linkage = Linkage()
    payer: Payer = Payer()
    escalation: tuple[Escalation, ...] = (
        Escalation(role="supervisor", after=Delay(hours=4)),
        Escalation(role="director", after=Delay(hours=24)),
    )
    """Who takes an overdue task over, one after the other (T7)."""
    stale_after: Delay = Delay(hours=12)
    """An alarm whose time passed longer ago than this, as after an outage, is not sent to a patient (T7)."""

    @model_validator(mode="after")
    def _numbers_agree(self) -> Self:
        longest = self.length.days + self.length.extension_days * self.length.max_extensions
        if self.gate.sober_days > longest:
            raise ValueError(
                f"gate.sober_days: {self.gate.sober_days} days can never be reached within the program and its "
                f"extensions ({longest} days); lower it, or raise length.max_extensions"
            )
        for number, phase in enumerate(self.tests.phases):
            if phase.max_gap_days > self.gate.max_days_between_tests:
                raise ValueError(
                    f"tests.phases.{number}.max_gap_days: {phase.max_gap_days} days between draws is more than "
                    f"gate.max_days_between_tests {self.gate.max_days_between_tests}: the gate could never pass"
                )
        for lower, higher in zip(self.escalation, self.escalation[1:], strict=False):
            if higher.after.roughly <= lower.after.roughly:
                raise ValueError(f"escalation: {higher.role} must come later than {lower.role}")
        return self

    @property
    def clock_skew(self) -> timedelta:
        """How far ahead a clock may be before its entry counts as dated in the future (T5)."""
        return timedelta(minutes=self.clock_skew_minutes)


def load_policy(
    settings: Mapping[str, Any] | None, defaults: Mapping[str, Any] = MappingProxyType({})
) -> Policy:
    """A whole policy from the numbers a program changes.

    Args:
        settings: What the program changes; part by part, as in a policy file.
        defaults: What the pathway changes of the general defaults.

    Raises:
        InvalidPolicy: lists each field that is wrong and what would be right.
    """
    try:
        return Policy.model_validate(_over(defaults, dict(settings or {})))
    except ValidationError as error:
        raise InvalidPolicy(f"This policy cannot be used: {in_words(error, Policy)}") from None
    except (TypeError, ValueError):
        raise InvalidPolicy(
            "A policy is one object with named parts, such as gate: {sober_days: 30}."
        ) from None


def adopting(settings: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """Settings after an adoption: it changes what it names, number by number, and leaves the others pinned (T8)."""
    merged = dict(settings)
    for part, numbers in changes.items():
        known = merged.get(part)
        both = isinstance(known, Mapping) and isinstance(numbers, Mapping)
        merged[part] = {**(known or {}), **numbers} if both else numbers
    return merged


def _over(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """Settings with those below them where they say nothing."""
    merged = dict(below)
    for name, value in above.items():
        known = merged.get(name)
        both = isinstance(known, Mapping) and isinstance(value, Mapping)
        merged[name] = _over(known or {}, value) if both else value
    return merged


def differences(old: Policy, new: Policy) -> list[str]:
    """What an adoption changes, number by number: `dose.min_minutes: 540 → 600` (T8)."""
    if old == new:
        return []
    before, after = _numbers(old.model_dump(mode="json")), _numbers(new.model_dump(mode="json"))
    return [
        f"{name}: {before.get(name, 'none')} → {after.get(name, 'none')}"
        for name in dict.fromkeys([*before, *after])
        if before.get(name) != after.get(name)
    ]


def _numbers(part: object, path: str = "") -> dict[str, object]:
    """The leaves of nested settings by their dotted name."""
    if isinstance(part, dict):
        found: dict[str, object] = {}
        for name, inner in part.items():
            found |= _numbers(inner, f"{path}.{name}" if path else str(name))
        return found
    if isinstance(part, list) and part and isinstance(part[0], dict):
        named = {str(one.get("name") or one.get("role") or number): one for number, one in enumerate(part)}
        return _numbers(named, path)
    return {} if part is None else {path: part}


def added_months(start: date, months: int) -> date:
    """The same day of the month so many months later, or the last day of a shorter month."""
    year, month = divmod(start.month - 1 + months, 12)
    for day in range(start.day, 27, -1):
        try:
            return date(start.year + year, month + 1, day)
        except ValueError:
            continue
    return date(start.year + year, month + 1, start.day)
