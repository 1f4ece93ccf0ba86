"""Facts of the course: leave and crisis (E6, E8)."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import NamedTuple

from workflows.core.engine.notes import Selection
from workflows.core.engine.reading import fact
from workflows.core.engine.record import Recorded
from workflows.core.episode.entries import Attendance, Contact, Crisis, Leave, Return, Schedule
from workflows.core.episode.intake.facts import IntakeFacts
from workflows.core.episode.stay.entries import CONTROLLED_ENVIRONMENTS

ANSWERED_WITH_A_CRISIS = ("safety_check", "high_risk_contact")
"""Kinds of duties whose answer may be that the person is in a crisis (S3, A6)."""

_IN_A_CRISIS = Selection(Contact, lambda contact: contact.outcome == "crisis_escalated")
"""Contacts in which somebody found a person in a crisis."""


class OpenCrisis(NamedTuple):
    """A crisis that nobody has answered yet: the id of the entry that tells of it, and since when it is known."""

    key: str
    known_at: datetime


class CourseFacts(IntakeFacts):
    """What stands beside the pathway without being a step of it."""

    @fact
    def leaves(self) -> list[tuple[date, date, str]]:
        """Leaves as first day, last day and reason; a return ends the leave on the day before it, and so does coming to
        the program in its midst, once a person has confirmed it (E6)."""
        stated = [r.entry for r in self.record.standing(Leave)]
        until = [leave.until for leave in stated]
        for recorded in self.record.standing(Return):
            back = recorded.entry
            # A return ends the leave that had begun before it; one that begins on its day is a new one, unless
            # the person came back on the very day on which they had left.
            begun = [n for n, leave in enumerate(stated) if leave.from_ < back.on and until[n] >= back.on]
            if not begun and not any(leave.from_ < back.on <= leave.until for leave in stated):
                begun = [n for n, leave in enumerate(stated) if leave.from_ == back.on]
            for n in begun:
                until[n] = back.on - timedelta(days=1)
        for came_on in sorted({start.date() for start in self.came_during_leave}):
            for n, leave in enumerate(stated):
                if leave.from_ < came_on < leave.until and until[n] >= came_on:
                    until[n] = came_on - timedelta(days=1)
        return [
            (leave.from_, last, leave.reason)
            for leave, last in zip(stated, until, strict=True)
            if last >= leave.from_
        ]

    @fact
    def came_during_leave(self) -> list[datetime]:
        """Wall-clock times at which the person came although no session stood, as a person has confirmed: in the midst
        of a leave it shows that they are back (E6)."""
        found = []
        for key, answer in self.answers_to("unscheduled_attendance"):
            came = self.record.get(key) if answer.choice == "confirm" and self.record.stands(key) else None
            if came and isinstance(came.entry, Attendance):
                found.append(came.entry.session)
        return found

    def on_leave_at(self, day: date) -> bool:
        """Whether a day falls into a leave."""
        return bool(self.leaves) and any(start <= day <= end for start, end, _ in self.leaves)

    @fact
    def on_leave(self) -> bool:
        """Whether the patient is on leave today."""
        day = timedelta(days=1)
        return any(self.has_begun(first) and not self.has_begun(last + day) for first, last, _ in self.leaves)

    def controlled_days(self, first: date, last: date) -> int:
        """Days after `first` and up to `last` in hospital or jail, which do not count toward the gate (S10)."""
        found = 0
        for start, end in self.controlled:
            start, end = max(start, first + timedelta(days=1)), min(end, last)
            found += max(0, (end - start).days + 1)
        return found

    @fact
    def controlled(self) -> list[tuple[date, date]]:
        """First and last day of each stretch in hospital or jail that does not count toward the gate (S10)."""
        if self.policy.gate.controlled_days_count:
            return []
        found: list[tuple[date, date]] = []
        for start, end, reason in sorted(self.leaves):
            if reason not in CONTROLLED_ENVIRONMENTS:
                continue
            if found and start <= found[-1][1] + timedelta(days=1):
                found[-1] = (found[-1][0], max(end, found[-1][1]))
            else:
                found.append((start, end))
        return found

    @fact
    def crises(self) -> list[OpenCrisis]:
        """Every crisis that nobody has answered yet: stated, or told as the answer to a task (E8)."""
        stated = [OpenCrisis(r.key, r.known_at) for r in self.record.standing(Crisis)]
        found = [*stated, *self._crises_answered, *self._crises_escalated]
        return [one for one in found if not self.answer(f"crisis_response:{one.key}")]

    @property
    def _crises_answered(self) -> list[OpenCrisis]:
        """Who looks after a person and finds them in a crisis has said so: nobody need state it once more."""
        rungs = [
            rung.task for rung in self.policy.attendance.ladder if rung.task and "crisis" in rung.outcomes
        ]
        return [
            OpenCrisis(answer.key, answer.at)
            for kind in (*ANSWERED_WITH_A_CRISIS, *rungs)
            for _, answer in self.answers_to(kind)
            if answer.choice == "crisis"
        ]

    @property
    def _crises_escalated(self) -> list[OpenCrisis]:
        """A contact in which a crisis was found, where nobody has stated it on that day."""
        return [OpenCrisis(r.key, r.known_at) for r in self._escalated]

    @property
    def _escalated(self) -> list[Recorded[Contact]]:
        days, day_of = self._days_of_stated_crises, self.calendar.day_of
        return [r for r in self.record.standing(_IN_A_CRISIS) if day_of(r.effective_at) not in days]

    @property
    def _days_of_stated_crises(self) -> set[date]:
        return {self.calendar.day_of(r.effective_at) for r in self.record.standing(Crisis)}

    @property
    def days_of_crises_found(self) -> list[date]:
        """Days on which somebody has found a person in a crisis, in a contact or by a task, and nobody has said of what
        kind it was: nobody knows that it is no danger to life (A6)."""
        day_of, said = self.calendar.day_of, self._days_of_stated_crises
        answered = {day_of(one.known_at) for one in self._crises_answered} - said
        return [*sorted(answered), *(day_of(r.effective_at) for r in self._escalated)]

    @property
    def schedules(self) -> Sequence[Recorded[Schedule]]:
        """Weekly schedules that have taken the place of the first one, by the day on which each begins."""
        return self.record.standing(Schedule)
