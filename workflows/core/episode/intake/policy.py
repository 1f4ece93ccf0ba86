"""Numbers of intake: how long each step may take, and what speaks for which level of care (I1-I4)."""

from typing import Annotated

from pydantic import Field

from workflows.core.engine.calendar import Delay
from workflows.core.engine.policy import Part


class Intake(Part):
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
