"""Whatever is told, an episode can always be continued as new (E9): every list, text and entry has a bound."""

from hashlib import sha256
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from tests.core.clinic import Patient, admitted
from workflows.core.engine import bounds
from workflows.core.engine.codes import check_opaque, check_workflow_id
from workflows.core.engine.errors import InvalidEntry, NotAllowedNow, Refused
from workflows.core.episode.entries import KINDS, Entry, parse_entry
from workflows.core.referral.statements import STATEMENTS


def _deep(levels: int) -> Any:
    value: Any = "x"
    for _ in range(levels):
        value = [value]
    return value


TOO_MUCH = {
    "a long list": (["heroin"] * 201, "201 items"),
    "a long text": ("x" * 2_001, "2,001 characters"),
    "a large entry": (["x" * 1_900] * 30, "bytes; at most 40,000"),
    "a deep one": (_deep(30), "nested too deeply"),
    "a bottomless one": (_deep(100_000), "nested too deeply"),
    "many fields": ({str(n): n for n in range(501)}, "501 items"),
    "half a character": ("\ud800", "no text"),
    "no number": (float("nan"), "no"),
}


@pytest.mark.parametrize("kind", sorted(KINDS.keys() | STATEMENTS.keys()))
@pytest.mark.parametrize("what", TOO_MUCH)
def test_whatever_the_kind_and_the_field_an_entry_has_bounds(kind: str, what: str) -> None:
    kinds = KINDS if kind in KINDS else STATEMENTS
    value, words = TOO_MUCH[what]
    for field in [*kinds[kind].model_fields, "surplus"]:
        if field in ("kind", "by", "source"):
            continue
        with pytest.raises(InvalidEntry) as refused:
            parse_entry({"kind": kind, "by": "cm-1", field: value}, kinds)
        assert words in str(refused.value)
        assert len(str(refused.value)) < 1_000


junk = some.recursive(
    some.none() | some.booleans() | some.integers() | some.floats() | some.text(),
    lambda inner: some.lists(inner) | some.dictionaries(some.text(), inner),
    max_leaves=20,
)


@given(junk, some.sampled_from(sorted(KINDS)))
def test_junk_in_any_field_is_an_entry_or_a_refusal_in_words(value: Any, kind: str) -> None:
    for field in KINDS[kind].model_fields:
        try:
            parse_entry({"kind": kind, "by": "cm-1", field: value})
        except InvalidEntry as refused:
            assert str(refused).encode()


@pytest.mark.parametrize("sign", ["\n", "\x00", "\u202e", "\u200b"])
def test_a_code_holds_no_sign_that_nobody_can_see(sign: str) -> None:
    with pytest.raises(InvalidEntry, match="cannot be seen"):
        parse_entry({"kind": "test", "by": "lab", "test_id": f"t{sign}1", "result": "pending"})


def _text(*number: int) -> str:
    """Text that hardly compresses."""
    digests = sha256(str(number).encode()).hexdigest() + sha256(str((0, *number)).encode()).hexdigest()
    return digests[:118].translate(str.maketrans("0123456789", "ghijklmnop"))  # a number is no title (P1)


def _goal(*number: int) -> Entry:
    of = _text(*number)
    return parse_entry(
        {"kind": "goal", "id": of, "by": "th-1", "goal_id": of, "title": of, "status": "met", "note_ref": of}
    )


def test_E9_a_record_is_full_before_it_cannot_be_continued_as_new() -> None:
    patient = admitted()
    for number in range(100):
        results = patient.episode.apply_many([_goal(number, each) for each in range(500)], patient.now)
        if refused := [one for one in results if isinstance(one, Refused)]:
            break
    assert isinstance(refused[0], NotAllowedNow)
    assert "The record is full" in str(refused[0])
    # What must be said to the end has room still.
    patient.says("crisis", type="overdose", at=patient.now.isoformat())
    patient.says("exit", reason="other", on=patient.now.date())
    assert patient.episode.stage == "closed"
    assert len(patient.episode.packed()) + bounds.START_BYTES < 2_000_000


def test_a_batch_has_a_bound_and_is_a_list() -> None:
    for wrong, words in (([1] * 1_001, "at most 1,000"), ({"kind": "use"}, "a list"), (None, "a list")):
        with pytest.raises(InvalidEntry, match=words):
            bounds.check_batch(wrong)
    bounds.check_batch([{}] * 1_000)


def test_the_whole_policy_is_an_entry() -> None:
    policy = Patient().episode.frame.policy.model_dump(mode="json")
    bounds.check_entry({"kind": "policy", "by": "di-1", "policy": policy})


@pytest.mark.parametrize("name", ["Maria-Lopez", "maria.lopez", "MariaLopez", "María", "1980-04-02", "4/2/1980", "a b",
                                  "maria@mail", "", "-e1", "x" * 65])  # fmt: skip
def test_P1_a_name_or_a_date_is_no_id(name: str) -> None:
    with pytest.raises(InvalidEntry) as refused:
        check_opaque("episode_id", name)
    assert not name or name not in str(refused.value)


@pytest.mark.parametrize("code", ["e1", "3f9a61c2aa", "ep-001", "north:17", "V1StGXR8_Z5", "alone"])
def test_P1_an_opaque_code_is(code: str) -> None:
    check_opaque("episode_id", code)


def test_I6_a_workflow_under_another_id_than_its_own_is_a_copy() -> None:
    check_workflow_id("task_id", "task-", "task-a1", "task-a1")
    for owed, started in (
        ("task-a1", "task-a2"),
        ("a1", "task-a1"),
        ("task-a1", "a1"),
        ("episode-a1", "episode-a1"),
    ):
        with pytest.raises(InvalidEntry, match="task_id"):
            check_workflow_id("task_id", "task-", owed, started)
