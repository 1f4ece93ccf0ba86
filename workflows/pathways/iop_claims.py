"""What the Intensive Outpatient Program claims about its chart, for `carepath pathway verify`.

Nothing here moves a patient. A change of the chart that is meant needs its change here too; one that is not
meant is found by the difference.
"""

from types import MappingProxyType

from workflows.core.claims import Cause, Claims, Guard

_STAFF = frozenset({Cause.CORRECTION, Cause.DECISION})
_CARE = frozenset({Cause.COURSE, Cause.FEED, Cause.CORRECTION, Cause.DECISION})
_CLOCK = frozenset({Cause.TIME, Cause.MISS, Cause.LIMIT})
_USE = frozenset({Cause.SLIP, Cause.TEST})
_ALL = frozenset(Cause)


def _exit(what: str) -> Guard:
    return Guard(f"a person has signed the exit: {what}", f"the exit is not: {what}", _STAFF, _CARE)


GUARDS = MappingProxyType(
    {
        "screened": Guard("the screening is done", "there is no screening", _CARE, _STAFF),
        "level_decided": Guard("a clinician has decided on a level of care", "no decision stands", _STAFF, _STAFF),
        "suited": Guard("a clinician decides for this program", "no decision for this program stands", _STAFF, _STAFF),
        "not_suited_to_it": Guard(
            "a clinician decides for another level of care", "no decision for another level stands", _STAFF, _STAFF
        ),
        "admission_complete": Guard("nothing is missing for admission", "admission is not complete", _ALL, _ALL),
        "stepped_down": Guard(
            "a clinician has signed the step down", "no step down stands, or it was taken back", _STAFF, _STAFF
        ),
        "searched_for": Guard(
            "a session was missed and the person is searched for", "the person is not searched for",
            _CARE | _CLOCK, _CARE | _CLOCK,
        ),
        "reached_again": Guard(
            "the person was reached after a missed session", "the person was not reached since the last miss",
            _CARE | _CLOCK, _CARE | _CLOCK,
        ),
        "missing_nothing": Guard(
            "no missed session is open", "a missed session is open", _CARE | _CLOCK, _CARE | _CLOCK
        ),
        "responding_to_slip": Guard(
            "a return to use waits for its response", "every return to use has its response",
            _USE | _CARE | _CLOCK, _USE | _CARE | _CLOCK,
        ),
        "level_review_open": Guard(
            "the level of care is to be reviewed", "no level-of-care review is open",
            _USE | _CARE | _CLOCK, _USE | _CARE | _CLOCK,
        ),
        "is_extended": Guard("the program is extended", "the program is not extended", _ALL, _ALL),
        "at_extension_limit": Guard(
            "the extension limit is reached", "the extension limit is not reached", _ALL, _ALL
        ),
        "goals_settled": Guard("all goals are met or waived", "a goal is open, or none is set", _CARE, _CARE),
        "gate_ready": Guard("only the signature is missing at the gate", "the gate is not ready", _ALL, _ALL),
        "reassessment_open": Guard(
            "a return to use in aftercare waits for its reassessment", "no reassessment is open",
            _USE | _CARE | _CLOCK, _USE | _CARE | _CLOCK,
        ),
        "on_leave": Guard("the person is on leave", "the person is not on leave", _CARE | _CLOCK, _CARE | _CLOCK),
        "in_crisis": Guard("a crisis is stated", "no crisis waits for its response", _CARE, _CARE),
        "discharge_proposed": Guard("a discharge is proposed", "no discharge is proposed", _STAFF, _STAFF),
        "discharge_reviewed": Guard(
            "the director has found it fair", "the director has not found it fair", _STAFF, _STAFF
        ),
        "discharge_owes_notice": Guard(
            "the team has tried the alternatives", "the team has not met about it", _STAFF, _STAFF
        ),
        "discharge_noticed": Guard("the notice is given", "no notice is given", _STAFF, _STAFF),
        "discharge_appealed": Guard("the person has appealed", "there is no appeal", _STAFF, _STAFF),
        "exit_signed": Guard("a person has signed an exit", "no signed exit stands", _STAFF, _CARE),
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

_EXITS = tuple(name for name in GUARDS if name.startswith("exit_") and name != "exit_signed")

_NEVER = (
    ("suited", "not_suited_to_it"),
    ("suited", "!level_decided"),
    ("not_suited_to_it", "!level_decided"),
    ("level_decided", "!suited", "!not_suited_to_it"),
    ("discharge_reviewed", "!discharge_proposed"),
    ("discharge_owes_notice", "!discharge_reviewed"),
    ("discharge_noticed", "!discharge_owes_notice"),
    ("discharge_appealed", "!discharge_noticed"),
    ("admission_complete", "!suited"),
    # The search, the engagement plan and their absence are one fact with three values.
    ("searched_for", "reached_again"),
    ("searched_for", "missing_nothing"),
    ("reached_again", "missing_nothing"),
    ("!searched_for", "!reached_again", "!missing_nothing"),
    ("level_review_open", "!responding_to_slip"),
    ("gate_ready", "!goals_settled"),
    ("gate_ready", "level_review_open"),
    # An exit has exactly one reason.
    *((reason, "!exit_signed") for reason in _EXITS),
    *((one, other) for number, one in enumerate(_EXITS) for other in _EXITS[:number]),
    ("exit_signed", *(f"!{reason}" for reason in _EXITS)),
)

# The rules of the program with small numbers: all of them come into play within a fortnight.
_START = MappingProxyType(
    {
        "episode_id": "story",
        "site": "north",
        "timezone": "America/Chicago",
        "referred_on": "2026-01-05",
        "pathway": "iop",
        "team": {
            "case_manager": "cm-1", "therapist": "th-1", "nurse": "nu-1", "supervisor": "su-1", "director": "di-1"
        },
        "schedule": [{"weekday": "mon", "start": "18:00", "minutes": 180, "service": "group"}],
        "policy": {
            "tests": {"phases": []},
            "length": {"days": 9, "extension_days": 3, "max_extensions": 1},
            "gate": {"sober_days": 3, "min_negative_tests": 1, "max_days_between_tests": 90},
            "aftercare": {"weekly_for_weeks": 1, "fortnightly_until_month": 0, "monthly_until_month": 1},
            "attendance": {
                "ladder": [
                    {"name": "reminder", "after": {"minutes": 15}, "message": "please_call"},
                    {"name": "call", "after": {"hours": 1}, "task": "outreach_call"},
                    {
                        "name": "supervisor_review", "after": {"hours": 2}, "at_misses": 2,
                        "task": "supervisor_review", "role": "supervisor",
                        "outcomes": ["reached", "continue_outreach"],
                    },
                    {
                        "name": "lost_contact_proposal", "after": {"hours": 3}, "task": "lost_contact_proposal",
                        "role": "supervisor", "outcomes": ["close", "continue_outreach", "reached"],
                    },
                ]
            },
        },
    }
)  # fmt: skip

_ADMITTED = ("screening", "level:iop", "goal:open", "admission")
_READY = (*_ADMITTED, "goal:met", "wait:Program length ends", "test:negative", "wait:gate_review")
_AFTERCARE = (*_READY, "answer:gate_review:pass")

_PROPOSED = (*_ADMITTED, "answer:involuntary_discharge:propose")
_FAIR = (*_PROPOSED, "answer:involuntary_review:approve")
_TRIED = (*_FAIR, "answer:discharge_team_meeting:alternatives_tried")
_NOTICED = (*_TRIED, "answer:discharge_notice:given")

_OPENINGS = MappingProxyType(
    {
        "referred": (),
        "screened": ("screening",),
        "another level of care": ("screening", "level:residential"),
        "waiting for admission": ("screening", "level:iop"),
        "in the program": _ADMITTED,
        "searched for": (*_ADMITTED, "wait:lost_contact_proposal"),
        "missed twice": (*_ADMITTED, "wait:Program length ends"),
        "reached again": (*_ADMITTED, "wait:outreach", "reached"),
        "searched for at high risk": (*_ADMITTED, "flag", "wait:outreach"),
        "came unscheduled": (*_ADMITTED, "came_unscheduled"),
        "two entries disagree": (*_ADMITTED, "wait:outreach", "attended", "disputed"),
        "a flag that ends": (*_ADMITTED, "flag:ends"),
        "a consent is taken back": (*_ADMITTED, "consent", "revocation"),
        "after a return to use": (*_ADMITTED, "use"),
        "relapse": (*_ADMITTED, "relapse"),
        "presumptive test": (*_ADMITTED, "test:presumptive"),
        "gate review": _READY,
        "extended": (*_ADMITTED, "wait:extended"),
        "extension limit": (*_ADMITTED, "wait:team_review"),
        "in aftercare": _AFTERCARE,
        "use in aftercare": (*_AFTERCARE, "use"),
        "late news in aftercare": (*_AFTERCARE, "use:yesterday"),
        "check-in due": (*_AFTERCARE, "wait:checkin"),
        "aftercare has reached its length": (*_AFTERCARE, "wait:checkin", "checkin:1"),
        "completed": (*_AFTERCARE, "wait:checkin", "checkin:1", "answer:aftercare_complete:complete"),
        "a leave is planned in aftercare": (*_AFTERCARE, "leave:ahead"),
        "returned to the program": (*_AFTERCARE, "use", "answer:reassessment:return_to_program"),
        "gate advanced": (*_ADMITTED, "goal:met", "test:negative", "answer:gate_review:advance"),
        "admission declined": ("screening", "level:iop", "answer:admission:declined"),
        "arrived elsewhere": (
            "screening", "level:residential", "answer:refer_to_level_of_care:first_visit_attended",
        ),
        "declined to go elsewhere": ("screening", "level:residential", "answer:refer_to_level_of_care:declined"),
        "a leave is planned": (*_ADMITTED, "leave:ahead"),
        "on leave": (*_ADMITTED, "leave"),
        "back from leave": (*_ADMITTED, "leave", "wait:present", "return"),
        "in a crisis": (*_ADMITTED, "crisis"),
        "after a crisis": (*_ADMITTED, "crisis", "answer:crisis_response:safe"),
        "involuntary discharge proposed": _PROPOSED,
        "discharge found fair": _FAIR,
        "alternatives were tried": _TRIED,
        "notice of discharge given": _NOTICED,
        "appeal against a discharge": (*_NOTICED, "answer:discharge_appeal:appealed"),
        "discharge upheld": (
            *_NOTICED, "answer:discharge_appeal:appealed", "wait:discharge_appeal_hearing",
            "answer:discharge_appeal_hearing:uphold",
        ),
        "involuntary discharge": (*_NOTICED, "wait:discharge_decision", "answer:discharge_decision:discharge"),
        "not reached for screening": ("answer:screening:not_reached",),
        "not reached for the safety check": (*_ADMITTED, "use", "answer:safety_check:not_reached"),
        "test to be collected again": (*_ADMITTED, "test:presumptive", "answer:hold_review:collect_again"),
        "not come to the first visit elsewhere": (*_ADMITTED, "exit:transferred", "answer:transfer:not_attended"),
        "not reached at high risk": (
            *_ADMITTED, "flag", "wait:outreach", "answer:high_risk_contact:not_reached",
        ),
        "not reached after a crisis": (
            *_ADMITTED, "crisis", "answer:crisis_response:safe", "answer:after_crisis_contact:not_reached",
            "answer:after_crisis_level_of_care:not_reached",
        ),
        "outreach goes on": (
            *_ADMITTED, "wait:lost_contact_proposal", "answer:lost_contact_proposal:continue_outreach",
        ),
        "gate held": (*_READY, "answer:gate_review:hold"),
        "team has met at the limit": (*_ADMITTED, "wait:team_review", "answer:team_review:continue"),
        "admission declined and reopened": (
            "screening", "level:iop", "answer:admission:declined", "answer:reopening:reopen",
        ),
        "a prescribed medication is not found": (*_ADMITTED, "medication", "test:without_prescribed"),
        "a test is drawn": (*_ADMITTED, "policy:tests", "wait:collect_test"),
        "a drawn test is not collected": (*_ADMITTED, "policy:tests", "wait:test_not_collected"),
        "refused by the payer": (*_ADMITTED, "payer:denied"),
        "refused by the payer before admission": ("payer:denied", "answer:payer_appeal:appealed"),
        "appealed to the payer": (*_ADMITTED, "payer:denied", "answer:payer_appeal:appealed"),
        "appealed to the payer in aftercare": (*_AFTERCARE, "payer:denied", "answer:payer_appeal:appealed"),
        "not answered by the payer": (
            *_ADMITTED, "payer:denied", "answer:payer_appeal:appealed", "answer:payer_answer:not_answered"
        ),
        "lost contact": (*_ADMITTED, "wait:lost_contact_proposal", "answer:lost_contact_proposal:close"),
        **{name: (*_ADMITTED, f"exit:{name}")
           for name in ("withdrew", "transferred", "incarcerated", "deceased", "other")},
    }
)  # fmt: skip

CLAIMS = Claims(
    guards=GUARDS,
    never=_NEVER,
    means=MappingProxyType(
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
            "working": ("!goals_settled",),
            "settled": ("goals_settled",),
            "gate_waiting": ("!gate_ready",),
            "gate_review": ("gate_ready",),
            "following": ("!reassessment_open",),
            "reassessment": ("reassessment_open",),
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
    ),
    owners=MappingProxyType(
        {
            "intake": "case_manager",
            "screening": "therapist",
            "attendance": "case_manager",
            "sobriety": "therapist",
            "length": "therapist",
            "at_limit": "supervisor",
            "goals": "case_manager",
            "gate": "therapist",
            "aftercare": "case_manager",
            "reassessment": "therapist",
            "closed": "case_manager",
            "presence": "case_manager",
            "safety": "case_manager",
            "crisis": "on_call",
            "discharge": "supervisor",
            "proposed": "director",
            "notice": "case_manager",
            "appeal": "director",
        }
    ),
    leads_to=MappingProxyType({}),
    decisions=MappingProxyType(
        {
            ("gate_review", "pass"): "aftercare",
            ("gate_review", "advance"): "aftercare",
            ("reassessment", "return_to_program"): "program",
            ("lost_contact_proposal", "close"): "closed",
            ("discharge_decision", "discharge"): "closed",
            ("discharge_appeal_hearing", "uphold"): "closed",
            ("transfer", "first_visit_attended"): "closed",
            ("screening", "declined"): "closed",
            ("aftercare_complete", "complete"): "closed",
            ("refer_to_level_of_care", "first_visit_attended"): "closed",
            ("refer_to_level_of_care", "declined"): "closed",
            ("admission", "declined"): "closed",
        }
    ),
    passes_through=frozenset({"closing"}),
    crisis=("in_crisis", "crisis", "crisis_response"),
    duties=frozenset(
        {
            "screening",
            "level_of_care",
            "admission",
            "refer_to_level_of_care",
            "rights_notice",
            "contact_preferences",
            "attendance_conflict",
            "unscheduled_attendance",
            "outreach_call",
            "supervisor_review",
            "lost_contact_proposal",
            "engagement_plan",
            "high_risk_contact",
            "safety_check",
            "individual_session",
            "plan_review",
            "level_of_care_review",
            "hold_review",
            "continued_stay_review",
            "team_review",
            "gate_review",
            "checkin",
            "aftercare_complete",
            "offer_therapist",
            "offer_mutual_help",
            "reassessment",
            "late_news",
            "crisis_response",
            "after_crisis_contact",
            "after_crisis_level_of_care",
            "return_screening",
            "involuntary_discharge",
            "involuntary_review",
            "discharge_team_meeting",
            "discharge_notice",
            "discharge_appeal",
            "discharge_decision",
            "discharge_appeal_hearing",
            "transfer",
            "death_correction",
            "decision_review",
            "adherence_talk",
            "collect_test",
            "test_not_collected",
            "consent_revoked",
            "payer_appeal",
            "payer_answer",
            "exit_bundle",
            "reopening",
        }
    ),
    deadlines=MappingProxyType(
        {
            "intake": frozenset(
                {
                    "A flag ends",
                    "Payer answer is owed",
                    "After crisis contact is owed",
                    "After crisis level of care is owed",
                    "Appeal period of a discharge ends",
                    "Hearing of an appeal begins",
                    "Screening is owed",
                    "Transfer is owed",
                }
            ),
            "program": frozenset(
                {
                    "A flag ends",
                    "Next look at the tests",
                    "Window of the test closes",
                    "Payer answer is owed",
                    "After crisis contact is owed",
                    "After crisis level of care is owed",
                    "Hearing of an appeal begins",
                    "Appeal period of a discharge ends",
                    "Gate review comes back",
                    "High risk contact is owed",
                    "Hold review is owed",
                    "Lost contact proposal is owed",
                    "Safety check is owed",
                    "Team review is owed",
                    "Transfer is owed",
                    "Session closes",
                    "Missed sessions: call",
                    "Missed sessions: supervisor review",
                    "Missed sessions: lost contact proposal",
                    "Dose of the week: forecast",
                    "Dose of the week: report",
                    "Sobriety gate opens",
                    "Program length ends",
                    "Extension ends",
                    "Leave begins",
                    "Leave is over",
                }
            ),
            "aftercare": frozenset(
                {
                    "A flag ends",
                    "Payer answer is owed",
                    "Aftercare reaches its length",
                    "Check-in due",
                    "Leave begins",
                    "Leave is over",
                    "Safety check is owed",
                }
            ),
            "closed": frozenset(
                {
                    "Payer answer is owed",
                    "After crisis contact is owed",
                    "After crisis level of care is owed",
                    "Record of the closed episode is complete",
                }
            ),
        }
    ),
    start=_START,
    openings=_OPENINGS,
)
