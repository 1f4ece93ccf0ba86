"""Facts note what they read: what is kept is what would be worked out now, and independence can be seen."""

from datetime import timedelta
from typing import Any

import pytest

from tests.core.afresh import NAMES, differs_afresh
from tests.core.clinic import ADMITTED, Patient, admitted, at, ready_for_gate
from workflows.core.engine.memory import Kept
from workflows.core.engine.reading import Reading, kinds_of
from workflows.core.episode.entries import (
    Attendance,
    Checkin,
    Contact,
    Exit,
    Module,
    MutualHelp,
    Payer,
    Screening,
    SessionChange,
    Test,
    Use,
)
from workflows.core.episode.facts import Facts

DAY = timedelta(days=1)


@pytest.fixture
def worked_out(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """The names of what is worked out from here on."""
    names: list[object] = []
    work_out = Reading._work_out

    def noting(self: Reading[Any], known: Kept) -> None:
        names.append(known.name)
        work_out(self, known)

    monkeypatch.setattr(Reading, "_work_out", noting)
    return names


def everything_read(patient: Patient) -> Facts:
    facts = patient.episode.facts
    for name in NAMES:
        getattr(facts, name)
    return facts


def test_A7_the_gate_reads_no_attendance() -> None:
    facts = everything_read(ready_for_gate())
    read = kinds_of(facts.rests_on("gate_conditions"))
    assert {Use, Test} <= read
    assert read.isdisjoint({Attendance, SessionChange, Contact, Checkin, Module, MutualHelp})


def test_E1_an_exit_rests_on_what_is_signed_and_on_nothing_that_a_person_does() -> None:
    patient = ready_for_gate()
    patient.says("use", on=patient.now.date())
    read = kinds_of(everything_read(patient).rests_on("exit_signed"))
    assert Exit in read
    assert read.isdisjoint({Use, Test, Attendance, Contact, Checkin, Screening, Module, MutualHelp})


def test_S11_nothing_but_the_payer_s_own_fact_reads_the_payer() -> None:
    facts = everything_read(ready_for_gate())
    assert {name for name in NAMES if Payer in facts.rests_on(name)} == {"payer_refusals"}


def test_an_entry_costs_what_it_changes(worked_out: list[object]) -> None:
    patient = admitted().attends_until(ADMITTED + 20 * DAY)
    patient.says("mutual_help", on=patient.now.date(), group="aa")
    worked_out.clear()
    patient.says("mutual_help", on=patient.now.date(), group="na")
    assert not {"sessions", "judged", "slips", "tested", "gate_conditions", "consents"} & set(worked_out)
    patient.says("use", on=patient.now.date())
    assert {"slips", "gate_conditions"} <= set(worked_out)
    assert not {"judged", "consents"} & set(worked_out)


def test_an_entry_costs_nothing_to_whoever_reads_only_others_of_its_kind(worked_out: list[object]) -> None:
    patient = admitted().attends_until(ADMITTED + 20 * DAY)
    patient.says("contact", at=patient.now, channel="phone", outcome="voicemail")
    worked_out.clear()
    patient.says("contact", at=patient.now, channel="phone", outcome="voicemail")
    assert not {"crises", "flags", "_spoken_with"} & set(worked_out)
    patient.says("contact", at=patient.now, channel="phone", outcome="crisis_escalated")
    assert {"crises", "flags"} <= set(worked_out)
    assert "_spoken_with" not in worked_out


def test_time_alone_renews_what_has_waited_for_it_and_nothing_else(worked_out: list[object]) -> None:
    patient = admitted().attends_until(ADMITTED + 20 * DAY)
    one_o_clock = at(ADMITTED + 21 * DAY, "13:00")
    patient.episode.wake(one_o_clock)
    worked_out.clear()
    patient.episode.wake(one_o_clock + timedelta(minutes=1))
    assert worked_out == []


def test_a_fact_that_comes_to_the_same_renews_nothing_that_has_read_it(worked_out: list[object]) -> None:
    patient = ready_for_gate()
    patient.says("use", on=ADMITTED - 400 * DAY)  # long before the last use that is known
    worked_out.clear()
    patient.says("use", on=ADMITTED - 401 * DAY)
    assert "last_use_on" in worked_out
    assert "gate_opens_on" not in worked_out


def test_T2_what_was_known_at_an_instant_is_known_with_all_that_was_recorded_at_it() -> None:
    patient = ready_for_gate()
    patient.says("decision", about="gate_review", choice="pass", by="th-1")
    patient.says("use", on=patient.now.date())  # at the very instant of the signature
    assert not differs_afresh(patient.episode)


def test_an_error_in_the_midst_of_a_fact_leaves_nothing_half_worked_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    patient = admitted()
    with monkeypatch.context() as broken:
        broken.setattr("workflows.core.episode.sobriety.facts.told_once", lambda _: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            patient.says("use", on=ADMITTED - DAY)
    assert patient.episode.record.notes.page is None
    patient.says("use", on=ADMITTED - DAY)
    assert not differs_afresh(patient.episode)


def test_A3_a_session_within_another_is_judged_when_it_closes_and_not_with_the_other() -> None:
    patient = admitted().attends_until(ADMITTED + 3 * DAY)
    day = ADMITTED + 4 * DAY
    patient.says("session_change", session=f"{day}T18:30", change="added", minutes=30)
    for clock, missed in (("18:59", 0), ("19:01", 0), ("19:31", 1), ("20:59", 1), ("21:01", 1), ("21:31", 2)):
        patient.until(day, clock)
        assert not differs_afresh(patient.episode), clock
        assert patient.progress.consecutive_misses == missed, clock
