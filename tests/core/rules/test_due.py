"""T7: a task is due from when it could first be known that it is owed, and its owner always hears of it first."""

from datetime import date, datetime, timedelta
from typing import Any

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.core.clinic import ADMITTED, LAST_USE, Patient, admitted, at, ready_for_gate
from tests.core.test_calendar import at_work, is_business
from tests.searching import examples
from workflows.core.engine.effects import OpenTask
from workflows.core.engine.errors import Refused
from workflows.core.engine.shown import OpenTaskView
from workflows.core.episode.entries import parse_entry
from workflows.core.episode.episode import Episode
from workflows.pathways import pathway_named

DAY = timedelta(days=1)


def on(days: int) -> date:
    return ADMITTED + days * DAY


def task(patient: Patient, kind: str) -> OpenTaskView:
    (found,) = [task for task in patient.progress.open_tasks if task.kind == kind]
    return found


def is_new(patient: Patient, kind: str) -> None:
    """A task of a kind has been opened for its owner just now, with time to do it."""
    found = task(patient, kind)
    assert found.due_at > patient.now
    assert found.level == 0
    (opened,) = [e for e in patient.effects if isinstance(e, OpenTask) and e.task_id == found.task_id]
    assert all(level.at > found.due_at for level in opened.escalation)


def test_T7_A6_a_flag_days_after_a_miss_alerts_the_on_call_role_today() -> None:
    patient = admitted().until(on(2), "10:00")
    patient.says("flag", name="suicide_risk", on=on(2))
    is_new(patient, "high_risk_contact")
    assert task(patient, "high_risk_contact").due_at == at(on(2), "23:59")


def test_T7_I4_a_level_of_care_decided_ten_days_after_the_referral_gives_the_case_manager_her_days() -> None:
    patient = Patient().until(on(7), "10:00")
    patient.says("level_of_care", level="iop", by="th-1")
    is_new(patient, "admission")
    assert task(patient, "admission").due_at == at(on(10), "10:00")


def test_T7_I3_another_level_decided_late_is_referred_to_from_then() -> None:
    patient = Patient().until(on(7), "10:00")
    patient.says("level_of_care", level="residential", by="th-1")
    is_new(patient, "refer_to_level_of_care")


def test_T7_S11_a_use_told_late_that_makes_day_90_unmet_is_reviewed_from_then() -> None:
    patient = ready_for_gate().until(on(95), "10:00")
    assert "continued_stay_review" not in patient.tasks
    patient.says("use", on=on(80))
    is_new(patient, "continued_stay_review")


def test_T7_A4_an_attendance_taken_back_days_later_gives_the_rung_its_time() -> None:
    patient = admitted()
    came = patient.attends(on(0))
    patient.until(on(3), "10:00")
    patient.says("attendance", session=f"{on(2)}T18:00", status="attended")
    patient.says("retraction", entry_id=came.entry_id, reason="another patient")
    assert not [one for one in patient.progress.open_tasks if one.level]
    patient = admitted()
    came = patient.attends(on(0))
    patient.until(on(2), "10:00")
    patient.says("retraction", entry_id=came.entry_id, reason="another patient")
    is_new(patient, "outreach_therapist_call")


def test_T7_I4_an_admission_entered_after_the_first_session_has_the_notice_signed_in_a_day() -> None:
    patient = Patient()
    patient.says("level_of_care", level="iop", by="th-1")
    patient.says("goal", goal_id="g1")
    patient.until(on(3), "10:00")
    patient.says("admission", on=on(0), last_use_on=LAST_USE)
    is_new(patient, "rights_notice")


def test_I4_an_admission_of_today_has_the_notice_signed_by_the_session_of_tonight() -> None:
    patient = Patient()
    patient.says("level_of_care", level="iop", by="th-1")
    patient.says("goal", goal_id="g1")
    patient.until(ADMITTED, "16:30")
    patient.says("admission", on=ADMITTED, last_use_on=LAST_USE)
    is_new(patient, "rights_notice")
    assert task(patient, "rights_notice").due_at == at(ADMITTED, "18:00")


def test_T7_A6_the_ladder_that_goes_on_when_a_flag_ends_begins_with_its_owner() -> None:
    patient = admitted().until(on(0), "22:30")
    patient.says("flag", name="suicide_risk", on=on(0), off=on(5))
    patient.says("leave", reason="travel", **{"from": on(1), "until": on(1)})
    patient.until(on(6), "00:00")
    found = [one for one in patient.progress.open_tasks if one.rule == "A4"]
    assert found
    assert all(one.due_at > patient.now and one.level == 0 for one in found)


def test_T7_an_episode_begun_long_after_its_referral_asks_for_the_screening_from_then() -> None:
    patient = Patient(referred_on=on(-20))
    is_new_at_start = task(patient, "screening")
    assert is_new_at_start.due_at > patient.now
    assert is_new_at_start.level == 0


def test_T7_what_was_missed_in_an_outage_keeps_its_due_time_also_when_an_entry_ends_the_outage() -> None:
    lived, slept = admitted(), admitted()
    lived.until(on(1), "08:00")
    slept.now = lived.now
    for patient in (lived, slept):
        patient.says("goal", goal_id="g2", title="sleep")
    assert task(slept, "outreach_call").due_at == task(lived, "outreach_call").due_at == at(on(1), "00:00")


def test_T7_the_owner_hears_first_also_of_what_is_overdue_when_an_outage_ends() -> None:
    patient = admitted()
    patient.now = at(on(2), "18:00")
    patient.episode.wake(patient.now)
    (opened,) = [e for e in patient.episode.take_effects() if isinstance(e, OpenTask) and e.rule == "A4"]
    assert opened.due_at < patient.now
    assert all(level.at > patient.now for level in opened.escalation)


def test_T7_a_task_that_is_asked_anew_is_due_from_then() -> None:
    patient = admitted().attends_until(on(3))
    patient.says("use", on=on(3))
    first = task(patient, "safety_check")
    patient.until(on(8), "10:00")
    patient.episode.ask_anew(first.task_id, patient.now)
    patient.effects += patient.episode.take_effects()
    is_new(patient, "safety_check")


def test_T7_a_conflict_that_an_import_brings_again_is_due_from_then() -> None:
    patient = Patient()
    patient.now = at(on(40), "09:00")
    entries: list[dict[str, Any]] = [
        {"kind": "level_of_care", "level": "iop", "by": "th-1", "on": on(-2)},
        {"kind": "goal", "goal_id": "g", "on": on(0)},
        {"kind": "admission", "on": on(0), "last_use_on": LAST_USE},
        *({"kind": "attendance", "session": f"{on(n)}T18:00", "status": "attended"}
          for n in range(40) if on(n).weekday() in (0, 2, 4)),
    ]  # fmt: skip
    _import(patient, entries)
    patient.until(on(43), "09:00")
    _import(patient, [{"kind": "attendance", "session": f"{on(14)}T18:00", "status": "missed"}])
    is_new(patient, "attendance_conflict")


def _import(patient: Patient, entries: list[dict[str, Any]]) -> None:
    known = len(patient.episode.record)
    parsed = [
        parse_entry(
            {"by": "ehr", "source": "import", "id": f"i{known + n}", **{k: _plain(v) for k, v in one.items()}}
        )
        for n, one in enumerate(entries)
    ]
    assert not [r for r in patient.episode.apply_many(parsed, patient.now) if isinstance(r, Exception)]
    patient.effects += patient.episode.take_effects()


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value


# -- the law --------------------------------------------------------------------------------------------------

BACK = st.integers(0, 25)
"""How many days ago what is told now happened."""
STATED = st.one_of(
    st.builds(lambda b, c: ("use", {"on": b, "class": c}), BACK, st.sampled_from(["slip", "relapse"])),
    st.builds(lambda b, s: ("attendance", {"session": b, "status": s}), BACK,
              st.sampled_from(["attended", "excused", "missed"])),
    st.builds(lambda b, r, i: ("test", {"test_id": f"t{i}", "collected_on": b, "result": r, "substances": ["cocaine"]}),
              BACK, st.sampled_from(["negative", "presumptive", "definitive", "dilute"]), st.integers(0, 5)),
    st.builds(lambda b, n: ("flag", {"name": "suicide_risk", "on": b, "off_after": n}), BACK, st.integers(0, 40)),
    st.builds(lambda b, n: ("leave", {"reason": "hospital", "from": b, "days": n}), BACK, st.integers(0, 20)),
    st.builds(lambda b: ("return", {"on": b}), BACK),
    st.builds(lambda b: ("crisis", {"type": "overdose", "at": b}), BACK),
    st.builds(lambda b: ("contact", {"at": b, "channel": "phone", "outcome": "reached"}), BACK),
    st.builds(lambda b, r: ("checkin", {"on": b, "risk": r}), BACK, st.integers(0, 10)),
    st.builds(lambda b, d: ("payer", {"authorization_id": "a1", "decision": "denied", "on": b, "appeal_after": d}),
              BACK, st.integers(0, 30)),
    st.builds(lambda b: ("exit", {"reason": "withdrew", "on": b}), st.integers(0, 2)),
    st.builds(lambda n: ("policy", {"policy": {"length": {"days": n}}}), st.integers(91, 140)),
    st.just(("goal", {"goal_id": "g1", "status": "met"})),
    st.just(("answer", {})),
    st.just(("retraction", {})),
)  # fmt: skip
STEPS = st.lists(st.tuples(STATED, st.integers(0, 90), st.integers(0, 50)), min_size=1, max_size=8)


class Watched(Patient):
    """A patient whose every opened task is held against the law, at the instant at which it opens."""

    def look(self) -> None:
        episode = self.episode
        owed = {duty.key: duty for duty in episode.pathway.duties(episode.facts, episode.state.states)}
        for effect in episode.take_effects():
            if isinstance(effect, OpenTask):
                duty, calendar = owed[effect.duty], episode.frame.calendar
                assert effect.due_at >= duty.due_at(self.now, calendar), effect
                assert all(level.at > max(self.now, effect.due_at) for level in effect.escalation)

    def later(self, hours: int) -> None:
        then = (self.now + timedelta(hours=hours)).astimezone(self.now.tzinfo)
        while (deadline := self.episode.next_deadline) and deadline.at <= then:
            self.now = max(self.now, deadline.at)
            self.episode.wake(self.now)
            self.look()
        self.now = then


def _tell(patient: Watched, kind: str, fields: dict[str, Any], pick: int) -> None:
    today, said = patient.now.date(), dict(fields)
    episode = patient.episode
    if kind == "answer":
        tasks = sorted(episode.open_tasks.values(), key=lambda one: one.duty)
        if not tasks:
            return
        chosen = tasks[pick % len(tasks)]
        outcome = chosen.outcomes[pick % len(chosen.outcomes)]
        kind, said = "decision", {"about": chosen.task_id, "choice": outcome, "by": "su-1", "reason": "x"}
    elif kind == "retraction":
        known = [r.key for r in episode.record if r.entry.kind not in ("admission", "level_of_care", "goal")]
        if not known:
            return
        said = {"entry_id": known[pick % len(known)], "reason": "wrong", "by": "su-1"}
    elif kind == "opening":
        kind = "retraction"
    for name in ("on", "from", "collected_on"):
        if name in said:
            said[name] = today - said[name] * DAY
    if "off_after" in said:
        said["off"] = said["on"] + said.pop("off_after") * DAY
    if "appeal_after" in said:
        said["appeal_by"] = said["on"] + said.pop("appeal_after") * DAY
    if "days" in said:
        said["until"] = said["from"] + said.pop("days") * DAY
    if "at" in said:
        said["at"] = (patient.now - said["at"] * DAY).isoformat()
    if "session" in said:
        said["session"] = f"{today - said['session'] * DAY}T18:00"
    patient._number += 1
    statement = {
        "kind": kind,
        "by": "su-1",
        "id": f"s{patient._number}",
        **{k: _plain(v) for k, v in said.items()},
    }
    try:
        episode.apply(parse_entry(statement), patient.now)
    except Refused:
        return
    patient.look()


@settings(max_examples=examples(60), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from([3, 20, 89, 100]), STEPS)
def test_T7_no_task_is_born_overdue_whatever_is_told_however_late(
    day: int, steps: list[tuple[tuple[str, dict[str, Any]], int, int]]
) -> None:
    """For any sequence of entries each task opens with its full length, for its owner, at level 0."""
    patient = Watched.__new__(Watched)
    patient.__dict__.update(_copy_of(day).__dict__)
    for (kind, fields), hours, pick in steps:
        patient.later(hours)
        _tell(patient, kind, fields, pick)


_MADE: dict[int, tuple[str, Any, datetime]] = {}


def _copy_of(day: int) -> Patient:
    """A patient on a day of the program, or in aftercare; made once, then unpacked."""
    if day not in _MADE:
        policy = {"tests": {"phases": [{"max_gap_days": 7}]}}
        if day < 90:
            patient = admitted(policy=policy).attends_until(on(day))
        else:
            patient = ready_for_gate(patient=admitted(policy=policy))
            patient.says("decision", about="gate_review", choice="pass", by="th-1")
            patient.until(on(day))
        _MADE[day] = (patient.episode.packed(), patient.episode.start, patient.now)
    packed, start, now = _MADE[day]
    patient = Patient.__new__(Patient)
    patient.episode = Episode.unpacked(packed, start, pathway_named("iop"))
    patient.now, patient.effects, patient._number = now, [], 1000
    return patient


CLOSED = st.one_of(
    st.builds(lambda n: ("closure", n), st.integers(-4, 16)),
    st.builds(lambda n: ("retraction", n), st.integers(0, 9)),
    st.tuples(st.just("told"), STATED),
)
"""Days ahead on which the program is told to be closed, and such a day taken back; between what else is told."""


@example(3, [(("closure", 0), 12), (("closure", 0), 24), (("retraction", 0), 0), (("closure", 0), 57)])
@example(3, [(("closure", 0), 12), (("retraction", 0), 9), (("closure", 2), 15)])
@settings(max_examples=examples(40), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.sampled_from([3, 20, 89, 100]), st.lists(st.tuples(CLOSED, st.integers(0, 60)), min_size=2, max_size=8)
)
def test_T6_no_task_in_business_time_is_due_while_the_program_is_closed_whenever_that_is_told(
    day: int, steps: list[tuple[tuple[str, Any], int]]
) -> None:
    """And a closure more makes none due earlier: of the clinic, of a site or of one episode, it is the same entry."""
    patient = Watched.__new__(Watched)
    patient.__dict__.update(_copy_of(day).__dict__)
    for (what, said), hours in steps:
        patient.later(hours)
        before = {task.task_id: task.due_at for task in patient.episode.open_tasks.values()}
        if what == "told":
            (kind, fields), pick = said, hours
            _tell(patient, kind, fields, pick)
        elif what == "closure":
            _tell(patient, "closure", {"on": -said, "reason": "snow"}, 0)
            assert not patient.episode.frame.calendar.is_open(patient.now.date() + said * DAY)
            after = {task.task_id: task.due_at for task in patient.episode.open_tasks.values()}
            assert not [one for one in before if one in after and after[one] < before[one]]
        elif told := [r.key for r in patient.episode.record if r.entry.kind == "closure"]:
            _tell(patient, "opening", {"entry_id": told[said % len(told)], "reason": "no snow"}, 0)
        is_due_while_open(patient)


def is_due_while_open(patient: Patient) -> None:
    """Every open task that is counted in business time, and not overdue, is due while the program is open."""
    episode = patient.episode
    episode.wake(patient.now)
    owed = {duty.key: duty for duty in episode.pathway.duties(episode.facts, episode.state.states)}
    for key, task in episode.open_tasks.items():
        duty = owed[key]
        if is_business(duty.within) and task.due_at > patient.now and task.due_at != duty.latest:
            assert at_work(episode.frame.calendar, task.due_at), task
