"""Facts of attendance: sessions, and what became of each (A1-A3, A8)."""

from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from operator import attrgetter

from workflows.core.engine.calendar import program_week
from workflows.core.engine.reading import fact
from workflows.core.engine.record import Recorded
from workflows.core.episode.attendance.services import MUTUAL_HELP, service_meant
from workflows.core.episode.attendance.sessions import (
    Judged,
    Session,
    belongs_to,
    comes_too_late,
    exceeds,
    judge,
    offered,
    once_planned,
    planned_on,
)
from workflows.core.episode.entries import Attendance, Return, SessionChange
from workflows.core.episode.stay.length import LengthFacts

_START = attrgetter("start")


def _is_overlong(judged: Judged) -> bool:
    told = judged.by.entry if judged.by else None
    return isinstance(told, Attendance) and judged.status == "attended" and exceeds(told, judged.session)


class AttendanceFacts(LengthFacts):
    """Who came, who is missing, and how much care was taken up."""

    @fact
    def sessions(self) -> list[Session]:
        """The sessions that stand from admission to some weeks ahead."""
        came = [one for one in self._at_the_edge if self._came_to(one)]
        return sorted([*self._expected, *came], key=_START) if came else self._expected

    @fact
    def _expected(self) -> list[Session]:
        first, last = self.admitted_on, self._planned_until
        if first is None or last is None:
            return []
        planned = self._offered(first, last, self._expects)
        # One that stays what it was stays the same object, and need not be judged again.
        before = {session.start: session for session in self.kept_before("_expected") or ()}
        return [old if (old := before.get(one.start)) == one else one for one in planned]

    def _offered(self, first: date, last: date, is_offered: Callable[[Session], bool]) -> list[Session]:
        notice = timedelta(minutes=self.policy.attendance.excuse_notice_minutes)
        return offered(
            first,
            last,
            self.frame.weekly,
            self.schedules,
            [r for r in self.record.standing(SessionChange) if not comes_too_late(r, self.calendar, notice)],
            self.calendar,
            is_offered,
            timedelta(minutes=self.policy.attendance.grace_minutes),
        )

    @fact
    def _at_the_edge(self) -> list[Session]:
        """Sessions on the first and last day of a leave, or of another stage: whoever came to one had it (A2)."""
        first, last, day = self.admitted_on, self._planned_until, timedelta(days=1)
        if first is None or last is None:
            return []
        of_leaves = {edge for begins, ends, _ in self.leaves for edge in (begins, ends)}

        def is_at_the_edge(session: Session) -> bool:
            on = session.start.date()
            around = any(self._expected_on(beside) for beside in (on - day, on, on + day))
            return (around or on in of_leaves) and not self._expects(session)

        known = {session.start for session in self._expected}
        return [one for one in self._offered(first, last, is_at_the_edge) if one.start not in known]

    def _came_to(self, session: Session) -> bool:
        return any(
            belongs_to(start, session, self._early)
            and isinstance(r.entry, Attendance)
            and r.entry.status == "attended"
            for start, stated in self._told.items()
            for r in stated
        )

    @fact
    def _planned_until(self) -> date | None:
        """The day up to which sessions are planned: the end of next week at least, moved in steps of four weeks, so
        that they are not planned anew every week."""
        if self.admitted_on is None:
            return None
        weeks = 4 * (program_week(self.admitted_on, self.today) // 4 + 2)
        return self.admitted_on + timedelta(days=7 * weeks - 1)

    def _expected_on(self, day: date) -> bool:
        return (
            self.stage_on(day) == "program" and not self.on_leave_at(day) and not self._was_shut_out_on(day)
        )

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
            isinstance(back.entry, Return)
            and back.entry.on == day
            and begins < self.hour_of(back.key, back.effective_at)
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
    def _stated(self) -> dict[datetime, list[Recorded]]:
        """What was said of each session, by its start; and of a time at which none stands, by that time."""
        found: dict[datetime, list[Recorded]] = {}
        for start, told in self._told.items():
            for recorded in told:
                found.setdefault(self._session_meant(start, recorded), []).append(recorded)
        return found

    def _session_meant(self, start: datetime, told: Recorded) -> datetime:
        """The start of the session to which somebody came at a time, or the time itself where none stands (A2)."""
        entry, known = told.entry, self._sessions_meant
        assert isinstance(entry, Attendance)
        meant = known.get((start, entry.service))
        if meant is None:
            meant = known[start, entry.service] = self._meant_by(start, entry)
        return meant

    @fact
    def _sessions_meant(self) -> dict[tuple[datetime, str | None], datetime]:
        """The same for each time and service that was asked about since the sessions are as they are."""
        self.sessions  # noqa: B018 - while these are the same, what was found stays
        return {}

    def _meant_by(self, start: datetime, entry: Attendance) -> datetime:
        nearby = bisect_right(self.sessions, start, key=_START) - 1
        if nearby >= 0 and self.sessions[nearby].start == start:
            return start
        if entry.service and self._meant(entry.service) == MUTUAL_HELP:
            return start  # a meeting in the same evening is none of our sessions
        around = self.sessions[max(0, nearby - 2) : nearby + 2]
        meant = [one.start for one in around if belongs_to(start, one, self._early)]
        # Who came while one session was on and another was about to begin came late to the first.
        return min(meant, key=lambda one: (one > start, start - one), default=start)

    @property
    def _early(self) -> timedelta:
        return timedelta(minutes=self.policy.attendance.early_minutes)

    @fact
    def arrivals(self) -> dict[str, Judged]:
        """Entries that name another time than the start of the session to which the person came, by entry id (A2)."""
        return {
            told.key: judged
            for judged in self.judged
            for told in self._stated.get(judged.session.start, ())
            if isinstance(told.entry, Attendance) and told.entry.session != judged.session.start
        }

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
        return [r.entry for r in self.record.standing(SessionChange) if isinstance(r.entry, SessionChange)]

    @fact
    def overlong(self) -> list[Judged]:
        """Sessions of which more minutes are told than they had (A2)."""
        return [one for one in self.judged if _is_overlong(one)]

    @fact
    def _told(self) -> dict[datetime, list[Recorded]]:
        """Every attendance entry that counts, by the time that it names."""
        found: dict[datetime, list[Recorded]] = {}
        notice = timedelta(minutes=self.policy.attendance.excuse_notice_minutes)
        for recorded in self.record.standing(Attendance):
            if isinstance(recorded.entry, Attendance) and not comes_too_late(recorded, self.calendar, notice):
                found.setdefault(recorded.entry.session, []).append(recorded)
        return found

    @fact
    def _ends(self) -> list[datetime]:
        return sorted(session.ends_at for session in self.sessions)

    @fact
    def _closes(self) -> list[datetime]:
        return sorted(session.closes_at for session in self.sessions)

    @fact
    def judged(self) -> list[Judged]:
        """Every session that is over, stated or presumed, in order."""
        sessions, stated = self.sessions, self._stated
        ended, closed = self.now_among(self._ends), self.now_among(self._closes)
        before = {one.session.start: one for one in self.kept_before("judged") or ()}
        judged = [
            (session.closes_at <= closed and self._still_judged(before.get(session.start), session, stated))
            or self._judge(session, stated)
            for session in sessions
            if session.ends_at <= ended or session.start in stated
        ]
        return [one for one in judged if one.status != "ahead"]

    def _still_judged(
        self, known: Judged | None, session: Session, all_stated: Mapping[datetime, Sequence[Recorded]]
    ) -> Judged | None:
        """What was judged before, where nothing has been said since: so it is for nearly every session."""
        if known is None or known.session is not session:
            return None
        stated = all_stated.get(session.start)
        if _is_overlong(known):
            return None  # a person may have said since how many minutes count
        same = len(stated) == 1 and known.by is stated[0] if stated else known.status == "presumed_missed"
        return known if same else None

    def _judge(self, session: Session, stated: Mapping[datetime, Sequence[Recorded]]) -> Judged:
        return self._judge_by(session, stated.get(session.start, ()))

    def _judge_by(self, session: Session, stated: Sequence[Recorded]) -> Judged:
        judged = self._judge_between(session, stated)
        if (
            _is_overlong(judged)
            and judged.by
            and self.choice(f"attendance_minutes:{judged.by.key}") == "whole_session"
        ):
            return replace(judged, minutes=session.minutes)
        return judged

    def _judge_between(self, session: Session, stated: Sequence[Recorded]) -> Judged:
        has_closed = bool(stated) or self.has_come(session.closes_at)
        if len(stated) < 2:
            return judge(session, stated, has_closed, meant=self._meant)
        about = f"{session.start.isoformat()}:"
        answers = [
            (subject, answer)
            for subject, answer in self.answers_to("attendance_conflict")
            if subject.startswith(about)
        ]
        chosen = max(answers, key=lambda one: one[1].at)[1].choice if answers else None
        settled = {key for subject, _ in answers for key in subject.removeprefix(about).split("|")}
        return judge(session, stated, has_closed, chosen, settled, self._meant)

    def _meant(self, service: str) -> str:
        return service_meant(service, self.policy.dose) or service

    @fact
    def judged_elsewhere(self) -> list[Judged]:
        """What several sources say who attended at a time for which no session stands (A8)."""
        known = {session.start for session in self.sessions}
        came = {
            start: [r for r in stated if isinstance(r.entry, Attendance) and r.entry.status == "attended"]
            for start, stated in self._stated.items()
            if len(stated) > 1 and start not in known and start.date() >= self.frame.referred_on
        }
        return [
            self._judge_by(self._without_session(start), stated)
            for start, stated in came.items()
            if len(stated) > 1
        ]

    def _without_session(self, start: datetime) -> Session:
        """A time at which somebody came and no session stands: it keeps the length of the one that was planned for it,
        whatever has taken that away since; else it has none of its own (A2)."""
        planned: Session = self.keep(("planned once", start), lambda facts: facts._once_planned(start))
        return planned

    def _once_planned(self, start: datetime) -> Session:
        planned = once_planned(
            start, self.frame.weekly, self.schedules, self._session_changes, self.calendar, self._early
        )
        return planned or Session.unscheduled(start, self.calendar)

    @fact
    def unscheduled(self) -> list[Recorded]:
        """Attendance at a time for which no session stands: kept, counted, and flagged (A2)."""
        known = {session.start for session in self.sessions}
        return [
            stated[0]
            for start, stated in self._stated.items()
            if start not in known
            and stated[0].entry.status == "attended"  # type: ignore[attr-defined]
            and start.date() >= self.frame.referred_on
        ]

    @fact
    def attended_elsewhere(self) -> list[datetime]:
        """Wall-clock times at which the patient came although no session stood, unless a person rejected it."""
        return [
            recorded.entry.session  # type: ignore[attr-defined]
            for recorded in self.unscheduled
            if self.choice(f"unscheduled_attendance:{recorded.key}") != "reject"
        ]
