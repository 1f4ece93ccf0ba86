"""S4: tests are drawn on random intervals, reproducibly, and collected in a window."""

from collections import Counter
from datetime import date, timedelta
from itertools import islice, pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.core.clinic import ADMITTED, Patient, admitted
from tests.searching import examples
from workflows.core.engine.effects import CloseTask, OpenTask
from workflows.core.episode.episode import Episode
from workflows.core.episode.policy import InvalidPolicy, load_policy
from workflows.core.episode.sobriety.draws import draws
from workflows.core.episode.views import as_known_at

DAY = timedelta(days=1)
DRAWN = {"tests": {"phases": [{"until_day": 30, "max_gap_days": 7}, {"max_gap_days": 12}]}}


def first_draw() -> tuple[Patient, date]:
    """A patient who comes to everything, on the morning of their first draw."""
    patient = admitted(policy=DRAWN)
    day = patient.episode.facts.draws[1]
    assert day
    patient.attends_until(day)
    patient.until(day, "10:00")
    return patient, day


def drawn_days(patient: Patient, until: date) -> list[date]:
    """Every day on which a test was asked for, as staff live through it."""
    found = []
    for ahead in range((until - ADMITTED).days):
        day = ADMITTED + ahead * DAY
        if day.weekday() in (0, 2, 4):
            patient.attends(day)
        patient.until(day, "23:00")
        if "collect_test" in patient.tasks:
            found.append(day)
            patient.says("test", test_id=f"t{day}", collected_on=day, result="negative")
    return found


@given(st.text(min_size=1), st.integers(1, 14))
def test_S4_two_draws_are_never_further_apart_than_the_maximum_gap(episode: str, gap: int) -> None:
    days = [ADMITTED, *islice(draws(episode, ADMITTED, lambda _: gap), 50)]
    assert all(1 <= (later - earlier).days <= gap for earlier, later in pairwise(days))


def test_S4_the_draw_is_reproducible_and_another_for_each_episode() -> None:
    first, again, other = (list(islice(draws(name, ADMITTED, lambda _: 7), 20)) for name in ("a", "a", "b"))
    assert first == again
    assert first != other


def test_S4_weekends_and_the_days_after_them_are_as_likely_as_others() -> None:
    days = [day for n in range(400) for day in islice(draws(f"e{n}", ADMITTED, lambda _: 7), 5, 30)]
    share = Counter(day.weekday() for day in days)
    assert all(abs(share[weekday] / len(days) - 1 / 7) < 0.01 for weekday in range(7))


def test_S4_no_interval_gives_the_next_one_away() -> None:
    gaps = [
        (b - a).days
        for n in range(400)
        for a, b in pairwise(islice(draws(f"e{n}", ADMITTED, lambda _: 7), 20))
    ]
    after_long = [later for earlier, later in pairwise(gaps) if earlier >= 6]
    assert abs(sum(after_long) / len(after_long) - 4) < 0.2


def test_S4_a_drawn_test_is_a_task_that_its_collection_does() -> None:
    patient, day = first_draw()
    assert "collect_test" in patient.tasks
    patient.says("test", test_id="t1", collected_on=day)
    assert "collect_test" not in patient.tasks


def test_S4_a_test_that_was_not_collected_in_its_window_is_asked_about() -> None:
    patient, day = first_draw()
    patient.attends_until(day + 2 * DAY)
    patient.until(day + 3 * DAY, "18:00")
    assert patient.tasks & {"test_not_collected", "collect_test"}
    assert patient.progress.on_hold == []


def test_S4_a_test_that_the_clinic_cancelled_is_not_missed() -> None:
    patient, _ = first_draw()
    patient.says("decision", about="collect_test", choice="clinic_cancelled")
    assert not patient.tasks & {"collect_test", "test_not_collected"}
    assert patient.progress.on_hold == []


def test_S4_a_refused_test_holds_the_gate_as_S6_says() -> None:
    patient, day = first_draw()
    patient.says("test", test_id="t1", ordered_on=day, result="not_provided", reason="refused")
    assert "collect_test" not in patient.tasks
    assert patient.progress.on_hold


def test_S4_the_first_phase_is_denser() -> None:
    days = drawn_days(admitted(policy=DRAWN), ADMITTED + 90 * DAY)
    early = [day for day in days if day <= ADMITTED + 30 * DAY]
    assert all((b - a).days <= 12 for a, b in pairwise(days))
    assert all((b - a).days <= 7 for a, b in pairwise(early))
    assert len(early) > (len(days) - len(early)) / 2


def test_S3_after_a_slip_tests_are_drawn_more_often_and_earlier_draws_stay() -> None:
    patient = admitted(policy=DRAWN)
    before = drawn_days(patient, ADMITTED + 40 * DAY)
    unchanged = admitted(policy=DRAWN)
    drawn_days(unchanged, ADMITTED + 40 * DAY)
    patient.says("use", on=ADMITTED + 35 * DAY)
    assert patient.episode.facts.draws[0] == unchanged.episode.facts.draws[0] == before
    after = [day for day in drawn_days_from(patient, 40, 54) if day >= ADMITTED + 44 * DAY]
    assert all((b - a).days <= 4 for a, b in pairwise(after))


def drawn_days_from(patient: Patient, first: int, last: int) -> list[date]:
    found = []
    for ahead in range(first, last):
        day = ADMITTED + ahead * DAY
        patient.until(day, "23:00")
        if "collect_test" in patient.tasks:
            found.append(day)
            patient.says("test", test_id=f"t{day}", collected_on=day, result="negative")
    return found


def test_S4_on_leave_nothing_is_drawn() -> None:
    patient = admitted(policy=DRAWN)
    patient.says("leave", reason="hospital", **{"from": ADMITTED + DAY, "until": ADMITTED + 20 * DAY})
    patient.until(ADMITTED + 19 * DAY)
    assert not patient.tasks & {"collect_test", "test_not_collected"}


def test_S4_a_gap_that_the_gate_could_never_pass_is_refused() -> None:
    with pytest.raises(InvalidPolicy, match=r"tests\.phases\.0\.max_gap_days: 20 days between draws"):
        load_policy({"tests": {"phases": [{"max_gap_days": 20}]}})


@settings(max_examples=examples(20), deadline=None)
@given(st.integers(0, 10_000))
def test_S4_whoever_comes_to_every_draw_has_the_evidence_that_the_gate_needs(number: int) -> None:
    days = list(islice(draws(f"e{number}", ADMITTED, lambda _: 12), 12))
    assert all((b - a).days <= 14 for a, b in pairwise([ADMITTED, *days]))


def test_S4_each_drawn_test_that_is_not_collected_is_asked_about_although_the_next_one_is_drawn() -> None:
    patient = admitted(policy=DRAWN)
    patient.attends_until(ADMITTED + 20 * DAY)
    drawn = patient.episode.facts.draws[0]
    withdrawn = [
        e for e in patient.effects if isinstance(e, CloseTask) and e.reason == "its cause no longer holds"
    ]
    assert len(drawn) > 2
    assert not [e for e in withdrawn if e.duty.startswith(("collect_test", "test_not_collected"))]
    asked = {t.entries or t.asks for t in patient.progress.open_tasks if t.kind == "test_not_collected"}
    opened = {e.duty for e in patient.effects if isinstance(e, OpenTask)}
    assert asked
    assert {f"test_not_collected:{day}" for day in drawn[:2]} <= opened


def test_S4_an_order_alone_is_no_collection() -> None:
    patient, day = first_draw()
    patient.says("test", test_id="t1", ordered_on=day, result="pending")
    assert "collect_test" in patient.tasks
    patient.says("test", test_id="t1", collected_on=day, result="pending")
    assert "collect_test" not in patient.tasks


def comes_to_every_draw(patient: Patient, until: date) -> None:
    while patient.now.date() < until:
        today = patient.now.date()
        patient.until(today, "12:00")
        if patient.tasks & {"collect_test", "test_not_collected"}:
            patient.says("test", test_id=f"t{today}", collected_on=today, result="negative")
        if today.weekday() in (0, 2, 4):
            patient.attends(today)
        patient.until(today + DAY, "08:00")


@pytest.mark.parametrize("number", range(12))
def test_T3_T8_no_correction_and_no_policy_accuses_of_a_test_that_was_never_asked_for(number: int) -> None:
    denser = {"tests": {"phases": [{"until_day": 60, "max_gap_days": 6}, {"max_gap_days": 12}]}}
    patient = admitted(episode_id=f"z{number}", policy=DRAWN)
    comes_to_every_draw(patient, ADMITTED + 6 * DAY)
    use = patient.says("use", on=ADMITTED + 6 * DAY)
    comes_to_every_draw(patient, ADMITTED + 16 * DAY)
    patient.until(ADMITTED + 16 * DAY, "12:00")
    patient.says("retraction", entry_id=use.entry_id, reason="another patient")
    assert "test_not_collected" not in patient.tasks
    patient.says("policy", policy=denser, by="di-1")
    assert "test_not_collected" not in patient.tasks


# -- a rule that changes while an interval is running ------------------------------------------------------------


@given(st.text(min_size=1, max_size=8), st.integers(2, 14), st.integers(1, 60), st.integers(1, 13))
def test_S3_S4_a_denser_rule_reaches_the_interval_that_is_running(
    episode: str, gap: int, ahead: int, denser: int
) -> None:
    changed = ADMITTED + ahead * DAY
    before = [*islice(draws(episode, ADMITTED, lambda _: gap), 80)]
    after = [*islice(draws(episode, ADMITTED, lambda day: min(gap, denser) if day >= changed else gap), 80)]
    assert [day for day in after if day <= changed] == [day for day in before if day <= changed], (
        "the past stays"
    )
    following = next(day for day in after if day > changed)
    assert (following - changed).days <= min(gap, denser)
    if changed not in before:
        assert following <= next(day for day in before if day > changed), "what is running never grows"


@given(st.text(min_size=1, max_size=8), st.integers(1, 60))
def test_S4_a_rule_that_becomes_looser_leaves_the_interval_that_is_running(episode: str, ahead: int) -> None:
    changed = ADMITTED + ahead * DAY
    before = [*islice(draws(episode, ADMITTED, lambda _: 4), 80)]
    after = [*islice(draws(episode, ADMITTED, lambda day: 12 if day >= changed else 4), 80)]
    following = next(day for day in before if day >= changed)
    assert [day for day in after if day <= following] == [day for day in before if day <= following]


def test_S4_where_the_next_draw_falls_after_a_change_cannot_be_told_from_before() -> None:
    change = ADMITTED + 5 * DAY
    first = [
        next(day for day in draws(f"e{n}", ADMITTED, lambda day: 4 if day >= change else 12) if day > change)
        for n in range(4000)
    ]
    share = Counter((day - change).days for day in first)
    assert set(share) == {1, 2, 3, 4}
    assert min(share.values()) > 600


@pytest.mark.parametrize("slip", range(10, 26))
def test_S3_a_use_brings_the_next_test_within_the_denser_gap(slip: int) -> None:
    patient = admitted(policy=DRAWN).attends_until(ADMITTED + slip * DAY)
    drawn = list(patient.episode.facts.draws[0])
    patient.says("use", on=patient.now.date())
    following = patient.episode.facts.draws[1]
    assert list(patient.episode.facts.draws[0]) == drawn
    assert following
    assert 1 <= (following - patient.now.date()).days <= 4
    again = Episode.unpacked(patient.episode.packed(), patient.episode.start, patient.episode.pathway)
    again.wake(patient.now)
    assert again.facts.draws[1] == following
    assert as_known_at(patient.episode, patient.now).facts.draws[1] == following


@pytest.mark.parametrize("day", [40, 47, 55])
def test_S4_T8_an_adopted_policy_reaches_the_running_interval_and_leaves_the_draws_of_the_past(
    day: int,
) -> None:
    patient = admitted(policy=DRAWN).attends_until(ADMITTED + day * DAY)
    drawn = list(patient.episode.facts.draws[0])
    patient.says("policy", policy={"tests": {"phases": [{"max_gap_days": 2}]}})
    assert list(patient.episode.facts.draws[0]) == drawn
    following = patient.episode.facts.draws[1]
    assert following
    assert 1 <= (following - patient.now.date()).days <= 2


def test_S4_a_phase_that_is_denser_than_the_one_before_reaches_the_running_interval() -> None:
    phases = [{"until_day": 30, "max_gap_days": 14}, {"max_gap_days": 3}]
    patient = admitted(policy={"tests": {"phases": phases}}).attends_until(ADMITTED + 30 * DAY)
    following = patient.episode.facts.draws[1]
    assert following
    assert following <= ADMITTED + 33 * DAY


def test_E6_S4_draws_resume_after_a_return_from_leave() -> None:
    patient = admitted(policy=DRAWN).attends_until(ADMITTED + 10 * DAY)
    patient.says("leave", reason="travel", **{"from": ADMITTED + 10 * DAY, "until": ADMITTED + 60 * DAY})
    patient.until(ADMITTED + 21 * DAY)
    patient.says("return", on=ADMITTED + 21 * DAY)
    following = patient.episode.facts.draws[1]
    assert following
    assert (following - patient.now.date()).days <= 7
