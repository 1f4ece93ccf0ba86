"""Numbers of assessments: which instruments a program follows, and how long each step may take (M1-M3)."""

from typing import Annotated, Self

from pydantic import AfterValidator, Field, model_validator

from workflows.core.engine.calendar import Delay
from workflows.core.engine.policy import Days, Part
from workflows.core.episode.assessment.instruments import INSTRUMENTS, code_of


def _codes(names: tuple[str, ...]) -> tuple[str, ...]:
    for name in names:
        if code_of(name) is None:
            raise ValueError(f"{name} is not known; those that are: {', '.join(sorted(INSTRUMENTS))}")
    return tuple(dict.fromkeys(code for name in names if (code := code_of(name))))


class Assessments(Part):
    """Which instruments are due, and what follows from them (M1-M3)."""

    instruments: Annotated[tuple[str, ...], AfterValidator(_codes)] = ()
    """Those of which each patient is asked from the admission on: `phq_9`, `gad_7`, `bam_r`. One that was filled in is
    followed all the same (M1)."""
    again_days: dict[str, Annotated[int, Field(ge=1, le=3650)]] = Field(default_factory=dict)
    """After how many days an instrument is due again, where the program wants it otherwise than the instrument says
    (M1)."""
    within: Delay = Delay(business_days=3)
    """Until one that is due is filled in (M1)."""
    again: Delay = Delay(business_days=1)
    """After an attempt that did not reach the person (M1)."""
    serves_the_gate_days: Days = 7
    """One of so many days ago, or fewer, serves a gate that becomes ready (M1)."""
    plan_review: Delay = Delay(hours=72)
    """Until the plan of care has been looked through after a worsening (M2)."""
    safety_check: Delay = Delay(by_end_of_day=True)
    """Until an answer that tells of danger was spoken about with the person (M3)."""
    safety_check_again: Delay = Delay(hours=2)
    """After an attempt that did not reach the person (M3)."""

    @model_validator(mode="after")
    def _known_by_their_codes(self) -> Self:
        if unknown := [name for name in self.again_days if name not in INSTRUMENTS]:
            raise ValueError(f"again_days: {unknown[0]} is not known; use {', '.join(sorted(INSTRUMENTS))}")
        return self

    def days_until_again(self, instrument: str) -> int:
        """After how many days an instrument is due again (M1)."""
        return self.again_days.get(instrument, INSTRUMENTS[instrument].again_days)
