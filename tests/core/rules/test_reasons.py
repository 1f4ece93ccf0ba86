"""S9: the gate explains itself: each condition in words, as it reads while it is not met and once it is."""

from datetime import date, timedelta
from typing import Any

from tests.core.clinic import ADMITTED, Patient, admitted, ready_for_gate


def on(days: int) -> date:
    return ADMITTED + timedelta(days=days)


def why(patient: Patient) -> dict[str, tuple[bool, str]]:
    """Whether each condition is met, and what it says."""
    return {one.name: (one.met, one.why) for one in patient.progress.gate.conditions}


def collected(patient: Patient, days: int, result: str = "negative", **fields: Any) -> None:
    patient.says("test", test_id=f"t{days}", collected_on=on(days), result=result, **fields)


def test_S9_a_gate_that_is_shut_says_what_is_missing_of_each_condition() -> None:
    patient = admitted().attends_until(on(20))
    collected(patient, 15)
    collected(patient, 18, "dilute")
    told = patient.says("use", on=on(10), evidence="collateral").entry_id
    assert why(patient) == {
        "length": (False, "program length is reached on 5 Apr 2026"),
        "sobriety": (False, "28 of 30 days since last use on 28 Dec 2025"),
        "evidence": (False, "1 of 2 valid tests since 28 Dec 2025"),
        "holds": (
            False,
            f"on hold for test t18 (dilute, 23 Jan 2026), a use told by somebody else: {told} (15 Jan 2026)",
        ),
        "goals": (False, "open goals: g1"),
        "level_of_care_review": (True, "no review is open"),
        "signature": (False, "a clinician has not signed yet"),
    }


def test_S9_a_gate_that_is_ready_says_so_of_each_but_the_signature() -> None:
    assert why(ready_for_gate()) == {
        "length": (True, "program length is reached on 5 Apr 2026"),
        "sobriety": (True, "98 of 30 days since last use on 28 Dec 2025"),
        "evidence": (True, "3 of 2 valid tests since 6 Mar 2026"),
        "holds": (True, "no test result is in doubt"),
        "goals": (True, "all goals are met or waived"),
        "level_of_care_review": (True, "no review is open"),
        "signature": (False, "a clinician has not signed yet"),
    }


def test_S9_a_gap_between_tests_is_told_with_its_length_and_its_beginning() -> None:
    patient = ready_for_gate()
    tests = [line for line in patient.episode.record if line.entry.kind == "test"]
    patient.says("retraction", entry_id=tests[1].key, reason="mixed up")
    assert why(patient)["evidence"] == (
        False,
        "2 of 2 valid tests since 6 Mar 2026; 20 days without one from 11 Mar 2026, at most 14 are allowed",
    )


def test_S9_goals_are_asked_for_and_a_review_is_told() -> None:
    patient = admitted().attends_until(on(20))
    goal = next(line for line in patient.episode.record if line.entry.kind == "goal")
    patient.says("retraction", entry_id=goal.key, reason="mistaken")
    patient.says("use", on=on(19), **{"class": "relapse"})
    assert why(patient)["goals"] == (False, "no personal goal is recorded")
    assert why(patient)["level_of_care_review"] == (False, "a level-of-care review is open")


def test_S12_an_advanced_gate_says_that_a_clinician_has_advanced_it() -> None:
    patient = ready_for_gate(on(60))
    patient.says("decision", about="gate_review", choice="advance", by="th-1", reason="moves away")
    assert why(patient)["length"] == (True, "advanced by a clinician")
    assert why(patient)["signature"][0]
