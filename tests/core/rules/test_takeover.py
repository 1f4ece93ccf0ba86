"""T7: what belongs to a history that is taken over, and what is news although an import tells of it."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest

from tests.core.clinic import ADMITTED, LAST_USE, Patient, admitted, at, start
from workflows.core.engine.effects import MessagePatient, OpenTask
from workflows.core.engine.errors import InvalidEntry, NotAllowedNow
from workflows.core.episode.entries import parse_entry
from workflows.core.episode.episode import Episode

DAY = timedelta(days=1)


def on(days: int) -> date:
    return ADMITTED + days * DAY


def taken_over(day: int, *more: dict[str, Any], idle: bool = False) -> Patient:
    """A patient whose history another system exports, taken over on a day of the program.

    With `idle` the episode was begun here long before, and its history comes only now.
    """
    patient = Patient()
    if not idle:
        begin = start()
        patient.episode = Episode(begin, patient.episode.pathway, at(on(day), "09:00"))
        patient.episode.wake(at(on(day), "09:00"))
    patient.now = at(on(day), "09:00")
    history: list[dict[str, Any]] = [
        {"kind": "level_of_care", "level": "iop", "by": "th-1", "on": on(-2)},
        {"kind": "goal", "goal_id": "g", "on": on(0)},
        {"kind": "admission", "on": on(0), "last_use_on": LAST_USE},
        *({"kind": "acknowledgement", "what": what, "on": on(0)} for what in ("rights_notice", "contact_preferences")),
        *({"kind": "attendance", "session": f"{on(n)}T18:00", "status": "attended"}
          for n in range(day) if on(n).weekday() in (0, 2, 4)),
        *more,
    ]  # fmt: skip
    entries = [
        parse_entry(
            {"by": "ehr", "source": "import", "id": f"i{n:03d}", **{k: _plain(v) for k, v in one.items()}}
        )
        for n, one in enumerate(history)
    ]
    assert not [r for r in patient.episode.apply_many(entries, patient.now) if isinstance(r, Exception)]
    patient.effects = patient.episode.take_effects()
    return patient


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value


@pytest.mark.parametrize("idle", [False, True])
@pytest.mark.parametrize(("days_ago", "state"), [(1, "slip_response"), (8, "steady")])
def test_S3_T7_a_slip_whose_response_was_over_when_a_takeover_told_of_it_is_history(
    days_ago: int, state: str, idle: bool
) -> None:
    patient = taken_over(40, {"kind": "use", "on": on(40 - days_ago)}, idle=idle)
    assert state in patient.episode.states
    assert ("plan_review" in patient.tasks) is (state == "slip_response")


def test_T7_a_weekly_session_off_the_schedule_is_not_asked_about_once_for_each_week() -> None:
    individual = [
        {"kind": "attendance", "session": f"{on(n)}T10:00", "status": "attended", "service": "individual"}
        for n in range(60)
        if on(n).weekday() == 1
    ]  # fmt: skip
    patient = taken_over(60, *individual)
    assert len([effect for effect in patient.effects if isinstance(effect, OpenTask)]) <= 1
    assert not [effect for effect in patient.effects if isinstance(effect, MessagePatient)]


def test_T7_what_is_history_stays_so_when_a_run_is_continued() -> None:
    patient = taken_over(40, {"kind": "use", "on": on(30)}, idle=True)
    again = Episode.unpacked(patient.episode.packed(), patient.episode.start, patient.episode.pathway)
    assert {r.key: r.known_at for r in again.record} == {r.key: r.known_at for r in patient.episode.record}
    again.wake(patient.now)
    assert not [effect for effect in again.take_effects() if isinstance(effect, OpenTask)]


def test_S3_a_positive_that_an_import_tells_of_a_running_episode_is_answered() -> None:
    patient = admitted().attends_until(on(40))
    patient.says(
        "test",
        test_id="t",
        collected_on=on(37),
        result="definitive",
        substances=["fentanyl"],
        source="import",
    )
    assert {"safety_check", "individual_session", "plan_review"} <= patient.tasks


def test_E8_a_crisis_that_an_import_tells_of_a_running_episode_is_answered() -> None:
    patient = admitted()
    patient.until(on(1), "12:00")
    patient.says("crisis", type="overdose", at=f"{on(1)}T10:00", source="import")
    assert patient.progress.in_crisis
    assert "crisis_response" in patient.tasks


EARLIER_STAY = [
    {"kind": "exit", "reason": "involuntary", "on": on(-5)},
    {"kind": "exit", "reason": "lost_contact", "on": on(-5)},
    {"kind": "exit", "reason": "completed", "on": on(-5)},
    {"kind": "exit", "reason": "deceased", "on": on(-5)},
    {"kind": "decision", "about": "discharge_decision", "choice": "discharge", "reason": "x", "on": on(-5)},
    {"kind": "decision", "about": "gate_review", "choice": "pass", "reason": "x", "on": on(-5)},
]


@pytest.mark.parametrize("row", EARLIER_STAY, ids=lambda row: row.get("reason", row["kind"]))
def test_E1_T7_the_end_of_an_earlier_stay_does_not_end_this_one(row: dict[str, Any]) -> None:
    patient = admitted().attends_until(on(30))
    before = patient.progress
    with pytest.raises(InvalidEntry, match=r"before the admission on 2026-01-05.*earlier stay"):
        patient.says(**row, by="ehr", source="import")
    assert patient.progress == before


def test_E4_T7_a_stay_that_another_system_ended_goes_to_the_day_on_which_the_person_was_last_seen() -> None:
    patient = taken_over(40)
    ended = {"kind": "exit", "reason": "lost_contact", "by": "ehr", "source": "import"}
    with pytest.raises(InvalidEntry, match="last seen, 2026-02-13"):
        patient.says(**ended, on=on(20))
    patient.says(**ended, on=on(39))
    assert patient.progress.exit
    assert patient.progress.exit.on == on(39)


@pytest.mark.parametrize(("by", "closes"), [("ehr", False), ("su-1", True)])
def test_E1_a_decision_by_import_is_news_only_with_the_person_who_signed_it(by: str, closes: bool) -> None:
    patient = admitted().until(on(31))
    assert "lost_contact_proposal" in patient.tasks
    close = {"about": "lost_contact_proposal", "choice": "close", "reason": "not found"}
    if closes:
        patient.says("decision", **close, by=by, source="import")
    else:
        with pytest.raises(NotAllowedNow, match="only with the person who signed it"):
            patient.says("decision", **close, by=by, source="import")
    assert (patient.progress.stage == "closed") is closes


def imports(patient: Patient, **row: Any) -> None:
    patient.says(**{"by": "ehr", "source": "import", **row})


def passed_on(days: int, by: str) -> dict[str, Any]:
    return {"kind": "decision", "about": "gate_review", "choice": "pass", "by": by, "on": on(days)}


@pytest.mark.parametrize("by", ["ehr", "import", "nobody-7", "cm-1"])
def test_S9_E1_a_takeover_passes_the_gate_only_with_the_clinician_who_signed_it(by: str) -> None:
    patient = taken_over(40)
    with pytest.raises(NotAllowedNow, match="gate_review is decided by"):
        imports(patient, **passed_on(30, by))
    assert patient.progress.stage == "program"


def test_S9_E1_who_signed_elsewhere_may_be_known_to_the_staff_directory_alone() -> None:
    patient = taken_over(40)
    row = parse_entry({"id": "d", "source": "import", **passed_on(30, "th-9"), "on": f"{on(30)}"})
    assert patient.episode.unknown_author(row) == "th-9"
    patient.episode.vouch("th-9", ("therapist",))
    patient.episode.apply(row, patient.now)
    assert patient.progress.stage == "aftercare"


def test_S9_a_gate_that_was_passed_before_anybody_was_admitted_steps_nobody_down() -> None:
    begin = start(referred_on=on(-60))
    patient = Patient()
    patient.episode = Episode(begin, patient.episode.pathway, at(on(-1), "09:00"))
    patient.now = at(on(-1), "09:00")
    imports(patient, **passed_on(-50, "th-1"))
    patient.says("level_of_care", level="iop", by="th-1")
    patient.says("goal", goal_id="g1")
    patient.until(on(0))
    patient.says("admission", on=on(0), last_use_on=on(-1))
    assert patient.progress.stage == "program"


RUNNING: list[dict[str, Any]] = [
    {"kind": "exit", "reason": "deceased", "on": on(20)},
    {"kind": "exit", "reason": "withdrew", "on": on(20)},
    {"kind": "exit", "reason": "transferred", "on": on(20), "to": "residential"},
    {"kind": "policy", "policy": {"gate": {"sober_days": 0}}},
    {"kind": "level_of_care", "level": "residential", "on": on(20)},
    {"kind": "team", "role": "director", "staff_id": "zz-1", "from": on(20)},
    {"kind": "team", "role": "case_manager", "staff_id": "zz-1", "from": on(-9)},
    {"kind": "closure", "on": on(23), "reason": "holiday"},
]


@pytest.mark.parametrize("by", ["ehr", "kiosk-7", "import"])
@pytest.mark.parametrize("row", RUNNING, ids=lambda row: f"{row['kind']}-{row.get('reason', '')}")
def test_C3_E0_E1_T8_a_system_that_calls_itself_an_import_decides_nothing(
    row: dict[str, Any], by: str
) -> None:
    patient = admitted().attends_until(on(20))
    before = patient.progress
    with pytest.raises(NotAllowedNow, match=r"named person|works here"):
        imports(patient, **row, by=by)
    assert patient.progress == before


@pytest.mark.parametrize("row", [RUNNING[1], RUNNING[3], RUNNING[7]], ids=lambda row: str(row["kind"]))
def test_E1_an_import_brings_what_a_named_person_has_signed(row: dict[str, Any]) -> None:
    patient = admitted().attends_until(on(20))
    imports(patient, **row, by="th-1")


def test_T8_a_takeover_changes_no_policy_and_no_team_in_nobody_s_name() -> None:
    patient = taken_over(20)
    for row in (RUNNING[3], {**RUNNING[5], "staff_id": "cm-1", "from": on(3)}):
        with pytest.raises(NotAllowedNow, match="works here"):
            imports(patient, **row)
    assert patient.progress.team["director"] == "di-1"


MOMENTS: dict[str, Callable[[int], list[dict[str, Any]]]] = {
    "crisis_response": lambda n: [{"kind": "crisis", "type": "overdose", "at": f"{on(n)}T08:45"}],
    "unscheduled_attendance": lambda n: [
        {"kind": "attendance", "session": f"{on(n)}T07:00", "status": "attended", "minutes": 60}
    ],
    "attendance_minutes": lambda n: [
        {"kind": "session_change", "session": f"{on(n)}T07:00", "change": "added", "minutes": 60},
        {"kind": "attendance", "session": f"{on(n)}T07:00", "status": "attended", "minutes": 90},
    ],
    "adherence_talk": lambda n: [
        {"kind": "medication", "name": "buprenorphine", "start_on": on(0)},
        {
            "kind": "test",
            "test_id": "t1",
            "collected_on": on(n),
            "result": "negative",
            "substances": ["buprenorphine"],
        },
    ],
    "return_screening": lambda n: [
        {"kind": "leave", "reason": "travel", "from": on(n - 3), "until": on(n - 1)},
        {"kind": "return", "on": on(n)},
    ],
    "exit_bundle": lambda n: [{"kind": "exit", "reason": "other", "on": on(n), "by": "cm-1"}],
    "payer_appeal": lambda n: [
        {"kind": "payer", "authorization_id": "a1", "decision": "denied", "on": on(n)}
    ],
}


@pytest.mark.parametrize("kind", MOMENTS)
@pytest.mark.parametrize("is_running", [False, True])
def test_T7_what_belongs_to_a_moment_is_asked_only_while_its_time_was_running_at_the_takeover(
    kind: str, is_running: bool
) -> None:
    before = 39 if kind == "exit_bundle" else 20  # whoever came until yesterday has not left before
    patient = taken_over(40, *MOMENTS[kind](40 if is_running else before))
    assert (kind in patient.tasks) is is_running


def test_T7_what_lasts_is_asked_however_old_its_cause() -> None:
    doubt = {"kind": "test", "test_id": "t1", "collected_on": on(10), "result": "dilute"}
    told = {"kind": "use", "on": on(10), "evidence": "collateral", "substance": "heroin"}
    assert {"hold_review", "collateral_use"} <= taken_over(40, doubt, told).tasks
