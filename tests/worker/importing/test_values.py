"""Days, times, numbers and words as other systems write them; what could mean two things is asked for (F3)."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.importing import values
from worker.importing.dates import DateReader, NoDay, Order
from worker.importing.values import NotUnderstood

CHICAGO = ZoneInfo("America/Chicago")
HERE = DateReader(CHICAGO)
DAYS = st.dates(date(1990, 1, 1), date(2099, 12, 31))
EVENING = datetime(2026, 10, 27, 18)  # noqa: DTZ001


@pytest.mark.parametrize(
    "text",
    [
        "2026-10-27T18:00", "2026-10-27 18:00", "2026-10-27 18:00:00", "2026-10-27T18:00:00.000",
        "2026-10-27T23:00:00Z", "2026-10-27T18:00:00-05:00", "2026-10-28 01:00+0200", "2026-10-28T01:00:00+02",
        "10/27/2026 6:00:00 PM", "10/27/2026 6:00 pm", "10/27/2026 18:00", "27.10.2026 18:00", "27/10/2026, 18:00",
        "2026/10/27 18:00", "20261027T18:00", "Oct 27, 2026 6:00 PM", "27-OCT-2026 18:00:00", "46322.75",
        "  2026-10-27   18:00 ",
    ],
)  # fmt: skip
def test_a_time_is_read_as_systems_write_it(text: str) -> None:
    assert HERE.moment(text) == EVENING
    assert HERE.day(text) == EVENING.date()


def test_an_instant_keeps_the_zone_that_was_written_and_else_has_the_clinic_s() -> None:
    for twice_on_the_clock in ("2026-11-01T01:30:00-05:00", "2026-11-01T01:30:00-06:00"):
        assert HERE.instant(twice_on_the_clock).isoformat() == twice_on_the_clock
    for text in ("10/27/2026 6:00 PM", "2026-10-27T23:00Z", "46322.75"):
        assert HERE.instant(text).isoformat() == "2026-10-27T18:00:00-05:00"
    assert HERE.instant("10/27/2026").isoformat() == "2026-10-27T00:00:00-05:00"
    with pytest.raises(NoDay, match="could be two days"):
        HERE.instant("10/7/2026 6:00 PM")


@pytest.mark.parametrize(
    "text", ["2026-10-27", "10/27/2026", "27/10/2026", "27.10.2026", "20261027", "46322", "October 27, 2026"]
)
def test_a_day_without_a_time_names_no_session(text: str) -> None:
    assert HERE.day(text) == EVENING.date()
    with pytest.raises(NoDay, match="has no time of day"):
        HERE.moment(text)


@given(DAYS, st.sampled_from(["/", ".", "-"]))
def test_no_day_is_guessed_and_the_order_is_asked_for_once(day: date, mark: str) -> None:
    month_first, day_first = (
        f"{day.month}{mark}{day.day}{mark}{day.year}",
        f"{day.day}{mark}{day.month}{mark}{day.year}",
    )
    assert DateReader(CHICAGO, "month_first").day(month_first) == day
    assert DateReader(CHICAGO, "day_first").day(day_first) == day
    for text in (month_first, day_first):
        if day.day > 12 or day.day == day.month:
            assert HERE.day(text) == day
        else:
            with pytest.raises(NoDay, match=r'clinic\.json .*"dates": "month_first" or "dates": "day_first"'):
                HERE.day(text)


@given(DAYS, st.integers(0, 1439))
def test_what_a_spreadsheet_keeps_is_the_same_time(day: date, minute: int) -> None:
    at = datetime.combine(day, datetime.min.time()) + timedelta(minutes=minute)
    serial = (at - datetime(1899, 12, 30)) / timedelta(days=1)  # noqa: DTZ001
    assert HERE.moment(f"{serial:.10f}") == at


@pytest.mark.parametrize(
    ("text", "order"),
    [("10/7/26", None), ("yesterday evening", None), ("2026-02-30 18:00", None), ("27/10/2026", "month_first"),
     ("10/27/2026", "day_first"), ("2026-10-27 25:00", None), ("2026-10-27 13:00 PM", None), ("", None),
     ("2026-10-27T18:00:00+99:00", None), ("9999999999", None)],
)  # fmt: skip
def test_what_is_no_day_is_refused(text: str, order: Order | None) -> None:
    with pytest.raises(NoDay):
        DateReader(CHICAGO, order).day(text)


@given(st.text(max_size=40))
def test_any_text_is_a_day_or_refused_and_a_name_does_not_travel(text: str) -> None:
    try:
        HERE.day(text)
    except NoDay as error:
        assert "Müller" not in str(error)
    with pytest.raises(NoDay) as refused:
        HERE.day("Zoë Müller")
    assert "Müller" not in str(refused.value)


def test_numbers_and_words_are_read_as_systems_write_them() -> None:
    assert {values.minutes(text) for text in ("180", "180.0", "180.00", "180,0", "180 min")} == {180}
    assert {values.result(text) for text in ("NEG", "neg", "Negative", "Not Detected", "not_detected")} == {
        "negative"
    }
    assert values.result("Confirmed Positive") == "definitive"
    assert {values.status(text) for text in ("P", "Present", "LEFT EARLY", "left-early")} == {"attended"}
    assert values.names("alcohol; THC|Cocaine, ") == ["alcohol", "thc", "cocaine"]
    for read, text, words in (
        (values.minutes, "3:00", "whole number of minutes"),
        (values.minutes, "179.5", "whole number of minutes"),
        (values.result, "POS", "presumptive for a screening and definitive"),
        (values.result, "fine", "use one of definitive, dilute"),
        (values.status, "maybe", "use present, absent or excused"),
    ):
        with pytest.raises(NotUnderstood, match=words):
            read(text)
