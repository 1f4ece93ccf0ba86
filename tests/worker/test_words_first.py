"""What people read is words first; a rule's identifier stands behind them and never alone."""

import ast
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from tests.core.clinic import Patient
from worker.handbook.citations import ROOT
from workflows.core.engine.holding import by_the_team
from workflows.core.episode.views import progress
from workflows.core.rules import RULES
from workflows.messages import TaskStart
from workflows.wording import progress_table, task_page

IDENTIFIER = re.compile(r"(?<![\w.:-])[A-Z]\d{1,2}(?![\w-])")

BEHIND_WORDS = re.compile(r"(?<=\S )\([A-Z]\d{1,2}(?:(?:, |-)[A-Z]\d{1,2})*\)")

ABOUT_RULES = ("rules.py", "handbook")


def sentences() -> Iterator[tuple[str, str]]:
    """Every text in the code that is no docstring and no bare code, with where it stands."""
    for path in [
        one for package in ("workflows", "activities", "worker") for one in (ROOT / package).rglob("*.py")
    ]:
        if path.name in ABOUT_RULES or path.parent.name in ABOUT_RULES:
            continue
        tree = ast.parse(path.read_text("utf-8"))
        docstrings = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
        texts = (
            node
            for node in ast.walk(tree)
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docstrings
        )
        for node in texts:
            if node.value not in RULES:
                yield f"{path.relative_to(ROOT)}:{node.lineno}", str(node.value)


def test_no_sentence_of_the_code_begins_with_an_identifier_or_leans_on_one() -> None:
    leaning = [
        (where, text)
        for where, text in sentences()
        if RULES.keys() & set(IDENTIFIER.findall(BEHIND_WORDS.sub("", text)))
    ]
    assert leaning == []


def test_a_task_of_the_progress_table_says_what_is_asked_and_then_the_rule() -> None:
    person = Patient().until("2026-01-03")
    shown = progress(person.episode, person.now)
    assert shown.open_tasks
    table = progress_table(shown, ZoneInfo("America/Chicago"))
    for task in shown.open_tasks:
        assert f"({task.rule}) |" in table
        assert f"| {task.rule}" not in table


def test_the_page_of_a_task_says_the_rule_in_words() -> None:
    due = datetime(2026, 3, 2, 18, tzinfo=UTC)
    task = TaskStart(
        task_id="task-1", kind="hold_review", episode_id="e1", site="north",
        role="therapist", owner="th-1", due_at=due, outcomes=["lift_hold"], rule="S6",
        asks="Look at the dilute test.", entries=["t1"],
    )  # fmt: skip
    page = task_page(task, by_the_team(task.role, task.owner, task.levels, 0), unreached=None, ended=None)
    assert "Why: A doubtful test" in page
    assert "moves no date (S6). Entries t1" in page
    assert "rule S6" not in page
