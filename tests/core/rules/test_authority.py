"""E0: what needs a role, or two persons, to be stated needs the same to be taken back; the signer hears of it."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from itertools import count, permutations
from typing import Any

import pytest

from tests.core.clinic import ADMITTED, Patient, admitted, ready_for_gate
from tests.signed import KEYS
from workflows.core.engine.effects import Notify, OpenTask
from workflows.core.engine.errors import NotAllowedNow, Refused
from workflows.core.episode.entries import KINDS, Source, parse_entry

DAY = timedelta(days=1)
ON = ADMITTED + 3 * DAY

# One statement of every kind, by somebody who may make it. A new kind needs its line here: the first test says so.
SAMPLES: Mapping[str, dict[str, Any]] = {
    "screening": {"substances": ["alcohol"]},
    "level_of_care": {"level": "iop", "by": "th-1"},
    "admission": {"on": ADMITTED, "last_use_on": ON - 20 * DAY},
    "goal": {"goal_id": "g2"},
    "acknowledgement": {"what": "house_rules", "on": ON},
    "need": {"service": "therapist"},
    "attendance": {"session": f"{ADMITTED}T18:00", "status": "attended"},
    "session_change": {"session": f"{ON + 4 * DAY}T18:00", "change": "cancelled"},
    "schedule": {"schedule": [{"weekday": "tue", "start": "18:00", "minutes": 60}], "from": ON + 9 * DAY},
    "contact": {"at": f"{ON}T09:00-06:00", "channel": "phone", "outcome": "reached"},
    "module": {"skill": "coping", "done_on": ON},
    "mutual_help": {"on": ON, "group": "na"},
    "use": {"on": ON},
    "test": {"test_id": "t1", "collected_on": ON, "result": "definitive", "substances": ["cocaine"], "by": "lab-7",
             "source": "lab"},
    "medication": {"name": "naltrexone", "start_on": ON},
    "consent": {"consent_id": "c1", "recipient": "harbor", "purpose": "referral", "content": ["referral"],
                "signed_on": ON, "expires_event": "end_of_episode"},
    "revocation": {"consent_id": "c1", "on": ON},
    "payer": {"authorization_id": "a1", "decision": "denied", "on": ON},
    "leave": {"reason": "travel", "from": ON + DAY, "until": ON + 3 * DAY},
    "return": {"on": ON},
    "crisis": {"type": "violence", "at": f"{ON}T09:00-06:00"},
    "flag": {"name": "suicide_risk", "on": ON, "by": "th-1"},
    "checkin": {"on": ON, "risk": 3},
    "decision": {"about": "involuntary_discharge", "choice": "propose", "reason": "violence", "by": "su-1"},
    "exit": {"reason": "withdrew", "on": ON},
    "policy": {"policy": {"gate": {"sober_days": 20}}, "by": "di-1"},
    "team": {"role": "therapist", "staff_id": "th-2", "from": ON},
    "closure": {"on": ON + 30 * DAY, "reason": "holiday"},
    "assessment": {"instrument": "phq_9", "on": ON, "score": 9},
    "signing_key": {"key_id": "k2", "public_key": KEYS.public["k1"], "by": "di-1"},
    "retraction": {"reason": "another patient"},
    "referral_news": {"referral_id": "r1", "state": "open", "at": f"{ON}T09:00:00-06:00", "by": "carepath",
                      "source": "agency"},
}  # fmt: skip

# Whoever might take something back, and how they might say so.
TAKERS: Mapping[str, dict[str, str]] = {
    "the therapist": {"by": "th-1"},
    "the case manager": {"by": "cm-1"},
    "a stranger": {"by": "nobody-7"},
    **{f"a {source} system": {"by": f"{source}-1", "source": source.value} for source in Source if source != "staff"},
    **{f"{source}, as if it were staff": {"by": source.value} for source in Source},
}  # fmt: skip
ids = (f"x{number}" for number in count())


def _begun() -> Patient:
    patient = admitted().until(ON)
    patient.says("leave", reason="travel", id="left", **{"from": ADMITTED + DAY, "until": ON})
    return patient


BEGUN = _begun()
STATE = BEGUN.episode.state


def on_the_third_day() -> Patient:
    """The same patient each time, put back to the same moment: to begin anew takes longer than all that follows."""
    BEGUN.episode.state = STATE
    BEGUN.effects.clear()
    return BEGUN


def stated(patient: Patient, kind: str, **by: str) -> str:
    sample = {**SAMPLES[kind], **by}
    if kind == "retraction":
        sample["entry_id"] = patient.says("goal", goal_id="g9", id=next(ids)).entry_id
    return patient.says(kind, id=next(ids), **sample).entry_id


def accepts(patient: Patient, kind: str, **fields: Any) -> bool:
    try:
        patient.says(kind, id=next(ids), **fields)
    except Refused:
        return False
    return True


def test_E0_every_kind_of_entry_is_looked_at() -> None:
    assert set(SAMPLES) == set(KINDS)


WAYS: Mapping[str, Callable[[str], dict[str, Any]]] = {
    "retracted": lambda key: {"kind": "retraction", "entry_id": key, "reason": "wrong"},
    "superseded": lambda key: {"kind": "goal", "goal_id": "g8", "supersedes": key, "supersedes_reason": "wrong"},
}  # fmt: skip


@pytest.mark.parametrize("way", list(WAYS))
@pytest.mark.parametrize("kind", sorted(KINDS))
def test_E0_who_could_not_have_stated_an_entry_does_not_take_it_back(kind: str, way: str) -> None:
    for who, taker in TAKERS.items():
        could_state = True
        try:
            stated(on_the_third_day(), kind, **{"source": "staff", **taker})
        except Refused:
            could_state = False
        patient = on_the_third_day()
        key = stated(patient, kind)
        if accepts(patient, **WAYS[way](key), **taker):
            assert could_state, f"{who} cannot state a {kind}, and has {way} one"
            assert not patient.episode.record.stands(key) or kind == "exit"
        else:
            assert patient.episode.record.stands(key), f"{who} was refused, and has {way} a {kind}"


@pytest.mark.parametrize("source", [s for s in Source if s is not Source.STAFF])
@pytest.mark.parametrize("kind", sorted(KINDS))
def test_E0_no_system_and_no_patient_takes_back_what_the_staff_have_stated(kind: str, source: Source) -> None:
    if SAMPLES[kind].get("source"):
        return
    for taker in ({"by": f"{source}-1", "source": source.value}, {"by": source.value}):
        patient = on_the_third_day()
        key = stated(patient, kind)
        for way in WAYS.values():
            assert not accepts(patient, **way(key), **taker)
        assert patient.episode.record.stands(key)


@pytest.mark.parametrize("source", ["lab", "agency"])
def test_E0_T4_a_correction_that_comes_before_what_it_corrects_has_no_more_authority(source: str) -> None:
    patient = on_the_third_day()
    patient.says("retraction", entry_id="told-later", reason="amended", by="feed", source=source)
    patient.says("use", on=ON, id="told-later")
    assert patient.progress.last_use_on == ON


# -- decisions ------------------------------------------------------------------------------------------------


def passed() -> tuple[Patient, str]:
    patient = ready_for_gate()
    return patient, patient.says("decision", about="gate_review", choice="pass", by="th-1").entry_id


@pytest.mark.parametrize("way", list(WAYS))
def test_E0_a_case_manager_does_not_undo_the_gate_that_a_clinician_has_passed(way: str) -> None:
    patient, key = passed()
    with pytest.raises(NotAllowedNow, match=r"gate_review is decided by the therapist.*taken back"):
        patient.says(**WAYS[way](key), id="x", by="cm-1")
    assert patient.progress.stage == "aftercare"


def test_E0_nor_does_a_retraction_of_the_retraction_bring_it_back() -> None:
    patient, key = passed()
    back = patient.says("retraction", entry_id=key, reason="mistaken", by="su-1").entry_id
    assert patient.progress.stage != "aftercare"
    with pytest.raises(NotAllowedNow):
        patient.says("retraction", entry_id=back, reason="was right", by="cm-1")
    assert patient.progress.stage != "aftercare"


def test_E0_the_signer_hears_that_somebody_else_has_taken_a_signature_back() -> None:
    patient, key = passed()
    patient.effects.clear()
    patient.says("retraction", entry_id=key, reason="mistaken", by="su-1")
    (heard,) = [
        one for one in patient.effects if isinstance(one, Notify) and one.subject == "signature_taken_back"
    ]
    assert heard.staff_id == "th-1"
    assert "su-1" in heard.lines[0]


def test_E0_one_s_own_signature_is_taken_back_without_a_word_to_oneself() -> None:
    patient, key = passed()
    patient.effects.clear()
    patient.says("retraction", entry_id=key, reason="mistaken", by="th-1")
    assert not [
        one for one in patient.effects if isinstance(one, Notify) and one.subject == "signature_taken_back"
    ]


def test_E0_E2_what_only_another_than_the_proposer_decides_the_proposer_does_not_take_back() -> None:
    patient = on_the_third_day()
    patient.says("decision", about="involuntary_discharge", choice="propose", reason="violence", by="su-1")
    fair = patient.says(
        "decision", about="involuntary_review", choice="approve", reason="fair", by="di-1"
    ).entry_id
    for by in ("su-1", "th-1", "cm-1"):
        with pytest.raises(NotAllowedNow):
            patient.says("retraction", entry_id=fair, reason="no", by=by)
    patient.says("retraction", entry_id=fair, reason="no", by="di-1")


def test_E0_a_case_manager_does_not_put_another_level_in_the_place_of_a_clinician_s() -> None:
    patient = Patient()
    patient.says("screening", substances=["cannabis"], years_of_use=3)
    patient.says("level_of_care", level="residential", by="th-1")
    with pytest.raises(NotAllowedNow, match="residential is decided"):
        patient.says("level_of_care", level="iop", by="cm-1")
    assert "not_suited" in patient.progress.states


@pytest.mark.parametrize(
    "by", ["lab", "patient", "kiosk", "agency", "import", "staff", "carepath", "nobody-7"]
)
def test_E0_whom_nobody_knows_signs_nothing(by: str) -> None:
    patient = ready_for_gate()
    (task,) = [one for one in patient.effects if isinstance(one, OpenTask) and one.kind == "gate_review"]
    assert task.signers.objection(task.kind, by)
    for statement in (
        {"kind": "decision", "about": "gate_review", "choice": "pass"},
        {"kind": "exit", "reason": "other", "on": f"{patient.now.date()}"},
        {"kind": "policy", "policy": {}},
    ):
        with pytest.raises(NotAllowedNow):
            patient.says(**statement, by=by)


def test_E0_a_colleague_whom_the_staff_directory_knows_signs_by_their_role() -> None:
    patient = ready_for_gate()
    decision = parse_entry(
        {"kind": "decision", "id": "d", "about": "gate_review", "choice": "pass", "by": "th-9"}
    )
    assert patient.episode.unknown_author(decision) == "th-9"
    patient.episode.vouch("th-9", ("case_manager",))
    with pytest.raises(NotAllowedNow, match="th-9 is case manager"):
        patient.episode.apply(decision, patient.now)
    patient.episode.vouch("th-9", ("therapist",))
    patient.episode.apply(decision, patient.now)
    assert patient.progress.stage == "aftercare"


def test_E0_in_danger_whoever_is_there_answers_and_a_system_does_not() -> None:
    patient = on_the_third_day()
    patient.says("crisis", type="violence", at=patient.now.isoformat())
    with pytest.raises(NotAllowedNow):
        patient.says("decision", about="crisis_response", choice="safe", by="kiosk")
    patient.says("decision", about="crisis_response", choice="safe", by="night-4")
    assert "crisis_response" not in patient.tasks


# -- what counts as a use ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("source", ["patient", "kiosk"])
@pytest.mark.parametrize(
    "statement",
    [
        {"kind": "test", "test_id": "t1", "collected_on": f"{ON}", "result": "negative"},
        {"kind": "medication", "name": "cocaine", "start_on": f"{ADMITTED}"},
        {"kind": "flag", "name": "suicide_risk", "on": f"{ON}", "off": f"{ON}"},
    ],
)  # fmt: skip
def test_E0_a_patient_does_not_explain_away_what_a_laboratory_or_a_clinician_has_found(
    statement: dict[str, Any], source: str
) -> None:
    patient = on_the_third_day()
    stated(patient, "test")
    stated(patient, "flag")
    before = (patient.progress.last_use_on, patient.progress.flags)
    with pytest.raises(NotAllowedNow, match="E0"):
        patient.says(**statement, by="portal", source=source)
    assert (patient.progress.last_use_on, patient.progress.flags) == before == (ON, ["suicide_risk"])


def test_E0_nobody_gives_themselves_a_role_that_signs() -> None:
    patient = admitted()
    grant = {"role": "therapist", "staff_id": "cm-1", "from": patient.now.date()}
    for by in ("cm-1", "CM-1"):
        with pytest.raises(NotAllowedNow, match="nobody gives themselves the role of therapist"):
            patient.says("team", by=by, **grant)
    patient.says("team", by="su-1", **grant)
    assert patient.progress.team["therapist"] == "cm-1"


def test_E0_who_signs_already_may_stand_in_for_a_colleague() -> None:
    patient = admitted()
    patient.says("team", by="su-1", role="therapist", staff_id="su-1", **{"from": patient.now.date()})
    assert patient.progress.team["therapist"] == "su-1"


@pytest.mark.parametrize("source", ["patient", "kiosk"])
@pytest.mark.parametrize(
    "statement",
    [
        {"change": "cancelled", "reason": "clinic"},
        {"change": "cancelled", "reason": "weather"},
        {"change": "moved", "new_start": f"{ADMITTED + 5 * DAY}T18:00", "reason": "patient"},
        {"change": "added", "minutes": 60},
    ],
    ids=lambda one: f"{one['change']}-{one.get('reason', '')}",
)
def test_A3_E0_a_patient_does_not_cancel_or_move_a_session_for_the_clinic(
    statement: dict[str, Any], source: str
) -> None:
    patient = admitted().until(ADMITTED + DAY)
    before = patient.progress.consecutive_misses
    session = ADMITTED if statement["change"] != "added" else ADMITTED + 8 * DAY
    with pytest.raises(NotAllowedNow, match=r"(change|reason): that a session .* is said by the staff"):
        patient.says("session_change", session=f"{session}T18:00", source=source, by="portal", **statement)
    assert patient.progress.consecutive_misses == before == 1


@pytest.mark.parametrize("source", ["patient", "kiosk", "agency", "lab"])
@pytest.mark.parametrize("status", ["met", "waived"])
def test_S9_E0_only_the_staff_say_that_a_goal_is_met_or_waived(status: str, source: str) -> None:
    patient = admitted()
    with pytest.raises(NotAllowedNow, match="status: that a goal is"):
        patient.says("goal", goal_id="g1", status=status, source=source, by="portal")
    patient.says("goal", goal_id="g2", source=source, by="portal")
    assert "goals" in patient.unmet()


@pytest.mark.parametrize("source", ["patient", "kiosk", "lab"])
def test_E6_E0_a_long_leave_is_recorded_by_the_staff(source: str) -> None:
    patient = admitted(policy={"course": {"own_leave_days": 10}})
    leave = {"reason": "travel", "from": ADMITTED + DAY}
    with pytest.raises(NotAllowedNow, match="a leave of 11 days is recorded by the staff"):
        patient.says("leave", **leave, until=ADMITTED + 11 * DAY, source=source, by="portal")
    patient.says("leave", **leave, until=ADMITTED + 10 * DAY, source=source, by="portal")


@pytest.mark.parametrize(
    ("reason", "most"),
    [("travel", 60), ("treatment", 60), ("hospital", 365), ("jail", 365), ("residential", 365)],
)
def test_E6_E0_a_leave_that_an_agency_tells_is_as_long_as_it_can_know_and_the_staff_record_a_longer_one(
    reason: str, most: int
) -> None:
    patient = admitted()
    leave = {"reason": reason, "from": ADMITTED + DAY}
    with pytest.raises(
        NotAllowedNow, match=rf"^until: a leave of {most + 1} days .* staff; .* agency .* {most} days"
    ):
        patient.says("leave", **leave, until=ADMITTED + (most + 1) * DAY, source="agency", by="clinic-7")
    assert not patient.progress.on_leave
    patient.says("leave", **leave, until=ADMITTED + most * DAY, source="agency", by="clinic-7")
    patient.says("leave", **{**leave, "from": ADMITTED + 2 * DAY}, until=ADMITTED + 730 * DAY, by="cm-1")


def test_E6_the_program_says_how_long_a_leave_an_agency_may_tell() -> None:
    patient = admitted(policy={"course": {"agency_leave_days": 10, "agency_stay_days": 20}})
    for reason, most in (("travel", 10), ("Hospital", 20)):
        leave = {"reason": reason, "from": ADMITTED + DAY, "source": "agency", "by": "clinic-7"}
        with pytest.raises(NotAllowedNow, match=f"at most {most} days"):
            patient.says("leave", **leave, until=ADMITTED + (most + 1) * DAY)


@pytest.mark.parametrize("source", ["patient", "kiosk", "agency", "lab", "import"])
def test_E0_T8_no_system_and_no_patient_states_the_schedule_of_a_running_episode(source: str) -> None:
    patient = admitted()
    with pytest.raises(
        NotAllowedNow, match=r"a schedule is decided on|may not sign schedule|only with the person who"
    ):
        patient.says(**SAMPLES["schedule"], kind="schedule", source=source, by="ehr")
    patient.says(**SAMPLES["schedule"], kind="schedule", source="import", by="cm-1")
    patient.says(**{**SAMPLES["schedule"], "from": ON + 10 * DAY}, kind="schedule", by="cm-1")


@pytest.mark.parametrize("order", list(permutations("ARB")), ids="".join)
def test_C8_T4_a_leave_is_accepted_in_whatever_order_it_and_the_return_from_another_arrive(
    order: tuple[str, ...],
) -> None:
    said: dict[str, dict[str, Any]] = {
        "A": {"kind": "leave", "reason": "travel", "from": ADMITTED + DAY, "until": ADMITTED + 7 * DAY},
        "R": {"kind": "return", "on": ADMITTED + 4 * DAY},
        "B": {"kind": "leave", "reason": "jail", "from": ADMITTED + 5 * DAY, "until": ADMITTED + 20 * DAY},
    }
    patient = admitted().until(ADMITTED + 10 * DAY)
    for one in order:
        patient.says(**said[one])
    assert patient.progress.on_leave
    assert patient.episode.facts.leaves == [
        (ADMITTED + DAY, ADMITTED + 3 * DAY, "travel"),
        (ADMITTED + 5 * DAY, ADMITTED + 20 * DAY, "jail"),
    ]


@pytest.mark.parametrize("source", ["agency", "lab"])
def test_S7_E0_a_prescription_that_the_staff_have_not_told_explains_no_finding(source: str) -> None:
    patient = on_the_third_day()
    stated(patient, "test")
    told = patient.says("medication", name="cocaine", start_on=ADMITTED, by="pantry-1", source=source)
    assert patient.progress.last_use_on == ON
    assert "waits for a nurse" in " ".join(told.changes)


@pytest.mark.parametrize("source", ["agency", "import"])
def test_E0_T4_only_the_laboratory_or_the_staff_change_a_laboratory_s_result(source: str) -> None:
    negative = {"test_id": "t1", "collected_on": ON, "result": "negative", "by": "pantry-1", "source": source}
    after = on_the_third_day()
    stated(after, "test")
    after.says("test", id=next(ids), **negative)
    assert after.progress.last_use_on == ON
    first = on_the_third_day()
    first.says("test", id=next(ids), **negative)
    stated(first, "test")
    assert first.progress.last_use_on == ON
    first.says("test", id=next(ids), **{**negative, "by": "lab-7", "source": "lab"})
    assert first.progress.last_use_on != ON


@pytest.mark.parametrize("staff_id", ["zz-1", "th-1"])
def test_E0_E2_nobody_who_signs_nothing_appoints_the_director_who_decides(staff_id: str) -> None:
    patient = on_the_third_day()
    with pytest.raises(NotAllowedNow, match="who is the director is decided by the supervisor or director"):
        stated(patient, "team", role="director", staff_id=staff_id, by="cm-1")
    stated(patient, "team", role="director", staff_id="di-2", by="su-1")


def test_E2_who_proposes_a_discharge_does_not_appoint_the_director_who_decides_on_it() -> None:
    patient = on_the_third_day()
    patient.says("decision", about="involuntary_discharge", choice="propose", reason="violence", by="su-1")
    with pytest.raises(NotAllowedNow, match="proposed an involuntary discharge"):
        stated(patient, "team", role="director", staff_id="di-2", by="su-1")
