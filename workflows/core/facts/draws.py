"""When tests are drawn (S4): random intervals with a maximum gap, the same each time they are worked out.

A draw follows from the episode's id and its number alone, so it can be checked from the record, and nobody can see
it coming from the days of earlier tests. Weekends, holidays and the days after them are as likely as others.
"""

import hashlib
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from functools import lru_cache


def draws(episode_id: str, since: date, max_gap_on: Callable[[date], int | None]) -> Iterator[date]:
    """The days of all draws, without end.

    Args:
        episode_id: What the draw is seeded with; opaque.
        since: The day from which the first interval counts.
        max_gap_on: The longest interval, in days, that may begin on a day; None: no test is drawn any more.
    """
    day, number = since, 0
    while gap := max_gap_on(day):
        day += timedelta(days=1 + _drawn(f"{episode_id}|draw|{number}", gap))
        number += 1
        yield day


@lru_cache(maxsize=4096)
def _drawn(seed: str, below: int) -> int:
    """A number from 0 to `below` - 1, each as likely as the others."""
    return int.from_bytes(hashlib.sha256(seed.encode()).digest()[:8], "big") % below
