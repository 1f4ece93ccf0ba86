"""T1-T8: days, late news, corrections, the future, business time, outages, and the policy in force."""

from datetime import date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.core.clinic import ADMITTED, LAST_USE, SCHEDULE, Patient, admitted, at, ready_for_gate
from tests.searching import examples
from workflows.core.engine.effects import MessagePatient
from workflows.core.engine.errors import InvalidEntry, NotAllowedNow
from workflows.core.episode.entries import parse_entry
from workflows.core.episode.views import as_known_at, journal, progress

DAY = timedelta(days=1)
SPRING, AUTUMN = date(2026, 3, 8), date(2026, 11, 1)  # clocks change in Chicago


def admitted_on(day: date, last_use_on: date, **changes: Any) -> Patient:
    """A patient admitted on a day of the test's choice."""
    patient = Patient(referred_on=day - DAY, **changes)
    patient.until(day, "09:00")
    patient.says("level_of_care", level="iop", by="th-1")
    patient.says("goal", goal_id="g1")
    patient.says("admission", on=day, last_use_on=last_use_on)
    return patient


def due_of(patient: Patient, kind: str) -> datetime:
    (task,) = [task for task in patient.progress.open_tasks if task.kind == kind]
    return task.due_at


# -- T1 -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("last_use", "opens"),
    [
        (date(2026, 3, 1), date(2026, 3, 31)),  # over the change of clocks in spring
        (date(2026, 10, 15), date(2026, 11, 14)),  # and in autumn
        (date(2028, 2, 1), date(2028, 3, 2)),  # a leap year
        (date(2027, 2, 1), date(2027, 3, 3)),
        (date(2028, 2, 29), date(2028, 3, 30)),
        (date(2026, 12, 20), date(2027, 1, 19)),  # over the year's end
    ],
)
def test_T1_the_gate_of_a_short_program_opens_30_days_after_last_use(last_use: date, opens: date) -> None:
    patient = admitted_on(last_use + DAY, last_use, policy={"length": {"days": 1}})
    assert patient.progress.gate.earliest_on == opens
    patient.until(opens - DAY, "23:59")
    assert "sobriety" in patient.unmet()
    patient.until(opens, "00:00")
    assert "sobriety" not in patient.unmet()


@pytest.mark.parametrize("zone", ["Pacific/Auckland", "America/St_Johns", "Asia/Kolkata", "Pacific/Honolulu"])
def test_T1_the_day_turns_at_midnight_of_the_programs_zone(zone: str) -> None:
    patient = admitted_on(ADMITTED, LAST_USE, timezone=zone)
    midnight = patient.episode.frame.calendar.at(ADMITTED + 5 * DAY)
    patient.now = midnight - timedelta(seconds=1)
    assert patient.progress.days_sober == 12
    patient.now = midnight
    assert patient.progress.days_sober == 13


def test_T1_a_use_recorded_after_midnight_keeps_its_own_day() -> None:
    patient = admitted().attends_until(ADMITTED + 5 * DAY)
    patient.until(ADMITTED + 6 * DAY, "00:05")
    patient.says("use", on=ADMITTED + 5 * DAY)
    assert patient.progress.days_sober == 1


# -- T2, T3 ---------------------------------------------------------------------------------------------------


def test_T2_the_journal_keeps_both_times_of_a_late_entry() -> None:
    patient = admitted().attends_until(ADMITTED + 10 * DAY)
    use = patient.says("use", on=ADMITTED + 2 * DAY)
    (line,) = [line for line in journal(patient.episode) if line.entry_id == use.entry_id]
    assert line.effective_at == at(ADMITTED + 2 * DAY, "00:00")
    assert line.recorded_at == at(ADMITTED + 10 * DAY)


def test_T2_the_journal_of_an_earlier_day_shows_a_later_retracted_entry_as_standing() -> None:
    patient = admitted().attends_until(ADMITTED + 3 * DAY)
    use = patient.says("use", on=ADMITTED + 2 * DAY)
    patient.attends_until(ADMITTED + 6 * DAY)
    patient.says("retraction", entry_id=use.entry_id, reason="another patient")
    then = [one for one in journal(patient.episode, at(ADMITTED + 4 * DAY)) if one.entry_id == use.entry_id]
    now = [one for one in journal(patient.episode) if one.entry_id == use.entry_id]
    assert [line.stands for line in then] == [True]
    assert [line.stands for line in now] == [False]
    assert now[0].undone_by


def test_T2_what_was_known_includes_the_entry_of_that_very_instant() -> None:
    patient = admitted().attends_until(ADMITTED + 6 * DAY)
    patient.says("use", on=ADMITTED + 5 * DAY)
    recorded = patient.now
    before = recorded - timedelta(seconds=1)
    patient.attends_until(ADMITTED + 9 * DAY)
    assert progress(as_known_at(patient.episode, recorded), recorded).last_use_on == ADMITTED + 5 * DAY
    assert progress(as_known_at(patient.episode, before), before).last_use_on == LAST_USE


def test_T2_the_gate_review_of_an_earlier_day_is_found_again_after_the_step_down() -> None:
    patient = ready_for_gate()
    patient.until(ADMITTED + 91 * DAY)
    patient.says("decision", about="gate_review", choice="pass", by="th-1")
    patient.until(ADMITTED + 95 * DAY)
    then = at(ADMITTED + 90 * DAY, "23:00")
    assert progress(as_known_at(patient.episode, then), then).stage == "gate_review"
    assert patient.progress.stage == "aftercare"


def test_T3_a_retracted_retraction_lets_the_entry_stand_again() -> None:
    patient = admitted().attends_until(ADMITTED + 3 * DAY)
    use = patient.says("use", on=ADMITTED + 2 * DAY)
    wrong = patient.says("retraction", entry_id=use.entry_id, reason="mistyped")
    assert patient.progress.last_use_on == LAST_USE
    patient.says("retraction", entry_id=wrong.entry_id, reason="it was right")
    assert patient.progress.last_use_on == ADMITTED + 2 * DAY
    assert "safety_check" in patient.tasks


def test_T3_a_chain_of_supersessions_leaves_the_last_one_standing() -> None:
    patient = admitted().attends_until(ADMITTED + 10 * DAY)
    first = patient.says("use", on=ADMITTED + 9 * DAY)
    second = patient.says("use", on=ADMITTED + 7 * DAY, supersedes=first.entry_id)
    patient.says("use", on=ADMITTED + 5 * DAY, supersedes=second.entry_id)
    assert patient.progress.last_use_on == ADMITTED + 5 * DAY
    assert len([line for line in journal(patient.episode) if line.kind == "use"]) == 3


def test_T3_retracting_the_successor_brings_back_what_it_replaced() -> None:
    patient = admitted().attends_until(ADMITTED + 10 * DAY)
    first = patient.says("use", on=ADMITTED + 9 * DAY)
    second = patient.says("use", on=ADMITTED + 7 * DAY, supersedes=first.entry_id)
    patient.says("retraction", entry_id=second.entry_id, reason="the first was right")
    assert patient.progress.last_use_on == ADMITTED + 9 * DAY


@pytest.mark.parametrize("reason", [None, "", "   "])
def test_T3_a_retraction_needs_a_reason(reason: str | None) -> None:
    patient = admitted()
    patient.says("use", on=ADMITTED, id="u")
    with pytest.raises(InvalidEntry, match="reason"):
        patient.says("retraction", entry_id="u", **({} if reason is None else {"reason": reason}))
    assert patient.progress.last_use_on == ADMITTED


def test_T3_a_corrected_admission_moves_last_use_gate_and_program_day() -> None:
    patient = Patient()
    patient.says("level_of_care", level="iop", by="th-1")
    patient.says("goal", goal_id="g1")
    patient.until(ADMITTED + 4 * DAY)
    wrong = patient.says("admission", on=ADMITTED + 4 * DAY, last_use_on=LAST_USE)
    answer = patient.says(
        "admission", on=ADMITTED + 2 * DAY, last_use_on=LAST_USE + DAY, supersedes=wrong.entry_id
    )
    assert patient.progress.program_day == 3
    assert patient.progress.gate.earliest_on == ADMITTED + 92 * DAY
    assert answer.before["last_use_on"] == LAST_USE
    assert answer.after["last_use_on"] == LAST_USE + DAY


def test_T3_a_step_down_signed_by_mistake_can_be_retracted() -> None:
    patient = ready_for_gate()
    signed = patient.says("decision", about="gate_review", choice="pass", by="th-1")
    patient.says("retraction", entry_id=signed.entry_id, reason="another patient", by="th-1")
    assert patient.progress.stage == "gate_review"


def test_T3_an_exit_recorded_by_mistake_leaves_no_hole_in_the_misses() -> None:
    patient = admitted()
    patient.attends(ADMITTED)
    wrong = patient.says("exit", reason="other", on=ADMITTED)
    patient.until(ADMITTED + 5 * DAY)
    patient.says("retraction", entry_id=wrong.entry_id, reason="another patient")
    assert patient.progress.stage == "program"
    assert patient.progress.consecutive_misses == 2


def test_T3_an_admission_of_the_wrong_patient_is_taken_back() -> None:
    patient = Patient()
    patient.says("level_of_care", level="iop", by="th-1")
    patient.says("goal", goal_id="g1")
    patient.until(ADMITTED, "09:00")
    wrong = patient.says("admission", on=ADMITTED, last_use_on=LAST_USE)
    patient.says("retraction", entry_id=wrong.entry_id, reason="another patient")
    assert patient.progress.stage == "intake"
    assert patient.tasks == {"admission"}


# -- T4 -------------------------------------------------------------------------------------------------------

MOMENTS = st.integers(0, 27).map(lambda n: ADMITTED + timedelta(days=n))
DATED = st.one_of(
    st.builds(lambda d: {"kind": "use", "on": f"{d}"}, MOMENTS),
    st.builds(lambda d: {"kind": "flag", "name": "suicide_risk", "on": f"{d}"}, MOMENTS),
    st.builds(lambda d, n: {"kind": "medication", "name": n, "start_on": f"{d}"},
              MOMENTS, st.sampled_from(["buprenorphine", "methadone"])),
    st.builds(lambda d: {"kind": "contact", "at": f"{d}T12:00", "channel": "phone", "outcome": "reached"}, MOMENTS),
    st.builds(lambda d, i: {"kind": "test", "test_id": f"{i}{d}", "collected_on": f"{d}", "result": i,
                            "substances": ["opioids"]},
              MOMENTS, st.sampled_from(["negative", "definitive", "presumptive", "dilute"])),
    st.builds(lambda d: {"kind": "crisis", "type": "overdose", "at": f"{d}T10:00"}, MOMENTS),
)  # fmt: skip


def _after_four_weeks(entries: list[tuple[int, dict[str, Any]]]) -> dict[str, Any]:
    """Record one entry each minute, in the given order, four weeks after admission."""
    patient = admitted()
    patient.now = at(ADMITTED + 28 * DAY)
    for number, statement in entries:
        patient.now += timedelta(minutes=1)
        patient.says(**{**statement, "id": f"e{number}"})
    patient.now = at(ADMITTED + 28 * DAY, "23:00")
    patient.episode.wake(patient.now)
    shown = patient.progress.model_dump(exclude={"open_tasks", "next_deadline"})
    return {**shown, "tasks": patient.tasks}


@settings(max_examples=examples(25), deadline=None)
@given(st.lists(DATED, max_size=8), st.randoms(use_true_random=False))
def test_T4_facts_do_not_depend_on_the_order_even_when_recorded_at_different_times(
    history: list[dict[str, Any]], random: Any
) -> None:
    numbered = list(enumerate(history))
    shuffled = numbered[:]
    random.shuffle(shuffled)
    assert _after_four_weeks(numbered) == _after_four_weeks(shuffled)


def test_T4_a_laboratory_may_send_the_correction_before_what_it_corrects() -> None:
    patient = admitted().attends_until(ADMITTED + 10 * DAY)
    patient.says("retraction", entry_id="lab-7", reason="specimen mixed up", by="lab", source="lab")
    patient.says("test", id="lab-7", test_id="t1", collected_on=ADMITTED + 8 * DAY, result="definitive",
                 substances=["cocaine"], by="lab", source="lab")  # fmt: skip
    assert patient.progress.last_use_on == LAST_USE
    assert "safety_check" not in patient.tasks


def test_T4_a_late_preliminary_result_does_not_reopen_a_settled_test() -> None:
    patient = admitted().attends_until(ADMITTED + 10 * DAY)
    found = {"test_id": "t1", "collected_on": ADMITTED + 8 * DAY, "source": "lab"}
    patient.says("test", result="negative", **found)
    patient.says("test", result="presumptive", substances=["cocaine"], **found)
    assert patient.progress.on_hold == []


def test_T4_a_return_and_its_leave_may_arrive_in_one_batch_in_either_order() -> None:
    patient = admitted().attends_until(ADMITTED + 12 * DAY)
    first, last = (ADMITTED + 5 * DAY).isoformat(), (ADMITTED + 20 * DAY).isoformat()
    back = {"kind": "return", "id": "r", "on": (ADMITTED + 11 * DAY).isoformat()}
    leave = {"kind": "leave", "id": "l", "reason": "travel", "from": first, "until": last}
    entries = [parse_entry({"by": "ehr", "source": "import", **one}) for one in (back, leave)]
    results = patient.episode.apply_many(entries, patient.now)
    assert not [result for result in results if isinstance(result, Exception)]
    assert not patient.progress.on_leave


def test_T4_the_same_id_with_other_content_is_refused_and_told_and_the_first_stands() -> None:
    patient = admitted().attends_until(ADMITTED + 10 * DAY)
    patient.says("use", on=ADMITTED + 3 * DAY, id="same")
    with pytest.raises(InvalidEntry, match=r"id: same is the id of another use entry.*\(on\).*supersedes"):
        patient.says("use", on=ADMITTED + 9 * DAY, id="same")
    with pytest.raises(InvalidEntry, match="another use entry"):
        patient.says("contact", at=patient.now.isoformat(), channel="phone", outcome="reached", id="same")
    assert patient.progress.last_use_on == ADMITTED + 3 * DAY


def test_T4_what_was_retracted_may_be_said_anew_under_its_id_by_a_person_and_not_by_a_feed() -> None:
    patient = admitted().until(ADMITTED, "21:30")
    came = {"session": f"{ADMITTED}T18:00", "status": "attended", "id": "a1"}
    patient.says("attendance", **came)
    patient.says("retraction", entry_id="a1", reason="another person")
    assert patient.progress.week.minutes == 0
    anew = patient.says("attendance", **came)
    assert (anew.duplicate, anew.entry_id) == (False, "a1~2")
    assert "a1 was retracted before" in " ".join(anew.changes)
    assert patient.progress.week.minutes == 180
    again = patient.says("attendance", **came)
    assert (again.duplicate, again.entry_id) == (True, "a1~2")
    patient.says("use", id="u1", on=ADMITTED, source="import")
    patient.says("retraction", entry_id="u1", reason="another person")
    assert patient.says("use", id="u1", on=ADMITTED, source="import").duplicate
    assert patient.progress.last_use_on == LAST_USE


@pytest.mark.parametrize("source", ["staff", "agency", "import"])
def test_T4_a_return_before_its_leave_is_kept_waits_and_is_shown(source: str) -> None:
    patient = admitted().attends_until(ADMITTED + 12 * DAY)
    back = patient.says("return", on=ADMITTED + 11 * DAY, source=source)
    assert "waits for its leave" in " ".join(back.changes)
    assert patient.progress.unmatched
    patient.says(
        "leave", reason="travel", source=source,
        **{"from": ADMITTED + 5 * DAY, "until": ADMITTED + 20 * DAY},
    )  # fmt: skip
    assert (patient.progress.on_leave, patient.progress.unmatched) == (False, [])


def test_T4_a_correction_from_a_feed_waits_for_what_it_corrects() -> None:
    patient = admitted()
    told = patient.says("retraction", entry_id="later", reason="wrong", source="agency")
    assert "waits for it" in " ".join(told.changes)
    patient.says("use", on=ADMITTED, id="later", source="agency")
    assert (patient.progress.last_use_on, patient.progress.unmatched) == (LAST_USE, [])


@pytest.mark.parametrize("first", ["09:00", "11:00"])
def test_T4_results_are_ordered_by_when_the_laboratory_reported_them(first: str) -> None:
    patient = admitted().until(ADMITTED + 2 * DAY)
    results = {"09:00": "definitive", "11:00": "negative"}
    for clock in (first, *(other for other in results if other != first)):
        patient.says(
            "test", test_id="t1", collected_on=ADMITTED, result=results[clock], substances=["cocaine"],
            source="lab", reported_at=f"{ADMITTED + DAY}T{clock}:00-06:00",
        )  # fmt: skip
    assert patient.progress.last_use_on == LAST_USE
    with pytest.raises(InvalidEntry, match="future"):
        patient.says(
            "test", test_id="t1", collected_on=ADMITTED, result="negative", source="lab",
            reported_at=f"{ADMITTED + 3 * DAY}T09:00:00-06:00",
        )  # fmt: skip


def test_T4_the_same_entry_twice_in_one_batch_has_one_effect() -> None:
    patient = admitted().attends_until(ADMITTED + 10 * DAY)
    use = parse_entry({"kind": "use", "on": "2026-01-14", "by": "cm-1", "id": "same"})
    first, second = patient.episode.apply_many([use, use], patient.now)
    assert [getattr(one, "duplicate", None) for one in (first, second)] == [False, True]
    assert len(patient.episode.record) == len({line.entry_id for line in journal(patient.episode)})


# -- T5 -------------------------------------------------------------------------------------------------------


def test_T5_five_minutes_ahead_are_a_clocks_error_and_one_second_more_is_the_future() -> None:
    patient = admitted()
    skew = patient.now + timedelta(minutes=5)
    patient.says("crisis", type="overdose", at=skew.isoformat())
    with pytest.raises(InvalidEntry, match="future"):
        patient.says("crisis", type="overdose", at=(skew + timedelta(seconds=1)).isoformat())


def test_T5_a_date_of_tomorrow_is_taken_only_in_the_last_minutes_of_today() -> None:
    patient = admitted().attends_until(ADMITTED + 3 * DAY)
    patient.until(ADMITTED + 3 * DAY, "23:54")
    with pytest.raises(InvalidEntry, match="future"):
        patient.says("use", on=ADMITTED + 4 * DAY)
    patient.until(ADMITTED + 3 * DAY, "23:55")
    patient.says("use", on=ADMITTED + 4 * DAY)


@pytest.mark.parametrize(
    ("kind", "fields"),
    [
        ("goal", {"goal_id": "g1", "status": "met", "on": "2026-01-06"}),
        ("checkin", {"on": "2026-01-06", "risk": 2}),
        ("exit", {"reason": "withdrew", "on": "2026-01-06"}),
        ("flag", {"name": "suicide_risk", "on": "2026-01-06"}),
        ("attendance", {"session": "2026-01-07T18:00", "status": "attended"}),
        ("attendance", {"session": "2026-01-07T18:00", "status": "missed"}),
        ("test", {"test_id": "t", "collected_on": "2026-01-06", "result": "negative"}),
        ("decision", {"about": "involuntary_discharge", "choice": "propose", "reason": "x", "on": "2026-01-06"}),
        ("test", {"test_id": "t", "collected_on": "2026-01-05", "use_on": "2026-01-06",
                     "result": "definitive", "substances": ["cocaine"]}),
        ("admission", {"on": "2026-01-05", "last_use_on": "2026-01-06"}),
    ],
)  # fmt: skip
def test_T5_tomorrow_is_refused_whatever_is_stated_about_it(kind: str, fields: dict[str, Any]) -> None:
    patient = admitted()
    with pytest.raises(InvalidEntry):
        patient.says(kind, **fields)


def test_T5_a_plan_may_lie_ahead() -> None:
    patient = admitted()
    patient.says("leave", reason="travel", **{"from": ADMITTED + 10 * DAY, "until": ADMITTED + 12 * DAY})
    patient.says("session_change", session=f"{ADMITTED + 9 * DAY}T18:00", change="cancelled")
    patient.says("attendance", session=f"{ADMITTED + 2 * DAY}T18:00", status="excused")
    assert not patient.progress.on_leave
    patient.until(ADMITTED + 3 * DAY)
    assert patient.progress.consecutive_misses == 1  # the session of the admission day, not the excused one


# -- T6 -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("slip", "clock", "due"),
    [
        (date(2026, 1, 8), "10:00", at(date(2026, 1, 9), "10:00")),  # Thursday to Friday
        (date(2026, 1, 9), "10:00", at(date(2026, 1, 12), "10:00")),  # Friday to Monday
        (date(2026, 1, 15), "16:59", at(date(2026, 1, 16), "16:59")),
        (SPRING - 2 * DAY, "10:00", at(SPRING + DAY, "10:00")),  # Friday to Monday over the change of clocks
    ],
)
def test_T6_one_business_day_ends_at_the_same_time_of_the_next_open_day(
    slip: date, clock: str, due: datetime
) -> None:
    patient = admitted().attends_until(slip - DAY)
    patient.until(slip, clock)
    patient.says("use", on=slip)
    assert due_of(patient, "individual_session") == due


@pytest.mark.parametrize(("ahead", "clock"), [(4, "18:00"), (5, "11:00"), (6, "11:00")])
def test_T6_one_business_day_after_a_weekend_slip_is_monday(ahead: int, clock: str) -> None:
    patient = admitted()
    patient.until(ADMITTED + ahead * DAY, clock)
    patient.says("use", on=ADMITTED + ahead * DAY)
    assert due_of(patient, "individual_session").date() == ADMITTED + 7 * DAY


def test_T6_elapsed_hours_are_real_hours_when_the_clock_jumps_forward() -> None:
    patient = admitted().attends_until(SPRING - DAY)
    patient.until(SPRING - DAY, "10:00")
    patient.says("use", on=SPRING - DAY)
    assert due_of(patient, "plan_review") == at(SPRING + 2 * DAY, "11:00")


def test_T6_elapsed_hours_are_real_hours_when_the_clock_falls_back() -> None:
    policy = {"slip_response": {"safety_check": {"hours": 4}}}
    patient = admitted_on(AUTUMN - 20 * DAY, AUTUMN - 30 * DAY, policy=policy)
    patient.until(AUTUMN - DAY, "22:00")
    patient.says("use", on=AUTUMN - DAY)
    assert due_of(patient, "safety_check") == at(AUTUMN, "01:00").replace(fold=1)


@settings(max_examples=examples(60), deadline=None)
@given(st.integers(0, 400), st.integers(0, 23), st.sets(st.integers(0, 420), max_size=40))
def test_T6_a_business_deadline_always_falls_on_an_open_day_and_never_in_the_past(
    ahead: int, hour: int, closed: set[int]
) -> None:
    closures = {ADMITTED + timedelta(days=n) for n in closed}
    patient = admitted(closures=sorted(closures))
    patient.now = at(ADMITTED + timedelta(days=ahead), f"{hour:02d}:30")
    patient.now = max(patient.now, at(ADMITTED, "09:30"))
    patient.says("use", on=patient.now.date())
    due = due_of(patient, "individual_session")
    assert due > patient.now
    assert due.weekday() < 5
    assert due.date() not in closures


def test_T6_the_year_end_closure_moves_the_deadline_into_the_new_year() -> None:
    closed = [date(2026, 12, day) for day in range(24, 32)] + [date(2027, 1, 1)]
    patient = admitted_on(date(2026, 12, 7), date(2026, 12, 1), closures=closed)
    patient.until(date(2026, 12, 23), "10:00")
    patient.says("use", on=date(2026, 12, 23))
    assert due_of(patient, "individual_session") == at(date(2027, 1, 4), "10:00")


def test_T6_a_seven_day_rung_comes_at_the_same_wall_time_over_a_change_of_clocks() -> None:
    friday = SPRING - 2 * DAY
    patient = admitted().attends_until(friday)
    patient.until(friday + 7 * DAY, "20:59")
    assert "team_conference" not in patient.tasks
    patient.until(friday + 7 * DAY, "21:00")
    assert "team_conference" in patient.tasks


# -- T7 -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("hours", "sent"), [(12, True), (13, False)])
def test_T7_a_reminder_older_than_twelve_hours_is_not_sent(hours: int, sent: bool) -> None:
    patient = admitted()
    patient.until(ADMITTED, "18:00")
    patient.now = at(ADMITTED, "21:15") + timedelta(hours=hours)
    patient.episode.wake(patient.now)
    messages = [effect for effect in patient.episode.take_effects() if isinstance(effect, MessagePatient)]
    assert [message.template for message in messages] == (["please_call"] if sent else [])


def test_T7_a_message_says_until_when_it_may_be_sent() -> None:
    patient = admitted()
    patient.until(ADMITTED, "21:15")
    (message,) = [effect for effect in patient.effects if isinstance(effect, MessagePatient)]
    assert message.send_before == at(ADMITTED + DAY, "09:15")


def test_T7_the_task_of_a_rung_passed_in_an_outage_keeps_its_original_due_time() -> None:
    lived, slept = admitted(), admitted()
    lived.until(ADMITTED + DAY, "08:00")
    slept.now = at(ADMITTED + DAY, "08:00")
    slept.episode.wake(slept.now)
    assert due_of(slept, "outreach_call") == due_of(lived, "outreach_call") == at(ADMITTED + 1 * DAY, "00:00")


def test_T7_the_gate_review_keeps_its_original_due_time_after_an_outage() -> None:
    lived, slept = ready_for_gate(), ready_for_gate(ADMITTED + 89 * DAY)
    slept.now = lived.now = at(ADMITTED + 94 * DAY)
    lived.episode.wake(lived.now)
    slept.episode.wake(slept.now)
    assert lived.progress.stage == slept.progress.stage == "gate_review"
    assert due_of(slept, "gate_review") == due_of(lived, "gate_review")


def test_T7_an_outage_over_an_extension_keeps_the_review_at_its_original_due_time() -> None:
    lived, slept = admitted(), admitted()
    lived.until(ADMITTED + 95 * DAY)
    slept.now = lived.now
    slept.episode.wake(slept.now)
    assert due_of(slept, "continued_stay_review") == due_of(lived, "continued_stay_review")


@settings(max_examples=examples(25), deadline=None)
@given(st.integers(1, 60), st.sampled_from(["00:00", "12:00", "21:30"]))
def test_T7_facts_after_an_outage_are_those_of_an_engine_that_was_awake(days: int, clock: str) -> None:
    lived, slept = admitted(), admitted()
    lived.until(ADMITTED + timedelta(days=days), clock)
    slept.now = lived.now
    slept.episode.wake(slept.now)
    assert slept.progress.model_dump(exclude={"open_tasks"}) == lived.progress.model_dump(
        exclude={"open_tasks"}
    )
    assert [(task.kind, task.due_at) for task in slept.progress.open_tasks] == [
        (task.kind, task.due_at) for task in lived.progress.open_tasks
    ]


# -- T8 -------------------------------------------------------------------------------------------------------


def test_T8_an_adoption_does_not_restart_a_deadline_that_is_running() -> None:
    patient = admitted().attends_until(ADMITTED + 5 * DAY)
    patient.says("use", on=ADMITTED + 5 * DAY)
    before = {task.task_id: task.due_at for task in patient.progress.open_tasks}
    patient.until(ADMITTED + 6 * DAY)
    patient.says("policy", policy={"length": {"days": 100}})
    after = {task.task_id: task.due_at for task in patient.progress.open_tasks}
    assert before.items() <= after.items()


def test_T8_an_adoption_shows_the_difference() -> None:
    patient = admitted()
    answer = patient.says("policy", policy={"dose": {"min_minutes": 600}})
    assert any("600" in sentence for sentence in answer.changes)


def test_T8_a_retracted_adoption_brings_the_pinned_policy_back() -> None:
    patient = admitted(policy={"length": {"days": 60}})
    adopted = patient.says("policy", policy={"length": {"days": 75}})
    assert patient.progress.gate.earliest_on == ADMITTED + 75 * DAY
    patient.says("retraction", entry_id=adopted.entry_id, reason="meant for new patients only")
    assert patient.progress.gate.earliest_on == ADMITTED + 60 * DAY


def test_T8_what_was_known_before_an_adoption_is_read_with_the_old_policy() -> None:
    patient = admitted().attends_until(ADMITTED + 10 * DAY)
    patient.says("policy", policy={"length": {"days": 120}})
    then = at(ADMITTED + 9 * DAY)
    assert progress(as_known_at(patient.episode, then), then).gate.earliest_on == ADMITTED + 90 * DAY


def test_T8_a_refused_policy_changes_nothing() -> None:
    patient = admitted(schedule=SCHEDULE)
    with pytest.raises(Exception, match="sober_days"):
        patient.says("policy", policy={"gate": {"sober_days": 2000}})
    assert patient.progress.gate.earliest_on == ADMITTED + 90 * DAY


def test_T3_a_decision_whose_grounds_fell_away_is_flagged_and_not_undone() -> None:
    patient = ready_for_gate()
    patient.says("decision", about="gate_review", choice="pass", by="th-1")
    patient.until(ADMITTED + 95 * DAY)
    use = patient.says("use", on=ADMITTED + 95 * DAY)
    patient.says("decision", about="reassessment", choice="return_to_program", by="th-1", reason="support")
    patient.says("retraction", entry_id=use.entry_id, reason="another patient")
    assert patient.progress.stage in ("program", "gate_review")
    (task,) = [task for task in patient.progress.open_tasks if task.kind == "decision_review"]
    assert "no longer stands" in task.asks
    patient.says("decision", about="decision_review", choice="keep", by="th-1")
    assert "decision_review" not in patient.tasks


def test_T3_a_decision_that_shaped_nothing_is_not_flagged() -> None:
    patient = admitted().attends_until(ADMITTED + 10 * DAY)
    use = patient.says("use", on=ADMITTED + 9 * DAY)
    patient.says("decision", about="safety_check", choice="safe", by="cm-1")
    patient.says("retraction", entry_id=use.entry_id, reason="another patient")
    assert "decision_review" not in patient.tasks


def test_T8_a_policy_that_would_end_the_program_in_the_past_is_refused_with_what_would_do() -> None:
    patient = admitted().attends_until(ADMITTED + 60 * DAY)
    with pytest.raises(NotAllowedNow, match="Use at least 60 days"):
        patient.says("policy", policy={"length": {"days": 45}})
    assert patient.progress.gate.opens_on == ADMITTED + 90 * DAY
    patient.says("policy", policy={"length": {"days": 60}})
    assert patient.progress.gate.opens_on == ADMITTED + 60 * DAY


@pytest.mark.parametrize(
    ("kind", "fields"),
    [
        ("use", {"on": "0001-01-01"}),
        (
            "session_change",
            {"session": "2026-03-02T18:00", "change": "moved", "new_start": "9999-12-31T23:59"},
        ),
        ("session_change", {"session": "0001-01-01T00:00", "change": "added", "minutes": 60}),
        ("leave", {"from": "2026-03-02", "until": "9999-12-31", "reason": "travel"}),
        ("flag", {"name": "high_risk", "on": "2026-01-12", "off": "9999-12-31"}),
        ("schedule", {"from": "9999-12-31", "schedule": [SCHEDULE[0]]}),
        (
            "payer",
            {"authorization_id": "a1", "decision": "denied", "on": "2026-01-12", "appeal_by": "9999-12-31"},
        ),
    ],
)
def test_T5_a_date_with_which_nobody_can_reckon_is_refused_and_the_episode_goes_on(
    kind: str, fields: dict[str, Any]
) -> None:
    patient = admitted()
    with pytest.raises(InvalidEntry, match="between 1900 and 2200"):
        patient.says(kind, **fields)
    patient.says("use", on=ADMITTED)
    assert patient.progress.last_use_on == ADMITTED


@pytest.mark.parametrize(
    ("kind", "fields"),
    [
        ("session_change", {"session": "2200-12-31T18:00", "change": "added", "minutes": 60}),
        ("session_change", {"session": "1900-01-01T00:00", "change": "added", "minutes": 60}),
        ("leave", {"from": "2026-03-02", "until": "2200-12-31", "reason": "hospital"}),
        ("consent", {"consent_id": "c1", "recipient": "food-1", "purpose": "referral", "content": "referral",
                     "signed_on": "1900-01-01", "expires_on": "2200-12-31"}),
        ("use", {"on": "1900-01-01"}),
    ],
)  # fmt: skip
def test_T5_the_ends_of_the_calendar_are_followed_like_any_other_day(
    kind: str, fields: dict[str, Any]
) -> None:
    patient = admitted()
    patient.says(kind, **fields)
    patient.until(ADMITTED + timedelta(days=40))
    assert patient.progress.stage == "program"
