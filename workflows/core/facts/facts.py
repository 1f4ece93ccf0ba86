"""All facts of an episode at one instant, folded from its record when they are asked for.

Folds that read many entries are kept by the version of what they read, so that recording an entry costs
what that entry changes and not the length of the record.
"""

from bisect import bisect_right
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import cached_property
from typing import TypeVar

from workflows.core.calendar import Calendar, program_week
from workflows.core.entries import (
    Acknowledgement,
    Admission,
    Attendance,
    Checkin,
    Contact,
    Crisis,
    Decision,
    Exit,
    Flag,
    Goal,
    Leave,
    LevelOfCareDecision,
    Medication,
    Return,
    Schedule,
    Screening,
    SessionChange,
    Test,
    Use,
    WeeklySession,
)
from workflows.core.entries.course import CONTROLLED_ENVIRONMENTS
from workflows.core.facts import gate as conditions
from workflows.core.facts.gate import Condition
from workflows.core.facts.ladder import Outreach, outreach
from workflows.core.facts.sessions import Judged, Session, judge, offered, run_of_misses
from workflows.core.facts.sobriety import Slip, Tested, read_tests, stated_uses
from workflows.core.policy import Policy
from workflows.core.record import Record, Recorded

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Answer:
    """What a named person decided about one duty."""

    choice: str
    by: str
    at: datetime
    key: str
    reason: str | None


@dataclass
class Frame:
    """What the facts are read against: the policy in force, the calendar, and what people have decided."""

    policy: Policy
    calendar: Calendar
    weekly: tuple[WeeklySession, ...]
    team: Mapping[str, str]
    answers: dict[str, Answer] = field(default_factory=dict)
    exits: Mapping[tuple[str, str], str] = field(default_factory=dict)
    """Which answer to which kind of duty closes the episode, and as what."""
    periods: list[tuple[str, date]] = field(default_factory=list)
    """Stages and the day since which each has lasted, in order."""
    kept: dict[str, tuple[object, object]] = field(default_factory=dict)
    """Folds by name, each with the version of what it was folded from."""

    def stage_on(self, day: date) -> str | None:
        """The stage on a day; the day on which a stage begins belongs to it."""
        return next((stage for stage, since in reversed(self.periods) if since <= day), None)

    def since(self, stage: str) -> date | None:
        """The day on which a stage last began."""
        return next((since for name, since in reversed(self.periods) if name == stage), None)


class Facts:
    """The facts at `now`. Cheap to make; each fact is folded at most once."""

    def __init__(self, record: Record, frame: Frame, now: datetime) -> None:
        self.record = record
        self.frame = frame
        self.policy = frame.policy
        self.calendar = frame.calendar
        self.now = now
        self.today = frame.calendar.day_of(now)

    def on(self, day: date) -> "Facts":
        """The facts of the same record as they stand for another day (at its start)."""
        return Facts(self.record, self.frame, self.calendar.at(day))

    def _fold(self, name: str, version: object, fold: Callable[[], T]) -> T:
        kept = self.frame.kept.get(name)
        if kept is None or kept[0] != version:
            kept = self.frame.kept[name] = (version, fold())
        return kept[1]  # type: ignore[return-value]

    def answer(self, duty: str) -> Answer | None:
        """What was decided about a duty, if that decision stands."""
        answer = self.frame.answers.get(duty)
        return answer if answer and self.record.stands(answer.key) else None

    # -- intake -------------------------------------------------------------------------------------------

    @property
    def screening(self) -> Recorded | None:
        """The latest screening."""
        return next(reversed(self.record.standing(Screening)), None)

    @property
    def level_of_care(self) -> str | None:
        """The level that a clinician decided on, last (I2)."""
        decided = [
            (r.effective_at, r.entry.level)
            for r in self.record.standing(LevelOfCareDecision)
            if isinstance(r.entry, LevelOfCareDecision)
        ]
        if answer := self.answer("level_of_care"):
            decided.append((answer.at, answer.choice))  # type: ignore[arg-type]  # its outcomes are the levels
        return max(decided)[1] if decided else None

    @cached_property
    def admission(self) -> Admission | None:
        """The admission that stands, complete or not."""
        admissions = self.record.standing(Admission)
        entry = admissions[-1].entry if admissions else None
        return entry if isinstance(entry, Admission) else None

    @property
    def admitted_on(self) -> date | None:
        """The first program day."""
        return self.admission.on if self.admission else None

    @cached_property
    def goals(self) -> dict[str, str]:
        """Goal ids and their status."""
        return {
            r.entry.goal_id: r.entry.status for r in self.record.standing(Goal) if isinstance(r.entry, Goal)
        }

    def acknowledged(self, what: str) -> bool:
        """Whether the patient has signed something, such as the rights notice."""
        return any(
            isinstance(r.entry, Acknowledgement) and r.entry.what == what
            for r in self.record.standing(Acknowledgement)
        )

    # -- use, tests and the gate --------------------------------------------------------------------------

    @property
    def tested(self) -> Tested:
        """What the tests say."""
        lifted = frozenset(
            key.removeprefix("hold_review:")
            for key in self.frame.answers
            if key.startswith("hold_review:") and self._choice(key) == "lift_hold"
        )
        return self._fold(
            "tested",
            (self.record.version(Test, Medication), lifted),
            lambda: read_tests(
                self.record.standing(Test),
                [r.entry for r in self.record.standing(Medication) if isinstance(r.entry, Medication)],
                self.policy.tests,
                lifted.__contains__,
            ),
        )

    @cached_property
    def slips(self) -> list[Slip]:
        """All uses that stand up to today, by date (S2)."""
        found = self._fold(
            "slips",
            (self.record.version(Use, Test, Medication), self.tested.slips),
            lambda: sorted(
                [*stated_uses(self.record.standing(Use), self.policy.tests), *self.tested.slips],
                key=lambda slip: (slip.on, slip.key),
            ),
        )
        return [slip for slip in found if slip.on <= self.today]

    @cached_property
    def last_use_on(self) -> date | None:
        """The latest use that stands, whoever told it and whenever (S2); None: not known."""
        known = [self.slips[-1].on] if self.slips else []
        if self.admission and self.admission.last_use_on and self.admission.last_use_on <= self.today:
            known.append(self.admission.last_use_on)
        return max(known, default=None)

    @property
    def days_sober(self) -> int | None:
        """Calendar days in the program's zone since last use (T1)."""
        return (self.today - self.last_use_on).days if self.last_use_on else None

    def controlled_days(self, first: date, last: date) -> int:
        """Days of a period spent in hospital or jail, which do not count toward the gate (S10)."""
        if self.policy.gate.controlled_days_count:
            return 0
        days: set[date] = set()
        for start, end, reason in self.leaves:
            if reason in CONTROLLED_ENVIRONMENTS:
                start, end = max(start, first + timedelta(days=1)), min(end, last)
                days.update(start + timedelta(days=n) for n in range((end - start).days + 1))
        return len(days)

    @cached_property
    def gate_conditions(self) -> tuple[Condition, ...]:
        """Every condition of the gate except the clinician's signature (S9)."""
        if self.last_use_on is None or self.admitted_on is None:
            return (Condition("sobriety", False, "the date of last use is not known"),)
        gate = self.policy.gate
        return (
            conditions.length(self.today, self.length_reached_on, advanced=False),
            conditions.sobriety(
                (self.today - self.last_use_on).days,
                self.controlled_days(self.last_use_on, self.today),
                self.last_use_on,
                gate,
            ),
            conditions.evidence(self.tested.valid_on, self.last_use_on, self.today, gate),
            conditions.holds([hold for hold in self.tested.holds if hold.since <= self.today]),
            conditions.goals([g for g, status in self.goals.items() if status == "open"], bool(self.goals)),
            Condition(
                "level_of_care_review",
                self.level_review is None,
                "a level-of-care review is open" if self.level_review else "no review is open",
            ),
        )

    @property
    def gate_ready(self) -> bool:
        """Whether nothing but the clinician's signature is missing."""
        return all(condition.met for condition in self.gate_conditions)

    @property
    def gate_ready_but_for_length(self) -> bool:
        """Whether a clinician may advance the gate with a reason (S12)."""
        return all(condition.met for condition in self.gate_conditions if condition.name != "length")

    @property
    def length_reached_on(self) -> date:
        """The day on which the program's length is over: 90 whole days after admission (S9)."""
        assert self.admitted_on is not None
        return self.admitted_on + timedelta(days=self.policy.length.days)

    @property
    def gate_opens_on(self) -> date | None:
        """The earliest day on which the gate can pass, as far as dates decide it (S9)."""
        if self.last_use_on is None or self.admitted_on is None:
            return None
        opens = self.last_use_on + timedelta(days=self.policy.gate.sober_days)
        # Each day in a controlled environment moves the date by one, and may bring further such days in.
        while (opens - self.last_use_on).days - self.controlled_days(
            self.last_use_on, opens
        ) < self.policy.gate.sober_days:
            opens += timedelta(days=1)
        return max(opens, self.length_reached_on)

    @cached_property
    def level_review(self) -> str | None:
        """The slip that calls for a level-of-care review nobody has decided yet: its entry id (S3)."""
        response = self.policy.slip_response
        since = self.admitted_on
        slips = [slip for slip in self.slips if since and slip.on >= since]
        open_review = None
        for number, slip in enumerate(slips):
            days = {
                other.on
                for other in slips[: number + 1]
                if (slip.on - other.on).days <= response.review_within_days
            }
            if slip.relapse or len(days) >= response.review_at_slips:
                open_review = None if self.answer(f"level_of_care_review:{slip.key}") else slip.key
        return open_review

    # -- attendance ---------------------------------------------------------------------------------------

    def _expected_on(self, day: date) -> bool:
        return self.frame.stage_on(day) == "program" and not self.on_leave_at(day)

    @property
    def sessions(self) -> list[Session]:
        """The sessions that stand from admission to the end of next week."""
        if self.admitted_on is None or not self.frame.periods:
            return []
        first, week = self.admitted_on, program_week(self.admitted_on, self.today)
        return self._fold(
            "sessions",
            (
                first,
                week,
                tuple(self.frame.periods),
                self.record.version(Schedule, SessionChange, Leave, Return),
            ),
            lambda: offered(
                first,
                first + timedelta(days=7 * (week + 2) - 1),
                self.frame.weekly,
                self.record.standing(Schedule),
                self.record.standing(SessionChange),
                self.calendar,
                self._expected_on,
            ),
        )

    @property
    def _stated(self) -> dict[datetime, list[Recorded]]:
        def by_session() -> dict[datetime, list[Recorded]]:
            found: dict[datetime, list[Recorded]] = {}
            for recorded in self.record.standing(Attendance):
                if isinstance(recorded.entry, Attendance):
                    found.setdefault(recorded.entry.session, []).append(recorded)
            return found

        return self._fold("stated", self.record.version(Attendance), by_session)

    def closes_at(self, session: Session) -> datetime:
        """When a session without an attendance entry is presumed missed (A3)."""
        return session.ends_at + timedelta(minutes=self.policy.attendance.grace_minutes)

    def _judge(self, session: Session) -> Judged:
        stated = self._stated.get(session.start, ())
        return judge(
            session,
            stated,
            self._choice(f"attendance_conflict:{session.start.isoformat()}"),
            self.closes_at(session),
            self.now,
        )

    @property
    def _judged_version(self) -> object:
        """Changes whenever a session may be judged otherwise: by entries, by decisions, or as time passes."""
        sessions = self.sessions
        sessions_version = self.frame.kept["sessions"][0] if sessions else None
        over = bisect_right(sessions, self.now, key=lambda session: session.ends_at)
        closed = bisect_right(sessions, self.now, key=self.closes_at)
        return (
            self.record.version(Attendance, Decision),
            self.admitted_on,
            sessions_version,
            over,
            closed,
            len(self.frame.answers),
        )

    @property
    def judged(self) -> list[Judged]:
        """Every session that is over, stated or presumed, in order."""
        return self._fold(
            "judged",
            self._judged_version,
            lambda: [
                judged
                for judged in map(self._judge, self.sessions)
                if judged.status != "ahead" and (judged.by or judged.session.ends_at <= self.now)
            ],
        )

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

    @cached_property
    def week_started_on(self) -> date | None:
        """The first day of the current program week (A1)."""
        if self.admitted_on is None or self.today < self.admitted_on:
            return None
        return self.admitted_on + timedelta(days=7 * program_week(self.admitted_on, self.today))

    def dose_of_week(self, first: date) -> tuple[int, int]:
        """Minutes and distinct days attended in the 7 days from `first` (A1, A2)."""
        return self._fold(f"dose:{first}", self._judged_version, lambda: self._dose_of_week(first))

    def _dose_of_week(self, first: date) -> tuple[int, int]:
        last = first + timedelta(days=6)
        minutes, days = 0, set()
        known = {session.start: session for session in self.sessions} if self._stated else {}
        for start, stated in self._stated.items():
            if first <= start.date() <= last:
                if self._choice(f"unscheduled_attendance:{stated[0].key}") == "reject":
                    continue
                session = known.get(start) or Session(start, self.calendar.instant(start), 0, "group")
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

    # -- the course: leave, crisis, exit ------------------------------------------------------------------

    @property
    def leaves(self) -> list[tuple[date, date, str]]:
        """Leaves as first day, last day and reason; a return ends the leave on the day before it (E6)."""

        def fold() -> list[tuple[date, date, str]]:
            returns = [r.entry.on for r in self.record.standing(Return) if isinstance(r.entry, Return)]
            found = []
            for recorded in self.record.standing(Leave):
                leave = recorded.entry
                assert isinstance(leave, Leave)
                back = min((on for on in returns if on >= leave.from_), default=None)
                until = min(leave.until, back - timedelta(days=1)) if back else leave.until
                if until >= leave.from_:
                    found.append((leave.from_, until, leave.reason))
            return found

        return self._fold("leaves", self.record.version(Leave, Return), fold)

    def on_leave_at(self, day: date) -> bool:
        """Whether a day falls into a leave."""
        return any(start <= day <= end for start, end, _ in self.leaves)

    @property
    def on_leave(self) -> bool:
        """Whether the patient is on leave today."""
        return self.on_leave_at(self.today)

    @property
    def crisis(self) -> Recorded | None:
        """A crisis whose response nobody has completed yet (E8)."""
        return next(
            (r for r in self.record.standing(Crisis) if not self.answer(f"crisis_response:{r.key}")), None
        )

    @property
    def flags(self) -> list[str]:
        """Flags that are on today."""
        return sorted(
            {
                r.entry.name
                for r in self.record.standing(Flag)
                if isinstance(r.entry, Flag)
                and r.entry.on <= self.today
                and (r.entry.off is None or self.today <= r.entry.off)
            }
        )

    @property
    def high_risk(self) -> bool:
        """Whether a flag replaces the ladder by same-day contact (A6)."""
        return any(flag in self.policy.attendance.high_risk_flags for flag in self.flags)

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
        """The last day on which the patient was seen or spoken with (E4)."""
        seen = [j.session.start.date() for j in self.judged if j.status == "attended"][-1:]
        seen += [at.date() for at in self._spoken_with[-1:]]
        seen += [r.entry.on for r in self.record.standing(Checkin)[-1:] if isinstance(r.entry, Checkin)]
        return max(seen, default=None)

    def _choice(self, duty: str) -> str | None:
        answer = self.answer(duty)
        return answer.choice if answer else None

    # -- extensions (S11) ---------------------------------------------------------------------------------

    @cached_property
    def extensions(self) -> list[tuple[date, tuple[str, ...]]]:
        """Extension blocks that have begun: first day, and the gate conditions that were not met then."""
        if self.admitted_on is None or self.today < self.length_reached_on:
            return []
        stepped_down = self.frame.since("aftercare")
        until = min(self.today, stepped_down - timedelta(days=1)) if stepped_down else self.today
        blocks: list[tuple[date, tuple[str, ...]]] = []
        day = self.length_reached_on
        while day <= until and len(blocks) < self.policy.length.max_extensions:
            unmet = tuple(c.name for c in self.on(day).gate_conditions if not c.met)
            if unmet:
                blocks.append((day, unmet))
            day += timedelta(days=self.policy.length.extension_days if unmet else 1)
        return blocks

    @property
    def program_ends_on(self) -> date | None:
        """The day on which the program, with the extensions so far, is over."""
        if self.admitted_on is None:
            return None
        if not self.extensions:
            return self.length_reached_on
        return self.extensions[-1][0] + timedelta(days=self.policy.length.extension_days)

    @property
    def at_extension_limit(self) -> bool:
        """Whether the last extension is over: a team review is mandatory, and nothing else follows (S11)."""
        ends = self.program_ends_on
        return (
            len(self.extensions) >= self.policy.length.max_extensions
            and ends is not None
            and self.today >= ends
        )
