"""Which sessions would still repair a week that falls short of its dose: those ahead, and sessions to be added (A7)."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from workflows.core.engine.calendar import WEEKDAYS
from workflows.core.episode.attendance.sessions import Session
from workflows.core.episode.facts import Facts

_QUARTER = 15
"""Nobody offers a session of 17 minutes: what is offered is rounded up to quarters of an hour."""


@dataclass(frozen=True, slots=True)
class Added:
    """A session that could be offered beside the planned ones."""

    day: date
    minutes: int


@dataclass(frozen=True, slots=True)
class Week:
    """The dose of one program week as it stands, and what it would be with every session still planned."""

    first: date
    minutes: int
    days: int
    required: int
    required_days: int
    ahead: tuple[Session, ...]
    will: int
    will_days: int

    @property
    def short_minutes(self) -> int:
        """Minutes that stay short when the person comes to every session still planned."""
        return max(0, self.required - self.will)

    @property
    def short_days(self) -> int:
        """The same for distinct days."""
        return max(0, self.required_days - self.will_days)


def week_of(facts: Facts, first: date) -> Week:
    """The program week that begins on a day, as it stands at the instant of the facts."""
    minutes, days = facts.dose_of_week(first)
    ahead = tuple(
        session
        for session in facts.sessions_of_week(first)
        if not facts.has_come(session.ends_at) and session.service in facts.policy.dose.services
    )
    return Week(
        first,
        minutes,
        days,
        facts.dose_required(first),
        facts.days_required(first),
        ahead,
        minutes + sum(session.minutes for session in ahead),
        len({session.start.date() for session in ahead} | facts.days_attended(first)),
    )


def to_be_added(facts: Facts, week: Week) -> list[Added]:
    """Sessions to add so that the week meets its dose, as far as its open days and the policy's maximum allow.

    Days without a session come first, because distinct days count too; then a second session on a day that has one.
    None is longer than the program's usual session.
    """
    short, short_days = week.short_minutes, week.short_days
    usual = _usual_minutes(facts)
    room, room_days = facts.policy.dose.max_minutes - week.will, facts.policy.dose.max_days - week.will_days
    taken = {session.start.date() for session in week.ahead} | facts.days_attended(week.first)
    left = list(_days_left(facts, week.first))
    offers: list[Added] = []
    for day in [day for day in left if day not in taken] + [day for day in left if day in taken]:
        is_new = day not in taken
        if (short <= 0 and (short_days <= 0 or not is_new)) or (is_new and room_days <= 0):
            continue
        minutes = min(usual, _QUARTER * -(-short // _QUARTER)) if short > 0 else min(usual, 60)
        if minutes > room:
            break
        offers.append(Added(day, minutes))
        short, room = short - minutes, room - minutes
        if is_new:
            short_days, room_days = short_days - 1, room_days - 1
    return sorted(offers, key=lambda offer: offer.day)


def _usual_minutes(facts: Facts) -> int:
    lengths = Counter(session.minutes for session in facts.sessions)
    return lengths.most_common(1)[0][0] if lengths else 60


def _days_left(facts: Facts, first: date) -> Iterator[date]:
    """Days of the week, from today on, on which the program gives care and the person is expected."""
    closes = facts.calendar.hours.closes
    gives_care = {*facts.calendar.hours.weekdays, *_weekdays(facts.sessions)}
    for day in (first + timedelta(days=ahead) for ahead in range(7)):
        if (
            not facts.has_come(facts.calendar.at(day, closes))
            and WEEKDAYS[day.weekday()] in gives_care
            and day not in facts.calendar.closures
            and facts.is_in_program_on(day)
            and not facts.on_leave_at(day)
        ):
            yield day


def _weekdays(sessions: Sequence[Session]) -> set[str]:
    return {WEEKDAYS[session.start.weekday()] for session in sessions}
