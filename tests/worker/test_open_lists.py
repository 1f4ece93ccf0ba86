"""What is paused has not ended: no list of what is open leaves it out (F4, F7, E9)."""

import re
from pathlib import Path

from worker import executions

ROOT = Path(__file__).parents[2]
ALONE = re.compile(r"ExecutionStatus\s*=\s*['\"]Running")


def test_E9_no_list_of_what_is_open_asks_for_what_runs_alone() -> None:
    """The one place that may is where servers are asked that know no pause."""
    found = [
        f"{file.relative_to(ROOT)}"
        for folder in ("worker", "workflows", "activities", "deploy", "docs", "README.md")
        for file in ((ROOT / folder).rglob("*") if (ROOT / folder).is_dir() else [ROOT / folder])
        if file.suffix in (".py", ".md") and ALONE.search(file.read_text("utf-8"))
    ]
    assert found == [str(Path(executions.__file__).relative_to(ROOT))]
