"""Who has a task, and to which level of its ladder it has climbed."""

from datetime import UTC, datetime, timedelta

from workflows.core.engine.effects import EscalationLevel
from workflows.core.engine.escalation import in_place_of
from workflows.core.engine.holding import by_the_team, level_at
from workflows.core.engine.without_effect import told_too_late

NOW = datetime(2026, 3, 2, 18, tzinfo=UTC)
LADDER = (
    EscalationLevel("supervisor", "su-1", NOW + timedelta(hours=4)),
    EscalationLevel("director", None, NOW + timedelta(days=1)),
)


def test_E10_a_task_is_with_its_owner_until_the_time_of_a_level_has_come() -> None:
    held = by_the_team("therapist", "th-1", LADDER, level_at(LADDER, NOW))
    assert (held.whose, held.level) == (("therapist", "th-1"), 0)


def test_T7_after_an_outage_the_levels_that_have_passed_collapse_to_the_last() -> None:
    assert level_at(LADDER, LADDER[0].at) == 1
    held = by_the_team("therapist", "th-1", LADDER, level_at(LADDER, NOW + timedelta(days=3)))
    assert (held.whose, held.level) == (("director", None), 2)


def test_P9_the_next_roles_are_told_in_place_of_one_that_is_not_reached() -> None:
    assert in_place_of("therapist") == ("supervisor", "director")
    assert in_place_of("supervisor") == ("director",)


def test_E10_whoever_has_answered_too_late_hears_that_it_had_no_effect_and_where_it_says_why() -> None:
    told = told_too_late("task-1", "th-1")
    assert (told.staff_id, told.is_plain) == ("th-1", True)  # no answer and no reason: it goes by mail (P1)
    assert told.lines == ("Your answer to task-1 had no effect. `carepath why task-1` says why.",)
