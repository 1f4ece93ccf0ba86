"""How long the program lasts, and what is owed in its extensions (S11, A1, A7)."""

from datetime import date, timedelta

from tests.core.clinic import ADMITTED, Patient, admitted, ready_for_gate
from workflows.core.engine.effects import Notify


def on(days: int) -> date:
    return ADMITTED + timedelta(days=days)


def notices(patient: Patient, subject: str) -> list[Notify]:
    return [effect for effect in patient.effects if isinstance(effect, Notify) and effect.subject == subject]


def test_A1_A7_the_dose_is_owed_in_an_extension_too() -> None:
    patient = admitted().attends_until(on(98))
    patient.until(on(98), "23:00")
    assert patient.progress.extensions == 1
    assert patient.progress.week.short_by_minutes == 540
    patient.until(on(105), "12:00")
    assert any("0 of 540 minutes" in line for line in notices(patient, "dose_report")[-1].lines)


def test_S11_a_gate_that_was_ready_and_is_so_no_more_begins_an_extension_on_that_day() -> None:
    patient = ready_for_gate(on(90))
    patient.attends_until(on(94))
    assert patient.progress.extensions == 0
    patient.says("use", on=on(94))
    patient.until(on(94), "13:00")
    assert patient.progress.extensions == 1
    assert "continued_stay_review" in patient.tasks
    patient.until(on(107), "23:00")
    assert patient.progress.extensions == 1
    patient.until(on(108))
    assert patient.progress.extensions == 2
