"""T6: elapsed time and business time, over weekends, closures and clock changes."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from workflows.core.calendar import BusinessHours, Calendar, Delay

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
