"""All that is asked."""

from collections.abc import Sequence

from tests.fuzz import papers, records, secrets, signatures
from tests.fuzz.target import Target

TARGETS: Sequence[Target] = (*records.TARGETS, *papers.TARGETS, *secrets.TARGETS, *signatures.TARGETS)


def named(name: str) -> Target:
    """A target by its name."""
    return next(target for target in TARGETS if target.name == name)
