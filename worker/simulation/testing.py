"""Uses and the tests that may find them."""

from collections.abc import Iterator
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
    """Tests at random intervals, given at the next session that the person attends."""

    def __init__(
        self, rule: Tests, random: Random, substance: str, uses: list[UseDay], admitted_on: date
    ) -> None:
        self.rule, self.random, self.substance, self.uses = rule, random, substance, uses
        self.next_on = admitted_on + timedelta(days=random.randint(*rule.every_days))
        self.count = 0
        self.waiting: list[TestGiven] = []

    def at_session(self, at: datetime) -> TestGiven | None:
        """The test of a session, where one is due."""
        day = at.date()
        if day < self.next_on:
            return None
        self.count += 1
        self.next_on = day + timedelta(days=self.random.randint(*self.rule.every_days))
        odd, found = self.random.random(), self._found(day)
        given = TestGiven(at, f"t{self.count}", day, "negative", self.substance, None)
        if odd < self.rule.refused:
            return replace(given, result="not_provided")
        if odd < self.rule.refused + self.rule.dilute:
            return replace(given, result="dilute")
        if found is None:
            return given
        ready = (at + timedelta(days=self.rule.confirmed_after_days)).replace(hour=23)
        use_on = found.on if found.told_at else None
        self.waiting.append(replace(given, at=ready, result="definitive", use_on=use_on))
        return replace(given, result="presumptive")

    def results(self, day: date) -> Iterator[TestGiven]:
        """Results of the laboratory that come in on a day, after its sessions."""
        while self.waiting and self.waiting[0].at.date() <= day:
            yield self.waiting.pop(0)

    def _found(self, day: date) -> UseDay | None:
        since = day - timedelta(days=self.rule.finds_for_days)
        return next((use for use in reversed(self.uses) if since <= use.on <= day), None)
