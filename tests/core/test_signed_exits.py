"""An exit is made from what a named person signed: by type, by what is read, and in every run (E1)."""

from datetime import timedelta
from typing import Any

import pytest

from tests.core.clinic import ADMITTED, Patient, admitted
from workflows.core.engine.reading import fact
from workflows.core.episode.entries import Entry, Test, Use, parse_entry
from workflows.core.episode.exits.signed import NotSigned, SignedExit, is_signed
from workflows.core.episode.facts import Facts

DAY = timedelta(days=1)


def entry(**said: Any) -> Entry:
    return parse_entry({"id": "x1", "by": "di-1", "on": f"{ADMITTED}", **said})


@pytest.mark.parametrize(
    "said",
    [
        {"kind": "use"},
        {"kind": "exit", "reason": "other", "source": "lab"},
        {"kind": "exit", "reason": "other", "by": "carepath"},
        {"kind": "decision", "about": "transfer", "choice": "first_visit_attended", "source": "agency"},
    ],
)
def test_E1_an_exit_is_made_from_no_other_entry_than_one_that_a_person_signed(said: dict[str, Any]) -> None:
    with pytest.raises(NotSigned):
        SignedExit(entry(**said), "other", ADMITTED, admitted().now)  # type: ignore[arg-type]  # as a defect would
    assert is_signed(entry(kind="exit", reason="other"))


def closing(facts: Facts, reads: type[Entry]) -> SignedExit | None:
    """An exit that is made from a signed one, and hangs on something else: a defect of ours."""
    if len(facts.record.standing(reads)) < 3 and not facts.has_come(facts.calendar.at(ADMITTED + 40 * DAY)):
        return None
    return SignedExit(entry(kind="exit", reason="other"), "other", ADMITTED, facts.now)  # type: ignore[arg-type]


def hang_exits_on(reads: type[Entry], defect: pytest.MonkeyPatch) -> None:
    made = fact(lambda facts: closing(facts, reads))
    made.__set_name__(Facts, "exit_signed")
    defect.setattr(Facts, "exit_signed", made, raising=False)


def in_doubt(patient: Patient, number: int) -> None:
    patient.says(
        "test", test_id=f"t{number}", source="lab", by="lab", collected_on=patient.now.date(),
        result="presumptive", substances=["cocaine"],
    )  # fmt: skip


def test_E1_three_in_doubt_close_nothing_and_whoever_states_the_third_hears_of_the_defect(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with monkeypatch.context() as defect:
        hang_exits_on(Test, defect)
        patient = admitted()
        in_doubt(patient, 1)
        in_doubt(patient, 2)
        known, states = len(patient.episode.record), patient.episode.states
        with pytest.raises(NotSigned, match="rests on Test"):
            in_doubt(patient, 3)
        assert (len(patient.episode.record), patient.episode.states) == (known, states)
        patient.says("use", on=patient.now.date())  # the episode goes on
        assert patient.progress.stage == "program"


def test_E1_nor_does_time_close_an_episode_and_it_goes_on_where_it_stood(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with monkeypatch.context() as defect:
        hang_exits_on(Use, defect)
        patient = admitted()
        states = patient.episode.states
        with pytest.raises(NotSigned):
            patient.episode.wake(patient.now + 50 * DAY)
        assert patient.episode.states == states
        assert not patient.episode.finished(patient.now + 50 * DAY)


def test_E1_a_chart_that_would_close_without_an_exit_stays_where_it_was(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    patient = admitted()
    guards = patient.episode.pathway.guards
    with monkeypatch.context() as defect:
        defect.setattr(guards, "exit_signed", property(lambda self: bool(self.facts.slips)))
        with pytest.raises(NotSigned, match="no exit stands"):
            patient.says("use", on=patient.now.date())
        assert patient.progress.stage == "program"
