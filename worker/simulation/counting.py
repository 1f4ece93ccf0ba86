"""Counts of a fixed size: how often a number occurred, and a number for each day."""

from datetime import date

from worker.simulation.parameters import Caseload


class Histogram:
    """How often each whole number occurred; numbers above the limit are counted at it."""

    def __init__(self, limit: int = 1000) -> None:
        self.counts = [0] * (limit + 1)
        self.total = 0
        self._sum = 0.0

    def add(self, value: float) -> None:
        """Count one value, rounded; what is below 0 counts as 0."""
        self.counts[min(max(0, round(value)), len(self.counts) - 1)] += 1
        self.total += 1
        self._sum += value

    def quantile(self, share: float) -> int | None:
        """The smallest number that at least this share of all values does not exceed; None without values."""
        left = share * self.total
        for value, count in enumerate(self.counts):
            left -= count
            if count and left <= 0:
                return value
        return None

    @property
    def median(self) -> int | None:
        """The number in the middle."""
        return self.quantile(0.5)

    @property
    def mean(self) -> float | None:
        """The average of what was added, before rounding."""
        return self._sum / self.total if self.total else None

    def spread(self) -> dict[str, float | int | None]:
        """The figures that a table shows."""
        return {
            "count": self.total,
            "median": self.median,
            "mean": None if self.mean is None else round(self.mean, 1),
            "p25": self.quantile(0.25),
            "p75": self.quantile(0.75),
            "p95": self.quantile(0.95),
        }


class Days:
    """A number for each day from the first referral on; its length is that of the caseload's calendar."""

    def __init__(self, caseload: Caseload) -> None:
        self.begins_on = caseload.begins_on
        self.counts = [0] * (caseload.referred_over_days + caseload.followed_for_days + 2)

    def add(self, day: date, number: int = 1) -> None:
        """Add to one day."""
        self.counts[min((day - self.begins_on).days, len(self.counts) - 1)] += number

    def running(self) -> list[int]:
        """The sums up to each day: from changes to what is in use."""
        total, found = 0, []
        for count in self.counts:
            total += count
            found.append(total)
        return found

    def weekly(self) -> list[int]:
        """Sums of whole weeks."""
        return [sum(self.counts[first : first + 7]) for first in range(0, len(self.counts) - 6, 7)]
