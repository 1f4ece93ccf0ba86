"""Last use, slips, and what tests say (S2, S5-S8)."""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from workflows.core.engine.record import Recorded
from workflows.core.engine.sources import spoken_by
from workflows.core.episode.entries import Entry, Source, Test, Use
from workflows.core.episode.policy import Tests
from workflows.core.episode.safety.words import squeezed

_WORD = re.compile(r"[a-z][a-z-]+")

UNSPECIFIED = "unspecified"

SETTLED = frozenset({"negative", "definitive", "residual"})
PRELIMINARY = frozenset({"pending", "presumptive"})


@dataclass(frozen=True, slots=True)
class Slip:
    """A use that stands: told, seen, or definitively tested. Dated by the use, never by the result (S5)."""

    on: date
    key: str
    known_at: datetime
    relapse: bool = False
    substances: frozenset[str] = frozenset()
    """What was used; empty: nobody said."""


@dataclass(frozen=True, slots=True)
class Hold:
    """Why the gate is on hold without last use having moved (S6)."""

    test_id: str
    """Of a test; empty where it is no test that raises the doubt."""
    why: str
    since: date
    key: str
    known_at: datetime

    @property
    def said(self) -> str:
        """What is in doubt, in words."""
        return (
            f"test {self.test_id}: {self.why}" if self.test_id else f"a use told by somebody else: {self.key}"
        )


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


@dataclass(frozen=True, slots=True)
class Prescription:
    """A medication that was told."""

    key: str
    name: str
    start_on: date
    end_on: date | None
    is_confirmed: bool = True
    """Whether a clinician has told of it, or has confirmed it. Else it explains what the policy's table says of it, and
    nothing of its own name (S7, E0)."""

    def is_active_on(self, day: date) -> bool:
        """From its first day to its last."""
        return self.start_on <= day and (self.end_on is None or day <= self.end_on)


def latest_of_each(
    tests: Iterable[Recorded[Test]], is_a_clinician_s: Callable[[Recorded[Test]], bool] = lambda _: True
) -> dict[str, Recorded[Test]]:
    """The present state of each test: what the laboratory reported last; where that is not known, what arrived last.

    A settled result is not undone by a late preliminary one, in whatever order the laboratory's messages arrive
    (T4), and no result by a late order; a later settled result, or an invalid specimen, amends it. What the laboratory
    has found is amended by itself or by a clinician, and by nobody else (S5, E0).
    """
    latest: dict[str, Recorded[Test]] = {}
    told = sorted(tests, key=_reported)
    found = {r.entry.test_id for r in told if _is_a_finding(r.entry)}
    by_laboratory = found_by_laboratory(told)
    for recorded in told:
        test = recorded.entry
        if test.test_id in found and spoken_by(test) not in _WHO_FINDS:
            continue  # whoever passes a result on does not change what the laboratory or the staff have found (E0)
        if (
            test.test_id in by_laboratory
            and spoken_by(test) is Source.STAFF
            and not is_a_clinician_s(recorded)
        ):
            continue
        known = latest.get(test.test_id)
        before = known.entry.result if known else "pending"
        if (before in SETTLED and test.result in PRELIMINARY) or (
            before != "pending" and test.result == "pending"
        ):
            continue
        if known and say_the_same(known.entry, test):
            continue  # sent once more under another id: what was decided about it stays decided
        latest[test.test_id] = recorded
    return latest


_WHO_FINDS = (Source.LAB, Source.STAFF)


def found_by_laboratory(tests: Iterable[Recorded[Test]]) -> set[str]:
    """The tests of which the laboratory itself has reported a result."""
    return {r.entry.test_id for r in tests if _is_a_finding(r.entry) and spoken_by(r.entry) is Source.LAB}


def _is_a_finding(test: Test) -> bool:
    return test.result != "pending" and spoken_by(test) in _WHO_FINDS


def _reported(recorded: Recorded[Test]) -> tuple[datetime, datetime, str]:
    test = recorded.entry
    at = test.reported_at or recorded.recorded_at
    return (
        at if at.tzinfo else at.replace(tzinfo=recorded.effective_at.tzinfo),
        recorded.recorded_at,
        recorded.key,
    )


def say_the_same(known: Entry, test: Test) -> bool:
    """Whether two entries say the same of a test."""
    fields = {"result", "substances", "collected_on", "use_on", "reason"}
    return known.model_dump(include=fields) == test.model_dump(include=fields)


def explained(substance: str, day: date, medications: Iterable[Prescription], table: Tests) -> bool:
    """Whether a prescription that was active on a day, or the policy's table, explains a substance (S7, S8)."""
    name = substance.strip().lower()
    return name in table.never_counted or any(
        name in _explained_by(medication, table) for medication in medications if medication.is_active_on(day)
    )


def _explained_by(medication: Prescription, table: Tests) -> set[str]:
    """What a medication explains, however its name is written: `Suboxone 8 mg`, `buprenorphine/naloxone`."""
    ingredients = _ingredients(medication.name, table)
    known = ingredients & table.explained_by.keys()
    own = ingredients if medication.is_confirmed else known
    return own.union(*(table.explained_by[one] for one in known))


def would_explain(
    told: Prescription,
    medications: Sequence[Prescription],
    tests: Iterable[Recorded[Test]],
    uses: Iterable[Recorded[Use]],
    table: Tests,
) -> bool:
    """Whether a medication would explain a finding, or a use that was told, if a clinician confirmed it; and whether
    nothing else does."""
    found = [
        (name, r.entry.collected_on)
        for r in tests
        if r.entry.result in ("presumptive", "definitive")
        for name in r.entry.substances
    ]
    found += [(r.entry.substance, r.entry.on) for r in uses]
    confirmed = [replace(told, is_confirmed=True)]
    return any(
        explained(name, day, confirmed, table) and not explained(name, day, medications, table)
        for name, day in found
        if day is not None
    )


def _ingredients(medication: str, table: Tests) -> set[str]:
    """The name of a medication, the words in it, and the active ingredients of products among them."""
    name = medication.strip().lower()
    words = {name, *_WORD.findall(name)}
    return words | {table.product_names[word] for word in words if word in table.product_names}


def unexpected(test: Test, medications: Sequence[Prescription], table: Tests) -> set[str]:
    """Substances of a positive that nothing explains (S7, S8)."""
    day = test.collected_on
    return {
        name.lower()
        for name in test.substances
        if day is None or not explained(name, day, medications, table)
    }


def read_tests(
    tests: Iterable[Recorded[Test]],
    medications: Sequence[Prescription],
    table: Tests,
    is_a_clinician_s: Callable[[Recorded[Test]], bool],
) -> Tested:
    """What the tests say together."""
    slips, suspects, valid, without = [], [], [], []
    for test_id, recorded in latest_of_each(tests, is_a_clinician_s).items():
        test = recorded.entry
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
                used = frozenset(
                    substance_meant(name, table) for name in unexpected(test, medications, table)
                )
                slips.append(Slip(test.use_on or day, recorded.key, recorded.known_at, substances=used))
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
    names: Iterable[str], day: date, medications: Iterable[Prescription], table: Tests
) -> tuple[str, ...]:
    """Which of the substances that a test did not find were prescribed on its day (S7)."""
    active = {
        ingredient
        for one in medications
        if one.is_active_on(day)
        for ingredient in _ingredients(one.name, table)
    }
    return tuple(sorted(active.intersection(name.lower() for name in names)))


def stated_uses(
    uses: Iterable[Recorded[Use]], medications: Sequence[Prescription], table: Tests
) -> list[Slip]:
    """Uses that were told or seen; what is prescribed, and nicotine and the like, never count (S7, S8)."""
    found = []
    for recorded in uses:
        use = recorded.entry
        if not explained(use.substance, use.on, medications, table):
            named = substance_meant(use.substance, table)
            used = frozenset[str]() if named == UNSPECIFIED else frozenset({named})
            found.append(Slip(use.on, recorded.key, recorded.known_at, use.class_ == "relapse", used))
    return found


def substance_meant(name: str, table: Tests) -> str:
    """The one name of a substance, in whatever spelling and under whichever of its names it is stated (S2)."""
    known = {squeezed(other): one for other, one in table.substance_names.items()}
    return known.get(squeezed(name), name.strip().lower())


def told_once(slips: Iterable[Slip]) -> list[Slip]:
    """Each use once, whoever has told it, seen it or found it: of one day, and not of two substances that were named.

    It goes by the id of who told it first, so that what is asked about it stays the same (S2).
    """
    uses: list[Slip] = []
    for slip in sorted(slips, key=lambda one: (one.known_at, one.key)):
        same = next((n for n, known in enumerate(uses) if is_one_use(known, slip)), None)
        if same is None:
            uses.append(slip)
        else:
            known = uses[same]
            both = known.substances | slip.substances
            uses[same] = replace(known, relapse=known.relapse or slip.relapse, substances=both)
    return sorted(uses, key=lambda slip: (slip.on, slip.key))


def is_one_use(one: Slip, other: Slip) -> bool:
    """Whether two tellings are of one use (S2)."""
    alike = not one.substances or not other.substances or not one.substances.isdisjoint(other.substances)
    return one.on == other.on and alike
