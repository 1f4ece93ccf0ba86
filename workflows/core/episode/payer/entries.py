"""What a payer decides about paying for care: a billing fact, which never moves the course of care (S11)."""

from datetime import date
from typing import Literal

from pydantic import model_validator

from workflows.core.engine.entry import Code, Entry


class Payer(Entry):
    """A payer's decision on an authorization; later ones with the same `authorization_id` take its place.

    The words are those of utilization review: a denial in whole or in part is an adverse determination, and can be
    appealed.
    """

    kind: Literal["payer"]
    authorization_id: Code
    """The payer's own code for what it was asked."""
    decision: Literal["approved", "partially_approved", "denied"]
    """What the payer will pay for."""
    on: date
    """The day of the payer's notice."""
    appeal_by: date | None = None
    """The last day on which the payer takes an appeal, as its notice says."""

    @model_validator(mode="after")
    def _appeal_comes_after_the_notice(self) -> "Payer":
        if self.appeal_by and self.appeal_by < self.on:
            raise ValueError(f"appeal_by: {self.appeal_by} lies before the payer's notice of {self.on}")
        return self

    def when(self) -> date:
        return self.on

    @property
    def refuses(self) -> bool:
        """Whether some of the care that was asked for will not be paid."""
        return self.decision != "approved"
