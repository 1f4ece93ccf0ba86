"""Which sessions were offered, who came, and the run of misses (A1-A5, A8)."""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Literal

from workflows.core.engine.calendar import WEEKDAYS, Calendar, in_words
from workflows.core.engine.record import Recorded
from workflows.core.episode.entries import Attendance, Schedule, SessionChange, Source, WeeklySession

Status = Literal["attended", "excused", "missed", "presumed_missed", "ahead"]


@dataclass(frozen=True, slots=True)
class Session:
    """One offered session. `start` is its name in wall-clock time; the others are instants."""

    start: datetime
    ends_at: datetime
    closes_at: datetime
    """When a session without an attendance entry is presumed missed: a grace after its end (A3)."""
    minutes: int
    service: str

    @classmethod
    def planned(
        cls, start: datetime, minutes: int, service: str, calendar: Calendar, grace: timedelta
    ) -> "Session":
        """A session that begins at a wall-clock time of the program."""
        ends_at = calendar.instant(start) + timedelta(minutes=minutes)
        return cls(start, ends_at, ends_at + grace, minutes, service)

    @classmethod
    def unscheduled(cls, start: datetime, calendar: Calendar) -> "Session":
        """A time at which somebody attended although no session stands: it has no length of its own (A2)."""
        return cls.planned(start, 0, "group", calendar, timedelta())

    @property
    def name(self) -> str:
        """As people say it: `Mon 2 Mar 18:00`."""
        return in_words(self.start)


@dataclass(frozen=True, slots=True)
class Judged:
    """A session and what became of it; `by` is the attendance entry that says so, if one does."""

    session: Session
    status: Status
    minutes: int
    service: str
    by: Recorded[Attendance] | None
    disputed_by: Recorded[Attendance] | None = None

    @property
    def missed(self) -> bool:
        """Stated or presumed (A3)."""
        return self.status in ("missed", "presumed_missed")


def offered(
    first: date,
    last: date,
    weekly: Sequence[WeeklySession],
    schedules: Iterable[Recorded[Schedule]],
    changes: Iterable[Recorded[SessionChange]],
    calendar: Calendar,
    grace: timedelta,
) -> list[Session]:
    """The sessions that the clinic holds from `first` to `last` (A3).

    A closure and a change by the clinic take a session away, so that it can never be missed.
    """
    planned = {
        start: _Planned(start, minutes, service)
        for start, (minutes, service) in _weekly(first, last, weekly, schedules)
    }
    _change(planned, [r.entry for r in changes])
    return [
        Session.planned(plan.start, plan.minutes, plan.service, calendar, grace)
        for named, plan in planned.items()
        if not plan.is_cancelled and first <= plan.start.date() <= last
        if plan.is_added or plan.start != named or plan.start.date() not in calendar.closures
    ]


def standing(sessions: Iterable[Session]) -> list[Session]:
    """These sessions in order. One that is moved to the time of another is held with it: nobody misses both."""
    found: dict[datetime, Session] = {}
    for session in sessions:
        if session.start not in found or found[session.start].minutes < session.minutes:
            found[session.start] = session
    return sorted(found.values(), key=lambda session: session.start)


def planned_on(
    days: Collection[date],
    weekly: Sequence[WeeklySession],
    schedules: Iterable[Recorded[Schedule]],
    changes: Sequence[SessionChange],
) -> tuple[list[datetime], list[SessionChange]]:
    """The starts of the sessions of some days, cancelled ones too, and the changes that find no session."""
    plans = list(schedules)
    touched = {day for one in changes for day in (one.session.date(), (one.new_start or one.session).date())}
    planned = {
        start: _Planned(start, minutes, service)
        for day in sorted({*days, *touched})
        for start, (minutes, service) in _weekly(day, day, weekly, plans)
    }
    without = _change(planned, changes)
    return sorted({plan.start for plan in planned.values() if plan.start.date() in days}), without


@dataclass(slots=True)
class _Planned:
    """A session of the schedule, or an added one, as it is planned now."""

    start: datetime
    minutes: int
    service: str
    is_cancelled: bool = False
    is_added: bool = False
    """By somebody who knew the day: it takes place on a day on which the program is closed, too."""


def _change(planned: dict[datetime, _Planned], changes: Iterable[SessionChange]) -> list[SessionChange]:
    """Cancel, move and add sessions; `planned` is by the time at which each was planned first. What is left over finds
    no session."""
    pending = list(changes)
    while pending:
        left = []
        for change in pending:
            if change.change == "added":
                plan = planned.setdefault(change.session, _Planned(change.session, 60, "group"))
                plan.start, plan.is_cancelled, plan.is_added = (
                    change.session,
                    False,
                    True,
                )  # it takes place after all
            elif (named := _named(change.session, planned)) is None:
                left.append(change)  # perhaps a session that another change moves there
                continue
            else:
                plan = named
                plan.is_cancelled = change.change == "cancelled"
                plan.start = change.new_start or plan.start
            plan.minutes, plan.service = change.minutes or plan.minutes, change.service or plan.service
        if len(left) == len(pending):
            return left
        pending = left
    return []


def _named(start: datetime, planned: dict[datetime, _Planned]) -> _Planned | None:
    """The session that people mean by a time: the one planned for it, one moved there, or one moved away from it."""
    own = planned.get(start)
    if own and own.start == start:
        return own
    return next((plan for plan in planned.values() if plan.start == start), own)


def once_planned(
    start: datetime,
    weekly: Sequence[WeeklySession],
    schedules: Iterable[Recorded[Schedule]],
    changes: Sequence[SessionChange],
    calendar: Calendar,
    early: timedelta,
) -> Session | None:
    """The session that was planned for a time once, and that a later word has taken away: by the schedule that was to
    hold then, by an earlier one, or by a change of the calendar (A2)."""
    plans = [(date.min, tuple(weekly)), *_plans(schedules)]
    for since, plan in reversed(plans):
        for line in plan if since <= start.date() else ():
            if line.weekday == WEEKDAYS[start.weekday()]:
                begins = datetime.combine(start.date(), time.fromisoformat(line.start))
                session = Session.planned(begins, line.minutes, line.service, calendar, timedelta())
                if belongs_to(start, session, early):
                    return session
    for change in changes:
        begins = change.session if change.change == "added" else change.new_start or change.session
        moved = change.change == "moved" and change.session != begins
        from_ = once_planned(change.session, weekly, schedules, (), calendar, early) if moved else None
        minutes = change.minutes or (from_.minutes if from_ else 60)
        service = change.service or (from_.service if from_ else "group")
        session = Session.planned(begins, minutes, service, calendar, timedelta())
        if change.change != "cancelled" and belongs_to(start, session, early):
            return session
    return None


def comes_too_late(
    recorded: Recorded[Attendance] | Recorded[SessionChange], calendar: Calendar, notice: timedelta
) -> bool:
    """Whether somebody excuses themselves, or cancels, with too little notice: then only staff can excuse it,
    afterwards (A3)."""
    said = recorded.entry
    return excuses_oneself(said) and recorded.recorded_at > calendar.instant(said.session) - notice


def excuses_oneself(said: Attendance | SessionChange) -> bool:
    """Whether somebody says themselves that they do not come."""
    excuses = said.status == "excused" if isinstance(said, Attendance) else said.reason == "patient"
    return excuses and said.source in (Source.PATIENT, Source.KIOSK)


def _weekly(
    first: date, last: date, weekly: Sequence[WeeklySession], schedules: Iterable[Recorded[Schedule]]
) -> Iterator[tuple[datetime, tuple[int, str]]]:
    """Each session of the weekly schedules, with its minutes and service."""
    plans = [(first, tuple(weekly)), *_plans(schedules)]
    for number, (since, plan) in enumerate(plans):
        until = plans[number + 1][0] if number + 1 < len(plans) else last + timedelta(days=1)
        begin, end = max(since, first), min(until, last + timedelta(days=1))
        for line in plan:
            clock = time.fromisoformat(line.start)
            day = begin + timedelta(days=(WEEKDAYS.index(line.weekday) - begin.weekday()) % 7)
            while day < end:
                yield datetime.combine(day, clock), (line.minutes, line.service)
                day += timedelta(days=7)


def _plans(schedules: Iterable[Recorded[Schedule]]) -> list[tuple[date, tuple[WeeklySession, ...]]]:
    return [(r.entry.from_, r.entry.schedule) for r in schedules]


def judge(
    session: Session,
    stated: Sequence[Recorded[Attendance]],
    has_closed: bool,
    chosen: str | None = None,
    settled: Collection[str] = (),
    meant: Callable[[str], str] = str,
) -> Judged:
    """What became of a session (A3, A8). One of which nothing is stated is presumed missed once it `has_closed`.

    The earlier entry stands until a person has chosen between those that disagree: `chosen` is the choice, and
    `settled` are the entries between which a person has chosen already. `meant` tells which service
    a name stands for (A2).
    """
    if not stated:
        status: Status = "presumed_missed" if has_closed else "ahead"
        return Judged(session, status, 0, session.service, None)
    standing, other = stated[0], None
    if len(stated) > 1:
        ordered = sorted(_without_hasty(stated, session), key=lambda r: (r.recorded_at, r.key))
        standing = next((r for r in ordered if r.key == chosen), ordered[0])
        other = next(
            (r for r in ordered if r.key not in settled and _disagree(standing, r, session, meant)), None
        )
    status, minutes, service = _says(standing, session, meant)
    return Judged(session, status, minutes, service, standing, other)


def belongs_to(arrival: datetime, session: Session, early: timedelta) -> bool:
    """Whether whoever came at a wall-clock time has come to a session: while it is on, or a little `early` (A2)."""
    return session.start - early <= arrival < session.start + timedelta(minutes=session.minutes)


def exceeds(told: Attendance, session: Session) -> bool:
    """Whether more minutes are told than there were from the arrival to the end of the session (A2)."""
    if told.minutes is None or not session.minutes:
        return False
    return told.minutes > session.minutes - late_by(told, session)


def late_by(arrival: Attendance, session: Session) -> int:
    """Minutes after the start of its session at which somebody came; 0: in time, or not said."""
    return max(0, (arrival.session - session.start) // timedelta(minutes=1)) if session.minutes else 0


def _says(
    recorded: Recorded[Attendance], session: Session, meant: Callable[[str], str]
) -> tuple[Status, int, str]:
    entry = recorded.entry
    if entry.status != "attended":
        return entry.status, 0, session.service
    minutes = session.minutes - late_by(entry, session) if entry.minutes is None else entry.minutes
    return "attended", minutes, meant(entry.service or session.service)


def _without_hasty(
    stated: Sequence[Recorded[Attendance]], session: Session
) -> Sequence[Recorded[Attendance]]:
    """Nobody has missed a session that is still on: who came after the roster was taken came late (A2)."""
    hasty = [r for r in stated if is_stated(r, "missed") and r.recorded_at < session.ends_at]
    if hasty and any(is_stated(r, "attended") for r in stated):
        return [r for r in stated if r not in hasty]
    return stated


def is_stated(recorded: Recorded[Attendance], status: str) -> bool:
    """Whether an attendance entry says that this is what became of its session."""
    return recorded.entry.status == status


def _disagree(
    one: Recorded[Attendance], other: Recorded[Attendance], session: Session, meant: Callable[[str], str]
) -> bool:
    """Whether two entries say different things of a session. A door that tells when somebody came says nothing against
    the minutes that staff have written down, as long as these could be attended since then, but for the grace."""
    (status, minutes, service), said = _says(one, session, meant), _says(other, session, meant)
    if (status, minutes, service) == said:
        return False
    grace = (session.closes_at - session.ends_at) // timedelta(minutes=1)
    tells_arrival = any(_tells_arrival(r, session) for r in (one, other))
    return not (tells_arrival and (status, service) == said[::2] and abs(minutes - said[1]) <= grace)


def _tells_arrival(recorded: Recorded[Attendance], session: Session) -> bool:
    entry = recorded.entry
    return entry.minutes is None and late_by(entry, session) > 0


def run_of_misses(judged: Sequence[Judged], since: datetime | None) -> list[Judged]:
    """The consecutive misses up to now, oldest first.

    An attended session ends the run, and so does `since`: the end of a leave, or coming at another time. An
    excused session neither ends it nor lengthens it.
    """
    run: list[Judged] = []
    for one in reversed(judged):
        if one.status == "attended" or (since is not None and one.session.ends_at <= since):
            break
        if one.missed:
            run.append(one)
    run.reverse()
    return run
