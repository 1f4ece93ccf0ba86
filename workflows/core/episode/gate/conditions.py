"""The sobriety gate explains itself: each condition, its state, its evidence, the earliest date (S9)."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from workflows.core.engine.calendar import day_in_words
from workflows.core.episode.policy import Gate
from workflows.core.episode.sobriety.results import Hold


@dataclass(frozen=True, slots=True)
class Condition:
    """One condition of the gate and why it is met or not, in words."""

    name: str
    met: bool
    why: str


def sobriety(days_sober: int, controlled_days: int, last_use_on: date, gate: Gate) -> Condition:
    """Days since last use, less the days in a controlled environment (S10)."""
    counted = days_sober - controlled_days
    why = f"{counted} of {gate.sober_days} days since last use on {day_in_words(last_use_on)}"
    if controlled_days:
        why += f"; {controlled_days} days in a controlled environment are not counted"
    return Condition("sobriety", counted >= gate.sober_days, why)


def level_of_care(review_is_open: bool, on_the_way_to: str | None) -> Condition:
    """Whether this is still the right place: no review is open, and the person is not on the way to more care (I3)."""
    if on_the_way_to:
        why = f"the person is on the way to {on_the_way_to.replace('_', ' ')}"
    else:
        why = "a level-of-care review is open" if review_is_open else "no review is open"
    return Condition("level_of_care_review", not (review_is_open or on_the_way_to), why)


def evidence(valid_on: Sequence[date], last_use_on: date, today: date, gate: Gate) -> Condition:
    """Whether valid tests cover the window: no evidence of use is not evidence of no use."""
    opens = max(last_use_on, today - timedelta(days=gate.sober_days))
    inside = [day for day in valid_on if opens < day <= today]
    found = f"{len(inside)} of {gate.min_negative_tests} valid tests since {day_in_words(opens)}"
    if len(inside) < gate.min_negative_tests:
        return Condition("evidence", False, found)
    marks = [opens, *inside, today]
    longest, since = max((later - earlier, earlier) for earlier, later in itertools.pairwise(marks))
    if longest.days > gate.max_days_between_tests:
        return Condition(
            "evidence",
            False,
            f"{found}; {longest.days} days without one from "
            f"{day_in_words(since)}, at most {gate.max_days_between_tests} are allowed",
        )
    return Condition("evidence", True, found)


def holds(open_holds: Sequence[Hold]) -> Condition:
    """No test is in doubt, and nothing that somebody else has told (S2, S6)."""
    if not open_holds:
        return Condition("holds", True, "no test result is in doubt")
    named = ", ".join(
        f"test {hold.test_id} ({hold.why}, {day_in_words(hold.since)})"
        if hold.test_id
        else f"{hold.said} ({day_in_words(hold.since)})"
        for hold in open_holds
    )
    return Condition("holds", False, f"on hold for {named}")


def length(today: date, ends_on: date, advanced: bool) -> Condition:
    """The program's length is reached, or a clinician has advanced the gate with a reason (S12)."""
    if advanced and today < ends_on:
        return Condition("length", True, "advanced by a clinician")
    return Condition("length", today >= ends_on, f"program length is reached on {day_in_words(ends_on)}")


def goals(open_goals: Sequence[str], any_goal: bool) -> Condition:
    """Goals are met or waived."""
    if not any_goal:
        return Condition("goals", False, "no personal goal is recorded")
    if open_goals:
        return Condition("goals", False, f"open goals: {', '.join(open_goals)}")
    return Condition("goals", True, "all goals are met or waived")
