"""Last use, slips, and what tests say (S2, S5-S8)."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime

from workflows.core.entries import Medication, Test, Use
from workflows.core.policy import Tests
from workflows.core.record import Recorded

SETTLED = {"negative": 2, "definitive": 2, "residual": 2, "pending": 0}
"""How far a result has come; what is not named stands between. A settled result is not undone by a late
preliminary one, in whatever order the laboratory's messages arrive (T4)."""


@dataclass(frozen=True, slots=True)
class Slip:
    """A use that stands: told, seen, or definitively tested. Dated by the use, never by the result (S5)."""

    on: date
    key: str
    known_at: datetime
    relapse: bool = False


@dataclass(frozen=True, slots=True)
class Hold:
    """Why the gate is on hold without last use having moved (S6)."""

    test_id: str
    why: str
    since: date
    key: str
    known_at: datetime


@dataclass(frozen=True)
class Tested:
    """All tests, read with the medication that was active on the day of collection (S7)."""

    slips: tuple[Slip, ...]
    holds: tuple[Hold, ...]
    valid_on: tuple[date, ...]
    """Collection days of valid tests without an unexpected finding, sorted."""


def latest_of_each(tests: Iterable[Recorded]) -> dict[str, Recorded]:
    """For each test its most settled state; between equals, what was recorded last (A8 does not apply)."""
    latest: dict[str, tuple[tuple[int, datetime, str], Recorded]] = {}
    for recorded in tests:
        test = recorded.entry
        assert isinstance(test, Test)
        rank = (SETTLED.get(test.result, 1), recorded.recorded_at, recorded.key)
        if test.test_id not in latest or latest[test.test_id][0] < rank:
            latest[test.test_id] = (rank, recorded)
    return {test_id: recorded for test_id, (_, recorded) in latest.items()}


def unexpected(test: Test, medications: Iterable[Medication], table: Tests) -> set[str]:
    """Substances of a positive that neither a prescription nor the policy's table explains (S7, S8)."""
    day = test.collected_on
    found = {name.lower() for name in test.substances} - set(table.never_counted)
    for medication in medications:
        if day and medication.start_on <= day and (medication.end_on is None or day <= medication.end_on):
            name = medication.name.lower()
            found -= {name, *table.explained_by.get(name, ())}
    return found


def read_tests(
    tests: Iterable[Recorded],
    medications: list[Medication],
    table: Tests,
    lifted: Callable[[str], bool],
) -> Tested:
    """What the tests say together; `lifted` tells whether a clinician has ended the hold of a test."""
    slips, suspects, valid = [], [], []
    for test_id, recorded in latest_of_each(tests).items():
        test = recorded.entry
        assert isinstance(test, Test)
        day = test.collected_on or test.ordered_on or recorded.effective_at.date()
        match test.result:
            case "negative" | "residual":
                valid.append(day)
            case "definitive" | "presumptive" if not unexpected(test, medications, table):
                valid.append(day)
            case "definitive":
                slips.append(Slip(test.use_on or day, recorded.key, recorded.known_at))
            case "presumptive" | "dilute" | "tampered":
                suspects.append(Hold(test_id, test.result, day, recorded.key, recorded.known_at))
            case "not_provided" if (test.reason or "refused") == "refused":
                suspects.append(Hold(test_id, "not provided", day, recorded.key, recorded.known_at))
    # A presumptive positive waits for its confirmation; the others end with any valid later collection.
    holds = [
        hold
        for hold in suspects
        if not lifted(hold.test_id)
        and (hold.why == "presumptive" or not any(day > hold.since for day in valid))
    ]
    return Tested(
        tuple(sorted(slips, key=lambda slip: (slip.on, slip.key))),
        tuple(sorted(holds, key=lambda hold: (hold.since, hold.test_id))),
        tuple(sorted(valid)),
    )


def stated_uses(uses: Iterable[Recorded], table: Tests) -> list[Slip]:
    """Uses that were told or seen; nicotine and the like never count (S8)."""
    found = []
    for recorded in uses:
        use = recorded.entry
        assert isinstance(use, Use)
        if use.substance.lower() not in table.never_counted:
            found.append(Slip(use.on, recorded.key, recorded.known_at, use.class_ == "relapse"))
    return found
