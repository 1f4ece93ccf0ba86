"""Last use, slips, and what tests say (S2, S5-S8)."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from workflows.core.entries import Entry, Medication, Test, Use
from workflows.core.policy import Tests
from workflows.core.record import Recorded

_WORD = re.compile(r"[a-z][a-z-]+")

SETTLED = frozenset({"negative", "definitive", "residual"})
PRELIMINARY = frozenset({"pending", "presumptive"})


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
    suspects: tuple[Hold, ...]
    """Results in doubt, whatever has followed them since."""
    without_prescribed: tuple[tuple[str, tuple[str, ...]], ...]
    """Tests (entry ids) that did not find a prescribed medication, with its names (S7)."""
    valid_on: tuple[date, ...]
    """Collection days of valid tests without an unexpected finding, sorted."""


def latest_of_each(tests: Iterable[Recorded]) -> dict[str, Recorded]:
    """The present state of each test: what was recorded last.

    A settled result is not undone by a late preliminary one, in whatever order the laboratory's messages arrive
    (T4), and no result by a late order; a later settled result, or an invalid specimen, amends it.
    """
    latest: dict[str, Recorded] = {}
    for recorded in sorted(tests, key=lambda one: (one.recorded_at, one.key)):
        test = recorded.entry
        assert isinstance(test, Test)
        known = latest.get(test.test_id)
        before = known.entry.result if known and isinstance(known.entry, Test) else "pending"
        if (before in SETTLED and test.result in PRELIMINARY) or (
            before != "pending" and test.result == "pending"
        ):
            continue
        if known and _say_the_same(known.entry, test):
            continue  # sent once more under another id: what was decided about it stays decided
        latest[test.test_id] = recorded
    return latest


def _say_the_same(known: Entry, test: Test) -> bool:
    fields = {"result", "substances", "collected_on", "use_on", "reason"}
    return known.model_dump(include=fields) == test.model_dump(include=fields)


def explained(substance: str, day: date, medications: Iterable[Medication], table: Tests) -> bool:
    """Whether a prescription that was active on a day, or the policy's table, explains a substance (S7, S8)."""
    name = substance.strip().lower()
    return name in table.never_counted or any(
        name in _explained_by(medication.name, table)
        for medication in medications
        if medication.start_on <= day and (medication.end_on is None or day <= medication.end_on)
    )


def _explained_by(medication: str, table: Tests) -> set[str]:
    """What a medication explains, however its name is written: `Suboxone 8 mg`, `buprenorphine/naloxone`."""
    ingredients = _ingredients(medication, table)
    return ingredients.union(*(table.explained_by.get(one, ()) for one in ingredients))


def _ingredients(medication: str, table: Tests) -> set[str]:
    """The name of a medication, the words in it, and the active ingredients of products among them."""
    name = medication.strip().lower()
    words = {name, *_WORD.findall(name)}
    return words | {table.product_names[word] for word in words if word in table.product_names}


def unexpected(test: Test, medications: Sequence[Medication], table: Tests) -> set[str]:
    """Substances of a positive that nothing explains (S7, S8)."""
    day = test.collected_on
    return {
        name.lower()
        for name in test.substances
        if day is None or not explained(name, day, medications, table)
    }


def read_tests(tests: Iterable[Recorded], medications: Sequence[Medication], table: Tests) -> Tested:
    """What the tests say together."""
    slips, suspects, valid, without = [], [], [], []
    for test_id, recorded in latest_of_each(tests).items():
        test = recorded.entry
        assert isinstance(test, Test)
        day = test.collected_on or test.ordered_on or recorded.effective_at.date()
        match test.result:
            case "negative":
                valid.append(day)
                if missing := prescribed_among(test.substances, day, medications, table):
                    without.append((recorded.key, missing))
            case "residual":
                valid.append(day)
            case "definitive" | "presumptive" if not unexpected(test, medications, table):
                valid.append(day)
            case "definitive":
                slips.append(Slip(test.use_on or day, recorded.key, recorded.known_at))
            case "presumptive" | "dilute" | "tampered":
                suspects.append(Hold(test_id, test.result, day, recorded.key, recorded.known_at))
            case "not_provided" if (test.reason or "refused").lower() not in table.excused_reasons:
                suspects.append(Hold(test_id, "not provided", day, recorded.key, recorded.known_at))
    return Tested(
        tuple(sorted(slips, key=lambda slip: (slip.on, slip.key))),
        tuple(sorted(suspects, key=lambda hold: (hold.since, hold.test_id))),
        tuple(sorted(without)),
        tuple(sorted(valid)),
    )


def prescribed_among(
    names: Iterable[str], day: date, medications: Iterable[Medication], table: Tests
) -> tuple[str, ...]:
    """Which of the substances that a test did not find were prescribed on its day (S7)."""
    active = {
        ingredient
        for one in medications
        if one.start_on <= day and (one.end_on is None or day <= one.end_on)
        for ingredient in _ingredients(one.name, table)
    }
    return tuple(sorted(active.intersection(name.lower() for name in names)))


def stated_uses(uses: Iterable[Recorded], medications: Sequence[Medication], table: Tests) -> list[Slip]:
    """Uses that were told or seen; what is prescribed, and nicotine and the like, never count (S7, S8)."""
    found = []
    for recorded in uses:
        use = recorded.entry
        assert isinstance(use, Use)
        if not explained(use.substance, use.on, medications, table):
            found.append(Slip(use.on, recorded.key, recorded.known_at, use.class_ == "relapse"))
    return found
