"""Numbers of consent and disclosure (P4, P8)."""

from typing import Annotated

from pydantic import Field

from workflows.core.engine.calendar import Delay
from workflows.core.engine.policy import Part


class Privacy(Part):
    """Consent and disclosure (P4, P8)."""

    after_revocation: Delay = Delay(business_days=1)
    """Until the case manager has seen to what leaned on a consent that was taken back (P4)."""
    ledger_years: Annotated[int, Field(ge=6)] = 6
    """How far back an accounting of disclosures goes at least (45 CFR 164.528) (P8)."""
    consent_events: tuple[str, ...] = (
        "end_of_legal_proceedings", "end_of_probation", "end_of_parole", "end_of_insurance", "end_of_research",
    )  # fmt: skip
    """Events outside the episode with which a consent may end (P4); that one has come is told by a person."""
