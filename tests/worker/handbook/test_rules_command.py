"""`carepath rules`: what an identifier means, for whoever meets one."""

import json

import pytest

from tests.typed import outside_any_clinic, typed
from worker.handbook import carried, citations
from workflows.core.rules import FAMILIES, RULES, in_words


def test_one_rule_is_told_in_words_with_what_carries_it() -> None:
    told = typed("rules", "s6", environment=outside_any_clinic())
    assert told.returncode == 0, told.stderr
    assert told.stdout.startswith("A doubtful test")
    assert "(S6)." in told.stdout.splitlines()[0]
    for carrier in (
        "workflows/core/episode/sobriety/facts.py::UseFacts.holds",
        "tests.hold_review",
        "tests/core/rules/test_sobriety.py::test_S6_a_valid_recollection_ends_the_hold",
    ):
        assert carrier in told.stdout


def test_all_rules_as_data() -> None:
    rules = json.loads(typed("rules", "--json", environment=outside_any_clinic()).stdout)
    assert [one["rule"] for one in rules] == list(RULES)
    assert all(one["functions"] and one["tests"] for one in rules)


def test_a_rule_that_is_none_is_refused_with_those_there_are() -> None:
    told = typed("rules", "Q7", environment=outside_any_clinic())
    assert told.returncode == 1
    assert told.stderr.startswith("There is no rule Q7; there are T1, T2,")


def test_an_installed_package_shows_code_and_numbers_without_tests(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(citations, "IS_CHECKOUT", False)
    rules = carried.carried()
    assert all(one.tests is None and not one.missing for one in rules)
    assert all(one.as_data()["tests"] is None for one in rules)


def test_what_nothing_carries_is_named() -> None:
    bare = carried.Carried("S6", "", "", functions=[citations.Place("a.py")], numbers=[], tests=[])
    assert bare.missing == ["the code says nothing", "no test says anything"]


def test_each_rule_is_one_sentence_of_its_family() -> None:
    for rule, says in RULES.items():
        assert rule[0] in FAMILIES
        assert says[0].isupper()
        assert says.endswith(".")
        assert len(says) < 220, rule
    assert in_words("X1") == "rule X1"
