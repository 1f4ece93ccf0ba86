"""Laws over orders and dates, by property, and a random walk over the chart."""

from contextlib import suppress
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from tests.core.afresh import differs_afresh
from tests.core.clinic import ADMITTED, LAST_USE, Patient, admitted, at, ready_for_gate
from tests.searching import examples
from workflows.core.engine.errors import Refused
from workflows.core.episode.entries import parse_entry
from workflows.core.episode.episode import Episode
from workflows.core.episode.views import progress

pytestmark = pytest.mark.dear

SESSIONS = [
    ADMITTED + timedelta(days=n) for n in range(28) if (ADMITTED + timedelta(days=n)).weekday() in (0, 2, 4)
]
DAYS = st.integers(-5, 27).map(lambda n: ADMITTED + timedelta(days=n))


def _iso(day: date) -> str:
    return day.isoformat()


STATEMENTS = st.one_of(
    st.builds(lambda d: {"kind": "use", "on": _iso(d)}, DAYS),
    st.builds(lambda d: {"kind": "use", "on": _iso(d), "class": "relapse"}, DAYS),
    st.builds(
        lambda d, s, m: {"kind": "attendance", "session": f"{d}T18:00", "status": s, "minutes": m},
        st.sampled_from(SESSIONS), st.sampled_from(["attended", "excused", "missed"]), st.sampled_from([60, 180]),
    ),
    st.builds(
        lambda d, i, r: {"kind": "test", "test_id": f"t{i}", "collected_on": _iso(d), "result": r,
                         "substances": ["cocaine"]},
        DAYS, st.integers(0, 3), st.sampled_from(["pending", "negative", "presumptive", "definitive", "dilute"]),
    ),
    st.builds(lambda d: {"kind": "contact", "at": f"{d}T12:00", "channel": "phone", "outcome": "reached"}, DAYS),
    st.builds(lambda d, score: {"kind": "assessment", "instrument": "gad_7", "on": _iso(d), "score": score},
              DAYS, st.integers(0, 21)),
    st.builds(lambda d: {"kind": "medication", "name": "cocaine", "start_on": _iso(d)}, DAYS),
    st.builds(lambda d: {"kind": "session_change", "session": f"{d}T18:00", "change": "cancelled"},
              st.sampled_from(SESSIONS)),
)  # fmt: skip
HISTORIES = st.lists(STATEMENTS, max_size=12)
NOW = at(ADMITTED + timedelta(days=28))


def _facts(patient: Patient) -> dict[str, Any]:
    shown = patient.progress.model_dump()
    # Tasks and deadlines may depend on alarms already raised; everything else may not (T4).
    return {name: value for name, value in shown.items() if name not in ("open_tasks", "next_deadline")}


def _recorded(statements: list[tuple[int, dict[str, Any]]]) -> Patient:
    patient = admitted()
    patient.now = NOW
    for number, statement in statements:
        patient.episode.apply(parse_entry({"by": "cm-1", "id": f"e{number}", **statement}), NOW)
    patient.episode.wake(NOW)
    patient.effects += patient.episode.take_effects()
    return patient


@settings(max_examples=examples(75), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(HISTORIES, st.randoms(use_true_random=False))
def test_T4_any_order_of_the_same_entries_gives_the_same_facts(
    history: list[dict[str, Any]], random: Any
) -> None:
    numbered = list(enumerate(history))
    shuffled = numbered[:]
    random.shuffle(shuffled)
    assert _facts(_recorded(numbered)) == _facts(_recorded(shuffled))


@settings(max_examples=examples(40), deadline=None)
@given(HISTORIES)
def test_T4_recording_twice_changes_nothing(history: list[dict[str, Any]]) -> None:
    once = list(enumerate(history))
    assert _facts(_recorded(once)) == _facts(_recorded([*once, *once]))


@settings(max_examples=examples(40), deadline=None)
@given(HISTORIES)
def test_T3_retracting_everything_returns_to_the_start(history: list[dict[str, Any]]) -> None:
    patient = _recorded(list(enumerate(history)))
    for number in range(len(history)):
        patient.says("retraction", entry_id=f"e{number}", reason="wrong")
    assert _facts(patient) == _facts(_recorded([]))


@settings(max_examples=examples(40), deadline=None)
@given(HISTORIES)
@example([
    {"kind": "test", "test_id": "t1", "collected_on": "2026-01-05", "result": "negative", "substances": ["cocaine"]},
    {"kind": "test", "test_id": "t0", "collected_on": "2026-01-02", "result": "dilute", "substances": ["cocaine"]},
])  # fmt: skip
def test_a_snapshot_restores_the_episode_as_it_was(history: list[dict[str, Any]]) -> None:
    patient = _recorded(list(enumerate(history)))
    episode = patient.episode
    again = Episode.unpacked(episode.packed(), episode.start, episode.pathway)
    assert progress(again, NOW) == progress(episode, NOW)
    again.wake(NOW)
    assert [type(effect).__name__ for effect in again.take_effects()] == []


@settings(max_examples=examples(60), deadline=None)
@given(DAYS, st.integers(0, 200))
def test_T1_days_sober_grow_by_one_a_day(last_use: date, days: int) -> None:
    patient = admitted()
    patient.now = NOW
    patient.says("use", on=last_use)
    patient.now = at(NOW.date() + timedelta(days=days))
    assert patient.progress.days_sober == (patient.now.date() - max(last_use, LAST_USE)).days


class Walk(RuleBasedStateMachine):
    """An episode walked at random, through all that people and time may do to it."""

    def __init__(self) -> None:
        super().__init__()
        self.patient = admitted()
        self.signed_exit = False

    @rule(days=st.integers(0, 20), clock=st.sampled_from(["00:00", "12:00", "21:30"]))
    def time_passes(self, days: int, clock: str) -> None:
        then = at(self.patient.now.date() + timedelta(days=days), clock)
        if then > self.patient.now:
            self.patient.until(then.date(), clock)

    @rule(statement=STATEMENTS)
    def something_is_stated(self, statement: dict[str, Any]) -> None:
        try:
            self.patient.says(**statement)
        except Refused as refused:
            assert "future" in str(refused)

    @rule(back=st.integers(0, 30))
    def something_is_retracted(self, back: int) -> None:
        known = [
            recorded
            for recorded in self.patient.episode.record
            if recorded.entry.kind in ("use", "attendance")
        ]
        if back < len(known):
            self.patient.says("retraction", entry_id=known[back].key, reason="wrong")

    @rule(days=st.integers(1, 10))
    def a_leave(self, days: int) -> None:
        today = self.patient.now.date()
        try:
            self.patient.says(
                "leave", reason="hospital", **{"from": today, "until": today + timedelta(days=days)}
            )
        except Refused as refused:
            assert "overlaps" in str(refused)

    @rule()
    def a_crisis(self) -> None:
        self.patient.says("crisis", type="overdose", at=self.patient.now.isoformat())
        assert self.patient.progress.in_crisis

    @rule(data=st.data())
    def a_task_is_completed(self, data: st.DataObject) -> None:
        tasks = sorted(self.patient.episode.open_tasks.values(), key=lambda task: task.duty)
        if tasks:
            task = data.draw(st.sampled_from(tasks))
            choice = data.draw(st.sampled_from(task.outcomes))
            closing = self.patient.episode.pathway.exits.get((task.kind, choice))
            self.patient.says("decision", about=task.task_id, choice=choice, by="su-1", reason="because")
            self.signed_exit |= closing is not None

    @rule(days=st.integers(0, 5), name=st.sampled_from(["suicide_risk", "moved_house"]))
    def a_flag_for_a_time(self, days: int, name: str) -> None:
        today = self.patient.now.date()
        self.patient.says("flag", name=name, on=today, off=today + timedelta(days=days))

    @rule(share=st.floats(0.001, 0.999))
    def nothing_changes_between_deadlines(self, share: float) -> None:
        """The shell sleeps until the next deadline: what changed before it would be seen too late (E9)."""
        episode = self.patient.episode
        copy = Episode.unpacked(episode.packed(), episode.start, episode.pathway)
        ahead = episode.next_deadline.at - self.patient.now if episode.next_deadline else timedelta(days=400)
        copy.wake(self.patient.now + ahead * share)
        assert copy.take_effects() == []
        assert (copy.states, copy.next_deadline) == (episode.states, episode.next_deadline)

    @invariant()
    def E1_nothing_closes_without_a_named_person(self) -> None:
        if self.patient.progress.stage == "closed":
            assert self.signed_exit

    @invariant()
    def E9_an_open_episode_waits_for_something(self) -> None:
        shown = self.patient.progress
        assert shown.next_deadline or shown.open_tasks or shown.stage == "closed"

    @invariant()
    def what_is_kept_is_what_would_be_worked_out_now(self) -> None:
        assert not differs_afresh(self.patient.episode)

    @invariant()
    def tasks_are_those_that_are_owed(self) -> None:
        tasks = self.patient.progress.open_tasks
        assert len({task.task_id for task in tasks}) == len(tasks)
        if self.patient.progress.on_leave:
            assert not [task for task in tasks if task.rule == "A4"]


TestWalk = Walk.TestCase
TestWalk.settings = settings(max_examples=examples(25), stateful_step_count=25, deadline=None)


def test_a_ready_patient_can_finish() -> None:
    patient = ready_for_gate()
    patient.says("decision", about="gate_review", choice="pass", by="th-1")
    patient.says("exit", reason="completed", on=patient.now.date())
    assert patient.progress.exit
    patient.says("decision", about="exit_bundle", choice="given")
    patient.until(patient.now.date() + timedelta(days=6 * 366))
    assert patient.episode.finished(patient.now)


SMALL = {
    "length": {"days": 9, "extension_days": 4},
    "gate": {"sober_days": 6, "min_negative_tests": 2, "max_days_between_tests": 3},
    "aftercare": {"weekly_for_weeks": 1, "fortnightly_until_month": 1, "monthly_until_month": 2},
}
"""A program in which days open and shut the gate, again and again."""
BACK = st.integers(0, 6)
STEPS = st.one_of(
    st.builds(lambda days, clock: ("wait", days, clock), st.integers(0, 6), st.sampled_from(["00:00", "12:00"])),
    st.builds(lambda back, result: ("test", back, result), BACK,
              st.sampled_from(["negative", "negative", "negative", "presumptive", "definitive", "not_provided"])),
    st.builds(lambda kind, back: (kind, back, ""), st.sampled_from(["use", "collateral", "crisis", "return"]), BACK),
    st.builds(lambda kind, days: (kind, days, ""), st.sampled_from(["leave", "flag", "goal", "consent"]), BACK),
    st.builds(lambda which, choice: ("answer", which, choice), BACK, st.sampled_from(["first", "last"])),
)  # fmt: skip


def _seen(episode: Episode) -> tuple[object, ...]:
    flags = tuple(episode.facts.flags)
    return episode.stage, episode.states, sorted(episode.open_tasks), flags, episode.next_deadline


def _take(patient: Patient, what: str, number: int, more: str) -> None:
    today = patient.now.date()
    then, ahead = max(today - timedelta(days=number), ADMITTED), today + timedelta(days=number)
    match what:
        case "wait":
            if (until := at(today + timedelta(days=number), more)) > patient.now:
                patient.until(until.date(), more)
        case "test":
            positive = {"substances": ["cocaine"]} if more in ("presumptive", "definitive") else {}
            patient.says("test", test_id=f"t{then}", collected_on=then, result=more, **positive)
        case "collateral":
            patient.says("use", on=then, evidence="collateral")
        case "use":
            patient.says("use", on=then)
        case "crisis":
            patient.says("crisis", type="overdose", at=patient.now.isoformat())
        case "return":
            patient.says("return", on=today)
        case "leave":
            patient.says(
                "leave", reason="hospital", **{"from": today + timedelta(days=number % 3), "until": ahead}
            )
        case "flag":
            patient.says("flag", name="suicide_risk", on=today, off=ahead)
        case "goal":
            patient.says("goal", goal_id="g1", status="open" if number == 0 else "met")
        case "consent":
            patient.says("consent", consent_id=f"c{ahead}", recipient="harbor", purpose="referral",
                         content=["referral"], signed_on=today, expires_on=ahead)  # fmt: skip
        case "answer":
            tasks = sorted(patient.episode.open_tasks.values(), key=lambda task: task.duty)
            if tasks and not (task := tasks[number % len(tasks)]).kind.startswith("attendance"):
                choice = task.outcomes[0 if more == "first" else -1]
                patient.says("decision", about=task.task_id, choice=choice, by="su-1", reason="because")


@settings(max_examples=examples(40), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.booleans(),
    st.lists(STEPS, min_size=2, max_size=16),
    st.lists(st.floats(0.001, 0.999), min_size=2, max_size=2),
)
def test_E9_whatever_the_passing_of_time_changes_is_announced_by_a_deadline(
    is_ready: bool, steps: list[tuple[str, int, str]], shares: list[float]
) -> None:
    patient = admitted(policy=SMALL)
    if is_ready:
        patient.says("goal", goal_id="g1", status="met")
        for days in (5, 7, 9):
            patient.until(ADMITTED + timedelta(days=days))
            _take(patient, "test", 0, "negative")
        assert "gate_review" in patient.tasks
    for what, number, more in steps:
        with suppress(Refused):
            _take(patient, what, number, more)
        episode = patient.episode
        ahead = episode.next_deadline.at - patient.now if episode.next_deadline else timedelta(days=40)
        nights = [
            at(patient.now.date() + timedelta(days=n), "00:00") for n in range(1, min(ahead.days, 8) + 1)
        ]
        for then in [*(night for night in nights if night < patient.now + ahead),
                     *(patient.now + ahead * share for share in shares)]:  # fmt: skip
            state, seen = episode.state, _seen(episode)
            episode.wake(then)
            assert episode.take_effects() == [], then
            assert _seen(episode) == seen, then
            episode.state = state
