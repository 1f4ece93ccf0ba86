"""What Partial Hospitalization claims about its chart, for `carepath pathway verify`."""

from workflows.core.claims import Guard
from workflows.pathways.common_claims import ANY, claims_of
from workflows.pathways.openings import admitted

_ADMITTED = admitted("php")
_REVIEW = (*_ADMITTED, "wait:step_down_review")

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
)
