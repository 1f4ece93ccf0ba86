"""The weekly dose: how much care was taken up, and how much is owed (A1, A2, A7)."""

from datetime import date, datetime, time, timedelta
from typing import NamedTuple

from workflows.core.engine.reading import fact
from workflows.core.episode.attendance.outreach import OutreachFacts


class DoseMoment(NamedTuple):
    """When the dose of the week that began on `week` is forecast or reported."""

    at: datetime
    what: str
    week: date


class DoseFacts(OutreachFacts):
    """How much care was taken up."""

    @fact
    def dose_moments(self) -> list[DoseMoment]:
        """Forecast and report of the last and of the current program week, in order (A7)."""
        current = self.week_started_on
        if current is None:
            return []
        moments = []
        for week in (current - timedelta(days=7), current):
            day = week + timedelta(days=self.policy.dose.forecast_on_day - 1)
            moments.append(DoseMoment(self.calendar.at(day, self.policy.business.opens), "forecast", week))
            moments.append(DoseMoment(self.calendar.at(week + timedelta(days=7)), "report", week))
        return moments

    def dose_of_week(self, first: date) -> tuple[int, int]:
        """Minutes and distinct days attended in the 7 days from `first` (A1, A2)."""
        attended = self._attended_in(first)
        return sum(minutes for _, minutes in attended), len({day for day, _ in attended})

    def _attended_in(self, first: date) -> list[tuple[date, int]]:
        """Days and minutes of the services attended in a week that count toward the dose (A2)."""
        return self.keep(("attended in", first), lambda facts: facts._came_in(first))

    def _came_in(self, first: date) -> list[tuple[date, int]]:
        begins, found = datetime.combine(first, time()), []
        ends = begins + timedelta(days=7)
        came = {start: stated for start, stated in self._came.items() if begins <= start < ends}
        known = self._by_start if came else {}
        for start, stated in came.items():
            if self.choice(f"unscheduled_attendance:{stated[0].key}") == "reject":
                continue
            judged = self._judge(known.get(start) or self._without_session(start), self._came)
            if judged.status == "attended" and judged.service in self.policy.dose.services:
                found.append((start.date(), judged.minutes))
        return found

    def days_attended(self, first: date) -> set[date]:
        """The distinct days of a week on which the patient came (A1)."""
        return {day for day, _ in self._attended_in(first)}

    def days_without_service(self, first: date) -> int:
        """The longest run of days that reaches into a week, as long as the patient is expected, without an offered
        service (A1)."""
        offered = self._by_day

        def free(day: date) -> bool:
            return self._expected_on(day) and day not in self.calendar.closures and day not in offered

        run = longest = 0
        while run < 7 and free(first - timedelta(days=run + 1)):  # a run may have begun in the week before
            run += 1
        for day in (first + timedelta(days=ahead) for ahead in range(7)):
            run = run + 1 if free(day) else 0
            longest = max(longest, run)
        return longest

    def days_required(self, first: date) -> int:
        """Distinct days required in a week: pro rata like the minutes (A1)."""
        return self.policy.dose.min_days * self._program_days(first) // 7

    def dose_required(self, first: date) -> int:
        """Minutes required in the week from `first`: pro rata for days outside the program or on leave (A1)."""
        return self.policy.dose.min_minutes * self._program_days(first) // 7

    def _program_days(self, first: date) -> int:
        over = self.length_reached_on
        extended = self.has_begun(over)
        days = (first + timedelta(days=ahead) for ahead in range(7))
        return sum(self._expected_on(day) and (day < over or extended) for day in days)
