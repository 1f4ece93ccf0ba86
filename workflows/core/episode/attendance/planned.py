"""Facts of the sessions: which of them stood for this patient, and what was said of any time (A2, A3, E2, E6)."""

from datetime import date, datetime, timedelta
from operator import attrgetter

from workflows.core.engine.notes import Selection
from workflows.core.engine.reading import fact
from workflows.core.engine.record import Recorded
from workflows.core.episode.attendance.sessions import (
    Session,
    belongs_to,
    comes_too_late,
    excuses_oneself,
    offered,
    planned_on,
    standing,
)
from workflows.core.episode.entries import Attendance, Return, SessionChange
from workflows.core.episode.stay.length import LengthFacts

_START = attrgetter("start")
_PLANNED_AHEAD = timedelta(days=28)

_OWN_EXCUSES = Selection(Attendance, excuses_oneself)
"""What people say themselves of a session to which they do not come."""


class SessionFacts(LengthFacts):
    """Which sessions were offered to this patient."""

    @fact
    def sessions(self) -> list[Session]:
        """The sessions that stand from admission to some weeks ahead."""
        came = [one for one in self._at_the_edge if self._came_to(one)]
        return sorted([*self._expected, *came], key=_START) if came else self._expected

    @fact
    def _expected(self) -> list[Session]:
        planned = standing([one for one in self._candidates if self._expects(one)])
        # One that stays what it was stays the same object, and need not be judged again.
        before = {session.start: session for session in self.kept_before("_expected") or ()}
        return [old if (old := before.get(one.start)) == one else one for one in planned]

    @fact
    def _candidates(self) -> list[Session]:
        """Every session that the clinic holds in that time, whether or not the patient is expected at it."""
        first, last = self.admitted_on, self._planned_until
        if first is None or last is None:
            return []
        notice = timedelta(minutes=self.policy.attendance.excuse_notice_minutes)
        return offered(
            first,
            last,
            self.frame.weekly,
            self.schedules,
            [r for r in self.record.standing(SessionChange) if not comes_too_late(r, self.calendar, notice)],
            self.calendar,
            timedelta(minutes=self.policy.attendance.grace_minutes),
        )

    @fact
    def _at_the_edge(self) -> list[Session]:
        """Sessions on the first and last day of a leave, or of another stage: whoever came to one had it (A2)."""
        expected, day = {session.start for session in self._expected}, timedelta(days=1)
        of_leaves = {edge for begins, ends, _ in self.leaves for edge in (begins, ends)}

        def is_at_the_edge(on: date) -> bool:
            return on in of_leaves or any(self._expected_on(beside) for beside in (on - day, on, on + day))

        others = [one for one in self._candidates if one.start not in expected]
        return standing([one for one in others if is_at_the_edge(one.start.date())])

    def _came_to(self, session: Session) -> bool:
        return any(
            belongs_to(start, session, self._early) and r.entry.status == "attended"
            for start, stated in self._told.items()
            for r in stated
        )

    @fact
    def _planned_until(self) -> date | None:
        """The day up to which sessions are planned: the end of next week at least, moved in steps of four weeks, so
        that they are not planned anew every week."""
        if self.admitted_on is None:
            return None
        ahead = 2 + self.stretch_since(self.admitted_on, _PLANNED_AHEAD.days)
        return self.admitted_on + ahead * _PLANNED_AHEAD - timedelta(days=1)

    def _expected_on(self, day: date) -> bool:
        return self.is_in_program_on(day) and not self.on_leave_at(day) and not self._was_shut_out_on(day)

    def _expects(self, session: Session) -> bool:
        """Whether the patient is expected at a session: in the program from its start to its end, to the hour (E3)."""
        begins, day = self.calendar.instant(session.start), session.start.date()
        return (
            self.in_program_throughout(begins, session.ends_at)
            and not self.on_leave_at(day)
            and not self._comes_back_after(begins, day)
            and not self._was_shut_out_of(session, begins)
        )

    def _comes_back_after(self, begins: datetime, day: date) -> bool:
        """Whether the patient came back from leave on a day, but later in it (E6)."""
        if not self.on_leave_at(day - timedelta(days=1)):
            return False
        if any(
            back.date() == day and begins < self.calendar.instant(back) for back in self.came_during_leave
        ):
            return True
        return any(
            back.entry.on == day and begins < self.hour_of(back.key, back.effective_at)
            for back in self.record.standing(Return)
        )

    def _was_shut_out_of(self, session: Session, begins: datetime) -> bool:
        """Whether an exit that was taken back later stood at a session, and nobody says how it went."""
        if not any(first < session.ends_at and begins < until for first, until in self.shut_out):
            return False
        return not any(belongs_to(start, session, self._early) for start in self._told)

    def _was_shut_out_on(self, day: date) -> bool:
        """The same for a whole day."""
        day_of = self.calendar.day_of
        if not any(day_of(first) <= day < day_of(until) for first, until in self.shut_out):
            return False
        return all(start.date() != day for start in self._told)

    @fact
    def _told(self) -> dict[datetime, list[Recorded[Attendance]]]:
        """Every attendance entry that counts, by the time that it names."""
        found: dict[datetime, list[Recorded[Attendance]]] = {}
        too_late = self._excused_too_late
        for recorded in self.record.standing(Attendance):
            if recorded.key not in too_late:
                found.setdefault(recorded.entry.session, []).append(recorded)
        return found

    @fact
    def _excused_too_late(self) -> set[str]:
        notice = timedelta(minutes=self.policy.attendance.excuse_notice_minutes)
        excuses = self.record.standing(_OWN_EXCUSES)
        return {one.key for one in excuses if comes_too_late(one, self.calendar, notice)}

    @property
    def _early(self) -> timedelta:
        return timedelta(minutes=self.policy.attendance.early_minutes)

    @property
    def changes_without_session(self) -> list[SessionChange]:
        """Changes that stand and find no session to change (A2)."""
        return planned_on((), self.frame.weekly, self.schedules, self._session_changes)[1]

    def finds_no_session(self, change: SessionChange) -> bool:
        """Whether a change that is about to be recorded would change nothing, as far as is known now (A2)."""
        changes = [*self._session_changes, change]
        return any(one is change for one in planned_on((), self.frame.weekly, self.schedules, changes)[1])

    def sessions_near(self, start: datetime) -> list[str]:
        """The sessions of the day of a time, else of the days around it, by name."""
        for reach in (0, 3):
            days = [start.date() + timedelta(days=n) for n in range(-reach, reach + 1)]
            if found := planned_on(days, self.frame.weekly, self.schedules, self._session_changes)[0]:
                return [f"{one:%Y-%m-%dT%H:%M}" for one in found]
        return []

    @property
    def _session_changes(self) -> list[SessionChange]:
        return [r.entry for r in self.record.standing(SessionChange)]
