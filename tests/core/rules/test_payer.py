"""S11, E1: a payer's refusal is a billing fact with an appeal task; treatment goes on."""

from datetime import date, datetime, timedelta
from typing import Any

import pytest

from tests.core.clinic import ADMITTED, ZONE, Patient, admitted, at
from workflows.core.engine.effects import CloseTask
from workflows.core.engine.errors import InvalidEntry, NotAllowedNow
from workflows.core.episode.pathway import COMMON_EXITS

DAY = timedelta(days=1)
MON, TUE, WED, THU, FRI, SAT = (ADMITTED + timedelta(days=n) for n in range(6))


def decides(patient: Patient, decision: str = "denied", **fields: Any) -> str:
    """The payer decides about the authorization; the entry's id."""
    on = fields.pop("on", patient.now.date())
    said = patient.says("payer", authorization_id=fields.pop("authorization_id", "a1"), decision=decision, on=on,
                        by="billing", source="agency", **fields)  # fmt: skip
    return said.entry_id


def due(patient: Patient, kind: str) -> datetime:
    (found,) = [task.due_at for task in patient.progress.open_tasks if task.kind == kind]
    return found.astimezone(ZONE)


@pytest.mark.parametrize("decision", ["denied", "partially_approved"])
def test_S11_a_refusal_opens_an_appeal_and_treatment_goes_on(decision: str) -> None:
    patient = admitted()
    before = patient.progress
    decides(patient, decision)
    after = patient.progress
    kept = ("stage", "states", "gate", "week", "program_day", "extensions", "exit", "on_hold", "days_sober")
    assert [getattr(after, name) for name in kept] == [getattr(before, name) for name in kept]
    (task,) = after.open_tasks
    assert (task.kind, task.role, task.rule) == ("payer_appeal", "case_manager", "S11")
    patient.until(MON, "21:30")
    assert patient.progress.consecutive_misses == 1  # sessions are offered and expected as before


def test_S11_an_approval_owes_nothing() -> None:
    patient = admitted()
    decides(patient, "approved")
    assert patient.tasks == set()


def test_S11_the_answer_tells_the_billing_fact_before_and_after() -> None:
    patient = admitted()
    said = patient.says("payer", authorization_id="a1", decision="denied", on=MON)
    assert said.before["refused_by_payer"] == []
    assert said.after["refused_by_payer"] == ["authorization a1: denied on 5 Jan 2026"]
    assert "Refused by the payer: authorization a1: denied on 5 Jan 2026 (was none)." in said.changes
    assert patient.progress.refused_by_payer == ["authorization a1: denied on 5 Jan 2026"]


def test_S11_the_appeal_is_due_as_the_policy_says() -> None:
    patient = admitted()
    decides(patient)
    assert due(patient, "payer_appeal") == at(WED, "09:00")
    short = admitted(policy={"payer": {"appeal": {"hours": 4}}})
    decides(short)
    assert due(short, "payer_appeal") == at(MON, "13:00")


@pytest.mark.parametrize(
    ("appeal_by", "expected"),
    [(TUE, at(TUE, "17:00")), (MON, at(MON, "17:00")), (date(2026, 7, 1), at(WED, "09:00"))],
)
def test_S11_the_payers_own_last_day_comes_first(appeal_by: date, expected: datetime) -> None:
    patient = admitted()
    decides(patient, appeal_by=appeal_by)
    assert due(patient, "payer_appeal") == expected


def test_S11_a_last_day_on_which_the_office_is_closed_is_met_on_the_open_day_before() -> None:
    patient = admitted(policy={"payer": {"appeal": {"days": 14}}})
    patient.until(FRI, "10:00")
    decides(patient, appeal_by=SAT + DAY)
    assert due(patient, "payer_appeal") == at(FRI, "17:00")


def test_S11_an_appeal_is_followed_until_the_payer_answers() -> None:
    patient = admitted()
    decides(patient)
    patient.says("decision", about="payer_appeal", choice="appealed")
    assert patient.tasks == {"payer_answer"}
    assert due(patient, "payer_answer") == at(THU, "09:00")  # 72 hours
    patient.until(THU, "08:00")
    patient.says("decision", about="payer_answer", choice="not_answered")
    assert "payer_answer" not in patient.tasks
    patient.until(FRI, "08:00")
    assert "payer_answer" in patient.tasks


def test_S11_an_appeal_that_is_granted_ends_it() -> None:
    patient = admitted()
    decides(patient)
    patient.says("decision", about="payer_appeal", choice="appealed")
    patient.effects.clear()
    decides(patient, "approved")
    assert patient.tasks == set()
    assert patient.progress.refused_by_payer == []
    (closed,) = [effect for effect in patient.effects if isinstance(effect, CloseTask)]
    assert (closed.reason, closed.quietly) == ("done", True)


def test_S11_an_appeal_that_is_denied_asks_for_the_next_one() -> None:
    patient = admitted()
    decides(patient)
    patient.says("decision", about="payer_appeal", choice="appealed")
    patient.until(TUE, "10:00")
    decides(patient)
    assert "payer_appeal" in patient.tasks
    (task,) = [task for task in patient.progress.open_tasks if task.kind == "payer_appeal"]
    assert "external review" in task.asks
    assert "payer_answer" not in patient.tasks


def test_S11_not_to_appeal_needs_a_reason_and_then_nothing_more_is_asked() -> None:
    patient = admitted()
    decides(patient)
    with pytest.raises(NotAllowedNow, match="needs a reason"):
        patient.says("decision", about="payer_appeal", choice="not_appealed")
    patient.says("decision", about="payer_appeal", choice="not_appealed", reason="paid from the block grant")
    assert patient.tasks == set()
    assert patient.progress.refused_by_payer  # the billing fact stands


@pytest.mark.parametrize("how", ["retraction", "supersession"])
def test_T3_a_refusal_that_was_entered_wrongly_takes_its_task_along(how: str) -> None:
    patient = admitted()
    key = decides(patient)
    if how == "retraction":
        patient.says("retraction", entry_id=key, reason="another patient")
    else:
        decides(patient, "approved", supersedes=key)
    assert patient.tasks == set()
    assert patient.progress.refused_by_payer == []


def test_T4_of_two_decisions_the_later_one_counts_whichever_is_recorded_first() -> None:
    patient = admitted().until(WED, "09:00")
    decides(patient, "approved", on=TUE)
    decides(patient, "denied", on=MON)
    assert patient.progress.refused_by_payer == []
    assert "payer_appeal" not in patient.tasks


def test_S11_each_authorization_has_its_own_appeal() -> None:
    patient = admitted()
    decides(patient)
    decides(patient, authorization_id="a2")
    assert [task.kind for task in patient.progress.open_tasks] == ["payer_appeal"] * 2
    decides(patient, "approved", authorization_id="a2")
    assert patient.progress.refused_by_payer == ["authorization a1: denied on 5 Jan 2026"]


def test_S11_a_refusal_before_the_admission_has_its_appeal_and_admission_goes_on() -> None:
    patient = Patient()
    patient.says("level_of_care", level="iop", by="th-1")
    decides(patient)
    assert patient.tasks == {"admission", "payer_appeal"}
    patient.says("goal", goal_id="g1")
    patient.until(MON, "09:00")
    patient.says("admission", on=MON, last_use_on=MON - 8 * DAY)
    assert patient.progress.stage == "program"


def test_S11_an_appeal_outlives_the_episode() -> None:
    patient = admitted()
    decides(patient)
    patient.says("exit", reason="withdrew", on=MON)
    assert "payer_appeal" in patient.tasks
    patient.says("decision", about="payer_appeal", choice="appealed")
    assert "payer_answer" in patient.tasks


def test_E1_no_answer_about_a_payer_closes_an_episode() -> None:
    patient = admitted()
    exits = {kind for kind, _ in {**COMMON_EXITS, **patient.episode.pathway.exits}}
    assert not {kind for kind in exits if kind.startswith("payer")}
    for _ in range(6):
        decides(patient)
        patient.until(patient.now.date() + 20 * DAY)
    assert patient.progress.stage == "program"


def test_E6_leave_of_the_patient_stops_no_appeal() -> None:
    patient = admitted()
    decides(patient)
    patient.says("leave", reason="hospital", **{"from": MON, "until": MON + 20 * DAY})
    assert "payer_appeal" in patient.tasks


def test_T7_an_appeal_of_last_year_is_not_asked_for_again_when_a_history_is_taken_over() -> None:
    patient = Patient()
    patient.says("payer", authorization_id="a1", decision="denied", on=date(2025, 6, 1), source="import")
    assert "payer_appeal" not in patient.tasks


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"decision": "refused"}, "decision"),
        ({"decision": "denied", "on": MON, "appeal_by": MON - DAY}, "appeal_by: 2026-01-04 lies before"),
        ({"decision": "denied", "on": TUE}, "in the future"),
    ],
)
def test_a_payers_decision_that_cannot_be_is_refused_by_its_field(fields: dict[str, Any], words: str) -> None:
    patient = admitted()
    with pytest.raises(InvalidEntry, match=words):
        patient.says("payer", authorization_id="a1", **{"on": MON, **fields})
