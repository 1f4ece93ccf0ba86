"""How staff answer, also what the engine of a later version may ask."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from worker.simulation.parameters import Staff
from worker.simulation.staff import Team
from workflows.core.engine.calendar import BusinessHours, Calendar
from workflows.core.engine.effects import EscalationLevel, OpenTask

ZONE = ZoneInfo("America/Chicago")
FRIDAY_EVENING = datetime(2026, 1, 9, 19, tzinfo=ZONE)


def team(**rules: object) -> Team:
    calendar = Calendar(ZONE, BusinessHours())
    return Team(Staff.model_validate(rules), calendar, {("last_word", "close")}, 1, 1)


def task(kind: str, *outcomes: str, role: str = "case_manager") -> OpenTask:
    levels = (EscalationLevel("supervisor", "su-1", FRIDAY_EVENING + timedelta(days=3)),)
    return OpenTask(
        "task-1",
        f"{kind}:x",
        kind,
        role,
        "cm-1",
        FRIDAY_EVENING,
        FRIDAY_EVENING,
        levels,
        outcomes,
        "X1",
        (),
        "?",
    )


@pytest.mark.parametrize(
    ("outcomes", "answer"), [(("collected", "refused"), "collected"), (("close", "wait"), "wait")]
)
def test_an_unknown_kind_gets_its_first_outcome_that_closes_nothing(
    outcomes: tuple[str, ...], answer: str
) -> None:
    assert team().outcome(task("last_word", *outcomes)) == answer


def test_a_task_whose_every_outcome_closes_the_episode_is_nobodys_to_answer() -> None:
    assert team().will_answer(task("last_word", "close"), FRIDAY_EVENING) is None


def test_staff_answer_in_office_hours_and_on_call_at_once() -> None:
    answer = team(overlooked=0).will_answer(task("plan", "done"), FRIDAY_EVENING)
    assert answer
    assert answer.at.weekday() == 0
    assert 9 <= answer.at.hour < 17
    urgent = team(overlooked=0).will_answer(task("crisis_response", "safe", role="on_call"), FRIDAY_EVENING)
    assert urgent
    assert urgent.at - FRIDAY_EVENING < timedelta(hours=3)


def test_an_overlooked_task_is_answered_by_the_level_it_climbs_to() -> None:
    answer = team(overlooked=1).will_answer(task("plan", "done"), FRIDAY_EVENING)
    assert answer
    assert (answer.by, answer.role) == ("su-1", "supervisor")
