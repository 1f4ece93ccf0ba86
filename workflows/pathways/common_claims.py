"""What every pathway claims, because it shares the regions, guards and duties that this is about.

`claims_of` joins it with what a pathway claims of its own: so a further pathway states its own guards, states, duties
and openings, and nothing else. A state or a guard that a chart does not have claims nothing there.
"""

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from workflows.core.engine.claims import Cause, Claims, Guard, Literal, Promise
from workflows.pathways.openings import shared_openings, start
from workflows.pathways.promises import BLIND, SAYS, shared_promises

STAFF = frozenset({Cause.CORRECTION, Cause.DECISION})
CARE = frozenset({Cause.COURSE, Cause.FEED, Cause.CORRECTION, Cause.DECISION})
CLOCK = frozenset({Cause.TIME, Cause.MISS, Cause.LIMIT})
USE = frozenset({Cause.SLIP, Cause.TEST})
ANY = frozenset(Cause)


def _exit(what: str) -> Guard:
    return Guard(f"a person has signed the exit: {what}", f"the exit is not: {what}", STAFF, CARE)


_GUARDS = MappingProxyType(
    {
        "screened": Guard("the screening is done", "there is no screening", CARE, STAFF),
        "level_decided": Guard("a clinician has decided on a level of care", "no decision stands", STAFF, STAFF),
        "suited": Guard("a clinician decides for this program", "no decision for this program stands", STAFF, STAFF),
        "not_suited_to_it": Guard(
            "a clinician decides for another level of care", "no decision for another level stands", STAFF, STAFF
        ),
        "admission_complete": Guard("the admission was complete, and stands", "no complete admission stands", ANY, ANY),
        "searched_for": Guard(
            "a session was missed and the person is searched for", "the person is not searched for",
            CARE | CLOCK, CARE | CLOCK,
        ),
        "reached_again": Guard(
            "the person was reached after a missed session", "the person was not reached since the last miss",
            CARE | CLOCK, CARE | CLOCK,
        ),
        "missing_nothing": Guard(
            "no missed session is open", "a missed session is open", CARE | CLOCK, CARE | CLOCK
        ),
        "responding_to_slip": Guard(
            "a return to use waits for its response", "every return to use has its response",
            USE | CARE | CLOCK, USE | CARE | CLOCK,
        ),
        "level_review_open": Guard(
            "the level of care is to be reviewed", "no level-of-care review is open",
            USE | CARE | CLOCK, USE | CARE | CLOCK,
        ),
        "is_extended": Guard("the program is extended", "the program is not extended", ANY, ANY),
        "at_extension_limit": Guard(
            "the extension limit is reached", "the extension limit is not reached", ANY, ANY
        ),
        "on_leave": Guard("the person is on leave", "the person is not on leave", CARE | CLOCK, CARE | CLOCK),
        "in_crisis": Guard("a crisis is stated", "no crisis waits for its response", CARE, CARE),
        "discharge_proposed": Guard("a discharge is proposed", "no discharge is proposed", STAFF, STAFF),
        "discharge_reviewed": Guard(
            "the director has found it fair", "the director has not found it fair", STAFF, STAFF
        ),
        "discharge_owes_notice": Guard(
            "the team has tried the alternatives", "the team has not met about it", STAFF, STAFF
        ),
        "discharge_noticed": Guard("the notice is given", "no notice is given", STAFF, STAFF),
        "discharge_appealed": Guard("the person has appealed", "there is no appeal", STAFF, STAFF),
        "exit_signed": Guard("a person has signed an exit", "no signed exit stands", STAFF, CARE),
        "exit_completed": _exit("completed"),
        "exit_transferred": _exit("transferred"),
        "exit_withdrew": _exit("withdrew"),
        "exit_lost_contact": _exit("lost contact"),
        "exit_involuntary": _exit("involuntary discharge"),
        "exit_incarcerated": _exit("incarcerated"),
        "exit_deceased": _exit("deceased"),
        "exit_other": _exit("other"),
    }
)  # fmt: skip

_EXITS = tuple(name for name in _GUARDS if name.startswith("exit_") and name != "exit_signed")

_NEVER = (
    ("suited", "not_suited_to_it"),
    ("suited", "!level_decided"),
    ("not_suited_to_it", "!level_decided"),
    ("level_decided", "!suited", "!not_suited_to_it"),
    ("discharge_reviewed", "!discharge_proposed"),
    ("discharge_owes_notice", "!discharge_reviewed"),
    ("discharge_noticed", "!discharge_owes_notice"),
    ("discharge_appealed", "!discharge_noticed"),
    # The search, the engagement plan and their absence are one fact with three values.
    ("searched_for", "reached_again"),
    ("searched_for", "missing_nothing"),
    ("reached_again", "missing_nothing"),
    ("!searched_for", "!reached_again", "!missing_nothing"),
    ("level_review_open", "!responding_to_slip"),
    # An exit has exactly one reason.
    *((reason, "!exit_signed") for reason in _EXITS),
    *((one, other) for number, one in enumerate(_EXITS) for other in _EXITS[:number]),
    ("exit_signed", *(f"!{reason}" for reason in _EXITS)),
)

_MEANS = MappingProxyType(
    {
        "underway": ("!exit_signed",),
        "referred": ("!screened", "!level_decided"),
        "screening": ("screened", "!level_decided"),
        "awaiting_admission": ("suited", "!admission_complete"),
        "not_suited": ("not_suited_to_it",),
        "attending": ("missing_nothing",),
        "outreach": ("searched_for",),
        "reengaging": ("reached_again",),
        "steady": ("!responding_to_slip",),
        "slip_response": ("responding_to_slip", "!level_review_open"),
        "level_review": ("level_review_open",),
        "standard": ("!is_extended",),
        "extended": ("is_extended", "!at_extension_limit"),
        "at_limit": ("at_extension_limit",),
        "closed": ("exit_signed",),
        "completed": ("exit_completed",),
        "transferred": ("exit_transferred",),
        "withdrew": ("exit_withdrew",),
        "lost_contact": ("exit_lost_contact",),
        "involuntary": ("exit_involuntary",),
        "incarcerated": ("exit_incarcerated",),
        "deceased": ("exit_deceased",),
        "other": ("exit_other",),
        "present": ("!on_leave",),
        "away": ("on_leave",),
        "none": ("!discharge_proposed",),
        "proposed": ("discharge_proposed", "!discharge_reviewed"),
        "team_meeting": ("discharge_reviewed", "!discharge_owes_notice"),
        "notice": ("discharge_owes_notice", "!discharge_noticed"),
        "appeal_period": ("discharge_noticed", "!discharge_appealed"),
        "appeal": ("discharge_appealed",),
        "calm": ("!in_crisis",),
        "crisis": ("in_crisis",),
    }
)

_OWNERS = MappingProxyType(
    {
        "intake": "case_manager",
        "screening": "therapist",
        "attendance": "case_manager",
        "sobriety": "therapist",
        "length": "therapist",
        "at_limit": "supervisor",
        "closed": "case_manager",
        "presence": "case_manager",
        "safety": "case_manager",
        "crisis": "on_call",
        "discharge": "supervisor",
        "proposed": "director",
        "notice": "case_manager",
        "appeal": "director",
    }
)

_DECISIONS = MappingProxyType(
    {
        ("lost_contact_proposal", "close"): "closed",
        ("discharge_decision", "discharge"): "closed",
        ("discharge_appeal_hearing", "uphold"): "closed",
        ("transfer", "first_visit_attended"): "closed",
        ("screening", "declined"): "closed",
        ("refer_to_level_of_care", "first_visit_attended"): "closed",
        ("refer_to_level_of_care", "declined"): "closed",
        ("admission", "declined"): "closed",
    }
)

_ASKS = MappingProxyType(
    {
        **{(stage, "in_crisis"): "crisis_response" for stage in ("intake", "program", "aftercare")},
        ("program", "level_review_open"): "level_of_care_review",
    }
)

_DUTIES = frozenset(
    {
        "screening", "level_of_care", "admission", "refer_to_level_of_care", "rights_notice",
        "contact_preferences", "attendance_conflict", "attendance_minutes", "unscheduled_attendance", "outreach_call",
        "supervisor_review", "lost_contact_proposal", "engagement_plan", "high_risk_contact", "safety_check",
        "individual_session", "plan_review", "level_of_care_review", "hold_review", "crisis_response",
        "after_crisis_contact", "after_crisis_level_of_care", "return_screening", "involuntary_discharge",
        "involuntary_review", "discharge_team_meeting", "discharge_notice", "discharge_notice_date", "discharge_appeal",
        "discharge_decision", "discharge_appeal_hearing", "transfer", "death_correction", "decision_review",
        "correction_conflict", "collateral_use",
        "adherence_talk", "medication_review", "collect_test", "test_not_collected", "consent_revoked", "payer_appeal",
        "payer_answer", "exit_bundle", "reopening", "level_of_care_offer", "recollect_test", "test_result",
        "admission_condition", "assessment",
    }
)  # fmt: skip

_DEADLINES = MappingProxyType(
    {
        "intake": frozenset({
            "A flag ends", "Payer answer is owed", "After crisis contact is owed", "After crisis level of care is owed",
            "Appeal period of a discharge ends", "Hearing of an appeal begins", "Screening is owed",
            "Transfer is owed", "Decision review is owed", "Leave begins", "Leave is over", "Team changes",
        }),
        "program": frozenset({
            "A flag ends", "Next look at the tests", "Window of the test closes", "Payer answer is owed",
            "After crisis contact is owed", "After crisis level of care is owed",
            "Hearing of an appeal begins", "Appeal period of a discharge ends", "High risk contact is owed",
            "Hold review is owed", "Level of care offer is owed", "Result of a test is asked about",
            "Admission condition is owed", "Assessment due",
            "Decision review is owed", "Lost contact proposal is owed", "Safety check is owed",
            "Transfer is owed", "Session closes", "Missed sessions: call",
            "Missed sessions: supervisor review", "Missed sessions: lost contact proposal",
            "Dose of the week: forecast", "Dose of the week: report", "Leave begins", "Leave is over", "Team changes",
        }),
        "closed": frozenset({
            "Payer answer is owed", "After crisis contact is owed", "After crisis level of care is owed",
            "Record of the closed episode is complete", "Decision review is owed", "Leave begins", "Leave is over",
            "Team changes",
        }),
    }
)  # fmt: skip


def claims_of(
    name: str,
    *,
    guards: Mapping[str, Guard],
    means: Mapping[str, tuple[Literal, ...]],
    owners: Mapping[str, str],
    decisions: Mapping[tuple[str, str], str],
    duties: Iterable[str],
    deadlines: Mapping[str, Iterable[str]],
    openings: Mapping[str, tuple[str, ...]],
    asks: Mapping[tuple[str, str], str] = MappingProxyType({}),
    never: Iterable[tuple[Literal, ...]] = (),
    promises: Iterable[Promise] = (),
) -> Claims:
    """The claims of a pathway: what all share, with what it claims of its own. The parts are those of `Claims`.

    Args:
        name: The pathway's name, which is also that of its level of care.
    """
    stages = dict.fromkeys([*_DEADLINES, *deadlines])
    return Claims(
        guards=MappingProxyType({**_GUARDS, **guards}),
        never=(*_NEVER, *never),
        means=MappingProxyType({**_MEANS, **means}),
        owners=MappingProxyType({**_OWNERS, **owners}),
        leads_to=MappingProxyType({}),
        decisions=MappingProxyType({**_DECISIONS, **decisions}),
        passes_through=frozenset({"closing"}),
        crisis=("in_crisis", "crisis", "crisis_response"),
        asks=MappingProxyType({**_ASKS, **asks}),
        duties=_DUTIES.union(duties),
        deadlines=MappingProxyType(
            {stage: _DEADLINES.get(stage, frozenset()).union(deadlines.get(stage, ())) for stage in stages}
        ),
        start=start(name),
        openings=MappingProxyType({**shared_openings(name), **openings}),
        promises=(*shared_promises(name), *promises),
        says=SAYS,
        blind=BLIND,
    )
