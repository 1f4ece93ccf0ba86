"""Facts of the end: which exit stands, and when the stay ended (E3, E4)."""

from datetime import date

from workflows.core.engine.reading import fact
from workflows.core.episode.consent.covering import EPISODE_ENDS, OUTREACH_PURPOSES, Consent
from workflows.core.episode.entries import Checkin
from workflows.core.episode.exits.discharge import DischargeFacts


class ExitFacts(DischargeFacts):
    """How an episode ended."""

    @fact
    def exit(self) -> tuple[str, date, str] | None:
        """The exit that stands: reason, end of the stay, and entry id.

        Where a decision closes the episode, the stay ends at the last contact or at the decision, whichever is
        earlier; an exit entry states its day itself (E4).
        """
        signed = self.exit_signed
        if signed is None:
            return None
        on = min(self.last_contact_by(signed.on) or signed.on, signed.on) if signed.decided else signed.on
        return (signed.reason, on, signed.key)

    @property
    def stay_ended_on(self) -> date | None:
        """The end of the stay: the last contact or the day of the exit, whichever is earlier (E4)."""
        if self.exit is None:
            return None
        on = self.exit[1]
        return min(self.last_contact_by(on) or on, on)

    @fact
    def consents_standing(self) -> list[Consent]:
        """The consents that stand today; some end with the episode (P3)."""
        return self.consents_that_stand(EPISODE_ENDS if self.exit_signed else frozenset())

    @fact
    def may_be_contacted(self) -> list[str]:
        """Whom a consent names for the case that the patient is searched for (P7)."""
        return sorted({one.recipient for one in self.consents_standing if one.purpose in OUTREACH_PURPOSES})

    def last_contact_by(self, day: date) -> date | None:
        """The last day, up to a day, on which the patient was seen, spoken with, or checked in (E4)."""
        checked = [r.entry.on for r in self.record.standing(Checkin) if r.entry.on <= day]
        return max([*checked, *self.seen_by(day)], default=None)
