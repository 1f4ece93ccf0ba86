"""T3, E0: whoever writes a journal of their own has no signature for it, whatever they copy into it."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from tests.core.signing.test_signed_statements import begun, contact, parse_signature, told
from tests.signed import FORGED, KEYS, answered, author, signed
from workflows.core.engine.authorship import not_signed_by_its_author
from workflows.core.engine.signatures import Answered
from workflows.core.episode.entries import parse_entry

SECOND = type(FORGED)(FORGED.source, {"k2": FORGED.private["k1"]})


def problems(*written: Any) -> list[str]:
    """What shows of entries that somebody has written into a record."""
    patient = begun()
    record = patient.episode.record.with_entries((entry, patient.now) for entry in written)
    return [why for _, why in not_signed_by_its_author(record, "episode-e1", KEYS.public)]


def statement(**changes: Any) -> dict[str, Any]:
    return contact(begun(), **changes)


def test_T3_what_its_author_has_signed_holds() -> None:
    patient = begun()
    told(patient, signed(contact(patient), patient.now))
    assert not list(not_signed_by_its_author(patient.episode.record, "episode-e1", KEYS.public))


def test_T3_nobody_s_another_s_and_a_foreign_signature_show() -> None:
    now = begun().now
    assert problems(parse_entry(statement())) == ["it is signed by nobody"]
    (other,) = problems(parse_entry(signed(statement(), now, by=author("th-1"))))
    assert "th-1 has signed this" in other
    (foreign,) = problems(parse_entry(signed(statement(), now, to="episode-e2")))
    assert "does not fit" in foreign


def test_T3_the_signature_of_an_answer_is_not_copied_onto_another_entry() -> None:
    said: Mapping[str, Any] = {"by": "di-1", "outcome": "approve"}
    signature = parse_signature(answered("task-1", "complete", said, begun().now))
    copied = replace(signature, answers=Answered("task-1", "approve"))
    exit_ = parse_entry({"kind": "exit", "by": "di-1", "id": "x", "reason": "other", "on": "2026-01-05"})
    (why,) = problems(exit_.model_copy(update={"signature": copied}))
    assert "another task" in why


def test_T3_a_key_that_was_withdrawn_signs_no_longer() -> None:
    now = begun().now
    comes = {
        "kind": "signing_key",
        "id": "a",
        "key_id": "k2",
        "public_key": SECOND.public["k2"],
        "by": "di-1",
    }
    goes = {"kind": "signing_key", "id": "b", "key_id": "k1", "withdrawn": True, "by": "di-1"}
    (why,) = problems(
        parse_entry(signed(comes, now)),
        parse_entry(signed(goes, now, keys=SECOND)),
        parse_entry(signed(statement(), now, keys=SECOND)),
        parse_entry(signed(statement(), now)),
    )
    assert "k1 is no key of this clinic" in why
