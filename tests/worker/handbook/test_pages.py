"""The written pages say what the code says, and nothing that is on them is made up by hand."""

import re
from pathlib import Path

import pytest

from tests.typed import outside_any_clinic, typed
from worker.handbook import imports, numbers
from worker.handbook.citations import ROOT, rules_in
from worker.handbook.models import fields_of
from worker.handbook.pages import DOCS, PAGES, stale
from workflows.core.episode.entries import KINDS
from workflows.core.episode.policy import Policy
from workflows.core.referral.statements import STATEMENTS
from workflows.core.rules import RULES
from workflows.pathways import pathway_named


def test_the_written_pages_are_up_to_date() -> None:
    behind = [str(path.relative_to(ROOT)) for path in stale()]
    assert behind == [], f"{', '.join(behind)}: write them anew with `make docs`"


def test_every_field_of_an_entry_and_every_number_says_what_it_means() -> None:
    silent = [
        f"{kind}.{field.name}"
        for kind, model in {**KINDS, **STATEMENTS}.items()
        for field in fields_of(model, ("kind",))
        if not field.meaning
    ]
    assert silent + [one.name for one in numbers.numbers() if not one.meaning] == []


def test_the_reference_of_the_policy_has_each_number_once() -> None:
    names = [one.name for one in numbers.numbers()]
    assert len(names) == len(set(names)) > 100
    assert {name.partition(".")[0] for name in names} == set(Policy.model_fields)


def test_the_entries_page_says_who_may_state_what() -> None:
    page = PAGES["entries.md"]()
    for kind, who in {
        "level_of_care": "staff, import", "test": "every source but patient and kiosk", "contact": "every source",
    }.items():  # fmt: skip
        section = page.partition(f"\n### {kind}\n")[2].partition("\n### ")[0]
        assert f"Who may state it: {who}." in section


def test_E0_the_page_of_who_may_says_what_the_engine_says() -> None:
    lines = [line.split(" | ") for line in PAGES["who-may.md"]().splitlines() if line.startswith("| ")]
    stated = {cells[0].strip("| "): cells[1:] for cells in lines}
    assert [stated["[exit](entries.md#exit)"][n] for n in (2, 3, 4)] == [
        "—",
        "—",
        "—",
    ]  # no kiosk, laboratory, agency
    assert "a clinician" in stated["[level_of_care](entries.md#level_of_care)"][-1]
    decided = {
        cells[0].strip("| "): cells for cells in lines if len(cells) == 7 and not cells[0].startswith("| [")
    }
    assert decided["discharge decision"][3:5] == ["a director", "yes"]
    assert decided["discharge notice date"][4] == "yes"
    assert "*discharge*" in decided["discharge decision"][2]
    asked = pathway_named("iop").claims.duties | pathway_named("php").claims.duties
    assert {kind.replace("_", " ") for kind in asked} <= set(decided)


def test_the_picture_shows_the_direction_of_the_imports() -> None:
    picture = imports.mermaid(
        {
            "shell": {"core", "core.facts"},
            "core": {"core.facts"},
            "core.facts": {"core"},
            "face": {"shell", "core"},
        }
    )
    assert "shell --> core_frame" in picture
    assert "face --> shell" in picture
    assert "face --> core_frame" not in picture  # the one by way of the shell says it
    assert '        core_facts["core.facts"]' in picture


def test_the_core_imports_nothing_above_it() -> None:
    known = imports.graph()
    assert {one for one in known["workflows.core"] if not one.startswith("workflows.core")} == set()


@pytest.mark.parametrize(
    ("text", "rules"),
    [
        ("a hold (S6, T4)", ("S6", "T4")),
        ("exits (E1-E3)", ("E1", "E2", "E3")),
        ("2026-03-02T18:00", ()),
        ("Z99 and hba1c-A12, rule S11.", ("S11",)),
    ],
)
def test_a_rule_is_found_in_words_and_nowhere_else(text: str, rules: tuple[str, ...]) -> None:
    assert rules_in(text) == rules


def test_every_rule_named_in_the_pages_for_readers_is_a_rule() -> None:
    for path in [*DOCS.glob("*.md"), ROOT / "README.md", ROOT / "CONTRIBUTING.md"]:
        text = path.read_text("utf-8")
        for identifier in _in_parentheses(text):
            assert identifier in RULES, (path.name, identifier)


def _in_parentheses(text: str) -> list[str]:
    return [
        one
        for group in re.findall(r"\(([A-Z]\d{1,2}(?:, [A-Z]\d{1,2})*)\)", text)
        for one in group.split(", ")
    ]


def test_every_rule_has_code_and_a_test() -> None:
    checked = typed("rules", "--check", environment=outside_any_clinic())
    assert (checked.returncode, checked.stderr) == (0, "")


def test_the_links_of_every_page_lead_somewhere() -> None:
    for page in [*DOCS.glob("*.md"), ROOT / "CONTRIBUTING.md"]:
        for target in re.findall(r"\]\((?!http)([^)#]+)\)", page.read_text("utf-8")):
            assert (page.parent / target).exists(), (page.name, target)
        for named in re.findall(
            r"`((?:deploy|docs|workflows|tests|worker|activities)/[^`*\s]+)`", page.read_text("utf-8")
        ):
            assert Path(ROOT / named).exists(), (page.name, named)
