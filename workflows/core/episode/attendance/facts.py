"""Facts of attendance: sessions, and what became of each (A1-A3, A8)."""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from operator import attrgetter

from workflows.core.engine.reading import fact
from workflows.core.engine.record import Recorded
from workflows.core.episode.attendance.planned import SessionFacts
from workflows.core.episode.attendance.services import MUTUAL_HELP, service_meant
from workflows.core.episode.attendance.sessions import (
    Judged,
    Session,
    belongs_to,
    exceeds,
    is_stated,
    judge,
    once_planned,
)
from workflows.core.episode.entries import Attendance

_START = attrgetter("start")
_CLOSES_AT = attrgetter("closes_at")


def _is_overlong(judged: Judged) -> bool:
    if judged.by is None or judged.status != "attended":
        return False
    told = judged.by.entry
    return exceeds(told, judged.session)


def _still_judged(
    known: Judged | None, session: Session, all_stated: Mapping[datetime, Sequence[Recorded[Attendance]]]
) -> Judged | None:
    """What was judged before, where nothing has been said since: so it is for nearly every session."""
    if known is None or known.session is not session:
        return None
    stated = all_stated.get(session.start)
    if stated is None:
        return known if known.status == "presumed_missed" else None
    if len(stated) != 1 or known.by is not stated[0]:
        return None
    return None if _is_overlong(known) else known  # a person may have said since how many minutes count


class AttendanceFacts(SessionFacts):
    """Who came, who is missing, and how much care was taken up."""

    @fact
    def _stated(self) -> dict[datetime, list[Recorded[Attendance]]]:
        """What was said of each session, by its start; and of a time at which none stands, by that time."""
        found: dict[datetime, list[Recorded[Attendance]]] = {}
        known = self._sessions_meant
        for start, told in self._told.items():
            for recorded in told:
                entry = recorded.entry
                meant = known.get((start, entry.service))
                if meant is None:
                    meant = known[start, entry.service] = self._meant_by(start, entry)
                found.setdefault(meant, []).append(recorded)
        return found

    @fact
    def _came(self) -> dict[datetime, list[Recorded[Attendance]]]:
        """The same where somebody says that the person came: an excuse changes nothing of it."""
        return {
            start: stated
            for start, stated in self._stated.items()
            if is_stated(stated[0], "attended") or any(is_stated(one, "attended") for one in stated[1:])
        }

    @fact
    def _sessions_meant(self) -> dict[tuple[datetime, str | None], datetime]:
        """The start of the session to which somebody came at a time for a service, or the time itself where none stands
        (A2); of those that were asked about since the sessions are as they are."""
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

    @fact
    def arrivals(self) -> dict[str, Judged]:
        """Entries that name another time than the start of the session to which the person came, by entry id (A2)."""
        otherwise = [
            (told.key, start)
            for start, stated in self._stated.items()
            for told in stated
            if told.entry.session != start
        ]
        if not otherwise:
            return {}
        judged = {one.session.start: one for one in self.judged}
        return {key: judged[start] for key, start in otherwise if start in judged}

    @fact
    def overlong(self) -> list[Judged]:
        """Sessions of which more minutes are told than they had (A2)."""
        return [one for one in self.judged if _is_overlong(one)]

    @fact
    def _by_start(self) -> dict[datetime, Session]:
        return {session.start: session for session in self.sessions}

    @fact
    def _by_day(self) -> dict[date, list[Session]]:
        found: dict[date, list[Session]] = {}
        for session in self.sessions:
            found.setdefault(session.start.date(), []).append(session)
        return found

    def sessions_of_week(self, first: date) -> list[Session]:
        """The sessions that stand in the 7 days from `first`, in order."""
        days = (first + timedelta(days=ahead) for ahead in range(7))
        return [session for day in days for session in self._by_day.get(day, ())]

    @fact
    def _ends(self) -> list[datetime]:
        return sorted(session.ends_at for session in self.sessions)

    @fact
    def _by_close(self) -> list[Session]:
        return sorted(self.sessions, key=_CLOSES_AT)

    @fact
    def _closes(self) -> list[datetime]:
        return [session.closes_at for session in self._by_close]

    @fact
    def next_to_close(self) -> Session | None:
        """The session that is judged next, whether or not attendance is already recorded (A3)."""
        closed = bisect_right(self._closes, self.now_among(self._closes))
        return self._by_close[closed] if closed < len(self._by_close) else None

    @fact
    def judged(self) -> list[Judged]:
        """Every session that is over, stated or presumed, in order."""
        sessions, stated = self.sessions, self._stated
        ended, closed = self.now_among(self._ends), self.now_among(self._closes)
        before = {one.session.start: one for one in self.kept_before("judged") or ()}
        judged = [
            (session.closes_at <= closed and _still_judged(before.get(session.start), session, stated))
            or self._judge(session, stated)
            for session in sessions
            if session.ends_at <= ended or session.start in stated
        ]
        return [one for one in judged if one.status != "ahead"]

    def _judge(self, session: Session, stated: Mapping[datetime, Sequence[Recorded[Attendance]]]) -> Judged:
        return self._judge_by(session, stated.get(session.start, ()))

    def _judge_by(self, session: Session, stated: Sequence[Recorded[Attendance]]) -> Judged:
        judged = self._judge_between(session, stated)
        if (
            _is_overlong(judged)
            and judged.by
            and self.choice(f"attendance_minutes:{judged.by.key}") == "whole_session"
        ):
            return replace(judged, minutes=session.minutes)
        return judged

    def _judge_between(self, session: Session, stated: Sequence[Recorded[Attendance]]) -> Judged:
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
            start: [one for one in stated if is_stated(one, "attended")]
            for start, stated in self._came.items()
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
    def unscheduled(self) -> list[Recorded[Attendance]]:
        """Attendance at a time for which no session stands: kept, counted, and flagged (A2)."""
        known = {session.start for session in self.sessions}
        return [
            stated[0]
            for start, stated in self._came.items()
            if start not in known
            and is_stated(stated[0], "attended")
            and start.date() >= self.frame.referred_on
        ]

    @fact
    def attended_elsewhere(self) -> list[datetime]:
        """Wall-clock times at which the patient came although no session stood, unless a person rejected it."""
        return [
            recorded.entry.session
            for recorded in self.unscheduled
            if self.choice(f"unscheduled_attendance:{recorded.key}") != "reject"
        ]
