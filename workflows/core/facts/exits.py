"""Facts of the end: which exit stands, and when the stay ended (E3, E4)."""

from datetime import date, datetime
from functools import cached_property

from workflows.core.entries import Checkin, Exit
from workflows.core.facts.length import LengthFacts


class ExitFacts(LengthFacts):
    """How an episode ended."""

    @cached_property
    def exit(self) -> tuple[str, date, str] | None:
        """The exit that stands: reason, day and entry id. A return within the window undoes a withdrawal (E3)."""
        found: list[tuple[datetime, str, date, str]] = [
            (r.effective_at, r.entry.reason, r.entry.on, r.key)
            for r in self.record.standing(Exit)
            if isinstance(r.entry, Exit)
        ]
        for duty in self.frame.answers:
            answer = self.answer(duty)
            reason = answer and self.frame.exits.get((duty.partition(":")[0], answer.choice))
            if answer and reason:
                decided_on = self.calendar.day_of(answer.at)
                # The stay ends at the last contact or the decision, whichever is earlier (E4).
                on = (
                    min(self.last_contact_on or decided_on, decided_on)
                    if reason == "lost_contact"
                    else decided_on
                )
                found.append((answer.at, reason, on, answer.key))
        if not found:
            return None
        _, reason, on, key = max(found)
        return None if self.answer(f"reopening:{key}") else (reason, on, key)

    @property
    def last_contact_on(self) -> date | None:
        """The last day on which the patient was seen, spoken with, or checked in (E4)."""
        checked = [r.entry.on for r in self.record.standing(Checkin)[-1:] if isinstance(r.entry, Checkin)]
        return max([*checked, *([self.last_seen_on] if self.last_seen_on else [])], default=None)
