"""A4, T6, P7: whenever a miss falls, every rung of a ladder has its turn, in its order, or says why not."""

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.core.clinic import ADMITTED, LAST_USE, Patient, at
from tests.searching import examples
from workflows.core.engine.effects import OpenTask
from workflows.core.episode.policy import Attendance

DAY = timedelta(days=1)
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
DEFAULT = [rung.model_dump(mode="json", exclude_none=True) for rung in Attendance().ladder]


def missing(
    weekday: str, start: str, ladder: list[dict[str, Any]], closed: set[int], until: int = 45
) -> Patient:
    """A patient who comes to nothing, over so many days; each session is an hour long, once in the week."""
    schedule = [{"weekday": weekday, "start": start, "minutes": 60, "service": "group"}]
    policy = {"attendance": {"ladder": ladder}}
    session = ADMITTED + WEEKDAYS.index(weekday) * DAY
    closures = sorted({ADMITTED + n * DAY for n in closed} - {session})
    patient = Patient(schedule=schedule, policy=policy, closures=closures)
    patient.says("level_of_care", level="iop", by="th-1")
    patient.says("goal", goal_id="g1")
    patient.until(ADMITTED, "00:00")
    patient.says("admission", on=ADMITTED, last_use_on=LAST_USE)
    return patient.until(ADMITTED + until * DAY)


def rungs_opened(patient: Patient) -> list[OpenTask]:
    return [effect for effect in patient.effects if isinstance(effect, OpenTask) and effect.rule == "A4"]


def holds_for(patient: Patient, ladder: list[dict[str, Any]]) -> None:
    opened = rungs_opened(patient)
    kinds = [task.kind for task in opened]
    order = [rung["task"] for rung in ladder if "task" in rung]
    assert kinds == [kind for kind in order if kind in kinds], "in the order of the ladder"
    for rung in ladder:
        name = str(rung["name"]).replace("_", " ").capitalize()
        skipped = [task for task in opened if f"{name} is skipped: its time" in task.asks]
        if "task" in rung and rung.get("contacts_others") != "only":
            assert (rung["task"] in kinds) != bool(skipped), (rung["name"], kinds)


@settings(max_examples=examples(60), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from(WEEKDAYS), st.integers(0, 22), st.sets(st.integers(0, 20), max_size=8))
def test_A4_every_rung_of_the_default_ladder_has_its_turn_or_says_why_not(
    weekday: str, hour: int, closed: set[int]
) -> None:
    holds_for(missing(weekday, f"{hour:02d}:30", DEFAULT, closed), DEFAULT)


DELAYS = st.one_of(
    st.builds(lambda n: {"minutes": n}, st.integers(0, 600)),
    st.builds(lambda n: {"hours": n}, st.integers(0, 100)),
    st.builds(lambda n: {"days": n}, st.integers(0, 15)),
    st.builds(lambda n: {"business_days": n}, st.integers(0, 5)),
    st.builds(lambda n: {"business_hours": n}, st.integers(0, 30)),
    st.just({"by_close_of_business": True}),
    st.just({"by_end_of_day": True}),
)


def _ladder(delays: list[dict[str, Any]], messages: set[int], misses: int) -> list[dict[str, Any]]:
    """Rungs with these delays; of those that are counted by the clock each comes later than the one before it."""
    clock = {"minutes": 1, "hours": 60, "days": 1440}
    elapsed = iter(sorted({n * clock[unit] for one in delays for unit, n in one.items() if unit in clock}))
    rungs: list[dict[str, Any]] = []
    for number, delay in enumerate(delays):
        if next(iter(delay)) in clock:
            minutes = next(elapsed, None)
            if minutes is None:
                continue
            delay = {"minutes": minutes}
        does = {"message": "please_call"} if number in messages else {"task": f"step_{number}"}
        rungs.append({"name": f"rung_{number}", "after": delay, **does})
    if len(rungs) > 2 and misses:
        rungs[-1]["at_misses"] = misses
    return rungs


@settings(max_examples=examples(60), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(DELAYS, min_size=1, max_size=7), st.sets(st.integers(0, 6), max_size=2), st.sampled_from([0, 2, 3]),
    st.sampled_from(WEEKDAYS), st.integers(0, 22), st.sets(st.integers(0, 20), max_size=5),
)  # fmt: skip
def test_A4_every_rung_of_any_ladder_has_its_turn_or_says_why_not(
    delays: list[dict[str, Any]], messages: set[int], misses: int, weekday: str, hour: int, closed: set[int]
) -> None:
    ladder = _ladder(delays, messages, misses)
    holds_for(missing(weekday, f"{hour:02d}:30", ladder, closed, until=40), ladder)


def test_A4_T6_after_a_miss_on_friday_evening_the_second_attempt_says_why_it_is_skipped() -> None:
    patient = missing("fri", "18:00", DEFAULT, set(), until=14)
    (call,) = [task for task in rungs_opened(patient) if task.kind == "outreach_therapist_call"]
    assert "Second attempt is skipped: its time, Mon 12 Jan 17:00" in call.asks


@pytest.mark.parametrize("weekday", ["mon", "tue", "wed", "thu"])
def test_A4_on_other_evenings_the_second_attempt_has_its_turn(weekday: str) -> None:
    kinds = [task.kind for task in rungs_opened(missing(weekday, "18:00", DEFAULT, set(), until=10))]
    assert kinds[:3] == ["outreach_call", "outreach_second_channel", "outreach_therapist_call"]


def test_A4_only_a_rung_without_a_turn_since_or_before_the_person_was_reached_is_called_skipped() -> None:
    patient = Patient()
    patient.says("level_of_care", level="iop", by="th-1")
    patient.says("goal", goal_id="g1")
    patient.until(ADMITTED, "00:00")
    patient.says("admission", on=ADMITTED, last_use_on=LAST_USE)
    patient.until(date(2026, 1, 6), "18:00")
    patient.says("contact", at=at("2026-01-06", "18:00").isoformat(), channel="phone", outcome="reached")
    patient.until(date(2026, 1, 9), "12:00")
    review = rungs_opened(patient)[-1]
    assert review.kind == "supervisor_review"
    assert "Therapist call is skipped" in review.asks
    assert review.asks.count("skipped") == 1
