"""E4, E10, E11, T8: answers that come second or late, what may be decided, and what an adoption leaves as it was."""

from datetime import timedelta

import pytest

from tests.core.clinic import ADMITTED, Patient, admitted, ready_for_gate
from tests.core.referral.linked import Linked
from workflows.core.engine.effects import Notify
from workflows.core.engine.errors import NotAllowedNow

DAY = timedelta(days=1)


# -- E10 ------------------------------------------------------------------------------------------------------


def test_E10_a_second_answer_by_the_id_of_a_task_that_has_ended_is_told_how_it_ended() -> None:
    patient = ready_for_gate()
    (task,) = [task for task in patient.progress.open_tasks if task.kind == "gate_review"]
    patient.says("decision", about=task.task_id, choice="hold", by="th-1")
    with pytest.raises(NotAllowedNow, match="gate_review was decided as hold by th-1"):
        patient.says("decision", about=task.task_id, choice="pass", by="su-1")


def test_E10_an_answer_to_a_task_that_is_no_longer_owed_says_so() -> None:
    patient = admitted().until(ADMITTED + DAY)
    used = patient.says("use", on=ADMITTED)
    (task,) = [task for task in patient.progress.open_tasks if task.kind == "plan_review"]
    patient.says("retraction", entry_id=used.entry_id, reason="another patient")
    with pytest.raises(NotAllowedNow, match=r"plan_review\) is no longer owed"):
        patient.says("decision", about=task.task_id, choice="changed", by="th-1")


def test_A5_who_was_reached_while_the_next_rung_took_its_place_has_been_reached() -> None:
    patient = admitted().until(ADMITTED, "23:00")
    (call,) = [task for task in patient.progress.open_tasks if task.kind == "outreach_call"]
    patient.until(ADMITTED + 2 * DAY, "08:00")
    assert call.task_id not in {task.task_id for task in patient.progress.open_tasks}
    patient.says("decision", about=call.task_id, choice="reached")
    assert "engagement_plan" in patient.tasks
    with pytest.raises(NotAllowedNow):
        patient.says("decision", about=call.task_id, choice="not_reached")


def test_C3_an_answer_given_while_the_directory_returns_is_kept() -> None:
    linked = Linked()
    (task,) = linked.referral.worklist.open.values()
    linked.says("candidates", found=[*linked.places], by="cm-1")
    (anew,) = linked.referral.worklist.open.values()
    assert anew.task_id != task.task_id
    chosen = task.outcomes[0]
    linked.referral.complete(task.task_id, chosen, "cm-1", None, linked.now)
    assert linked.referral.facts.current
    assert linked.referral.facts.current.place.listing_id == chosen


def test_E10_what_may_be_decided_is_shown_with_its_choices() -> None:
    patient = admitted().until(ADMITTED + DAY)
    shown = {one.about: one for one in patient.progress.may_decide}
    assert shown["involuntary_discharge"].choices == ["propose"]
    assert all(task.outcomes for task in patient.progress.open_tasks)
    with pytest.raises(NotAllowedNow, match=r"involuntary_discharge \(propose\)"):
        patient.says("decision", about="discharge", choice="x")


# -- E4, E11 --------------------------------------------------------------------------------------------------


def test_E4_an_exit_keeps_its_day_and_shows_beside_it_when_the_stay_ended() -> None:
    patient = admitted()
    patient.attends(ADMITTED)
    patient.until(ADMITTED + 12 * DAY)
    patient.says("exit", reason="other", on=ADMITTED + 12 * DAY)
    shown = patient.progress.exit
    assert shown
    assert (shown.on, shown.stay_ended_on) == (ADMITTED + 12 * DAY, ADMITTED)


@pytest.mark.parametrize("days", [31, 400, 1500])
def test_E11_a_laboratory_s_result_long_after_the_exit_is_kept_and_shown(days: int) -> None:
    patient = admitted().until(ADMITTED + DAY)
    patient.says("exit", reason="other", on=ADMITTED)
    patient.says("decision", about="exit_bundle", choice="given")
    patient.until(ADMITTED + days * DAY)
    assert not patient.episode.finished(patient.now)
    patient.effects.clear()
    patient.says("test", test_id="late", collected_on=ADMITTED, result="negative", by="lab-7", source="lab")
    assert patient.progress.stage == "closed"
    assert [one for one in patient.effects if isinstance(one, Notify) and one.subject == "entry_after_exit"]


# -- T8 -------------------------------------------------------------------------------------------------------


def adopts(patient: Patient, policy: dict[str, object]) -> list[str]:
    return [
        one for one in patient.says("policy", policy=policy, by="di-1").changes if one.startswith("Policy")
    ]


def test_T8_a_partial_adoption_changes_only_what_it_names() -> None:
    patient = admitted(policy={"gate": {"sober_days": 20, "min_negative_tests": 3}, "length": {"days": 60}})
    patient.until(ADMITTED + DAY)
    assert adopts(patient, {"gate": {"sober_days": 25}}) == ["Policy: gate.sober_days: 20 → 25."]
    policy = patient.episode.frame.policy
    assert (policy.gate.min_negative_tests, policy.length.days) == (3, 60)
    assert adopts(patient, {"length": {"days": 70}}) == ["Policy: length.days: 60 → 70."]
    assert patient.episode.frame.policy.gate.sober_days == 25


def test_T8_a_time_of_another_kind_takes_the_place_of_the_whole_time() -> None:
    patient = admitted(policy={"slip_response": {"plan_review": {"hours": 24}}}).until(ADMITTED + DAY)
    adopts(patient, {"slip_response": {"plan_review": {"business_days": 3}}})
    assert patient.episode.frame.policy.slip_response.plan_review.business_days == 3
