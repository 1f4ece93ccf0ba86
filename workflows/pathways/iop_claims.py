"""What the Intensive Outpatient Program claims about its chart, for `carepath pathway verify`.

Nothing here moves a patient. A change of the chart that is meant needs its change here too; one that is not
meant is found by the difference.
"""

from workflows.core.engine.claims import Guard, Promise
from workflows.pathways.common_claims import ANY, CARE, CLOCK, STAFF, USE, claims_of
from workflows.pathways.openings import admitted

_ADMITTED = admitted("iop")
_READY = (*_ADMITTED, "goal:met", "wait:Program length ends", "test:negative", "wait:gate_review")
_AFTERCARE = (*_READY, "answer:gate_review:pass")

_PROMISES = (
    Promise(
        "S9",
        "The gate waits for a signature, and opens for nothing else",
        _READY,
        ("gate_ready", "in gate_review"),
    ),
    Promise(
        "S9",
        "The gate waits for the goals",
        (*_ADMITTED, "wait:Program length ends", "test:negative", "wait"),
        ("!gate_ready",),
    ),
    Promise("S9", "The day is awaited on which the gate opens", _ADMITTED, ("awaits Sobriety gate opens",)),
    Promise(
        "S9",
        "The gate waits for tests",
        (*_ADMITTED, "goal:met", "wait:Program length ends", "wait"),
        ("!gate_ready",),
        of_small_numbers=True,
    ),
    Promise(
        "S9", "The gate waits for the days without use",
        (*_READY, "use", "wait", "test:negative"), ("!gate_ready", "in program")
    ),
    Promise(
        "S6",
        "A test in doubt holds the gate",
        (*_READY, "test:presumptive"),
        ("!gate_ready", "in program"),
    ),
    Promise(
        "S2", "What somebody else tells of a use holds the gate", (*_READY, "use:told"), ("!gate_ready",)
    ),
    Promise(
        "S9",
        "The gate waits for the length of the program",
        (*_ADMITTED, "goal:met", "test:negative"),
        ("!gate_ready",),
    ),
    Promise(
        "S6",
        "A hold that a clinician lifts holds nothing",
        (*_READY, "test:presumptive", "answer:hold_review:lift_hold"),
        ("gate_ready",),
    ),
    Promise(
        "E0",
        "Only a clinician passes the gate",
        (*_READY, "!answer:gate_review:pass@cm-1"),
        ("!stepped_down",),
    ),
    Promise(
        "E0",
        "No machine passes the gate",
        (*_READY, "!answer:gate_review:pass@carepath"),
        ("!stepped_down",),
    ),
    Promise(
        "E0",
        "Nobody unknown passes the gate",
        (*_READY, "!answer:gate_review:pass@nobody-9"),
        ("!stepped_down",),
    ),
    Promise(
        "E0",
        "Only a clinician takes the step down back",
        (*_AFTERCARE, "!retract:decision@cm-1"),
        ("stepped_down", "in aftercare"),
    ),
    Promise(
        "T3",
        "A step down that is taken back leaves no trace",
        (*_AFTERCARE, "retract:decision"),
        ("!stepped_down",),
    ),
    Promise(
        "S9",
        "A gate that is held is looked at again",
        (*_READY, "answer:gate_review:hold"),
        ("awaits Gate review comes back", "!stepped_down"),
    ),
    Promise(
        "S12",
        "A gate may be advanced before the length is reached",
        (*_ADMITTED, "goal:met", "test:negative", "answer:gate_review:advance"),
        ("in aftercare",),
    ),
    Promise(
        "S11",
        "A program without its gate is extended, and each extension is reviewed",
        (*_ADMITTED, "wait:extended"),
        ("is_extended", "owes continued_stay_review", "in program"),
    ),
    Promise(
        "S11",
        "At the limit of extensions the team meets, and nothing else follows",
        (*_ADMITTED, "wait:team_review"),
        ("at_extension_limit", "task team_review", "in program", "!exit_signed"),
    ),
    Promise(
        "S13",
        "Late news of a use asks a clinician, and undoes nothing",
        (*_AFTERCARE, "use:yesterday"),
        ("in aftercare", "owes late_news"),
    ),
    Promise(
        "C1",
        "A use in aftercare is reassessed, and ends nothing",
        (*_AFTERCARE, "use"),
        ("in aftercare", "owes reassessment", "reassessment_open"),
    ),
    Promise(
        "S3",
        "A use in aftercare is answered as in the program",
        (*_AFTERCARE, "use"),
        ("owes safety_check", "owes individual_session", "owes plan_review"),
    ),
    Promise(
        "C1",
        "Who returns to the program is in it",
        (*_AFTERCARE, "use", "answer:reassessment:return_to_program"),
        ("in program", "!stepped_down"),
    ),
    Promise("C2", "Somebody calls in aftercare", _AFTERCARE, ("awaits Check-in due",)),
    Promise("C2", "A check-in is owed on its day", (*_AFTERCARE, "wait:checkin"), ("task checkin",)),
    Promise(
        "C2",
        "Whom three check-ins have not reached is asked about",
        (*_AFTERCARE, *(("wait:checkin", "answer:checkin:not_reached") * 3)),
        ("owes missed_checkins", "in aftercare"),
    ),
    Promise(
        "C2",
        "Aftercare ends with a signature",
        (*_AFTERCARE, "wait:checkin", "checkin:1"),
        ("owes aftercare_complete", "!exit_signed"),
        of_small_numbers=True,
    ),
    Promise(
        "E8",
        "A crisis in aftercare calls the on-call role",
        (*_AFTERCARE, "crisis"),
        ("task crisis_response", "in aftercare"),
    ),
)  # fmt: skip

CLAIMS = claims_of(
    "iop",
    guards={
        "stepped_down": Guard(
            "a clinician has signed the step down", "no step down stands, or it was taken back", STAFF, STAFF
        ),
        "goals_settled": Guard("all goals are met or waived", "a goal is open, or none is set", CARE, CARE),
        "gate_ready": Guard("only the signature is missing at the gate", "the gate is not ready", ANY, ANY),
        "reassessment_open": Guard(
            "a return to use in aftercare waits for its reassessment",
            "no reassessment is open",
            USE | CARE | CLOCK,
            USE | CARE | CLOCK,
        ),
    },
    never=(("gate_ready", "!goals_settled"), ("gate_ready", "level_review_open")),
    means={
        "working": ("!goals_settled",),
        "settled": ("goals_settled",),
        "gate_waiting": ("!gate_ready",),
        "gate_review": ("gate_ready",),
        "following": ("!reassessment_open",),
        "reassessment": ("reassessment_open",),
    },
    owners={
        "goals": "case_manager",
        "gate": "therapist",
        "aftercare": "case_manager",
        "reassessment": "therapist",
    },
    decisions={
        ("gate_review", "pass"): "aftercare",
        ("gate_review", "advance"): "aftercare",
        ("reassessment", "return_to_program"): "program",
        ("aftercare_complete", "complete"): "closed",
    },
    asks={
        ("program", "gate_ready"): "gate_review",
        ("aftercare", "level_review_open"): "level_of_care_review",
        ("aftercare", "reassessment_open"): "reassessment",
    },
    duties=(
        "continued_stay_review",
        "team_review",
        "gate_review",
        "checkin",
        "aftercare_complete",
        "offer_therapist",
        "offer_mutual_help",
        "reassessment",
        "late_news",
        "missed_checkins",
    ),
    deadlines={
        "program": (
            "Gate review comes back",
            "Team review is owed",
            "Sobriety gate opens",
            "Tests of the gate are judged anew",
            "Program length ends",
            "Extension ends",
        ),
        "aftercare": (
            "A flag ends",
            "Payer answer is owed",
            "Aftercare reaches its length",
            "Closing for lost contact is proposed",
            "Check-in due",
            "Leave begins",
            "Leave is over",
            "Safety check is owed",
            "Team changes",
        ),
    },
    openings={
        "missed twice": (*_ADMITTED, "wait:Program length ends"),
        "gate review": _READY,
        "extended": (*_ADMITTED, "wait:extended"),
        "extension limit": (*_ADMITTED, "wait:team_review"),
        "in aftercare": _AFTERCARE,
        "use in aftercare": (*_AFTERCARE, "use"),
        "relapse in aftercare": (*_AFTERCARE, "relapse"),
        "late news in aftercare": (*_AFTERCARE, "use:yesterday"),
        "check-in due": (*_AFTERCARE, "wait:checkin"),
        "check-ins reach nobody": (*_AFTERCARE, *(("wait:checkin", "answer:checkin:not_reached") * 3)),
        "aftercare has reached its length": (*_AFTERCARE, "wait:checkin", "checkin:1"),
        "completed": (*_AFTERCARE, "wait:checkin", "checkin:1", "answer:aftercare_complete:complete"),
        "a leave is planned in aftercare": (*_AFTERCARE, "leave:ahead"),
        "returned to the program": (*_AFTERCARE, "use", "answer:reassessment:return_to_program"),
        "gate advanced": (*_ADMITTED, "goal:met", "test:negative", "answer:gate_review:advance"),
        "gate held": (*_READY, "answer:gate_review:hold"),
        "team has met at the limit": (*_ADMITTED, "wait:team_review", "answer:team_review:continue"),
        "appealed to the payer in aftercare": (*_AFTERCARE, "payer:denied", "answer:payer_appeal:appealed"),
    },
    promises=_PROMISES,
)
