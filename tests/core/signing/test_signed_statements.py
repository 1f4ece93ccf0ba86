"""E0: where a clinic signs, what is believed carries its author; forged, changed, copied or stale, it is nothing."""

from base64 import b64encode
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.core.clinic import ADMITTED, Patient, at
from tests.core.rules.test_authority import SAMPLES
from tests.signed import FORGED, KEYS, answered, author, signed
from worker.signing import Author, system
from workflows.core.engine.errors import InvalidEntry, NotAllowedNow, Refused
from workflows.core.engine.shown import Changed
from workflows.core.episode.entries import KINDS, Source, parse_entry
from workflows.core.episode.episode import Episode
from workflows.core.episode.views import journal
from workflows.pathways import pathway_named

FIELDS = {"kind": "contact", "by": "cm-1", "channel": "phone", "outcome": "reached"}
HOUR = timedelta(hours=1)
BEGAN = at(ADMITTED - timedelta(days=3), "09:00")
numbers = count(1)


def begun(**changes: Any) -> Patient:
    """An episode that believes the clinic's keys alone, on the day of its referral."""
    return Patient(signing_keys=KEYS.public, **changes)


def told(patient: Patient, statement: Mapping[str, Any]) -> Changed:
    return patient.episode.apply(parse_entry(dict(statement)), patient.now)


def contact(patient: Patient, **changes: Any) -> dict[str, Any]:
    return {**FIELDS, "id": f"c{next(numbers)}", "at": patient.now.isoformat(), **changes}


def test_E0_what_its_author_has_signed_is_taken_and_shown_with_who_signed_it() -> None:
    patient = begun()
    told(patient, signed(contact(patient), patient.now))
    assert [line.signed_by for line in journal(patient.episode)] == ["cm-1 (case manager)"]


def test_E0_without_keys_nothing_is_signed_and_that_is_shown() -> None:
    patient = Patient()
    told(patient, contact(patient))
    told(patient, signed(contact(patient), patient.now))  # there is nothing to judge it by
    assert [line.signed_by for line in journal(patient.episode)] == [None, None]


WAYS: Mapping[str, tuple[Callable[[Patient], dict[str, Any]], str]] = {
    "by nobody": (contact, "signed by nobody"),
    "with another key": (lambda p: signed(contact(p), p.now, keys=FORGED), "does not fit"),
    "for another episode": (lambda p: signed(contact(p), p.now, to="episode-e2"), "does not fit"),
    "with another field": (lambda p: {**signed(contact(p), p.now), "outcome": "no_answer"}, "does not fit"),
    "under another id": (lambda p: {**signed(contact(p), p.now), "id": "another"}, "does not fit"),
    "in another's name": (lambda p: signed(contact(p), p.now, by=author("th-1")), "th-1 has signed this and not cm-1"),
    "by a system": (lambda p: signed(contact(p), p.now, by=system(Source.LAB)), "lab is a system"),
    "tomorrow": (lambda p: signed(contact(p), p.now + 24 * HOUR), "lies ahead"),
    "last week": (lambda p: signed(contact(p), p.now - 24 * 7 * HOUR), "longer ago than it counts"),
    "with a key that there is not": (
        lambda p: _with(signed(contact(p), p.now), key="k9"), "k9 is no key of this clinic",
    ),
    "in other roles": (lambda p: _with(signed(contact(p), p.now), roles=["director"]), "does not fit"),
    "at another time": (lambda p: _with(signed(contact(p), p.now), at=(p.now - HOUR).isoformat()), "does not fit"),
}  # fmt: skip


def _with(statement: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return {**statement, "signature": {**statement["signature"], **changes}}


@pytest.mark.parametrize("way", list(WAYS))
def test_E0_what_is_signed_otherwise_is_refused_in_words_and_changes_nothing(way: str) -> None:
    make, says = WAYS[way]
    patient = begun()
    before = patient.episode.state
    with pytest.raises(NotAllowedNow, match=says):
        told(patient, make(patient))
    assert len(patient.episode.record) == 0
    assert patient.episode.state.worklist == before.worklist


def test_E0_the_same_instant_in_another_zone_is_the_same_signature() -> None:
    patient = begun()
    statement = signed(contact(patient), patient.now)
    told(patient, _with(statement, at=patient.now.astimezone(UTC).isoformat()))


def test_T4_a_copy_is_known_by_its_id_also_after_it_was_retracted() -> None:
    patient = begun()
    once = signed(contact(patient), patient.now)
    told(patient, once)
    assert told(patient, once).duplicate
    back = {
        "kind": "retraction",
        "by": "cm-1",
        "id": "back",
        "entry_id": once["id"],
        "reason": "another patient",
    }
    told(patient, signed(back, patient.now))
    assert told(patient, once).duplicate
    assert not patient.episode.record.stands(once["id"])


def test_T4_who_signs_the_same_anew_repeats_it() -> None:
    patient = begun()
    statement = contact(patient)
    told(patient, signed(statement, patient.now))
    patient.until(patient.now.date(), "15:00")
    assert told(patient, signed(statement, patient.now)).duplicate


def test_E0_a_system_states_what_it_has_heard_and_signs_no_decision() -> None:
    patient = begun()
    result = {"kind": "test", "by": "lab-7", "source": "lab", "id": "t", "test_id": "t1", "result": "pending",
              "collected_on": patient.now.date().isoformat()}  # fmt: skip
    told(patient, signed(result, patient.now, by=system(Source.LAB)))
    for kind in ("exit", "policy", "level_of_care", "signing_key"):
        said = {"kind": kind, "id": kind, **SAMPLES[kind], "by": "di-1", "source": "import"}
        said = {name: str(value) if name == "on" else value for name, value in said.items()}
        with pytest.raises(Refused):
            told(patient, signed(said, patient.now, by=system(Source.IMPORT)))
        with pytest.raises(Refused):  # nor does a person for another one, under the name of a system
            told(patient, signed(said, patient.now, by=author("cm-1")))
    assert len(patient.episode.record) == 1


def test_E0_roles_outside_the_team_are_those_that_were_signed() -> None:
    patient = begun()
    told(
        patient,
        signed({"kind": "screening", "by": "cm-1", "id": "s", "substances": ["alcohol"]}, patient.now),
    )
    level = {"kind": "level_of_care", "id": "l", "level": "outpatient", "reason": "suited"}
    for by, may in (("cm-1", False), ("nu-9", True)):
        entry = parse_entry(signed({**level, "by": by}, patient.now))
        assert patient.episode.knows_by_signature(entry, patient.now)
        if may:
            patient.episode.apply(entry, patient.now)
        else:
            with pytest.raises(NotAllowedNow):
                patient.episode.apply(entry, patient.now)


def test_E0_nobody_is_known_by_a_signature_that_is_none() -> None:
    patient = begun()
    statement = signed(
        {**FIELDS, "by": "nu-9", "id": "c", "at": patient.now.isoformat()}, patient.now, keys=FORGED
    )
    assert not patient.episode.knows_by_signature(parse_entry(statement), patient.now)
    assert not patient.episode.state.directory


def test_E0_the_keys_of_the_beginning_are_all_that_is_believed_until_a_signed_entry_brings_another() -> None:
    patient = begun()
    other = FORGED.public["k1"]
    news = {"kind": "signing_key", "id": "k", "key_id": "k2", "public_key": other, "by": "di-1"}
    second = type(FORGED)(FORGED.source, {"k2": FORGED.private["k1"]})
    with pytest.raises(NotAllowedNow, match="k2 is no key"):
        told(patient, signed(news, patient.now, keys=second))
    with pytest.raises(NotAllowedNow, match="director"):
        told(patient, signed({**news, "by": "cm-1"}, patient.now))
    told(patient, signed(news, patient.now))
    told(patient, signed(contact(patient), patient.now, keys=second))
    gone = {"kind": "signing_key", "id": "gone", "key_id": "k1", "withdrawn": True, "by": "di-1"}
    told(patient, signed(gone, patient.now, keys=second))
    with pytest.raises(NotAllowedNow, match="k1 is no key"):
        told(patient, signed(contact(patient), patient.now))
    last = {**gone, "id": "last", "key_id": "k2"}
    with pytest.raises(NotAllowedNow, match="only key in force"):
        told(patient, signed(last, patient.now, keys=second))
    taken_back = {"kind": "retraction", "by": "di-1", "id": "no", "entry_id": "gone", "reason": "found again"}
    with pytest.raises(NotAllowedNow, match="not taken back"):
        told(patient, signed(taken_back, patient.now, keys=second))


def test_E9_keys_and_signatures_survive_a_new_run() -> None:
    patient = begun()
    told(patient, signed(contact(patient), patient.now))
    start = patient.episode.start
    again = Episode.unpacked(patient.episode.packed(), start, pathway_named(start.pathway))
    assert again.packed() == patient.episode.packed()
    assert journal(again)[0].signed_by == "cm-1 (case manager)"
    assert again.trust == patient.episode.trust


def test_E1_a_completed_task_is_signed_by_whoever_answered_it() -> None:
    patient = begun()
    told(
        patient,
        signed({"kind": "screening", "by": "cm-1", "id": "s", "substances": ["alcohol"]}, patient.now),
    )
    task = next(task for task in patient.episode.open_tasks.values() if task.kind == "level_of_care")
    said = {"by": "th-1", "outcome": task.outcomes[0], "reason": "suited"}
    signature = parse_signature(answered(task.task_id, "complete", said, patient.now))
    for forged in (None, signature_of("su-1", task.task_id, said, patient.now)):
        with pytest.raises(NotAllowedNow):
            patient.episode.complete(task.task_id, said["outcome"], "th-1", "suited", patient.now, forged)
    with pytest.raises(NotAllowedNow, match="does not fit"):
        patient.episode.complete(task.task_id, said["outcome"], "th-1", "otherwise", patient.now, signature)
    # It may have waited for the episode longer than a statement may.
    patient.until(ADMITTED + timedelta(days=3))
    patient.episode.complete(task.task_id, said["outcome"], "th-1", "suited", patient.now, signature)
    assert journal(patient.episode)[-1].signed_by == "th-1 (therapist)"


def test_E1_the_signature_of_an_answer_is_good_for_no_other_statement() -> None:
    patient = begun()
    statement = contact(patient, by="th-1")
    answer = {"task_id": "task-1", "outcome": "done"}
    said = answered("task-1", "complete", {"by": "th-1", "outcome": "done"}, patient.now)
    entry = parse_entry({**statement, "signature": {**said["signature"], "answers": answer}})
    with pytest.raises(NotAllowedNow, match="another task"):
        patient.episode.apply(entry, patient.now)


def parse_signature(said: Mapping[str, Any]) -> Any:
    return parse_entry(
        {**FIELDS, "id": "x", "at": at(ADMITTED).isoformat(), "signature": said["signature"]}
    ).signature


def signature_of(by: str, task_id: str, said: Mapping[str, Any], when: datetime) -> Any:
    return parse_signature(answered(task_id, "complete", {**said, "by": by}, when, by=author(by)))


def test_E0_what_was_signed_stays_signed_however_it_is_written() -> None:
    """What a person signs is what the entry says: read and written again, it is the same."""
    for kind in KINDS:
        said = {"by": "cm-1", **{k: _plain(v) for k, v in SAMPLES[kind].items()}, "kind": kind, "id": "x"}
        if kind == "retraction":
            said["entry_id"] = "y"
        once = parse_entry(said).plain()
        assert parse_entry(once).plain() == once, kind


def _plain(value: Any) -> Any:
    return value.isoformat() if hasattr(value, "isoformat") else value


@given(st.data())
def test_E0_no_change_of_a_signed_statement_is_taken(data: st.DataObject) -> None:
    patient = begun()
    statement = signed(contact(patient, note_ref="n-1"), patient.now)
    name = data.draw(
        st.sampled_from(["by", "outcome", "channel", "at", "note_ref", "id", "source", "signature"])
    )
    if name == "signature":
        part = data.draw(st.sampled_from(["signer", "roles", "at", "key", "value"]))
        old = statement["signature"][part]
        new = data.draw(_LIKE[part].filter(lambda one: one != old))
        changed = _with(statement, **{part: new})
    else:
        changed = {**statement, name: data.draw(_LIKE[name].filter(lambda one: one != statement.get(name)))}
    with pytest.raises((NotAllowedNow, InvalidEntry)):
        told(patient, changed)
    assert len(patient.episode.record) == 0


_IDS = st.from_regex(r"[a-z]{2}-[0-9]", fullmatch=True)
_LIKE: Mapping[str, st.SearchStrategy[Any]] = {
    "by": _IDS, "note_ref": _IDS, "id": _IDS, "signer": _IDS, "key": _IDS,
    "outcome": st.sampled_from(["reached", "no_answer", "message_left"]),
    "channel": st.sampled_from(["phone", "text", "visit"]),
    "source": st.sampled_from(["patient", "kiosk", "lab", "agency", "import"]),
    "at": st.integers(1, 200).map(lambda back: (BEGAN - back * timedelta(seconds=7)).isoformat()),
    "roles": st.lists(_IDS, max_size=2),
    "value": st.binary(min_size=64, max_size=64).map(lambda raw: b64encode(raw).decode()),
}  # fmt: skip


def test_E0_authors_are_people_or_systems() -> None:
    assert system(Source.AGENCY) == Author("agency", ("system",))
