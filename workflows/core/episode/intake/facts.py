"""Facts of intake: screening, level of care, admission, goals, what was signed (I1-I4)."""

from datetime import date, datetime, timedelta

from workflows.core.engine.reading import fact
from workflows.core.engine.record import Recorded
from workflows.core.episode.consent.facts import ConsentFacts
from workflows.core.episode.entries import (
    Acknowledgement,
    Admission,
    Goal,
    LevelOfCareDecision,
    Screening,
)


class IntakeFacts(ConsentFacts):
    """Who was admitted, when, and for how long the program lasts."""

    @property
    def screening(self) -> Recorded[Screening] | None:
        """The latest screening in which anything was asked (I4)."""
        return next((r for r in reversed(self.record.standing(Screening)) if not _is_none(r)), None)

    @property
    def empty_screenings(self) -> list[str]:
        """Ids of screenings in which nothing was asked."""
        return [r.key for r in self.record.standing(Screening) if _is_none(r)]

    @fact
    def levels_decided(self) -> list[tuple[datetime, str]]:
        """The levels that clinicians decided on, oldest first; of two for one moment, the one recorded last (I2)."""
        return [(at, level) for at, level, _ in self.level_decisions]

    @fact
    def level_decisions(self) -> list[tuple[datetime, str, str]]:
        """The same, each with the id of the entry that tells of it."""
        stated = [
            (r.effective_at, r.recorded_at, r.entry.level, r.key)
            for r in self.record.standing(LevelOfCareDecision)
            if self.has_come(r.effective_at)
        ]
        answered = [
            (answer.at, answer.at, answer.choice, answer.key)
            for _, answer in self.answers_to("level_of_care")
        ]
        found = sorted([*stated, *answered], key=lambda one: one[:2])
        return [(at, level, key) for at, _, level, key in found]

    @property
    def level_of_care(self) -> str | None:
        """The level that a clinician decided on, last (I2)."""
        return self.levels_decided[-1][1] if self.levels_decided else None

    @fact
    def level_admitted(self) -> bool:
        """Whether the pathway's level was decided on at admission or since; a later step up changes nothing here."""
        if self.admission is None:
            return self.level_of_care == self.frame.level
        admitted = self.calendar.at(self.admission.on + timedelta(days=1))
        before = [level for at, level in self.levels_decided if at < admitted][-1:]
        return self.frame.level in [*before, *(level for at, level in self.levels_decided if at >= admitted)]

    @fact
    def admission(self) -> Admission | None:
        """The admission that stands, complete or not: the first, since nobody is admitted twice (I4)."""
        return next((r.entry for r in self.record.standing(Admission)), None)

    @fact
    def admission_keys(self) -> tuple[str, ...]:
        """Ids of the admission that stands and of those that it corrects, newest first."""
        recorded: Recorded | None = next(iter(self.record.standing(Admission)), None)
        keys: list[str] = []
        while recorded and recorded.key not in keys:
            keys.append(recorded.key)
            before = recorded.entry.supersedes
            recorded = self.record.get(before) if before else None
        return tuple(keys)

    @property
    def last_use_at_admission(self) -> date | None:
        """The last use that was stated at admission."""
        stated = [r.entry.last_use_on for r in self.record.standing(Admission)]
        return max((day for day in stated if day and self.has_begun(day)), default=None)

    @fact
    def admitted_on(self) -> date | None:
        """The first program day."""
        return self.admission.on if self.admission else None

    @fact
    def length_reached_on(self) -> date:
        """The day on which the program's length is over: 90 whole days after admission (S9)."""
        assert self.admitted_on is not None
        return self.admitted_on + timedelta(days=self.policy.length.days)

    @fact
    def week_started_on(self) -> date | None:
        """The first day of the current program week (A1)."""
        if self.admitted_on is None or not self.has_begun(self.admitted_on):
            return None
        return self.admitted_on + timedelta(days=7 * self.stretch_since(self.admitted_on, 7))

    @fact
    def goals(self) -> dict[str, str]:
        """Goal ids and their status by now."""
        return {
            r.entry.goal_id: r.entry.status
            for r in self.record.standing(Goal)
            if self.has_come(r.effective_at)
        }

    def acknowledged(self, what: str) -> bool:
        """Whether the patient has signed something, such as the rights notice."""
        return any(r.entry.what == what for r in self.record.standing(Acknowledgement))


def _is_none(screened: Recorded[Screening]) -> bool:
    return screened.entry.is_none
