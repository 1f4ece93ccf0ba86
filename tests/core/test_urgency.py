"""What goes first is decided in one place, by who is asked and by which rule (F2)."""

import pytest

from tests.core.clinic import ADMITTED, Patient, start
from workflows.core.engine.calendar import Delay
from workflows.core.engine.effects import OpenTask
from workflows.core.engine.urgency import Urgency, of_task, while_overdue
from workflows.core.episode.episode import Episode
from workflows.core.episode.views import progress
from workflows.pathways import pathway_named


@pytest.mark.parametrize(
    ("role", "rule", "within", "urgency"),
    [
        ("on_call", "any", Delay(days=3), Urgency.IN_DANGER),
        ("therapist", "E8", Delay(business_days=1), Urgency.IN_DANGER),
        ("therapist", "A6", Delay(by_end_of_day=True), Urgency.IN_DANGER),
        ("case_manager", "S3", Delay(by_end_of_day=True), Urgency.TODAY),
        ("case_manager", "A4", Delay(hours=2), Urgency.TODAY),
        ("therapist", "S3", Delay(business_days=1), Urgency.ORDINARY),
    ],
)
def test_F2_danger_goes_before_today_and_today_before_the_rest(
    role: str, rule: str, within: Delay, urgency: Urgency
) -> None:
    assert of_task(role, rule, within) is urgency


def test_F2_what_is_overdue_goes_before_what_is_in_time_and_danger_before_both() -> None:
    assert [while_overdue(one) for one in Urgency] == [Urgency.IN_DANGER, *[Urgency.TODAY] * 3]


def test_F2_a_crisis_is_urgent_and_whether_anybody_was_reached_is_kept_until_somebody_is() -> None:
    patient = Patient()
    patient.until(ADMITTED)
    patient.says("crisis", type="overdose", at=patient.now.isoformat())
    episode = patient.episode
    (task,) = [one for one in patient.effects if isinstance(one, OpenTask) and one.kind == "crisis_response"]
    assert task.urgency is Urgency.IN_DANGER
    episode.heard_of(task.task_id, "on call: no answer")
    episode.heard_of("task-of-another", "is not open here")
    kept = Episode.unpacked(episode.packed(), start(), pathway_named("iop"))
    for one in (episode, kept):
        shown = progress(one, patient.now)
        assert shown.nobody_reached
        assert shown.not_reached == ["crisis response: on call: no answer"]
        assert [open_.nobody_reached for open_ in shown.open_tasks if open_.task_id == task.task_id] == [True]
    episode.heard_of(task.task_id, None)
    assert not progress(episode, patient.now).nobody_reached
