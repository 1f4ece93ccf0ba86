"""Whether somebody is missing, and when they were last seen or spoken with (A4, A5)."""

from datetime import date, datetime, timedelta

from workflows.core.engine.notes import Selection
from workflows.core.engine.reading import fact
from workflows.core.episode.attendance.facts import AttendanceFacts
from workflows.core.episode.attendance.ladder import Outreach, outreach
from workflows.core.episode.attendance.sessions import run_of_misses
from workflows.core.episode.entries import Contact

_REACHED = Selection(Contact, lambda contact: contact.reached)
"""Contacts in which the person was spoken with."""


class OutreachFacts(AttendanceFacts):
    """Who is missing, and who was reached."""

    @fact
    def outreach(self) -> Outreach | None:
        """The search for a patient who has missed sessions; None while nobody is missing (A4, A5)."""
        if not self.judged or not (self.judged[-1].missed or self.judged[-1].status == "excused"):
            return None
        ended = [self.calendar.at(end + timedelta(days=1)) for _, end, _ in self.leaves if end < self.today]
        came = [self.calendar.instant(start) for start in self.attended_elsewhere]
        # Who comes back from aftercare begins anew.
        back = [self.returned_at] if self.returned_at else []
        misses = run_of_misses(self.judged, max([*ended, *came, *back], default=None))
        if not misses or self.on_leave:
            return None
        return outreach(
            misses,
            self._spoken_with,
            self.policy.attendance.ladder,
            timedelta(minutes=self.policy.attendance.grace_minutes),
            self.calendar,
        )

    @fact
    def _spoken_with(self) -> list[datetime]:
        told = [r.effective_at for r in self.record.standing(_REACHED)]
        answered = [answer.at for _, answer in self.all_answers() if answer.choice == "reached"]
        return sorted(at for at in (*told, *answered) if self.has_come(at))

    @property
    def consecutive_misses(self) -> int:
        """Misses in a row, stated or presumed."""
        return len(self.outreach.misses) if self.outreach else 0

    def seen_by(self, day: date) -> list[date]:
        """The last day up to a day on which the patient came, and the last on which they were spoken with."""
        came = [judged.session.start.date() for judged in self.judged if judged.status == "attended"]
        came += [attended.date() for attended in self.attended_elsewhere]
        spoken = [at.date() for at in self._spoken_with]
        return [max(days) for found in (came, spoken) if (days := [one for one in found if one <= day])]
