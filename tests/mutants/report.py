"""What has come of it: a table, the survivors with their reasons, and whether it is enough."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from tests.mutants.accepted import reason_for
from tests.mutants.making import Mutant
from tests.mutants.running import Verdict
from tests.mutants.sampling import JUDGED, kind_of

ENOUGH = 0.9


@dataclass(frozen=True)
class Judged:
    """A mutant, and what has become of it."""

    mutant: Mutant
    verdict: Verdict
    tests: int
    """How many come by it."""

    @property
    def survived(self) -> bool:
        """Whether no test has caught it."""
        return self.verdict.caught_by is None

    @property
    def kind(self) -> str:
        """Of which part of the core it is."""
        return kind_of(self.mutant.place.path)


def share_caught(judged: Iterable[Judged]) -> float:
    """Of those that decide about people; 1 where there is none."""
    of_these = [one for one in judged if one.kind in JUDGED]
    return sum(not one.survived for one in of_these) / len(of_these) if of_these else 1.0


def table(judged: list[Judged]) -> Iterator[str]:
    """By kind and by file."""
    yield f"{'':52}{'mutants':>8}{'caught':>8}{'survived':>10}{'':>8}"
    for kind in (*JUDGED, "the rest"):
        of_kind = [one for one in judged if one.kind == kind]
        if not of_kind:
            continue
        yield _row(kind, of_kind)
        for path in sorted({one.mutant.place.path for one in of_kind}):
            yield _row(f"  {path}", [one for one in of_kind if one.mutant.place.path == path])
    decide = [one for one in judged if one.kind in JUDGED]
    if decide:
        yield _row("facts, duties, decisions, gate and exits", decide)
    yield _row("all", judged)


def _row(name: str, judged: list[Judged]) -> str:
    survived = sum(one.survived for one in judged)
    caught = len(judged) - survived
    return f"{name:52}{len(judged):>8}{caught:>8}{survived:>10}{caught / len(judged):>8.0%}"


def survivors(judged: Iterable[Judged]) -> Iterator[str]:
    """Each survivor: where, what was changed, and why it may survive."""
    for one in sorted((one for one in judged if one.survived), key=lambda one: one.mutant.name):
        place = one.mutant.place
        ran = f"{one.verdict.ran} of {one.tests} tests ran" if one.tests else "no test comes by"
        yield f"{place.path}:{place.line} {place.within} ({ran})"
        yield f"  - {one.mutant.before}"
        yield f"  + {one.mutant.after}"
        yield f"  {reason_for(one.mutant) or 'no reason is known: a test is missing'}"
