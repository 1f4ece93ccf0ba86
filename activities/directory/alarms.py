"""What staff must hear about the directories, from how the feeds stand. Pure.

An alarm has a key that stays the same while its cause stays and changes every week, so that the notices' outbox sends
it once, and reminds.
"""

import hashlib
import re
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from activities.directory.store import FeedState
from workflows.ports.directory import DirectoryAlarm


def alarms(states: Iterable[FeedState], now: datetime) -> Iterator[DirectoryAlarm]:
    """One alarm for each feed that needs somebody."""
    for feed in states:
        if feed.state == "retired":
            continue
        if feed.state == "kept":
            since = feed.bad_since or feed.tried_at
            yield DirectoryAlarm(
                key=f"directory:{feed.name}:kept:{_week(since, now)}", feed=feed.name,
                lines=[f"The directory {feed.name} cannot be used since {since:%d %B %Y}: {feed.reason}.",
                       _what_stands(feed, now)],
            )  # fmt: skip
        elif not feed.in_force(now):
            until = feed.good_until or feed.tried_at
            yield DirectoryAlarm(key=f"directory:{feed.name}:old:{_week(until, now)}", feed=feed.name,
                                 lines=[_what_stands(feed, now)])  # fmt: skip
        elif feed.warnings and feed.good_at and now - feed.good_at < timedelta(days=2):
            # The numbers change from night to night, what is meant does not.
            meant = hashlib.sha256(re.sub(r"[\d,]+", "", " ".join(feed.warnings)).encode()).hexdigest()[:8]
            yield DirectoryAlarm(
                key=f"directory:{feed.name}:look:{meant}:{feed.good_at:%G-W%V}", feed=feed.name,
                lines=[f"Look at the directory {feed.name}: {'; '.join(feed.warnings)}. It is in force."],
            )  # fmt: skip


def _what_stands(feed: FeedState, now: datetime) -> str:
    if feed.good_at is None or feed.good_until is None:
        return "It was never read with success: it offers nothing."
    last = f"The last good one, of {feed.good_at:%d %B %Y} with {feed.listings:,} listings,"
    if feed.in_force(now):
        return f"{last} stays in force until {feed.good_until:%d %B %Y}."
    return f"{last} is older than {feed.max_age_days} days: its listings are offered to nobody."


def _week(since: datetime, now: datetime) -> str:
    return f"{since:%Y-%m-%d}:{(now - since).days // 7}"
