"""Uses and the tests that may find them. When a test is drawn the engine decides (S4); what it shows is drawn here."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from random import Random

from worker.simulation.happenings import TestGiven
from worker.simulation.parameters import Tests


@dataclass(frozen=True, slots=True)
class UseDay:
    """A return to use, told or not."""

    on: date
    told_at: datetime | None
    relapse: bool


class Testing:
    """What a person's tests show, by the day on which they are given."""

    def __init__(
        self, rule: Tests, substance: str, uses: Sequence[UseDay], stream: Callable[[str], Random]
    ) -> None:
        self.rule, self.substance, self.uses, self._stream = rule, substance, uses, stream

    def given(self, at: datetime) -> list[TestGiven]:
        """The test of a moment as it is recorded then, and the laboratory's result where one follows."""
        day = at.date()
        odd, found = self._stream(f"test:{day}").random(), self._found(day)
        test = TestGiven(at, f"t-{day}", day, "negative", self.substance, None)
        if odd < self.rule.refused:
            return [replace(test, result="not_provided")]
        if odd < self.rule.refused + self.rule.dilute:
            return [replace(test, result="dilute")]
        if found is None:
            return [test]
        ready = (at + timedelta(days=self.rule.confirmed_after_days)).replace(hour=23)
        use_on = found.on if found.told_at else None
        confirmed = replace(test, at=ready, result="definitive", use_on=use_on)
        return [replace(test, result="presumptive"), confirmed]

    def _found(self, day: date) -> UseDay | None:
        since = day - timedelta(days=self.rule.finds_for_days)
        return next((use for use in reversed(self.uses) if since <= use.on <= day), None)
