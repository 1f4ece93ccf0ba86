"""Facts of payment: which authorizations a payer refuses at present (S11). No guard of care reads them."""

from dataclasses import dataclass
from datetime import date, datetime

from workflows.core.engine.calendar import day_in_words
from workflows.core.engine.reading import fact
from workflows.core.episode.entries import Payer
from workflows.core.episode.linkage.facts import LinkageFacts


@dataclass(frozen=True, slots=True)
class Refusal:
    """A payer's refusal that stands. `times` counts it with those that it follows: after an appeal it is the second."""

    key: str
    authorization_id: str
    decision: str
    on: date
    known_at: datetime
    appeal_by: date | None
    times: int

    @property
    def said(self) -> str:
        """In words, without a person."""
        decided = self.decision.replace("_", " ")
        return f"authorization {self.authorization_id}: {decided} on {day_in_words(self.on)}"


class PayerFacts(LinkageFacts):
    """What is not paid for, whatever the course of care."""

    @fact
    def payer_refusals(self) -> list[Refusal]:
        """The latest decision on each authorization, by the day of the payer's notice, where it refuses."""
        latest: dict[str, Refusal | None] = {}
        times: dict[str, int] = {}
        for recorded in self.record.standing(Payer):
            said = recorded.entry
            about = said.authorization_id
            times[about] = times.get(about, 0) + 1 if said.refuses else 0
            latest[about] = (
                Refusal(
                    recorded.key,
                    about,
                    said.decision,
                    said.on,
                    recorded.known_at,
                    said.appeal_by,
                    times[about],
                )
                if said.refuses
                else None
            )
        return [refusal for refusal in latest.values() if refusal]
