"""The command line against the real server, as a member of the staff uses it."""

import json
import subprocess
from datetime import datetime
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from temporalio.testing import WorkflowEnvironment
from typer import Typer
from typer.main import get_group

from tests.servers import EXAMPLE, generated
from tests.typed import carepath
from tests.waiting import eventually
from worker import commands
from worker.cli import COMMANDS, app
from worker.commands.pathways import _keep, verify
from worker.errors import CannotDo
from worker.mailbox import Mailbox
from worker.run import running_worker
from worker.settings import Settings
from workflows.pathways.proof import Findings
from workflows.pathways.proof.story import Story

pytestmark = pytest.mark.dear


@pytest.mark.parametrize(
    ("policy", "words"),
    [
        ("gate: {sober_days: 400}", "gate.sober_days: 400 days can never be reached"),
        ("business: {opens: '18:00'}", "must come after opens"),
        ("gate: {sober: 30}", "gate.sober is not a field"),
        ("attendance: {ladder: [{name: a, after: {hours: 2}, task: x}, {name: b, after: {hours: 1}, task: y}]}",
         "rung b must come after rung a"),
        ("[1, 2", "neither JSON nor YAML"),
    ],
)  # fmt: skip
def test_policy_check_explains_errors_by_field(tmp_path: Path, policy: str, words: str) -> None:
    file = tmp_path / "policy.yaml"
    file.write_text(policy)
    result = carepath("policy", "check", str(file))
    assert result.returncode == 1
    assert words in result.stderr
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize(
    ("policy", "words"),
    [
        ("gate: {sober: 30}", "gate.sober is not a field"),
        ("[1, 2", "neither JSON nor YAML"),
        ("[1]", "one object"),
    ],
)
def test_a_policy_that_cannot_be_read_is_not_proved(tmp_path: Path, policy: str, words: str) -> None:
    file = tmp_path / "policy.yaml"
    file.write_text(policy)
    result = carepath("pathway", "verify", "iop", "--policy", str(file))
    assert result.returncode == 1
    assert words in result.stderr
    assert "Traceback" not in result.stderr


def test_the_example_policy_can_be_used() -> None:
    assert carepath("policy", "check", str(EXAMPLE / "policy.yaml")).returncode == 0


def test_without_a_server_the_remedy_is_said_in_one_sentence() -> None:
    result = carepath("list")
    assert result.returncode == 1
    assert "There is no Temporal server at 127.0.0.1:1" in result.stderr


def test_wrong_usage_ends_with_two() -> None:
    assert carepath("complete").returncode == 2


def test_every_command_of_every_file_is_in_the_table_it_is_looked_up_in() -> None:
    written: set[str] = set()
    for file in iter_modules(commands.__path__):
        for name, value in vars(import_module(f"worker.commands.{file.name}")).items():
            if isinstance(value, Typer):
                written |= set(get_group(value).commands) if name == "app" else {name}
    assert written == set(COMMANDS)
    assert {name: command.name for name, command in get_group(app).commands.items()} == {
        n: n for n in COMMANDS
    }


def test_the_chart_is_drawn_from_the_chart() -> None:
    table = carepath("pathway", "show", "iop", "--format", "table").stdout
    assert "| program | aftercare | stepped down |" in table
    assert carepath("pathway", "show").stdout.startswith("stateDiagram-v2")


async def test_a_clinic_is_taken_over_and_run_from_the_command_line(
    dev_server: WorkflowEnvironment, clinic_settings: Settings, mailbox: Mailbox, tmp_path: Path
) -> None:
    address = dev_server.client.service_client.config.target_host
    today = datetime.now(ZoneInfo("America/Chicago")).date()
    folder = generated(tmp_path / "export", today)

    async def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        import asyncio

        return await asyncio.to_thread(carepath, *arguments, settings=clinic_settings, address=address)

    async with running_worker(dev_server.client, clinic_settings, versioned=False):
        first = await run("import", str(folder), "--json")
        rows = json.loads(first.stdout)["rows"]
        assert {row["result"] for row in rows} == {"accepted", "duplicate", "refused"}
        assert [
            row["reason"][:20] for row in rows if row["result"] == "refused" and "future" in row["reason"]
        ]
        again = json.loads((await run("import", str(folder), "--json")).stdout)
        assert again["episodes"] == 0
        assert {row["result"] for row in again["rows"]} == {"duplicate", "refused"}

        async def all_are_listed() -> list[dict[str, Any]]:
            """As they stand now: the list lags behind."""
            listed: list[dict[str, Any]] = json.loads((await run("list", "--all", "--json")).stdout)
            stages = {episode["stage"] for episode in listed}
            return listed if stages == {"intake", "program", "gate_review", "aftercare", "closed"} else []

        episodes = await eventually(all_are_listed)
        (review, *_) = [episode["episode_id"] for episode in episodes if episode["stage"] == "gate_review"]
        progress = json.loads((await run("progress", review, "--json")).stdout)
        (task,) = [task for task in progress["open_tasks"] if task["kind"] == "gate_review"]
        assert (
            "clinician signs, and it explains each of these (S9)."
            in (await run("why", task["task_id"])).stdout
        )
        wrong = await run("complete", task["task_id"], "--outcome", "maybe", "--by", "th-1")
        assert (wrong.returncode, "is none of pass, hold" in wrong.stderr) == (1, True)
        done = await run("complete", task["task_id"], "--outcome", "pass", "--by", "th-1")
        assert done.returncode == 0, done.stderr
        twice = await run("complete", task["task_id"], "--outcome", "hold", "--by", "th-2")
        assert twice.returncode == 1
        assert "Traceback" not in twice.stderr

        future = await run("record", review, "use", "on=2199-01-01", "--by", "cm-1")
        assert (future.returncode, "in the future" in future.stderr) == (1, True)
        start = [
            "--site",
            "north",
            "--timezone",
            "America/Chicago",
            "--case-manager",
            "cm-1",
            "--therapist",
            "th-1",
        ]
        assert (await run("admit", "--patient-key", "MRN-NEW", *start)).returncode == 0
        second = await run("admit", "--patient-key", "MRN-NEW", *start)
        assert (second.returncode, "already has the open episode" in second.stderr) == (1, True)


def test_a_pathway_without_claims_is_refused_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("worker.commands.pathways.pathway_named", lambda name: SimpleNamespace(name=name))
    with pytest.raises(CannotDo, match="The pathway new makes no claims"):
        verify("new")


def test_a_breaking_story_is_kept_as_the_regression_tests_read_it(tmp_path: Path) -> None:
    (kept,) = (Path(__file__).parents[1] / "core" / "stories").glob("wait-*.json")
    data = json.loads(kept.read_text("utf-8"))
    findings = Findings()
    findings.broken(data["invariant"], data["shows"], Story.from_data(data))
    proof: Any = SimpleNamespace(findings=findings)
    _keep(proof, tmp_path)
    _keep(proof, tmp_path / "chosen.json")
    assert [file.name for file in sorted(tmp_path.iterdir())] == ["chosen.json", kept.name]
    for file in tmp_path.iterdir():
        assert json.loads(file.read_text("utf-8")) == data
    with pytest.raises(CannotDo, match="cannot be written"):
        _keep(proof, tmp_path / "nowhere" / "chosen.json")
