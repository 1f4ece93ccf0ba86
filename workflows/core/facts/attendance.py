"""Facts of attendance: sessions and what became of them, outreach, and the weekly dose (A1-A8)."""

from bisect import bisect_right
from datetime import date, datetime, timedelta
from functools import cached_property
from operator import attrgetter

from workflows.core.calendar import program_week
from workflows.core.entries import Attendance, Contact, Decision, Leave, Return, Schedule, SessionChange
from workflows.core.facts.course import CourseFacts
from workflows.core.facts.ladder import Outreach, outreach
from workflows.core.facts.sessions import Judged, Session, judge, offered, run_of_misses
from workflows.core.record import Recorded

_ENDS_AT, _CLOSES_AT = attrgetter("ends_at"), attrgetter("closes_at")


class AttendanceFacts(CourseFacts):
    """Who came, who is missing, and how much care was taken up."""

    @property
    def _sessions_version(self) -> object:
        return (
            self.admitted_on,
            program_week(self.admitted_on, self.today) if self.admitted_on else None,
            tuple(self.frame.periods),
            self.record.version(Schedule, SessionChange, Leave, Return),
        )

    @cached_property
    def sessions(self) -> list[Session]:
        """The sessions that stand from admission to the end of next week."""
        if self.admitted_on is None or not self.frame.periods:
            return []
        first, week = self.admitted_on, program_week(self.admitted_on, self.today)
        return self._fold(
            "sessions",
            self._sessions_version,
            lambda: offered(
                first,
                first + timedelta(days=7 * (week + 2) - 1),
                self.frame.weekly,
                self.record.standing(Schedule),
                self.record.standing(SessionChange),
                self.calendar,
                self._expected_on,
                timedelta(minutes=self.policy.attendance.grace_minutes),
            ),
        )

    def _expected_on(self, day: date) -> bool:
        return self.frame.stage_on(day) == "program" and not self.on_leave_at(day)

    @cached_property
    def _stated(self) -> dict[datetime, list[Recorded]]:
        def by_session() -> dict[datetime, list[Recorded]]:
            found: dict[datetime, list[Recorded]] = {}
            for recorded in self.record.standing(Attendance):
                if isinstance(recorded.entry, Attendance):
                    found.setdefault(recorded.entry.session, []).append(recorded)
            return found

        return self._fold("stated", self.record.version(Attendance), by_session)

    @cached_property
    def _judged_version(self) -> object:
        """Changes whenever a session may be judged otherwise: by entries, by decisions, or as time passes."""
        return (
            self.record.version(Attendance, Decision),
            self._sessions_version,
            bisect_right(self.sessions, self.now, key=_ENDS_AT),
            bisect_right(self.sessions, self.now, key=_CLOSES_AT),
            len(self.frame.answers),
        )

    @cached_property
    def judged(self) -> list[Judged]:
        """Every session that is over, stated or presumed, in order."""

        def fold() -> list[Judged]:
            over = bisect_right(self.sessions, self.now, key=_ENDS_AT)
            stated_ahead = [session for session in self.sessions[over:] if session.start in self._stated]
            judged = map(self._judge, [*self.sessions[:over], *stated_ahead])
            return [one for one in judged if one.status != "ahead"]

        return self._fold("judged", self._judged_version, fold)

    def _judge(self, session: Session) -> Judged:
        stated = self._stated.get(session.start, ())
        chosen = self.choice(f"attendance_conflict:{session.start.isoformat()}") if len(stated) > 1 else None
        return judge(session, stated, chosen, self.now)

    @property
    def unscheduled(self) -> list[Recorded]:
        """Attendance at a time for which no session stands: kept, counted, and flagged (A2)."""
        if not self.frame.periods:
            return []
        known = {session.start for session in self.sessions}
        return [
            stated[0]
            for start, stated in self._stated.items()
            if start not in known
            and stated[0].entry.status == "attended"  # type: ignore[attr-defined]
            and start.date() >= self.frame.periods[0][1]
        ]

    @cached_property
    def outreach(self) -> Outreach | None:
        """The search for a patient who has missed sessions; None while nobody is missing (A4, A5)."""
        if not self.judged or not (self.judged[-1].missed or self.judged[-1].status == "excused"):
            return None
        ended = [end for _, end, _ in self.leaves if end < self.today]
        since = self.calendar.at(max(ended) + timedelta(days=1)) if ended else None
        misses = run_of_misses(self.judged, since)
        if not misses or self.on_leave:
            return None
        return outreach(
            misses,
            self._spoken_with,
            self.policy.attendance.ladder,
            timedelta(minutes=self.policy.attendance.grace_minutes),
            self.calendar,
        )

    @property
    def _spoken_with(self) -> list[datetime]:
        told = [
            r.effective_at
            for r in self.record.standing(Contact)
            if isinstance(r.entry, Contact) and r.entry.reached
        ]
        answered = [
            answer.at
            for key in self.frame.answers
            if (answer := self.answer(key)) and answer.choice == "reached"
        ]
        return sorted(at for at in (*told, *answered) if at <= self.now)

    @property
    def consecutive_misses(self) -> int:
        """Misses in a row, stated or presumed."""
        return len(self.outreach.misses) if self.outreach else 0

    @property
    def last_seen_on(self) -> date | None:
        """The last day on which the patient came or was spoken with."""
        seen = [j.session.start.date() for j in self.judged if j.status == "attended"][-1:]
        seen += [at.date() for at in self._spoken_with[-1:]]
        return max(seen, default=None)

    def dose_of_week(self, first: date) -> tuple[int, int]:
        """Minutes and distinct days attended in the 7 days from `first` (A1, A2)."""
        return self._fold(f"dose:{first}", self._judged_version, lambda: self._dose_of_week(first))

    def _dose_of_week(self, first: date) -> tuple[int, int]:
        last = first + timedelta(days=6)
        minutes, days = 0, set()
        known = {session.start: session for session in self.sessions} if self._stated else {}
        for start, stated in self._stated.items():
            if first <= start.date() <= last:
                if self.choice(f"unscheduled_attendance:{stated[0].key}") == "reject":
                    continue
                session = known.get(start) or Session.unscheduled(start, self.calendar)
                judged = self._judge(session)
                if judged.status == "attended" and judged.service in self.policy.dose.services:
                    minutes += judged.minutes
                    days.add(start.date())
        return minutes, len(days)

    def dose_required(self, first: date) -> int:
        """Minutes required in the week from `first`: pro rata for days outside the program or on leave (A1)."""
        last_program_day = self.length_reached_on - timedelta(days=1)
        counted = 0
        for ahead in range(7):
            day = first + timedelta(days=ahead)
            extended = self.today > last_program_day
            if self._expected_on(day) and (day <= last_program_day or extended):
                counted += 1
        return self.policy.dose.min_minutes * counted // 7
