"""T6: elapsed time and business time, over weekends, closures and clock changes."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

from tests.searching import examples
from workflows.core.engine.calendar import WEEKDAYS, BusinessHours, Calendar, Delay
from workflows.core.episode.policy import Policy

ZONE = ZoneInfo("America/Chicago")
CLOSED = frozenset({date(2026, 5, 25)})  # a Monday
CALENDAR = Calendar(ZONE, BusinessHours(), CLOSED)
INSTANTS = st.integers(0, 2 * 365 * 24 * 60).map(
    lambda minutes: (datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)).astimezone(ZONE)
)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZONE)


@pytest.mark.parametrize(
    ("start", "delay", "due"),
    [
        ("2026-05-20T10:00", Delay(hours=48), "2026-05-22T10:00"),
        ("2026-05-22T16:00", Delay(hours=48), "2026-05-24T16:00"),  # elapsed time does not know a weekend
        ("2026-05-22T16:00", Delay(business_days=1), "2026-05-26T16:00"),  # Friday, then the closed Monday
        (
            "2026-05-22T18:00",
            Delay(business_days=1),
            "2026-05-26T17:00",
        ),  # from a closed moment: by its close
        ("2026-05-20T08:00", Delay(business_days=1), "2026-05-20T17:00"),
        ("2026-05-22T16:00", Delay(business_hours=2), "2026-05-26T10:00"),
        ("2026-05-20T10:00", Delay(business_hours=20), "2026-05-22T14:00"),
        ("2026-05-20T10:00", Delay(by_close_of_business=True), "2026-05-20T17:00"),
        ("2026-05-20T17:00", Delay(by_close_of_business=True), "2026-05-21T17:00"),
        ("2026-05-23T11:00", Delay(by_close_of_business=True), "2026-05-26T17:00"),
    ],
)
def test_T6_a_delay_counts_as_it_says(start: str, delay: Delay, due: str) -> None:
    assert CALENDAR.due(at(start), delay) == at(due)


@pytest.mark.parametrize(
    ("start", "hours", "days"),
    [("2026-03-07T12:00", "2026-03-08T13:00", "2026-03-08T12:00"),
     ("2026-10-31T12:00", "2026-11-01T11:00", "2026-11-01T12:00")],
)  # fmt: skip
def test_T6_hours_elapse_by_the_clock_and_days_by_the_calendar_over_a_clock_change(
    start: str, hours: str, days: str
) -> None:
    assert CALENDAR.due(at(start), Delay(hours=24)) == at(hours)
    assert CALENDAR.due(at(start), Delay(days=1)) == at(days)


def test_T6_business_hours_over_a_clock_change_are_the_hours_on_the_wall() -> None:
    assert CALENDAR.due(at("2026-03-06T16:00"), Delay(business_hours=2)) == at("2026-03-09T10:00")


def test_T1_a_wall_clock_time_that_a_clock_change_skips_is_moved_on() -> None:
    assert CALENDAR.instant(datetime.fromisoformat("2026-03-08T02:30")) == at("2026-03-08T03:30")


@given(INSTANTS, st.integers(0, 12))
def test_T6_a_business_deadline_falls_on_an_open_day_and_not_before_its_start(
    start: datetime, days: int
) -> None:
    for delay in (Delay(business_days=days), Delay(business_hours=days), Delay(by_close_of_business=True)):
        due = CALENDAR.due(start, delay)
        assert CALENDAR.is_open(due.date())
        assert due.astimezone(UTC) >= start.astimezone(UTC)


@given(INSTANTS, st.integers(0, 300), st.integers(0, 300))
def test_T6_a_longer_delay_is_never_due_earlier(start: datetime, some: int, more: int) -> None:
    for unit in ("minutes", "hours", "days", "business_hours", "business_days"):
        shorter, longer = (CALENDAR.due(start, Delay(**{unit: n})) for n in sorted((some, more)))
        assert shorter.astimezone(UTC) <= longer.astimezone(UTC)


def test_a_year_of_closures_does_not_hang_the_calendar() -> None:
    closed = frozenset(date(2026, 1, 1) + timedelta(days=n) for n in range(800))
    assert Calendar(ZONE, BusinessHours(), closed).due(at("2026-02-02T10:00"), Delay(business_days=1))


@pytest.mark.parametrize("given", [{}, {"hours": 1, "days": 1}, {"hours": -1}, {"weeks": 2}])
def test_a_delay_is_exactly_one_length(given: dict[str, int]) -> None:
    with pytest.raises(ValidationError):
        Delay(**given)


def test_opening_hours_are_on_some_day_and_end_after_they_begin() -> None:
    with pytest.raises(ValidationError, match="must come after"):
        BusinessHours.model_validate({"opens": "17:00", "closes": "09:00"})
    with pytest.raises(ValidationError, match="at least one day"):
        BusinessHours(weekdays=())
    assert BusinessHours.model_validate({"opens": 540, "closes": 1020}) == BusinessHours()  # YAML's 9:00


# -- the law --------------------------------------------------------------------------------------------------


def delays_of(part: object) -> Iterator[Delay]:
    """Every delay of a policy, however deep it stands."""
    if isinstance(part, Delay):
        yield part
    elif isinstance(part, BaseModel):
        yield from delays_of(dict(part))
    elif isinstance(part, dict | tuple | list):
        for one in part.values() if isinstance(part, dict) else part:
            yield from delays_of(one)


OF_THE_POLICY = sorted(set(delays_of(Policy())), key=repr)
DELAYS = st.one_of(
    st.sampled_from(OF_THE_POLICY),
    st.builds(lambda unit, n: Delay(**{unit: n}),
              st.sampled_from(["minutes", "hours", "days", "business_hours", "business_days"]), st.integers(0, 60)),
)  # fmt: skip
CLOCKS = st.one_of(
    st.sampled_from([time(0), time(1), time(2, 15), time(3), time(9), time(17), time(23, 59)]),
    st.builds(time, st.integers(0, 23), st.integers(0, 59)),
)
HOURS = st.builds(
    lambda clocks, days: BusinessHours(opens=clocks[0], closes=clocks[1], weekdays=tuple(sorted(days))),
    st.lists(CLOCKS, min_size=2, max_size=2, unique=True).map(sorted),
    st.sets(st.sampled_from(WEEKDAYS), min_size=1),
)
ZONES = st.sampled_from(
    ["America/Chicago", "Europe/Berlin", "Australia/Lord_Howe", "America/Santiago", "UTC"]
)
NEAR = st.sampled_from(
    ["2026-03-06", "2026-03-27", "2026-04-03", "2026-09-04", "2026-10-23", "2026-10-30", "2026-12-22"]
)
"""Days before a change of clocks in one of the zones, or before the end of a year."""
STARTS = st.builds(
    lambda day, minutes: datetime.fromisoformat(day).replace(tzinfo=UTC) + timedelta(minutes=minutes),
    NEAR, st.integers(0, 12 * 24 * 60),
)  # fmt: skip
CLOSURES = st.tuples(NEAR.map(date.fromisoformat), st.sets(st.integers(0, 40), max_size=12)).map(
    lambda of: frozenset(of[0] + timedelta(days=n) for n in of[1])
)

NIGHTS = BusinessHours(opens=time(1), closes=time(5), weekdays=WEEKDAYS)
SPRING = datetime(2026, 3, 8, 8, tzinfo=UTC)
"""In Chicago, clocks go from 2 to 3 at this instant."""


def is_business(delay: Delay) -> bool:
    return delay.elapsed is None and not delay.by_end_of_day


def at_work(calendar: Calendar, instant: datetime) -> bool:
    """Whether the program is open at an instant, or closes at it."""
    day, moment = calendar.day_of(instant), instant.astimezone(UTC)
    opens, closes = (
        calendar.at(day, one).astimezone(UTC) for one in (calendar.hours.opens, calendar.hours.closes)
    )
    return calendar.is_open(day) and opens <= moment <= max(opens, closes)


def clocks_change(calendar: Calendar, day: date) -> bool:
    """Whether clocks are changed on a day, or on the night before or after it."""
    return len({calendar.at(day + timedelta(days=n), time(12)).utcoffset() for n in (-1, 0, 1)}) > 1


def test_T6_the_policy_has_delays_in_business_time_and_in_elapsed_time() -> None:
    assert {is_business(one) for one in OF_THE_POLICY} == {True, False}
    assert len(OF_THE_POLICY) > 15


@settings(max_examples=examples(300), deadline=None)
@given(DELAYS, ZONES, HOURS, CLOSURES, STARTS)
@example(Delay(business_hours=4), ZONE.key, NIGHTS, frozenset(), SPRING - timedelta(hours=1))
@example(
    Delay(business_hours=4), ZONE.key, BusinessHours(opens=time(2, 15), closes=time(3)), frozenset(), SPRING
)
def test_T6_whatever_is_counted_in_business_time_is_due_while_the_program_is_open(
    delay: Delay, zone: str, hours: BusinessHours, closures: frozenset[date], start: datetime
) -> None:
    calendar = Calendar(ZoneInfo(zone), hours, closures)
    due = calendar.due(start, delay)
    assert due.astimezone(UTC) >= start or delay.by_end_of_day
    if is_business(delay):
        assert at_work(calendar, due)


@settings(max_examples=examples(300), deadline=None)
@given(DELAYS, ZONES, HOURS, CLOSURES, STARTS, st.integers(0, 3 * 24 * 60))
def test_T6_what_begins_later_is_never_due_earlier(
    delay: Delay, zone: str, hours: BusinessHours, closures: frozenset[date], start: datetime, minutes: int
) -> None:
    calendar = Calendar(ZoneInfo(zone), hours, closures)
    starts = (start, start + timedelta(minutes=minutes))
    earlier, later = (calendar.due(one, delay) for one in starts)
    by_the_wall = delay.days is not None or delay.business_days is not None
    is_changed = any(clocks_change(calendar, calendar.day_of(one)) for one in (*starts, earlier, later))
    # The same time of another day: of an hour that clocks show twice, or leave out, the order is theirs.
    slack = timedelta(hours=1) if by_the_wall and is_changed else timedelta()
    assert earlier.astimezone(UTC) <= later.astimezone(UTC) + slack


@settings(max_examples=examples(300), deadline=None)
@given(DELAYS, ZONES, HOURS, CLOSURES, CLOSURES, STARTS)
def test_T6_a_closure_more_never_makes_anything_due_earlier(
    delay: Delay,
    zone: str,
    hours: BusinessHours,
    closures: frozenset[date],
    more: frozenset[date],
    start: datetime,
) -> None:
    due, then = (
        Calendar(ZoneInfo(zone), hours, days).due(start, delay) for days in (closures, closures | more)
    )
    assert due.astimezone(UTC) <= then.astimezone(UTC)
    assert is_business(delay) or due == then
