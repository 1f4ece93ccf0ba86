"""Whether a neutral message may go to a patient at this very moment."""

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from workflows.core.episode.messages.sending import is_quiet, is_stale, is_suppressed, quiet_until

ZONE = ZoneInfo("America/Chicago")
NIGHT = (time(21), time(8))


def at(clock: str, day: str = "2026-03-02") -> datetime:
    return datetime.fromisoformat(f"{day}T{clock}").replace(tzinfo=ZONE)


@pytest.mark.parametrize(
    ("clock", "quiet"), [("20:59", False), ("21:00", True), ("07:59", True), ("08:00", False)]
)
def test_P2_quiet_hours_may_span_midnight(clock: str, quiet: bool) -> None:
    assert is_quiet(at(clock), ZONE, NIGHT) is quiet


@pytest.mark.parametrize(
    ("clock", "quiet"), [("11:59", False), ("12:00", True), ("12:59", True), ("13:00", False)]
)
def test_P2_quiet_hours_may_be_within_a_day(clock: str, quiet: bool) -> None:
    assert is_quiet(at(clock), ZONE, (time(12), time(13))) is quiet


def test_P2_hours_without_length_are_none() -> None:
    assert not is_quiet(at("12:00"), ZONE, (time(12), time(12)))
    assert not is_quiet(at("12:00"), ZONE, None)


def test_P2_the_hours_that_a_person_has_named_hold_in_place_of_the_programs() -> None:
    assert quiet_until(at("22:00"), ZONE, None, NIGHT) == at("08:00", "2026-03-03")
    assert quiet_until(at("22:00"), ZONE, (time(9), time(10)), NIGHT) is None
    assert quiet_until(at("09:30"), ZONE, (time(9), time(10)), NIGHT) == at("10:00")


def test_P2_the_night_in_which_clocks_change_ends_at_the_same_time_of_day() -> None:
    assert quiet_until(at("22:00", "2026-03-07"), ZONE, None, NIGHT) == at("08:00", "2026-03-08")


def test_T7_what_would_come_too_late_after_the_quiet_hours_is_stale_now() -> None:
    now, wakes = at("22:00"), at("08:00", "2026-03-03")
    assert is_stale(at("07:00", "2026-03-03"), now, wakes)
    assert not is_stale(wakes, now, wakes)
    assert is_stale(now - timedelta(seconds=1), now, None)
    assert not is_stale(None, now, None)


@pytest.mark.parametrize("why", ["is_over", "has_stopped", "has_no_channel"])
def test_E7_P2_nothing_goes_to_whom_has_left_said_stop_or_allowed_no_channel(why: str) -> None:
    assert not is_suppressed(is_over=False, has_channel=True, has_stopped=False)
    assert is_suppressed(
        is_over=why == "is_over", has_channel=why != "has_no_channel", has_stopped=why == "has_stopped"
    )
