"""T3: what is wrong is retracted or superseded with a reason, and staff see which and why."""

from datetime import timedelta
from typing import Any

import pytest

from tests.core.clinic import ADMITTED, Patient, admitted
from workflows.core.engine.errors import InvalidEntry
from workflows.core.episode.entries import parse_entry
from workflows.core.episode.episode import Episode
from workflows.core.episode.views import journal

DAY = timedelta(days=1)


def used(patient: Patient) -> str:
    patient.until(ADMITTED + 5 * DAY)
    return patient.says("use", on=ADMITTED + 3 * DAY).entry_id


@pytest.mark.parametrize("field", ["supersedes_reason", "reason"])
def test_T3_a_superseding_entry_gives_its_reason_and_the_answer_and_the_journal_tell_it(field: str) -> None:
    patient = admitted()
    wrong = used(patient)
    said = patient.says("use", on=ADMITTED + 2 * DAY, supersedes=wrong, **{field: "wrong day"})
    assert f"Entry {wrong} is superseded by {said.entry_id}: wrong day." in said.changes
    assert said.after["last_use_on"] == ADMITTED + 2 * DAY
    (line,) = [line for line in journal(patient.episode) if line.entry_id == wrong]
    assert (line.stands, line.undone_by, line.undone_because) == (False, said.entry_id, "wrong day")


def test_T3_a_supersession_without_a_reason_is_taken_and_said_to_lack_one() -> None:
    patient = admitted()
    wrong = used(patient)
    said = patient.says("use", on=ADMITTED + 2 * DAY, supersedes=wrong)
    assert patient.progress.last_use_on == ADMITTED + 2 * DAY
    assert [sentence for sentence in said.changes if "no reason was given" in sentence]


def test_T3_a_laboratory_that_amends_its_result_needs_no_word_about_it() -> None:
    patient = admitted().until(ADMITTED + 5 * DAY)
    found = {"test_id": "t1", "collected_on": ADMITTED, "source": "lab"}
    patient.says("test", id="r1", result="definitive", substances=["cocaine"], **found)
    said = patient.says("test", result="negative", supersedes="r1", **found)
    assert f"Entry r1 is superseded by {said.entry_id}." in said.changes


def test_T3_a_retraction_is_told_with_its_reason() -> None:
    patient = admitted()
    wrong = used(patient)
    said = patient.says("retraction", entry_id=wrong, reason="another patient.")
    assert f"Entry {wrong} is retracted: another patient." in said.changes
    (line,) = [line for line in journal(patient.episode) if line.entry_id == wrong]
    assert line.undone_because == "another patient."


@pytest.mark.parametrize(
    "statement",
    [
        {"kind": "leave", "reason": "travel", "from": "2026-01-05", "until": "2026-01-06"},
        {"kind": "exit", "reason": "other", "on": "2026-01-05"},
        {"kind": "decision", "about": "x", "choice": "y", "reason": "as agreed"},
    ],
)
def test_T3_a_kind_with_a_reason_of_its_own_keeps_it_apart(statement: dict[str, Any]) -> None:
    correction = {"by": "cm-1", "supersedes": "e1", "supersedes_reason": "wrong day"}
    entry = parse_entry({**statement, **correction})
    assert entry.supersedes_reason == "wrong day"
    assert entry.model_dump()["reason"] == statement["reason"]


@pytest.mark.parametrize("fields", [{"supersedes_reason": "x"}, {"reason": "x"}])
def test_T3_a_reason_without_what_it_is_about_is_refused(fields: dict[str, str]) -> None:
    with pytest.raises(InvalidEntry, match=r"supersedes|reason is not a field here"):
        parse_entry({"kind": "use", "by": "cm-1", "on": "2026-01-05", **fields})


def test_T3_the_reason_survives_a_snapshot() -> None:
    patient = admitted()
    wrong = used(patient)
    patient.says("use", on=ADMITTED + 2 * DAY, supersedes=wrong, supersedes_reason="wrong day")
    again = Episode.unpacked(patient.episode.packed(), patient.episode.start, patient.episode.pathway)
    assert journal(again) == journal(patient.episode)


def test_T3_T4_of_contradictory_corrections_both_stand_and_a_person_is_asked() -> None:
    patient = admitted()
    wrong = used(patient)
    first = patient.says("use", on=ADMITTED + 2 * DAY, supersedes=wrong, supersedes_reason="the day before")
    assert "correction_conflict" not in patient.tasks
    second = patient.says("use", on=ADMITTED + 4 * DAY, supersedes=wrong, supersedes_reason="the day after")
    assert any(f"superseded by {first.entry_id} already" in sentence for sentence in second.changes)
    (task,) = [task for task in patient.progress.open_tasks if task.kind == "correction_conflict"]
    assert task.entries == [wrong, first.entry_id, second.entry_id]
    patient.says("retraction", entry_id=second.entry_id, reason="the day before was right")
    assert patient.progress.last_use_on == ADMITTED + 2 * DAY
    assert "correction_conflict" not in patient.tasks


def test_T3_contradictory_corrections_that_both_hold_are_confirmed() -> None:
    patient = admitted()
    wrong = used(patient)
    for day in (2, 4):
        patient.says("use", on=ADMITTED + day * DAY, supersedes=wrong, supersedes_reason="there were two")
    patient.says("decision", about="correction_conflict", choice="both_hold")
    assert "correction_conflict" not in patient.tasks
