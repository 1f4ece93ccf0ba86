"""The same patients through the real workflows; and that nothing of a simulation can send (P10)."""

import subprocess
import sys
from pathlib import Path

import pytest
import sqlalchemy as sa
from temporalio.testing import WorkflowEnvironment

from tests.typed import CAREPATH, carepath
from tests.worker.simulation.conftest import clinic
from worker.settings import Settings
from worker.simulation.agreement import compare, journals_differ, progress_differs
from worker.simulation.script import Script

pytestmark = pytest.mark.dear


async def test_shell_and_core_agree_entry_by_entry_and_P10_nothing_is_sent(
    time_skipping: WorkflowEnvironment, clinic_settings: Settings
) -> None:
    found = await compare(time_skipping, clinic(), seed=1, patients=[2, 3])
    assert found.differences == []
    assert (found.patients, found.entries > 20, found.answers > 10) == (2, True, True)
    engine = sa.create_engine(clinic_settings.database.replace("+aiosqlite", ""))
    with engine.connect() as connection:
        for table in sa.inspect(connection).get_table_names():
            if table not in ("alembic_version", "temporal_server"):  # which clinic it is, and where it runs
                assert connection.scalar(sa.text(f"SELECT count(*) FROM {table}")) == 0, table
    engine.dispose()


def test_a_difference_is_said_in_words() -> None:
    script = Script(clinic(), 1, 0, None)
    stands = next(step.stands for step in script.steps if step.stands)
    assert progress_differs(stands, stands) == []
    other = stands.model_copy(update={"stage": "closed"})
    assert progress_differs(stands, other) == [f"stage is closed in the shell, {stands.stage} in the core"]
    assert journals_differ(0, script.journal, script.journal) == []
    changed = [script.journal[0].model_copy(update={"by": "th-9"}), *script.journal[1:]]
    assert journals_differ(0, script.journal, changed) == [
        f"patient 0: line 1 of the journal ({script.journal[0].kind}) differs"
    ]
    assert "lines in the shell" in journals_differ(0, script.journal, script.journal[1:])[0]


def test_P10_a_simulation_does_not_even_import_what_sends() -> None:
    code = (
        "import sys, worker.simulation.agreement, worker.simulation.plots, worker.simulation.results;"
        "bad = [m for m in sys.modules if m.startswith(('activities.channels', 'activities.clinic_database',"
        " 'activities.sending', 'activities.assembled', 'aiosmtplib', 'sqlalchemy', 'apprise'))];"
        "assert not bad, bad; assert 'matplotlib' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize(
    ("content", "words"),
    [("attendance: {excused: often}", "attendance.excused"), ("[1, 2", "neither JSON nor YAML")],
)
def test_the_command_refuses_a_broken_file_in_one_sentence(tmp_path: Path, content: str, words: str) -> None:
    file = tmp_path / "simulation.yaml"
    file.write_text(content)
    result = carepath("simulate", "--patients", "1", "--parameters", str(file))
    assert (result.returncode, result.stdout) == (1, "")
    assert words in result.stderr
    assert "Traceback" not in result.stderr


def test_the_command_writes_lines_tables_and_pictures(tmp_path: Path) -> None:
    file = tmp_path / "short.yaml"
    file.write_text("caseload: {followed_for_days: 60}")
    policy = Path("deploy/example/policy_45_days.yaml")
    out = tmp_path / "out"
    arguments: list[str | Path] = ["--patients", "3", "--parameters", file, "--against", policy, "--out", out]
    result = subprocess.run([CAREPATH, "simulate", *arguments], capture_output=True, text=True, check=True)
    assert "Who would have been treated differently" in result.stdout
    written = {path.name for path in out.iterdir()}
    assert {"patients.csv", "differences.csv", "report.md", "report.json", "work.png", "work.svg"} <= written
    assert len((out / "patients.csv").read_text().splitlines()) == 4
