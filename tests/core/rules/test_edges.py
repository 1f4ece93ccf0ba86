"""Where a rule begins and ends: the last moment at which it holds, and the first at which it does not."""

import itertools
from datetime import date, timedelta

import pytest

from tests.core.clinic import ADMITTED, Patient, admitted, collected, in_program, on, ready_for_gate

MON, TUE, WED, THU, FRI = (ADMITTED + timedelta(days=n) for n in range(5))


# -- leaving and coming back --------------------------------------------------------------------------------


def withdrawn(day: date = MON, clock: str = "12:00") -> Patient:
    patient = admitted().until(day, clock)
    patient.says("exit", reason="withdrew", on=day)
    return patient


@pytest.mark.parametrize(
    ("came_back", "told", "is_open"), [(WED, FRI, True), (THU, FRI, False), (THU, THU, True)]
)
def test_E3_a_return_within_the_time_for_it_counts_also_when_it_is_told_later(
    came_back: date, told: date, is_open: bool
) -> None:
    patient = withdrawn().until(told, "11:00")
    patient.says("return", on=came_back)
    assert (patient.progress.stage == "program") is is_open


def test_E3_a_return_of_before_the_withdrawal_takes_it_not_back() -> None:
    patient = withdrawn(TUE).until(WED, "11:00")
    patient.says("return", on=MON)
    assert patient.progress.stage == "closed"


def test_E4_the_stay_ends_with_the_last_contact_up_to_the_exit_and_never_after_it() -> None:
    patient = ready_for_gate()
    patient.says("decision", about="gate_review", choice="pass", by="th-1")
    patient.until(on(97), "12:00")
    patient.says("checkin", on=on(97), risk=0)
    patient.until(on(110), "12:00")
    patient.says("exit", reason="completed", on=on(104))
    shown = patient.progress.exit
    assert shown
    assert (shown.on, shown.stay_ended_on) == (on(104), on(97))
    patient.says("checkin", on=on(106), risk=0)
    shown = patient.progress.exit
    assert shown
    assert shown.stay_ended_on == on(97)


# -- tests and holds ----------------------------------------------------------------------------------------


def test_S6_a_test_that_was_refused_is_of_the_day_on_which_it_was_asked_for() -> None:
    patient = in_program(16)
    patient.says("test", test_id="t1", ordered_on=on(10), result="not_provided", reason="refused")
    assert "holds" in patient.unmet()
    collected(patient, 12, "negative", name="t2")
    assert "holds" not in patient.unmet()


@pytest.mark.parametrize(("days", "holds"), [(9, True), (10, False), (11, False)])
def test_S6_a_recollection_of_the_same_day_ends_a_hold_and_one_of_the_day_before_does_not(
    days: int, holds: bool
) -> None:
    patient = in_program(16)
    collected(patient, 10, "dilute")
    collected(patient, days, "negative", name="t2")
    assert ("holds" in patient.unmet()) is holds


def test_S6_a_hold_that_one_decision_lifts_leaves_the_other() -> None:
    patient = in_program(16)
    collected(patient, 10, "dilute")
    collected(patient, 11, "tampered", name="t2")
    first = next(t for t in patient.progress.open_tasks if "Test t1" in t.asks)
    patient.says("decision", about=first.task_id, choice="lift_hold", by="th-1")
    assert [hold.test_id for hold in patient.episode.facts.holds] == ["t2"]
    second = next(t for t in patient.progress.open_tasks if "Test t2" in t.asks)
    patient.says("decision", about=second.task_id, choice="await_confirmation", by="th-1")
    assert "holds" in patient.unmet()


def test_S5_T4_a_definitive_finding_stays_whatever_preliminary_word_comes_after_it() -> None:
    patient = in_program(16)
    collected(patient, 10, "definitive", "cocaine", source="lab")
    for later in ("presumptive", "pending"):
        collected(patient, 10, later, "cocaine", source="lab")
        assert patient.progress.last_use_on == on(10)
    collected(patient, 10, "negative", source="lab")
    assert patient.progress.last_use_on != on(10)


def test_S7_a_prescription_holds_from_its_first_day_to_its_last() -> None:
    for day, expected in ((9, True), (10, False), (12, False), (13, True)):
        patient = in_program(16)
        patient.says("medication", name="oxycodone", start_on=on(10), end_on=on(12), by="th-1")
        collected(patient, day, "definitive", "oxycodone")
        assert (patient.progress.last_use_on == on(day)) is expected, day


# -- slips --------------------------------------------------------------------------------------------------


def test_S3_what_is_answered_of_a_slip_leaves_the_rest_of_the_response_and_the_other_slips() -> None:
    patient = in_program(16)
    first = patient.says("use", on=on(5), substance="alcohol").entry_id
    second = patient.says("use", on=on(14), substance="alcohol").entry_id

    def still_owed(key: str) -> set[str]:
        return {task.kind for task in patient.progress.open_tasks if task.entries == [key]}

    whole = {"safety_check", "individual_session", "plan_review"}
    assert still_owed(first) == whole
    assert still_owed(second) == whole | {"level_of_care_review"}
    done = next(t for t in patient.progress.open_tasks if (t.kind, t.entries) == ("safety_check", [first]))
    patient.says("decision", about=done.task_id, choice="safe", by="cm-1")
    assert still_owed(first) == whole - {"safety_check"}
    assert still_owed(second) == whole | {"level_of_care_review"}


def test_S3_two_uses_of_one_day_are_one_slip_and_ask_for_no_review() -> None:
    patient = in_program(16)
    patient.says("use", on=on(14), substance="alcohol")
    patient.says("use", on=on(14), substance="cocaine")
    assert "level_of_care_review" not in patient.tasks


@pytest.mark.parametrize(("days", "is_reviewed"), [(-1, False), (0, True)])
def test_S3_a_relapse_is_reviewed_from_the_day_of_admission_on(days: int, is_reviewed: bool) -> None:
    patient = in_program(4)
    patient.says("use", on=on(days), **{"class": "relapse"})
    assert ("level_of_care_review" in patient.tasks) is is_reviewed
    assert ("safety_check" in patient.tasks) is is_reviewed


# -- the gate -----------------------------------------------------------------------------------------------


def test_S9_a_gate_that_was_shut_for_a_day_counts_from_the_day_on_which_it_opened_again() -> None:
    patient = ready_for_gate(on(90))
    patient.attends_until(on(94))
    assert patient.episode.facts.gate_ready_since == on(90)
    patient.says("goal", goal_id="g2", title="a home")
    patient.attends_until(on(96))
    patient.says("goal", goal_id="g2", status="met")
    assert patient.episode.facts.gate_ready_since == on(96)


def test_S10_days_in_hospital_count_from_the_day_after_last_use_and_up_to_today() -> None:
    patient = in_program(6)
    patient.says("use", on=on(4))
    patient.says("leave", reason="hospital", **{"from": on(3), "until": on(9)})
    why = {one.name: one.why for one in patient.progress.gate.conditions}["sobriety"]
    assert "0 of 30 days" in why
    assert "2 days in a controlled environment" in why
    patient.until(on(20))
    why = {one.name: one.why for one in patient.progress.gate.conditions}["sobriety"]
    assert "11 of 30 days" in why
    assert "5 days in a controlled environment" in why


def test_S10_two_stays_that_touch_are_one_and_those_apart_are_two() -> None:
    patient = in_program(30)
    stays = ((5, 7, "hospital"), (8, 9, "jail"), (12, 12, "hospital"), (14, 20, "travel"), (22, 23, "jail"),
             (24, 24, "hospital"))  # fmt: skip
    for first, last, reason in stays:
        patient.says("leave", reason=reason, **{"from": on(first), "until": on(last)})
    assert patient.episode.facts.controlled == [(on(5), on(9)), (on(12), on(12)), (on(22), on(24))]


# -- flags --------------------------------------------------------------------------------------------------


def test_A6_a_flag_is_on_from_its_first_day_to_its_last() -> None:
    patient = in_program(2)
    patient.says("flag", name="suicide_risk", on=on(2), off=on(5))
    seen = [(day, bool(patient.until(on(day)).episode.facts.flags)) for day in (2, 5, 6)]
    assert seen == [(2, True), (5, True), (6, False)]


def test_A6_a_flag_that_a_crisis_raises_lasts_for_90_days() -> None:
    patient = in_program(2)
    patient.says("crisis", type="overdose", at=patient.now.isoformat())
    seen = [(day, patient.until(on(day)).episode.facts.high_risk) for day in (2, 91, 92)]
    assert seen == [(2, True), (91, True), (92, False)]


@pytest.mark.parametrize(("days", "is_raised"), [(5, False), (6, True), (7, True)])
def test_A6_an_opioid_use_after_14_days_without_raises_a_flag_and_one_after_13_does_not(
    days: int, is_raised: bool
) -> None:
    patient = in_program(10)
    patient.says("use", on=on(days), substance="heroin")
    assert bool(patient.episode.facts.flags) is is_raised
    assert patient.episode.facts.high_risk is is_raised


def test_A6_a_further_opioid_use_soon_after_raises_no_second_flag_and_another_substance_none() -> None:
    patient = in_program(20)
    patient.says("use", on=on(7), substance="heroin")
    patient.says("use", on=on(12), substance="fentanyl")
    patient.says("use", on=on(19), substance="cocaine")
    assert patient.episode.facts.flags_end == [on(7 + 89)]


# -- extensions ---------------------------------------------------------------------------------------------


def test_S11_who_returns_to_the_program_after_its_length_begins_an_extension_on_that_day() -> None:
    patient = ready_for_gate()
    patient.says("decision", about="gate_review", choice="pass", by="th-1")
    patient.until(on(95))
    patient.says("use", on=on(95))
    patient.says("decision", about="reassessment", choice="return_to_program", by="th-1", reason="support")
    assert patient.progress.extensions == 1
    counted = [(day, patient.until(on(day)).progress.extensions) for day in (108, 109, 123)]
    assert counted == [(108, 1), (109, 2), (123, 3)]


# -- draws --------------------------------------------------------------------------------------------------


def test_S4_after_the_last_phase_with_a_gap_no_test_is_drawn_any_more() -> None:
    patient = admitted(policy={"tests": {"phases": [{"until_day": 10, "max_gap_days": 7}]}})
    patient.attends_until(on(40))
    drawn, following = patient.episode.facts.draws
    assert drawn
    assert drawn[-1] <= on(10 + 7)
    assert following is None


@pytest.mark.parametrize("number", range(6))
def test_S3_for_two_weeks_after_a_slip_no_two_draws_are_further_apart_than_four_days(number: int) -> None:
    patient = admitted(episode_id=f"z{number}", policy={"tests": {"phases": [{"max_gap_days": 12}]}})
    patient.attends_until(on(40))
    patient.says("use", on=on(40))
    patient.until(on(54))
    drawn = [on(40), *(day for day in patient.episode.facts.draws[0] if on(40) < day <= on(54))]
    assert all((later - earlier).days <= 4 for earlier, later in itertools.pairwise(drawn))
    assert (on(54) - drawn[-1]).days < 4


# -- the level of care --------------------------------------------------------------------------------------


def test_I4_a_level_decided_on_the_day_of_admission_still_belongs_to_it_and_one_of_the_next_day_does_not() -> (
    None
):
    patient = in_program(4)
    assert patient.episode.facts.level_admitted
    patient.says("level_of_care", level="php", by="th-1", on=on(1))
    assert patient.episode.facts.level_admitted
    patient.says("level_of_care", level="php", by="th-1", on=on(0))
    assert not patient.episode.facts.level_admitted
    assert "level_of_care_review" in patient.tasks
