"""What carries each rule: the functions, policy numbers and tests that name it."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from worker.handbook.citations import Place, in_sources, in_tests
from worker.handbook.numbers import numbers
from workflows.core.rules import FAMILIES, RULES

_NUMBERS = "/policy.py"
"""The files of the policy's numbers, which are listed for themselves."""


@dataclass(frozen=True, slots=True)
class Carried:
    """One rule, and what names it."""

    rule: str
    family: str
    says: str
    functions: Sequence[Place]
    numbers: Sequence[str]
    tests: Sequence[Place] | None
    """None where the tests are not at hand, as in an installed package."""

    def as_data(self) -> dict[str, Any]:
        """The same as plain data."""
        tests = None if self.tests is None else [str(one) for one in self.tests]
        return {**asdict(self), "functions": [str(one) for one in self.functions], "tests": tests}

    @property
    def missing(self) -> list[str]:
        """What a rule needs and has not: something that does it, and a test that would fail without."""
        lacks = [] if any(place.name for place in self.functions) else ["the code says nothing"]
        return [*lacks, "no test says anything"] if self.tests == [] else lacks


def carried(asked: str | None = None) -> list[Carried]:
    """Every rule in its order, or the one that is asked for."""
    sources, tests = in_sources(asked), in_tests(asked)
    rules_of = {number.name: number.rules for number in numbers()}
    return [
        Carried(
            rule,
            FAMILIES[rule[0]],
            says,
            [place for place in sources[rule] if not place.file.endswith(_NUMBERS)],
            [name for name, named in rules_of.items() if rule in named],
            None if tests is None else tests[rule],
        )
        for rule, says in RULES.items()
        if asked in (None, rule)
    ]
