"""S1-S3, S5-S13: use, tests, holds, medication, the gate and what follows from it."""

from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.core.clinic import (
    ADMITTED,
    LAST_USE,
    Patient,
    admitted,
    at,
    collected,
    in_program,
    on,
    ready_for_gate,
)
from tests.searching import examples
from workflows.core.engine.errors import InvalidEntry, NotAllowedNow

DAY = timedelta(days=1)


def stepped_down(day: int = 90) -> Patient:
    patient = ready_for_gate(on(day))
    patient.says("decision", about="gate_review", choice="pass", by="th-1")
    return patient


# -- S1, S2 ---------------------------------------------------------------------------------------------------


def test_S1_a_slip_resets_neither_dose_nor_goals_nor_program_days_nor_extensions() -> None:
    patient = in_program(100)
    patient.says("goal", goal_id="g1", status="met")
    before = patient.progress
    patient.says("use", on=on(99))
    after = patient.progress
    kept = ("program_day", "week", "extensions", "consecutive_misses", "admitted_on", "stage")
    assert [getattr(after, name) for name in kept] == [getattr(before, name) for name in kept]
    assert "goals" not in patient.unmet()


@settings(max_examples=examples(10), deadline=None)
@given(st.lists(st.integers(0, 19), min_size=1, max_size=6))
def test_S1_no_number_of_slips_ends_the_episode(days: list[int]) -> None:
    patient = admitted()
    patient.until(on(20))
    for day in days:
        patient.says("use", on=on(day), **{"class": "relapse"})
    patient.until(on(200))
    assert patient.progress.stage == "program"
    assert patient.progress.last_use_on == on(max(days))


@pytest.mark.parametrize("evidence", ["self_report", "observed"])
def test_S2_whoever_tells_of_it_the_latest_use_that_stands_counts(evidence: str) -> None:
    patient = in_program()
    patient.says("use", on=on(5))
    told = patient.says("use", on=on(11), evidence=evidence)
    assert patient.progress.last_use_on == on(11)
    patient.says("retraction", entry_id=told.entry_id, reason="mistaken")
    assert patient.progress.last_use_on == on(5)


@pytest.mark.parametrize(("choice", "moves"), [("use", True), ("relapse", True), ("no_use", False)])
def test_S2_S6_what_somebody_else_tells_asks_a_clinician_and_holds_the_gate_until_answered(
    choice: str, moves: bool
) -> None:
    patient = in_program()
    before = patient.progress.last_use_on
    told = patient.says("use", on=on(11), evidence="collateral", substance="heroin")
    assert (patient.progress.last_use_on, "holds" in patient.unmet()) == (before, True)
    assert patient.tasks >= {"collateral_use"}
    assert "safety_check" not in patient.tasks
    with pytest.raises(NotAllowedNow, match="another role"):
        patient.says("decision", about="collateral_use", choice=choice, by="cm-1")
    patient.says("decision", about="collateral_use", choice=choice, by="th-1")
    assert patient.progress.last_use_on == (on(11) if moves else before)
    assert ("holds" in patient.unmet(), "collateral_use" in patient.tasks) == (False, False)
    assert ("safety_check" in patient.tasks, "level_of_care_review" in patient.tasks) == (
        moves,
        choice == "relapse",
    )
    patient.says("retraction", entry_id=told.entry_id, reason="another person")
    assert patient.progress.last_use_on == before


def test_S2_what_the_patient_says_of_the_same_use_answers_it() -> None:
    patient = in_program()
    patient.says("use", on=on(11), evidence="collateral")
    patient.says("use", on=on(11))
    assert ("collateral_use" in patient.tasks, patient.progress.last_use_on) == (False, on(11))


def test_S2_one_use_told_by_two_people_is_one_and_asks_once() -> None:
    patient = in_program()
    patient.says("use", on=on(11), substance="Alcohol")
    asked = sorted(task.task_id for task in patient.progress.open_tasks)
    patient.says("use", on=on(11), by="nu-1")
    patient.says("use", on=on(11), evidence="observed", substance="alcohol", by="fd-1")
    patient.says(
        "test", test_id="t1", collected_on=on(11), result="definitive", substances=["alcohol"], source="lab"
    )
    assert sorted(task.task_id for task in patient.progress.open_tasks) == asked
    patient.says("use", on=on(11), substance="cocaine")
    assert sum(task.kind == "safety_check" for task in patient.progress.open_tasks) == 2


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("alcohol", "ethanol"),
        ("Alcohol", "ethyl-glucuronide"),
        ("EtG", "beer"),
        ("cocaine", "benzoylecgonine"),
        ("THC", "marijuana"),
        ("methamphetamine", "crystal meth"),
    ],
)
def test_S2_one_substance_under_two_names_is_one_use_and_asks_once(one: str, other: str) -> None:
    patient = in_program()
    patient.says("use", on=on(11), substance=one)
    patient.says("use", on=on(11), substance=other, by="nu-1")
    patient.says(
        "test", test_id="t1", collected_on=on(11), result="definitive", substances=[other], source="lab"
    )
    assert sum(task.kind == "safety_check" for task in patient.progress.open_tasks) == 1


def test_S2_A6_opioids_of_different_kinds_stay_different_uses() -> None:
    patient = in_program()
    patient.says("use", on=on(11), substance="heroin")
    patient.says("use", on=on(11), substance="fentanyl")
    assert sum(task.kind == "safety_check" for task in patient.progress.open_tasks) == 2


def test_S2_a_use_told_twice_still_stands_when_one_telling_is_taken_back() -> None:
    patient = in_program()
    first = patient.says("use", on=on(11))
    patient.says("use", on=on(11), by="nu-1")
    patient.says("retraction", entry_id=first.entry_id, reason="by mistake")
    assert patient.progress.last_use_on == on(11)
    assert sum(task.kind == "safety_check" for task in patient.progress.open_tasks) == 1


def test_S2_an_older_definitive_test_entered_later_changes_nothing() -> None:
    patient = in_program()
    patient.says("use", on=on(15))
    gate = patient.progress.gate.earliest_on
    collected(patient, 10, "definitive", "cocaine")
    assert patient.progress.last_use_on == on(15)
    assert patient.progress.gate.earliest_on == gate


def test_S2_a_use_before_admission_that_is_told_later_moves_last_use() -> None:
    patient = in_program()
    patient.says("use", on=LAST_USE + 3 * DAY)
    assert patient.progress.last_use_on == LAST_USE + 3 * DAY
    assert "safety_check" not in patient.tasks


# -- S3 -------------------------------------------------------------------------------------------------------


def test_S3_the_safety_check_of_a_slip_told_in_the_evening_is_due_on_the_same_day() -> None:
    patient = in_program(2)
    patient.until(on(2), "21:30")
    patient.says("use", on=on(2))
    (check,) = [task for task in patient.progress.open_tasks if task.kind == "safety_check"]
    assert check.due_at.date() == on(2)


def test_S3_a_response_is_open_until_somebody_has_given_it_however_long_that_takes() -> None:
    patient = in_program(2)
    patient.says("use", on=on(2))
    patient.until(on(30))
    assert "slip_response" in patient.episode.states
    for kind, answer in (
        ("safety_check", "safe"),
        ("individual_session", "held"),
        ("plan_review", "unchanged"),
    ):
        assert "steady" not in patient.episode.states
        patient.says("decision", about=kind, choice=answer, by="th-1")
    assert "steady" in patient.episode.states


@pytest.mark.parametrize("days_ago", [0, 2, 8])
def test_S3_T7_a_use_that_an_import_tells_of_a_running_episode_is_news(days_ago: int) -> None:
    patient = in_program(10)
    patient.says("use", on=on(10 - days_ago), source="import")
    assert {"safety_check", "individual_session", "plan_review"} <= patient.tasks
    assert "slip_response" in patient.episode.states


@pytest.mark.parametrize(("apart", "review"), [(0, False), (1, True), (13, True), (14, True), (15, False)])
def test_S3_two_slips_within_14_days_call_for_a_review(apart: int, review: bool) -> None:
    patient = in_program()
    patient.says("use", on=on(3))
    patient.says("use", on=on(3 + apart))
    assert ("level_of_care_review" in patient.tasks) is review


def test_S3_the_older_of_two_slips_may_become_known_last() -> None:
    patient = in_program()
    patient.says("use", on=on(15))
    assert "level_of_care_review" not in patient.tasks
    patient.says("use", on=on(4))
    assert "level_of_care_review" in patient.tasks


def test_S3_retracting_one_of_two_slips_closes_the_review() -> None:
    patient = in_program()
    first = patient.says("use", on=on(5))
    patient.says("use", on=on(15))
    patient.says("retraction", entry_id=first.entry_id, reason="another patient")
    assert "level_of_care_review" not in patient.tasks
    assert "level_of_care_review" not in patient.unmet()


def test_S3_a_told_use_and_its_positive_test_on_one_day_are_one_slip() -> None:
    patient = in_program()
    patient.says("use", on=on(15), substance="cocaine")
    collected(patient, 15, "definitive", "cocaine")
    assert "level_of_care_review" not in patient.tasks


def test_S3_the_patient_may_decline_and_stays_and_a_third_slip_asks_again() -> None:
    patient = in_program()
    patient.says("use", on=on(5))
    patient.says("use", on=on(15))
    patient.says("decision", about="level_of_care_review", choice="patient_declined", by="th-1")
    assert patient.progress.stage == "program"
    patient.says("use", on=on(19))
    assert "level_of_care_review" in patient.tasks


def test_S3_the_review_offers_each_step_up() -> None:
    patient = in_program()
    patient.says("use", on=on(15), **{"class": "relapse"})
    review = next(t for t in patient.episode.open_tasks.values() if t.kind == "level_of_care_review")
    assert {"patient_declined", "offer_php", "offer_residential", "offer_withdrawal_management"} <= set(
        review.outcomes
    )


# -- S5 -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("use_on", "expected"), [(on(9), on(9)), (on(12), on(12)), (None, on(12))])
def test_S5_slip_is_dated_by_the_estimate_else_by_collection(use_on: date | None, expected: date) -> None:
    patient = in_program()
    collected(patient, 12, "definitive", "cocaine", use_on=use_on)
    assert patient.progress.last_use_on == expected


def test_S5_a_use_cannot_be_estimated_after_the_collection() -> None:
    patient = in_program()
    with pytest.raises(InvalidEntry):
        collected(patient, 12, "definitive", "cocaine", use_on=on(15))


@pytest.mark.parametrize("result", ["pending", "negative", "presumptive", "residual", "dilute", "tampered"])
def test_S5_no_other_result_is_a_slip(result: str) -> None:
    patient = in_program()
    collected(patient, 12, result, "cocaine")
    assert patient.progress.last_use_on == LAST_USE
    assert "safety_check" not in patient.tasks


@pytest.mark.parametrize("reason", ["refused", "unable", "absent", "excused"])
def test_S5_a_specimen_not_provided_is_no_slip(reason: str) -> None:
    patient = in_program()
    patient.says("test", test_id="t1", ordered_on=on(12), result="not_provided", reason=reason)
    assert patient.progress.last_use_on == LAST_USE


def test_S5_a_definitive_result_amended_to_negative_gives_last_use_back() -> None:
    patient = in_program()
    collected(patient, 12, "definitive", "cocaine")
    patient.until(on(21))
    collected(patient, 12, "negative")
    assert patient.progress.last_use_on == LAST_USE
    assert "safety_check" not in patient.tasks


def test_S5_a_clinician_may_class_a_definitive_finding_as_residual() -> None:
    patient = in_program()
    collected(patient, 12, "definitive", "cannabis")
    patient.until(on(21))
    collected(patient, 12, "residual", "cannabis", by="th-1")
    assert patient.progress.last_use_on == LAST_USE


# -- S6 -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("reason", "holds"),
    [
        ("refused", True),
        (None, True),
        ("unable", False),
        ("absent", False),
        ("excused", False),
        ("Refused", True),
    ],
)
def test_S6_a_refused_test_holds_the_gate_and_an_excused_one_does_not(
    reason: str | None, holds: bool
) -> None:
    patient = in_program()
    given_ = {"reason": reason} if reason else {}
    patient.says("test", test_id="t1", ordered_on=on(12), result="not_provided", **given_)
    assert bool(patient.progress.on_hold) is holds


@pytest.mark.parametrize("result", ["dilute", "tampered"])
@pytest.mark.parametrize(
    "later",
    [
        0,
        1,
    ],
)
def test_S6_a_valid_recollection_ends_the_hold(result: str, later: int) -> None:
    patient = in_program()
    collected(patient, 12, result)
    collected(patient, 12 + later, "negative", name="again")
    assert patient.progress.on_hold == []


def test_S6_an_earlier_valid_test_does_not_end_the_hold() -> None:
    patient = in_program()
    collected(patient, 11, "negative", name="before")
    collected(patient, 12, "dilute")
    assert patient.progress.on_hold


def test_S6_a_dilute_recollection_holds_on() -> None:
    patient = in_program()
    collected(patient, 12, "dilute")
    collected(patient, 14, "dilute", name="again")
    assert len(patient.progress.on_hold) == 2


@pytest.mark.parametrize("settled", ["negative", "definitive", "residual"])
def test_S6_the_confirmation_ends_a_presumptive_hold(settled: str) -> None:
    patient = in_program()
    collected(patient, 12, "presumptive", "cocaine")
    assert "hold_review" in patient.tasks
    collected(patient, 12, settled, "cocaine")
    assert patient.progress.on_hold == []
    assert "hold_review" not in patient.tasks


@pytest.mark.parametrize("amended", ["dilute", "tampered"])
def test_S6_a_negative_that_the_laboratory_amends_to_invalid_holds_the_gate(amended: str) -> None:
    patient = in_program()
    collected(patient, 12, "negative", source="lab", by="lab")
    patient.until(on(21))
    collected(patient, 12, amended, source="lab", by="lab")
    assert patient.progress.on_hold


@pytest.mark.parametrize("first", ["collect_again", "await_confirmation"])
def test_S6_a_clinician_may_lift_the_hold_after_having_waited(first: str) -> None:
    patient = in_program()
    collected(patient, 12, "presumptive", "cocaine")
    patient.says("decision", about="hold_review", choice=first, by="th-1")
    assert patient.progress.on_hold
    patient.until(on(30))
    patient.says("decision", about="hold_review", choice="lift_hold", by="th-1")
    assert patient.progress.on_hold == []


def test_S6_a_hold_that_was_lifted_for_a_dilute_returns_with_a_presumptive_positive() -> None:
    patient = in_program()
    collected(patient, 12, "dilute")
    patient.says("decision", about="hold_review", choice="lift_hold", by="th-1")
    patient.until(on(21))
    collected(patient, 12, "presumptive", "cocaine")
    assert patient.progress.on_hold


def test_S6_a_retracted_decision_brings_the_hold_back() -> None:
    patient = in_program()
    collected(patient, 12, "tampered")
    lifted = patient.says("decision", about="hold_review", choice="lift_hold", by="th-1")
    patient.says("retraction", entry_id=lifted.entry_id, reason="another patient", by="th-1")
    assert patient.progress.on_hold
    assert "hold_review" in patient.tasks


# -- S7, S8 ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("start", "end", "slip"),
    [(12, None, False), (12, 12, False), (5, 12, False), (13, None, True), (5, 11, True)],
)
def test_S7_a_prescription_covers_its_first_and_its_last_day(start: int, end: int | None, slip: bool) -> None:
    patient = in_program()
    until = {"end_on": on(end)} if end else {}
    patient.says("medication", name="Methadone", start_on=on(start), **until)
    collected(patient, 12, "definitive", "EDDP")
    assert (patient.progress.last_use_on == on(12)) is slip


def test_S7_a_prescription_explains_its_own_substance_only() -> None:
    patient = in_program()
    patient.says("medication", name="buprenorphine", start_on=ADMITTED)
    collected(patient, 12, "definitive", "buprenorphine", "cocaine")
    assert patient.progress.last_use_on == on(12)


def test_S7_a_prescription_entered_late_ends_the_hold_of_a_presumptive_positive() -> None:
    patient = in_program()
    collected(patient, 12, "presumptive", "opioids")
    assert patient.progress.on_hold
    patient.says("medication", name="methadone", start_on=on(0))
    assert patient.progress.on_hold == []
    assert patient.tasks == set()


def test_S7_a_retracted_prescription_reads_the_results_again() -> None:
    patient = in_program()
    given_ = patient.says("medication", name="buprenorphine", start_on=ADMITTED)
    collected(patient, 12, "definitive", "norbuprenorphine")
    assert patient.progress.last_use_on == LAST_USE
    patient.says("retraction", entry_id=given_.entry_id, reason="another patient")
    assert patient.progress.last_use_on == on(12)


@pytest.mark.parametrize("medicine", ["buprenorphine", "methadone", "naltrexone"])
def test_S7_taking_a_prescribed_medicine_is_no_use(medicine: str) -> None:
    patient = in_program()
    patient.says("medication", name=medicine, treats="opioid use disorder", start_on=ADMITTED)
    patient.says("use", on=on(12), substance=medicine)
    assert patient.progress.last_use_on == LAST_USE


def test_S7_a_gate_with_expected_positives_only_opens_like_any_other() -> None:
    patient = admitted()
    patient.says("medication", name="buprenorphine", start_on=ADMITTED)
    patient.attends_until(on(89))
    for day in (65, 75, 85):
        collected(patient, day, "definitive", "buprenorphine", name=f"t{day}")
    patient.says("goal", goal_id="g1", status="met")
    patient.until(on(90))
    assert patient.progress.stage == "gate_review"


def test_S7_a_negative_for_the_prescribed_medicine_opens_a_talk_and_nothing_else() -> None:
    patient = in_program()
    patient.says("medication", name="buprenorphine", start_on=ADMITTED)
    collected(patient, 12, "negative", "buprenorphine")
    assert patient.progress.last_use_on == LAST_USE
    assert patient.progress.on_hold == []
    assert len(patient.tasks) == 1


@pytest.mark.parametrize("substance", ["nicotine", "Caffeine", " COTININE "])
def test_S8_nicotine_and_caffeine_neither_slip_nor_hold(substance: str) -> None:
    patient = in_program()
    patient.says("use", on=on(12), substance=substance)
    collected(patient, 13, "definitive", substance)
    collected(patient, 14, "presumptive", substance, name="t2")
    assert patient.progress.last_use_on == LAST_USE
    assert patient.progress.on_hold == []


def test_S8_what_counts_is_a_table_of_the_policy() -> None:
    patient = in_program(policy={"tests": {"never_counted": ["nicotine", "cannabis"]}})
    patient.says("use", on=on(12), substance="cannabis")
    assert patient.progress.last_use_on == LAST_USE
    patient.says("use", on=on(13), substance="alcohol")
    assert patient.progress.last_use_on == on(13)


# -- S9 -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("days", "met"), [(29, False), (30, True)])
def test_S9_thirty_days_open_the_gate_and_29_do_not(days: int, met: bool) -> None:
    patient = in_program(60)
    patient.says("use", on=on(60 - days))
    assert ("sobriety" not in patient.unmet()) is met


@pytest.mark.parametrize(
    ("days", "met"),
    [
        ((44, 58, 60), True),  # fourteen days before the window's first test, between two, none after
        ((45, 58, 60), False),  # fifteen days from the window's opening
        ((44, 59, 60), False),  # fifteen days between two
        ((40, 46), True),  # fourteen days after the last
        ((40, 45), False),  # fifteen
        ((46,), False),  # one test is not two
        ((30, 44), False),  # one on the day on which the window opens covers nothing of it
        ((), False),
    ],
)
def test_S9_tests_cover_the_window_with_no_gap_above_14_days(days: tuple[int, ...], met: bool) -> None:
    patient = in_program(60)
    for day in days:
        collected(patient, day, "negative", name=f"t{day}")
    assert ("evidence" not in patient.unmet()) is met


def test_S9_tests_in_doubt_are_no_evidence() -> None:
    patient = in_program(60)
    for day in (40, 50):
        collected(patient, day, "dilute", name=f"t{day}")
        patient.says("decision", about="hold_review", choice="lift_hold", by="th-1")
    assert patient.unmet() >= {"evidence"}


@pytest.mark.parametrize("status", ["met", "waived"])
def test_S9_every_goal_must_be_met_or_waived(status: str) -> None:
    patient = in_program(10)
    patient.says("goal", goal_id="g2")
    patient.says("goal", goal_id="g1", status="met")
    assert "goals" in patient.unmet()
    patient.says("goal", goal_id="g2", status=status)
    assert "goals" not in patient.unmet()


def test_S9_a_goal_opened_again_shuts_the_gate() -> None:
    patient = ready_for_gate()
    patient.says("goal", goal_id="g1", status="open")
    assert patient.progress.stage == "program"


@pytest.mark.parametrize(("day", "met"), [(89, False), (90, True)])
def test_S9_the_length_is_reached_on_day_90_after_admission(day: int, met: bool) -> None:
    patient = admitted()
    patient.until(on(day), "00:00")
    assert ("length" not in patient.unmet()) is met


def test_S9_nothing_but_a_signature_passes_the_gate() -> None:
    patient = ready_for_gate()
    patient.attends_until(on(97))
    assert patient.progress.stage == "gate_review"
    assert not patient.progress.gate.passes


def test_S9_a_gate_held_by_the_clinician_comes_back_for_review_after_a_week() -> None:
    patient = ready_for_gate()
    patient.says("decision", about="gate_review", choice="hold", by="th-1")
    collected(patient, 90, "negative", name="t90")
    patient.attends_until(on(96))
    assert "gate_review" not in patient.tasks
    patient.until(on(97), "22:00")
    assert "gate_review" in patient.tasks


def test_S9_the_gate_after_a_return_to_the_program_needs_a_new_signature() -> None:
    patient = stepped_down()
    patient.until(on(95))
    patient.says("use", on=on(95))
    patient.says("decision", about="reassessment", choice="return_to_program", by="th-1", reason="support")
    assert patient.progress.stage == "program"
    assert "signature" in patient.unmet()


def test_S9_the_earliest_date_is_never_in_the_past_while_the_gate_is_shut() -> None:
    patient = in_program(100)
    assert not patient.progress.gate.ready
    assert patient.progress.gate.earliest_on
    assert patient.progress.gate.earliest_on >= on(100)


# -- S10 ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("reason", "days"),
    [
        ("hospital", 5),
        ("jail", 5),
        ("Jail", 5),
        ("travel", 0),
        ("childbirth", 0),
    ],
)
def test_S10_days_in_a_controlled_environment_are_added_to_the_wait(reason: str, days: int) -> None:
    patient = in_program(70)
    patient.says("use", on=on(69))
    patient.says("leave", reason=reason, **{"from": on(71), "until": on(75)})
    assert patient.progress.gate.earliest_on == on(99 + days)
    assert patient.progress.last_use_on == on(69)


def test_S10_an_early_return_gives_the_days_back() -> None:
    patient = in_program(70)
    patient.says("use", on=on(69))
    patient.says("leave", reason="hospital", **{"from": on(70), "until": on(79)})
    assert patient.progress.gate.earliest_on == on(109)
    patient.until(on(73))
    patient.says("return", on=on(73))
    assert patient.progress.gate.earliest_on == on(102)


def test_S10_a_use_in_hospital_starts_the_count_from_that_day() -> None:
    patient = in_program(70)
    patient.says("leave", reason="hospital", **{"from": on(70), "until": on(79)})
    patient.until(on(75))
    patient.says("use", on=on(75), evidence="observed")
    assert patient.progress.gate.earliest_on == on(75 + 30 + 4)


def test_S10_a_stay_told_long_afterwards_still_does_not_count() -> None:
    patient = in_program(70)
    patient.says("use", on=on(50))
    patient.says("leave", reason="jail", **{"from": on(55), "until": on(64)})
    patient.until(on(80), "00:00")
    assert "sobriety" in patient.unmet()
    patient.until(on(89), "23:00")
    assert "sobriety" in patient.unmet()
    patient.until(on(90), "00:00")
    assert "sobriety" not in patient.unmet()


@settings(max_examples=examples(20), deadline=None)
@given(st.integers(0, 60), st.integers(0, 40), st.integers(0, 15))
def test_S10_the_gate_shows_the_very_day_on_which_sobriety_is_met(use: int, begin: int, length: int) -> None:
    patient = admitted(policy={"length": {"days": 1, "max_extensions": 10}})
    patient.until(on(61))
    patient.says("use", on=on(use))
    first = on(use + begin)
    patient.says("leave", reason="hospital", **{"from": first, "until": first + length * DAY})
    opens = patient.progress.gate.opens_on
    assert opens
    for day, met in ((opens - DAY, False), (opens, True)):
        patient.now = at(day)
        assert ("sobriety" not in patient.unmet()) is met


# -- S11, S12, S13 --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("day", "extensions", "limit"),
    [(89, 0, False), (90, 1, False), (103, 1, False), (104, 2, False), (118, 3, False), (132, 4, False),
     (145, 4, False), (146, 4, True), (400, 4, True)],
)  # fmt: skip
def test_S11_blocks_of_14_days_up_to_the_fourth(day: int, extensions: int, limit: bool) -> None:
    patient = admitted()
    patient.until(on(day), "00:00")
    assert patient.progress.extensions == extensions
    assert ("team_review" in patient.tasks) is limit
    assert patient.progress.stage == "program"


def test_S11_each_extension_has_its_own_review_with_its_reason() -> None:
    patient = in_program(91)
    (first,) = [task for task in patient.progress.open_tasks if task.kind == "continued_stay_review"]
    assert "evidence" in first.asks
    patient.says("decision", about="continued_stay_review", choice="continue", by="th-1")
    patient.attends_until(on(105))
    assert [
        t.asks.split(".")[0] for t in patient.progress.open_tasks if t.kind == "continued_stay_review"
    ] == ["Review extension 2"]


def test_S11_an_extension_that_ended_in_a_met_goal_has_still_taken_place() -> None:
    patient = ready_for_gate(on(85))
    patient.says("goal", goal_id="g1", status="open")
    patient.attends_until(on(92))
    assert patient.progress.extensions == 1
    patient.says("goal", goal_id="g1", status="met", on=on(92))
    assert patient.progress.extensions == 1


def test_S11_a_test_entered_late_that_met_the_gate_in_time_takes_the_extension_back() -> None:
    patient = ready_for_gate(on(89))
    for line in list(patient.episode.record):
        if line.entry.kind == "test":
            patient.says("retraction", entry_id=line.key, reason="mixed up")
    patient.attends_until(on(92))
    assert patient.progress.extensions == 1
    for day in (65, 75, 85):
        collected(patient, day, "negative", name=f"late{day}")
    assert patient.progress.extensions == 0
    assert patient.progress.stage == "gate_review"


def test_S12_a_gate_that_is_not_ready_cannot_be_advanced() -> None:
    patient = in_program(60)
    with pytest.raises(NotAllowedNow):
        patient.says("decision", about="gate_review", choice="advance", by="th-1", reason="moves away")
    assert patient.progress.stage == "program"


def test_S12_after_an_advance_the_gate_has_passed_and_says_so() -> None:
    patient = ready_for_gate(on(60))
    patient.says("decision", about="gate_review", choice="advance", by="th-1", reason="moves away")
    assert patient.progress.gate.passes


@pytest.mark.parametrize("news", ["use", "amended"])
def test_S13_late_news_is_a_question_and_its_answer_closes_it(news: str) -> None:
    patient = stepped_down()
    patient.until(on(93))
    if news == "use":
        patient.says("use", on=on(80))
    else:
        collected(patient, 85, "definitive", "cocaine", name="t5")
    assert patient.progress.stage == "aftercare"
    assert "late_news" in patient.tasks
    patient.says("decision", about="late_news", choice="no_change", by="th-1")
    assert "late_news" not in patient.tasks
    assert patient.progress.stage == "aftercare"


def test_S13_retracted_late_news_is_withdrawn() -> None:
    patient = stepped_down()
    patient.until(on(93))
    use = patient.says("use", on=on(80))
    patient.says("retraction", entry_id=use.entry_id, reason="another patient")
    assert "late_news" not in patient.tasks


def test_S13_a_negative_that_carried_the_gate_and_is_retracted_is_shown() -> None:
    patient = stepped_down()
    patient.until(on(93))
    carried = next(line.key for line in patient.episode.record if line.entry.kind == "test")
    patient.says("retraction", entry_id=carried, reason="specimen of another person")
    assert patient.progress.stage == "aftercare"
    assert "late_news" in patient.tasks


def test_S13_a_use_on_the_very_day_of_the_step_down_belongs_to_aftercare() -> None:
    patient = stepped_down()
    patient.until(on(91))
    patient.says("use", on=on(90))
    assert patient.progress.stage == "aftercare"
    assert patient.tasks & {"late_news", "reassessment"}


def test_S9_an_imported_decision_does_not_pass_a_gate_that_is_shut() -> None:
    patient = in_program(40)
    with pytest.raises(NotAllowedNow):
        patient.says("decision", about="gate_review", choice="pass", by="ehr", source="import")
    assert patient.progress.stage == "program"


def test_S11_a_program_that_was_returned_to_is_extended_and_reviewed_again() -> None:
    patient = stepped_down()
    patient.until(on(95))
    patient.says("use", on=on(95))
    patient.says("decision", about="reassessment", choice="return_to_program", by="th-1", reason="support")
    patient.attends_until(on(150))
    assert patient.progress.stage == "program"
    assert patient.tasks & {"continued_stay_review", "team_review"}


def test_S12_a_hold_open_at_the_advance_refuses_it() -> None:
    patient = ready_for_gate(on(60))
    collected(patient, 59, "dilute", name="doubt")
    with pytest.raises(NotAllowedNow):
        patient.says("decision", about="gate_review", choice="advance", by="th-1", reason="moves away")
    assert patient.progress.stage == "program"


# -- names of medication, and what a laboratory sends twice ----------------------------------------------------


@pytest.mark.parametrize(
    ("medication", "found"),
    [
        ("Suboxone 8 mg", "buprenorphine"),
        ("buprenorphine/naloxone", "norbuprenorphine"),
        ("methadone HCl", "eddp"),
        ("Vivitrol", "naltrexone"),
        ("naltrexone", "6-beta-naltrexol"),
    ],
)
def test_S7_medication_is_known_by_its_product_name_and_by_what_becomes_of_it(
    medication: str, found: str
) -> None:
    patient = in_program()
    patient.says("medication", name=medication, treats="opioid_use_disorder", start_on=on(1))
    collected(patient, 18, "definitive", found)
    assert patient.progress.last_use_on == LAST_USE
    collected(patient, 19, "definitive", "fentanyl", name="t2")
    assert patient.progress.last_use_on == on(19)


def test_S7_a_product_whose_ingredient_a_test_did_not_find_opens_the_talk() -> None:
    patient = in_program()
    patient.says("medication", name="Suboxone", treats="opioid_use_disorder", start_on=on(1))
    collected(patient, 18, "negative", "buprenorphine")
    assert "adherence_talk" in patient.tasks


@pytest.mark.parametrize("substance", ["tobacco", "Cigarettes", "coffee"])
def test_S8_tobacco_and_coffee_by_any_name_are_no_slip(substance: str) -> None:
    patient = in_program()
    patient.says("use", on=on(18), substance=substance)
    assert patient.progress.last_use_on == LAST_USE


@pytest.mark.parametrize("reason", ["refusal", "patient_refused", "declined", "Refused"])
def test_S6_a_test_not_provided_for_a_reason_that_excuses_nobody_holds_the_gate(reason: str) -> None:
    patient = in_program()
    patient.says("test", test_id="t", ordered_on=on(19), result="not_provided", reason=reason)
    assert patient.progress.on_hold


@pytest.mark.parametrize("reason", ["unable", "absent", "excused", "Excused"])
def test_S5_a_test_not_provided_with_an_excuse_holds_nothing(reason: str) -> None:
    patient = in_program()
    patient.says("test", test_id="t", ordered_on=on(19), result="not_provided", reason=reason)
    assert not patient.progress.on_hold


def test_S6_T4_a_lifted_hold_stays_lifted_when_the_laboratory_sends_the_result_again() -> None:
    patient = in_program()
    collected(patient, 19, "presumptive", "thc", source="lab")
    patient.says("decision", about="hold_review", choice="lift_hold", by="th-1")
    patient.until(on(22))
    collected(patient, 19, "presumptive", "thc", source="lab")
    assert patient.progress.on_hold == []


def test_S3_T4_a_slip_that_was_answered_is_not_asked_about_again_when_its_result_is_sent_again() -> None:
    patient = in_program()
    collected(patient, 19, "definitive", "thc", source="lab")
    for kind, choice in (
        ("safety_check", "safe"),
        ("individual_session", "held"),
        ("plan_review", "changed"),
    ):
        patient.says("decision", about=kind, choice=choice, by="th-1")
    patient.attends_until(on(24))
    collected(patient, 19, "definitive", "thc", source="lab")
    assert not patient.tasks & {"safety_check", "individual_session", "plan_review"}


# -- the gate, when something becomes known late -----------------------------------------------------------------


def test_S9_a_review_that_a_late_result_makes_possible_is_due_from_when_it_came() -> None:
    patient = admitted().attends_until(on(89))
    for back in (25, 15):
        collected(patient, 90 - back, "negative", name=f"t{back}")
    patient.says("goal", goal_id="g1", status="met")
    patient.attends_until(on(96))
    collected(patient, 87, "negative", name="late", source="lab")
    (review,) = [task for task in patient.progress.open_tasks if task.kind == "gate_review"]
    assert review.level == 0
    assert review.due_at > patient.now


def test_S13_a_signature_that_gives_its_day_alone_covers_what_was_done_on_that_day() -> None:
    patient = admitted().attends_until(on(89))
    for back in (25, 15, 5):
        collected(patient, 90 - back, "negative", name=f"t{back}")
    patient.until(on(90), "11:00")
    patient.says("goal", goal_id="g1", status="met")
    patient.until(on(90), "12:00")
    patient.says("decision", about="gate_review", choice="pass", by="th-1", on=on(90))
    assert "late_news" not in patient.tasks


def test_T8_S13_a_policy_adopted_after_a_step_down_does_not_judge_it_anew() -> None:
    patient = ready_for_gate()
    patient.says("decision", about="gate_review", choice="pass", by="th-1")
    patient.until(on(93))
    patient.says("policy", policy={"tests": {"phases": []}, "gate": {"min_negative_tests": 4}}, by="di-1")
    assert "late_news" not in patient.tasks


def test_S9_E9_the_day_on_which_tests_grow_too_old_for_the_gate_is_announced() -> None:
    patient = ready_for_gate()
    assert patient.episode.stage == "gate_review"
    patient.until(ADMITTED + timedelta(days=99), "23:59")  # the latest valid test is of day 85
    assert "evidence" not in patient.unmet()
    patient.until(ADMITTED + timedelta(days=100), "00:00")
    assert "evidence" in patient.unmet()
    assert (patient.episode.stage, "gate_review" in patient.tasks) == ("program", False)


def _answered() -> tuple[Patient, list[str]]:
    """A use that two people have told of, all of whose questions are answered."""
    patient = admitted()
    day = ADMITTED + timedelta(days=9)
    patient.until(day)
    told = [patient.says("use", on=day, substance="alcohol", by=who).entry_id for who in ("nu-1", "cm-1")]
    for about, choice in (
        ("safety_check", "safe"),
        ("individual_session", "held"),
        ("plan_review", "unchanged"),
    ):
        patient.says("decision", about=about, choice=choice, by="th-1")
    patient.until(day + timedelta(days=1))
    return patient, told


ASKED = {"safety_check", "individual_session", "plan_review"}


@pytest.mark.parametrize("which", [0, 1])
def test_S2_what_was_answered_of_a_use_stays_when_one_of_two_tellings_is_retracted(which: int) -> None:
    patient, told = _answered()
    patient.says("retraction", entry_id=told[which], reason="told twice", by="nu-1" if which == 0 else "cm-1")
    assert not patient.tasks & ASKED
    assert patient.progress.last_use_on == ADMITTED + timedelta(days=9)


@pytest.mark.parametrize("which", [0, 1])
def test_S2_what_was_answered_of_a_use_stays_when_its_date_is_corrected(which: int) -> None:
    patient, told = _answered()
    day = ADMITTED + timedelta(days=8)
    for one, who in ((told[which], "nu-1"), (told[1 - which], "cm-1")):
        patient.says(
            "use", on=day, substance="alcohol", by=who, supersedes=one, supersedes_reason="a day earlier"
        )
        assert not patient.tasks & ASKED
    assert patient.progress.last_use_on == day


def test_S3_a_use_of_a_day_after_the_answers_is_asked_about_anew() -> None:
    patient, told = _answered()
    patient.until(ADMITTED + timedelta(days=15))
    later = ADMITTED + timedelta(days=14)
    patient.says("use", on=later, substance="alcohol", supersedes=told[0], supersedes_reason="another day")
    assert patient.tasks >= ASKED


@pytest.mark.parametrize("name", ["Nikotin", "snus", "smoking"])
def test_S8_nicotine_is_no_use_under_whatever_name(name: str) -> None:
    patient = admitted()
    patient.says("use", on=ADMITTED, substance=name)
    assert patient.progress.last_use_on == LAST_USE
