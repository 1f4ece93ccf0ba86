"""S5, S7, E0: whose word explains what a test has found, or what was told of a use."""

from datetime import timedelta

import pytest

from tests.core.clinic import ADMITTED, LAST_USE, TEAM, Patient, admitted
from workflows.core.engine.errors import NotAllowedNow

FOUND_ON = ADMITTED + timedelta(days=2)
WITH_NURSE = {**TEAM, "nurse": "nu-1"}


def found(substance: str = "oxycodone") -> Patient:
    """A patient with a definitive finding of the laboratory."""
    patient = admitted(team=WITH_NURSE)
    patient.until(FOUND_ON)
    says_the_laboratory(patient, substance)
    assert patient.progress.last_use_on == FOUND_ON
    return patient


def says_the_laboratory(patient: Patient, substance: str) -> None:
    patient.says(
        "test", test_id="t1", collected_on=FOUND_ON, result="definitive", substances=[substance], by="l-7", source="lab"
    )  # fmt: skip


def prescribed(patient: Patient, by: str, name: str = "oxycodone", **fields: object) -> list[str]:
    return patient.says("medication", name=name, start_on=ADMITTED, by=by, **fields).changes


def confirm(patient: Patient, choice: str, by: str = "th-1") -> None:
    (task,) = [task for task in patient.progress.open_tasks if task.kind == "medication_review"]
    patient.says("decision", about=task.task_id, choice=choice, by=by)


@pytest.mark.parametrize(
    "name", ["oxycodone", "cocaine", "fentanyl", "buprenorphine and cocaine", "lorazepam 1 mg"]
)
@pytest.mark.parametrize("by", ["cm-1", "zz-9"])
def test_S7_E0_who_is_no_clinician_explains_no_finding_until_one_confirms_it(name: str, by: str) -> None:
    substance = name.replace("buprenorphine and ", "").removesuffix(" 1 mg")
    patient = found(substance)
    answered = prescribed(patient, by, name)
    assert patient.progress.last_use_on == FOUND_ON
    assert {"safety_check", "plan_review", "medication_review"} <= patient.tasks
    assert "waits for a nurse" in " ".join(answered)
    confirm(patient, "prescribed")
    assert patient.progress.last_use_on == LAST_USE
    assert "medication_review" not in patient.tasks


@pytest.mark.parametrize("source", ["agency", "lab"])
def test_S7_a_clinician_is_asked_about_what_another_system_tells_of_a_prescription(source: str) -> None:
    patient = found()
    prescribed(patient, "methadone-clinic", source=source)
    assert patient.progress.last_use_on == FOUND_ON
    confirm(patient, "prescribed", by="nu-1")
    assert patient.progress.last_use_on == LAST_USE


def test_S7_E0_what_was_not_prescribed_explains_nothing_and_is_not_asked_again() -> None:
    patient = found()
    prescribed(patient, "cm-1")
    confirm(patient, "not_prescribed")
    assert patient.progress.last_use_on == FOUND_ON
    assert "medication_review" not in patient.tasks


def test_S7_E0_a_case_manager_confirms_nothing() -> None:
    patient = found()
    prescribed(patient, "cm-1")
    with pytest.raises(Exception, match="has another role"):
        confirm(patient, "prescribed", by="cm-1")


@pytest.mark.parametrize("by", ["nu-1", "th-1", "su-1", "di-1"])
def test_S7_a_clinician_s_word_explains_a_finding_at_once_and_in_whatever_order(by: str) -> None:
    patient = found()
    prescribed(patient, by)
    assert patient.progress.last_use_on == LAST_USE
    first = admitted(team=WITH_NURSE).until(FOUND_ON)
    prescribed(first, by)
    says_the_laboratory(first, "oxycodone")
    assert first.progress.last_use_on == LAST_USE


def test_S7_E0_what_a_clinician_has_told_is_theirs_also_when_the_team_changes() -> None:
    patient = found()
    prescribed(patient, "nu-1")
    patient.says("team", role="nurse", staff_id="nu-2", **{"from": FOUND_ON + timedelta(days=1)}, by="su-1")
    patient.until(FOUND_ON + timedelta(days=3))
    assert patient.progress.last_use_on == LAST_USE


@pytest.mark.parametrize(("name", "substance"), [("Suboxone 8 mg", "buprenorphine"), ("methadone", "eddp")])
def test_S7_medication_for_addiction_is_never_a_slip_whoever_of_the_staff_tells_of_it(
    name: str, substance: str
) -> None:
    patient = found(substance)
    prescribed(patient, "cm-1", name)
    assert patient.progress.last_use_on == LAST_USE
    assert "medication_review" not in patient.tasks


def test_S7_a_prescription_that_explains_nothing_asks_nobody() -> None:
    patient = found("cocaine")
    answered = prescribed(patient, "cm-1", "sertraline")
    assert "medication_review" not in patient.tasks
    assert "waits" not in " ".join(answered)


def test_S7_E0_a_use_that_was_told_is_explained_by_a_clinician_too() -> None:
    patient = admitted(team=WITH_NURSE).until(FOUND_ON)
    patient.says("use", on=FOUND_ON, substance="oxycodone")
    prescribed(patient, "cm-1")
    assert patient.progress.last_use_on == FOUND_ON
    confirm(patient, "prescribed")
    assert patient.progress.last_use_on == LAST_USE


@pytest.mark.parametrize("result", ["negative", "residual", "dilute", "not_provided"])
def test_S5_E0_what_the_laboratory_has_found_is_amended_by_a_clinician_or_by_itself(result: str) -> None:
    patient = found("cocaine")
    other = {"test_id": "t1", "collected_on": FOUND_ON, "result": result}
    answered = patient.says("test", **other, by="cm-1").changes
    assert patient.progress.last_use_on == FOUND_ON
    assert "waits for the laboratory" in " ".join(answered)
    patient.says("test", **other, by="nu-1")
    assert patient.progress.last_use_on == LAST_USE


def test_S5_E0_the_day_of_use_is_a_clinician_s_estimate() -> None:
    patient = found("cocaine")
    earlier = {
        "test_id": "t1", "collected_on": FOUND_ON, "result": "definitive", "substances": ["cocaine"],
        "use_on": FOUND_ON - timedelta(days=90),
    }  # fmt: skip
    earlier["use_on"] = f"{earlier['use_on']}"
    patient.says("test", **earlier, by="cm-1")
    assert patient.progress.last_use_on == FOUND_ON
    patient.says("test", **earlier, by="nu-1")
    assert patient.progress.last_use_on == LAST_USE


@pytest.mark.parametrize("how", ["retraction", "supersession"])
@pytest.mark.parametrize("result", ["definitive", "presumptive", "dilute", "tampered"])
def test_E0_S5_a_finding_of_the_laboratory_is_taken_back_by_a_clinician_or_by_itself(
    how: str, result: str
) -> None:
    positive = {"substances": ["cocaine"]} if result in ("definitive", "presumptive") else {}
    told = {"test_id": "t1", "collected_on": FOUND_ON}

    def take_back(patient: Patient, **by: str) -> None:
        if how == "retraction":
            patient.says("retraction", entry_id="f", reason="another specimen", **by)
        else:
            patient.says("test", **told, result="negative", supersedes="f", **by)

    for by in ({"by": "nu-1"}, {"by": "lab-7", "source": "lab"}):
        patient = admitted(team=WITH_NURSE).until(FOUND_ON)
        before = patient.unmet()
        patient.says("test", **told, id="f", result=result, by="lab-7", source="lab", **positive)
        with pytest.raises(
            NotAllowedNow, match="a finding of the laboratory is decided by the therapist or nurse"
        ):
            take_back(patient, by="cm-1")
        take_back(patient, **by)
        assert patient.progress.last_use_on == LAST_USE
        assert patient.unmet() == before


def test_T3_what_staff_have_written_down_of_a_test_they_take_back() -> None:
    patient = admitted().until(FOUND_ON)
    patient.says(
        "test", id="f", test_id="t1", collected_on=FOUND_ON, result="definitive", substances=["cocaine"]
    )
    patient.says("retraction", entry_id="f", reason="another person's")
    assert patient.progress.last_use_on == LAST_USE
