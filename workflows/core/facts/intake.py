"""Facts of intake: screening, level of care, admission, goals, what was signed (I1-I4)."""

from datetime import date, timedelta
from functools import cached_property

from workflows.core.calendar import program_week
from workflows.core.entries import Acknowledgement, Admission, Goal, LevelOfCareDecision, Screening
from workflows.core.facts.reading import Reading
from workflows.core.record import Recorded


class IntakeFacts(Reading):
    """Who was admitted, when, and for how long the program lasts."""

    @property
    def screening(self) -> Recorded | None:
        """The latest screening."""
        return next(reversed(self.record.standing(Screening)), None)

    @cached_property
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

    @cached_property
    def admitted_on(self) -> date | None:
        """The first program day."""
        return self.admission.on if self.admission else None

    @cached_property
    def length_reached_on(self) -> date:
        """The day on which the program's length is over: 90 whole days after admission (S9)."""
        assert self.admitted_on is not None
        return self.admitted_on + timedelta(days=self.policy.length.days)

    @cached_property
    def week_started_on(self) -> date | None:
        """The first day of the current program week (A1)."""
        if self.admitted_on is None or self.today < self.admitted_on:
            return None
        return self.admitted_on + timedelta(days=7 * program_week(self.admitted_on, self.today))

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
