"""The proof lives with a clinic's own policy: what does not hold under it is told, and which numbers it depends on."""

import time
from pathlib import Path
from typing import Any

import pytest
import yaml

from workflows.core.engine.errors import Refused
from workflows.core.episode.policy import load_policy
from workflows.pathways import pathway_named
from workflows.pathways.proof import Findings, as_data, page, prove
from workflows.pathways.proof.numbers import all_numbers, noted, values_of
from workflows.pathways.proof.of_policy import prove_policy

pytestmark = pytest.mark.dear

EXAMPLES = sorted((Path(__file__).parents[3] / "deploy" / "example").glob("policy*.yaml"))
MESSAGE = {"name": "reminder", "after": {"minutes": 15}, "message": "please_call"}
CALL = {"name": "call", "after": {"hours": 1}, "task": "outreach_call"}
NOTICE = {"name": "notice", "after": {"days": 2}, "message": "we_are_here"}


def under(policy: dict[str, Any], name: str = "iop") -> Findings:
    findings = Findings()
    prove_policy(pathway_named(name), policy, findings)
    return findings


@pytest.mark.parametrize("name", ["iop", "php"])
def test_everything_holds_under_the_default_policy(name: str) -> None:
    findings = under({}, name)
    assert not findings.breaches
    assert findings.looked_at["ladder"]
    assert findings.looked_at["due"]


@pytest.mark.parametrize("file", EXAMPLES, ids=lambda file: file.stem)
def test_everything_holds_under_the_policies_of_the_example_clinic(file: Path) -> None:
    assert not under(yaml.safe_load(file.read_text("utf-8"))).breaches


@pytest.mark.parametrize(
    ("policy", "invariant", "says"),
    [
        ({"attendance": {"ladder": [MESSAGE]}}, "ladder", "nobody is asked any more"),
        ({"attendance": {"ladder": [MESSAGE, CALL, NOTICE]}}, "ladder", "nobody is asked any more"),
        (
            {"length": {"days": 30}, "gate": {"sober_days": 14}, "slip_response": {"plan_review": {"days": 60}}},
            "due",
            "longer than the program lasts",
        ),
        ({"course": {"exit_bundle": {"days": 3000}}}, "due", "after the record is closed"),
        ({"discharge": {"appeal_not_before": {"hours": 0}}}, "promise", "no sooner than a day after the notice"),
        ({"discharge": {"appeal_period": {"hours": 0}}}, "promise", "before the time for an appeal is over"),
    ],
)  # fmt: skip
def test_a_policy_under_which_something_does_not_hold_is_told_as_a_story(
    policy: dict[str, Any], invariant: str, says: str
) -> None:
    findings = under(policy)
    told = [breach for breach in findings.breaches[invariant].values() if says in breach.what]
    assert told
    assert told[0].story
    assert "a person is referred" in told[0].story.tell()[0]


def test_the_report_says_on_which_numbers_of_the_policy_it_depends() -> None:
    policy = {"length": {"days": 45}}
    proof = prove(pathway_named("php"), time.monotonic, depth=0, within=1, policy=policy)
    assert proof.numbers["length.days"] == "45"
    assert "linkage.poll" in proof.not_read
    assert "  length.days: 45\n" in page(proof)
    assert as_data(proof)["policy"]["depends_on"]["length.days"] == "45"
    assert set(proof.numbers) | set(proof.not_read) == all_numbers(load_policy(policy))


def test_a_number_is_noted_when_it_is_read_and_only_while_somebody_notes() -> None:
    policy = load_policy({})
    with noted(policy) as read:
        assert policy.gate.sober_days == 30
        assert policy.attendance.ladder[0].name == "reminder"
    assert read == {"gate.sober_days", "attendance.ladder.name"}
    assert policy.length.days == 90
    assert "length.days" not in read
    assert values_of(policy)["course.reopen_within"] == "72 hours"
    assert values_of(policy)["slip_response.safety_check"] == "by end of day"


def test_a_policy_that_contradicts_itself_is_refused() -> None:
    with pytest.raises(Refused, match="sober_days"):
        prove(pathway_named("iop"), time.monotonic, policy={"gate": {"sober_days": 300}})
