"""What the Intensive Outpatient Program claims about its chart, for `carepath pathway verify`.

Nothing here moves a patient. A change of the chart that is meant needs its change here too; one that is not
meant is found by the difference.
"""

from workflows.core.claims import Guard
from workflows.pathways.common_claims import ANY, CARE, CLOCK, STAFF, USE, claims_of
from workflows.pathways.openings import admitted

_ADMITTED = admitted("iop")
_READY = (*_ADMITTED, "goal:met", "wait:Program length ends", "test:negative", "wait:gate_review")
_AFTERCARE = (*_READY, "answer:gate_review:pass")

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
)
