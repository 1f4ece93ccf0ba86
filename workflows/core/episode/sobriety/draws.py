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

    An interval begins with the longest gap of its first day. Where the rule becomes denser while it is running, as
    after a slip, the rest of it is drawn anew from that day on, and never longer than it was (S3).

    Args:
        episode_id: What the draw is seeded with; opaque.
        since: The day from which the first interval counts.
        max_gap_on: The longest interval, in days, that may begin on a day; None: no test is drawn any more.
    """
    day, number = since, 0
    while gap := max_gap_on(day):
        seed, begun = f"{episode_id}|draw|{number}", day
        day += timedelta(days=1 + _drawn(seed, gap))
        while (changed := _denser_from(begun, day, gap, max_gap_on)) is not None:
            begun, gap = changed
            day = min(day, begun + timedelta(days=1 + _drawn(f"{seed}|{begun}", gap)))
        number += 1
        yield day


def _denser_from(
    begun: date, until: date, gap: int, max_gap_on: Callable[[date], int | None]
) -> tuple[date, int] | None:
    """The first day between two days on which a shorter gap holds, and that gap."""
    for ahead in range(1, (until - begun).days):
        day = begun + timedelta(days=ahead)
        denser = max_gap_on(day)
        if denser is not None and denser < gap:
            return day, denser
    return None


@lru_cache(maxsize=4096)
def _drawn(seed: str, below: int) -> int:
    """A number from 0 to `below` - 1, each as likely as the others."""
    return int.from_bytes(hashlib.sha256(seed.encode()).digest()[:8], "big") % below
