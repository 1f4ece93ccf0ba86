"""I3, S3, E3, E5: where a person goes from here, by which of several ways, and whether it is known that they came."""

from datetime import date, timedelta
from typing import Any

import pytest

from tests.core.clinic import ADMITTED, Patient, admitted


def on(days: int) -> date:
    return ADMITTED + timedelta(days=days)


def in_program(days: int = 2) -> Patient:
    return admitted().attends_until(on(days))


def going(patient: Patient) -> list[str]:
    """The places to which a transfer is followed, as its task and its referral name them."""
    return [one.service for one in patient.episode.facts.needs if one.kind == "level_of_care"]


def accepts(patient: Patient, level: str) -> Patient:
    """A relapse, an offer, and a yes."""
    patient.says("use", on=patient.now.date(), **{"class": "relapse"})
    patient.says("decision", about="level_of_care_review", choice=f"offer_{level}", by="th-1")
    patient.says("decision", about="level_of_care_offer", choice="accepted")
    return patient


@pytest.mark.parametrize(("to", "named"), [({"to": "residential"}, "residential"), ({}, "transfer")])
def test_E5_a_transfer_goes_where_it_was_said_to_go(to: dict[str, Any], named: str) -> None:
    patient = in_program()
    patient.says("exit", reason="transferred", on=on(2), **to)
    assert going(patient) == [named]
    assert patient.tasks == {"transfer"}


@pytest.mark.parametrize("reason", ["withdrew", "other"])
def test_E5_no_other_exit_is_a_transfer(reason: str) -> None:
    patient = in_program()
    patient.says("exit", reason=reason, on=on(2))
    assert going(patient) == []
    assert "transfer" not in patient.tasks


def test_S3_E5_who_accepts_an_offer_goes_to_the_level_that_was_offered() -> None:
    patient = accepts(in_program(), "residential")
    assert going(patient) == ["residential"]
    assert patient.progress.stage == "program"


def test_S3_E3_E5_an_exit_after_an_offer_ends_the_way_to_it_and_its_reopening_takes_it_up_again() -> None:
    patient = accepts(in_program(), "residential")
    patient.until(on(3), "12:00")
    patient.says("exit", reason="withdrew", on=on(3))
    assert going(patient) == []
    assert "transfer" not in patient.tasks
    patient.until(on(4), "12:00")
    patient.says("decision", about="reopening", choice="reopen")
    assert going(patient) == ["residential"]
    assert "transfer" in patient.tasks


def test_S3_E5_of_two_ways_the_later_one_is_followed() -> None:
    patient = accepts(in_program(), "php")
    patient.until(on(3), "12:00")
    accepts(patient, "residential")
    assert going(patient) == ["residential"]
    assert sum(task.kind == "transfer" for task in patient.progress.open_tasks) == 1


def test_I3_another_level_is_followed_from_the_decision_on_and_only_that_level() -> None:
    patient = Patient()
    assert going(patient) == []
    patient.says("level_of_care", level="php", by="th-1")
    assert going(patient) == ["php"]
    patient.says("level_of_care", level="residential", by="th-1")
    assert going(patient) == ["residential"]
    patient.says("level_of_care", level="iop", by="th-1")
    assert going(patient) == []


def referral_of(patient: Patient) -> str:
    (begun,) = {e.referral_id for e in patient.effects if type(e).__name__ == "StartReferral"}
    return str(begun)


@pytest.mark.parametrize(
    ("news", "is_told"),
    [
        ({"state": "visited"}, True),
        ({"state": "closed", "reason": "first_visit_attended"}, True),
        ({"state": "closed", "reason": "declined"}, False),
        ({"state": "open"}, False),
    ],
)
def test_E5_a_first_visit_of_which_the_referral_tells_is_told_to_whoever_confirms_it(
    news: dict[str, str], is_told: bool
) -> None:
    patient = in_program()
    patient.says("exit", reason="transferred", on=on(2), to="residential")
    patient.until(on(5), "12:00")
    patient.says("referral_news", referral_id=referral_of(patient), at=patient.now.isoformat(), **news)
    (task,) = [task for task in patient.progress.open_tasks if task.kind == "transfer"]
    assert ("first visit on 10 Jan 2026" in task.asks) is is_told
    assert patient.progress.exit is None, "a person confirms it"
    assert (referral_of(patient) in patient.episode.facts.referrals_closed) is (news["state"] == "closed")


def test_S3_E5_an_offer_that_is_accepted_after_a_transfer_was_begun_takes_its_place() -> None:
    patient = in_program()
    patient.says("exit", reason="transferred", on=on(2), to="php")
    assert going(patient) == ["php"]
    patient.until(on(3), "12:00")
    accepts(patient, "residential")
    assert going(patient) == ["residential"]
