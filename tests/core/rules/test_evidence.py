"""What tests say, and what they do not (S2-S9): results that come late, twice or of the wrong day."""

from datetime import date, timedelta

import pytest

from tests.core.clinic import ADMITTED, Patient, admitted

DAY = timedelta(days=1)


def on(days: int) -> date:
    return ADMITTED + timedelta(days=days)


def in_program(days: int = 20) -> Patient:
    """A patient who has come to every session up to a day."""
    return admitted().attends_until(on(days))


def collected(patient: Patient, days: int, result: str, *found: str, name: str = "t1") -> None:
    """Record the state of a test collected on a day."""
    patient.says("test", test_id=name, collected_on=on(days), result=result, substances=list(found))


@pytest.mark.parametrize("by", ["cm-1", "lab-1"])
def test_S5_S6_T4_an_order_that_arrives_late_takes_no_presumptive_positive_back(by: str) -> None:
    patient = in_program()
    collected(patient, 12, "presumptive", "cocaine")
    patient.says("test", test_id="t1", ordered_on=on(11), result="pending", by=by)
    assert "holds" in patient.unmet()
    assert patient.progress.on_hold


def test_S6_another_negative_does_not_end_the_hold_of_a_presumptive_positive() -> None:
    patient = in_program()
    collected(patient, 12, "presumptive", "cocaine")
    collected(patient, 15, "negative", name="t2")
    assert "holds" in patient.unmet()
    collected(patient, 12, "negative")
    assert "holds" not in patient.unmet()


def test_S9_a_negative_of_the_day_of_last_use_is_no_evidence_of_the_time_since() -> None:
    patient = in_program(12)
    patient.says("use", on=on(10))
    collected(patient, 10, "negative")
    patient.attends_until(on(22))
    collected(patient, 20, "negative", name="t2")
    assert "evidence" in patient.unmet()
    collected(patient, 11, "negative", name="t3")
    assert "evidence" not in patient.unmet()


def test_S7_a_prescription_that_is_told_late_explains_a_use_that_was_told_before() -> None:
    patient = in_program()
    before = patient.progress.last_use_on
    patient.says("use", on=on(15), substance="zolpidem")
    assert patient.progress.last_use_on == on(15)
    patient.until(on(18))
    patient.says("medication", name="zolpidem", start_on=on(15), by="th-1")
    assert patient.progress.last_use_on == before
    assert "safety_check" not in patient.tasks
