"""`make fuzz` in small: nothing is found today, and what is put in is found."""

from contextlib import suppress
from random import Random
from typing import Any

import pytest

from tests.fuzz.__main__ import PARTS, fuzz, jobs_of
from tests.fuzz.mutating import changed_bytes, changed_json, changed_text
from tests.fuzz.running import ask, smaller
from tests.fuzz.target import Forged, Prepared, Target, Untrue
from tests.fuzz.targets import TARGETS, named

SEED = 7


@pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.name)
def test_E9_whatever_is_sent_is_read_or_refused_in_words_and_nothing_forged_is_taken(target: Target) -> None:
    prepared = target.prepare()
    tally = ask(prepared, 120, f"{SEED} {target.name}")
    assert tally.finding is None
    assert tally.cases == 120
    assert set(tally.became) - {"taken"}, "what is changed so little that nothing is refused proves nothing"


@pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.name)
def test_what_inputs_begin_as_is_valid(target: Target) -> None:
    prepared, taken = target.prepare(), 0
    for value in prepared.valid:
        with suppress(*prepared.refusals):  # what is signed by somebody else, to take parts from
            prepared.tell(value)
            taken += 1
    assert taken > len(prepared.valid) / 2


def _is_said(target: str, cases: int = 3_000) -> tuple[int, str]:
    said: list[str] = []
    code = fuzz([named(target)], cases, SEED, 1, said.append)
    return code, "\n".join(said)


def test_a_verification_that_says_yes_to_everything_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("workflows.core.engine.ed25519.is_signed", lambda *_: True)
    for target in ("signed_entries", "signed_answers"):
        code, said = _is_said(target, 800)
        assert code == 1
        assert "accepted Forged" in said
        assert f"python -m tests.fuzz --only {target} --cases 800 --seed {SEED}" in said


def test_a_seal_that_says_yes_to_everything_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("workflows.ports.sealing.hmac.compare_digest", lambda *_: True)
    assert _is_said("seals", 800)[0] == 1


def test_a_part_of_a_statement_that_is_not_signed_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    def said_in(entry: Any) -> dict[str, Any]:
        return {name: value for name, value in entry.plain().items() if name not in ("signature", "note_ref")}

    monkeypatch.setattr("workflows.core.engine.authorship.said_in", said_in)
    monkeypatch.setattr("worker.signing.said_in", said_in)
    code, said = _is_said("signed_entries", 4_000)
    assert code == 1
    assert "note_ref" in said


def test_an_error_that_is_no_longer_caught_is_found_with_a_small_input(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("activities.agencies.answers.ValidationError", KeyError)
    code, said = _is_said("answers", 800)
    assert code == 1
    assert "raised ValidationError" in said
    assert len(said.partition("\n  by ")[2].partition("\n")[0]) < 40


@pytest.fixture
def odd() -> Prepared:
    """A reader that falls over a list in which something is negative."""

    def tell(value: Any) -> None:
        if isinstance(value, dict) and isinstance(value.get("n"), int) and value["n"] < 0:
            raise ZeroDivisionError(value["n"])
        if not isinstance(value, dict):
            raise ValueError("no object")

    return Prepared([{"n": 5, "other": ["x", {"y": "z"}], "more": "text"}], tell, (ValueError,))


def test_what_is_found_is_made_small_and_found_again_by_its_seed(odd: Prepared) -> None:
    first, second = ask(odd, 5_000, "a"), ask(odd, 5_000, "a")
    assert first.finding
    assert first.finding == second.finding
    assert "other" not in first.finding.value
    assert smaller(odd, {"n": -1, "b": [1, 2]}, "! ZeroDivisionError") == {"n": -1}


def test_what_no_docstring_names_is_no_refusal() -> None:
    for raised in (Forged("x"), Untrue("x"), RecursionError(), AssertionError()):

        def tell(_: Any, raised: Exception = raised) -> None:
            raise raised

        assert ask(Prepared([{}], tell, (ValueError,)), 1, "a").finding


@pytest.mark.parametrize("cases", [1, 999, 1_000_000])
def test_all_cases_are_shared_out(cases: int) -> None:
    jobs = jobs_of(TARGETS, cases)
    assert sum(one for _, _, one in jobs) == cases
    assert cases < 1_000 or {name for name, _, _ in jobs} == {target.name for target in TARGETS}
    assert max(number for _, number, _ in jobs) < PARTS


def test_a_changed_input_leaves_the_one_it_began_as() -> None:
    valid, text = {"a": [1, {"b": "c"}], "d": "e"}, repr({"a": [1, {"b": "c"}], "d": "e"})
    for number in range(2_000):
        changed_json(Random(number), valid, valid)
        changed_bytes(Random(number), b"abc", b"")
        changed_text(Random(number), "", "")
    assert repr(valid) == text
