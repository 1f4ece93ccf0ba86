"""Who is away, and since when back (E6, S4)."""

from datetime import date, timedelta

from tests.core.clinic import ADMITTED, Patient, admitted, ready_for_gate

DAY = timedelta(days=1)
DRAWN = {"tests": {"phases": [{"until_day": 30, "max_gap_days": 7}, {"max_gap_days": 12}]}}


def on(days: int) -> date:
    return ADMITTED + timedelta(days=days)


def leaves(patient: Patient, first: int, last: int, reason: str = "travel") -> None:
    patient.says("leave", reason=reason, **{"from": on(first), "until": on(last)})


def test_E6_who_comes_back_on_the_day_of_leaving_is_back() -> None:
    patient = admitted().attends_until(on(10))
    leaves(patient, 10, 20)
    patient.until(on(10), "16:00")
    patient.says("return", on=on(10))
    assert not patient.progress.on_leave
    patient.until(on(11), "21:30")
    assert not patient.progress.on_leave
    assert patient.progress.consecutive_misses == 1


def test_S4_C1_tests_are_drawn_again_after_a_return_from_aftercare() -> None:
    patient = admitted(policy=DRAWN)
    ready_for_gate(on(90), patient)
    patient.says("decision", about="gate_review", choice="pass", by="th-1")
    patient.until(on(110))
    patient.says("use", on=on(110))
    patient.says("decision", about="reassessment", choice="return_to_program", by="th-1", reason="support")
    assert patient.progress.stage == "program"
    patient.says("test", test_id="back", collected_on=on(110), result="negative")
    assert not patient.tasks & {"collect_test", "test_not_collected"}
    patient.attends_until(on(123))
    assert patient.tasks & {"collect_test", "test_not_collected"}
