"""P1: a mail to staff holds the case id, the kind of task, the due time and where to look; nothing of the person."""

from datetime import UTC, datetime

import pytest

from activities.notify import body_of, subject_of
from workflows.ports.staff import StaffNotice

CLINICAL = "Positive test of 2 March (cocaine): speak with the person at 12 Elm Street today."


def notice(**changes: object) -> StaffNotice:
    given: dict[str, object] = {
        "key": "k", "episode_id": "e1", "role": "therapist", "staff_id": "th-1", "subject_code": "task_safety_check",
        "lines": [CLINICAL], "due_at": datetime(2026, 3, 2, 18, tzinfo=UTC), "task_id": "task-1", "level": 2, **changes,
    }  # fmt: skip
    return StaffNotice.model_validate(given)


@pytest.mark.parametrize("task_id", ["task-1", None])
def test_P1_what_it_is_about_stands_behind_the_login(task_id: str | None) -> None:
    told = notice(task_id=task_id)
    mail = subject_of(told) + body_of(told, page=lambda about: f"https://ui.example/{about}")
    for word in ("cocaine", "Positive", "Elm", "test of"):
        assert word not in mail
    for word in (
        "safety check",
        "e1",
        "Mon 02 Mar 2026 18:00",
        f"https://ui.example/{task_id or 'episode-e1'}",
    ):
        assert word in mail


def test_P9_who_was_not_reached_before_is_said() -> None:
    assert "could not be delivered" in body_of(
        notice(), ["A notice to therapist could not be delivered: full."]
    )


@pytest.mark.parametrize("changes", [{"episode_id": "", "task_id": None}, {"is_plain": True}])
def test_what_is_of_the_clinic_itself_is_said(changes: dict[str, object]) -> None:
    assert "The database is away." in body_of(notice(lines=["The database is away."], **changes))
