"""What people type and save is read as they mean it, and what cannot be read is said with its place."""

from pathlib import Path
from typing import Any

import pytest

from worker.commands.options import fields, read_file
from worker.errors import CannotDo
from workflows.core.engine.errors import InvalidEntry
from workflows.core.episode.entries import parse_entry


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("kind: use\non: 2026-03-01\n", {"kind": "use", "on": "2026-03-01"}),
        ("start: 18:00\n", {"start": "18:00"}),
        ("start: 9:30\n", {"start": "9:30"}),
        ("at: 2026-03-01T18:00:00-06:00\n", {"at": "2026-03-01T18:00:00-06:00"}),
        ("goal_id: 007\nminutes: 90\nrisk: 0\n", {"goal_id": "007", "minutes": 90, "risk": 0}),
        ("share: 0.5\nopen: true\nchoice: no\n", {"share": 0.5, "open": True, "choice": "no"}),
        ('{\n\t"kind": "use",\n\t"on": "2026-03-01"\n}', {"kind": "use", "on": "2026-03-01"}),
        ("\ufeffkind: use\n", {"kind": "use"}),
    ],
)  # fmt: skip
def test_a_file_is_read_as_it_is_meant(tmp_path: Path, text: str, meant: Any) -> None:
    file = tmp_path / "given"
    file.write_text(text, "utf-8")
    assert read_file(file) == meant


def test_what_is_neither_json_nor_yaml_is_said_with_its_line(tmp_path: Path) -> None:
    file = tmp_path / "given.yaml"
    file.write_text("kind: use\non: [1, 2\n")
    with pytest.raises(CannotDo, match=r"given\.yaml is neither JSON nor YAML: .* in line 3\.$"):
        read_file(file)


def test_a_value_that_is_typed_is_what_its_field_asks_for() -> None:
    test = fields(["test_id=12345", "collected_on=2026-03-01", "result=negative"])
    assert parse_entry({"kind": "test", "by": "nu-1", **test}).model_dump()["test_id"] == "12345"
    attended = fields(["session=2026-03-02T18:00", "status=attended", "minutes=90"])
    assert parse_entry({"kind": "attendance", "by": "cm-1", **attended}).model_dump()["minutes"] == 90
    screened = fields(["substances=[\"alcohol\"]", "years_of_use=4", "home_safe=false"])  # fmt: skip
    screening = parse_entry({"kind": "screening", "by": "th-1", **screened}).model_dump()
    assert (screening["home_safe"], screening["years_of_use"]) == (False, 4)


@pytest.mark.parametrize(
    ("given", "words"), [(None, "nothing"), ("use", "text"), (7, "a number"), ([], "a list")]
)
def test_what_is_no_entry_is_said_without_jargon(given: Any, words: str) -> None:
    with pytest.raises(InvalidEntry, match=f"this is {words}\\."):
        parse_entry(given)
