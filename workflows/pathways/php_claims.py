"""What Partial Hospitalization claims about its chart, for `carepath pathway verify`."""

from workflows.core.engine.claims import Guard, Promise
from workflows.pathways.common_claims import ANY, claims_of
from workflows.pathways.openings import admitted

_ADMITTED = admitted("php")
_REVIEW = (*_ADMITTED, "wait:step_down_review")

_PROMISES = (
    Promise(
        "S11",
        "At its length a clinician reviews the step down, and nothing ends by itself",
        _REVIEW,
        ("owes step_down_review", "!exit_signed", "in program"),
    ),
    Promise(
        "E0",
        "Only a clinician signs the step down",
        (*_REVIEW, "!answer:step_down_review:step_down@cm-1"),
        ("!exit_signed",),
    ),
    Promise(
        "S11",
        "Where care goes on the step down is reviewed again",
        (*_REVIEW, "answer:step_down_review:continue"),
        ("owes step_down_review", "in program"),
    ),
)  # fmt: skip

CLAIMS = claims_of(
    "php",
    guards={
        "step_down_due": Guard(
            "the length of the program is reached", "the length of the program is not reached", ANY, ANY
        ),
    },
    means={"stabilizing": ("!step_down_due",), "step_down_review": ("step_down_due",)},
    owners={"step_down": "therapist"},
    decisions={("step_down_review", "step_down"): "closed", ("step_down_review", "complete"): "closed"},
    asks={("program", "step_down_due"): "step_down_review"},
    duties=("step_down_review",),
    deadlines={"program": ("Step-down review",)},
    openings={
        "step-down review": _REVIEW,
        "stepped down": (*_REVIEW, "answer:step_down_review:step_down"),
        "completed": (*_REVIEW, "answer:step_down_review:complete"),
        "care goes on": (*_REVIEW, "answer:step_down_review:continue"),
        "missed twice": (*_ADMITTED, "wait:Dose of the week: report"),
    },
    promises=_PROMISES,
)
