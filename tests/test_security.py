"""SECURITY.md names the test of each defence, and each of them is there."""

import re
from pathlib import Path

ROOT = Path(__file__).parent.parent
NAMED = re.compile(r"`(tests/[\w/]+\.py)::(test_\w+)`")


def test_each_defence_names_tests_that_exist() -> None:
    text = (ROOT / "SECURITY.md").read_text("utf-8")
    defended = text.partition("## What is defended")[2].partition("\n## ")[0]
    rows = [line for line in defended.splitlines() if line.startswith("| ")][1:]
    assert len(rows) > 10
    for row in rows:
        named = NAMED.findall(row)
        assert named, row
        for file, name in named:
            assert re.search(rf"^(async )?def {name}\(", (ROOT / file).read_text("utf-8"), re.MULTILINE), (
                file,
                name,
            )


def test_each_page_that_it_leads_to_is_there() -> None:
    text = (ROOT / "SECURITY.md").read_text("utf-8")
    for page in re.findall(r"\]\(([\w/.-]+\.md)\)", text):
        assert (ROOT / page).is_file(), page
