"""What a command loads before it does anything: whoever types one waits for that, every time."""

import re
import subprocess
import sys

import pytest
from typer.main import get_group

from tests.typed import CAREPATH, outside_any_clinic
from worker.cli import COMMANDS, app
from worker.said import Said

pytestmark = pytest.mark.dear

PYDANTIC, TEMPORAL, DATABASE = "pydantic", "temporalio", "sqlalchemy"
A_WORKER = "temporalio.worker"
MIGRATIONS = "alembic"
AN_ENGINE = "statemachine"
A_WEB_SERVER = "uvicorn"
THE_COUNTRIES = "phonenumbers"

OF_A_WORKER = {A_WORKER, MIGRATIONS, AN_ENGINE, A_WEB_SERVER, THE_COUNTRIES}
"""What a command of the staff has no need of: it speaks to the server and to the clinic database."""


def loaded(*arguments: str) -> set[str]:
    """Every module that a command has loaded by its end, whatever the end is."""
    typed = [sys.executable, "-X", "importtime", str(CAREPATH), *arguments]
    environment = outside_any_clinic(TEMPORAL_ADDRESS="127.0.0.1:1")
    told = subprocess.run(typed, capture_output=True, text=True, check=False, env=environment, timeout=120)
    names = set(re.findall(r"^import time:[ \d|]+\|\s*(\S+)$", told.stderr, re.MULTILINE))
    assert "worker.cli" in names, told.stderr
    return names


@pytest.mark.parametrize(
    ("typed", "without"),
    [
        ("--help", {PYDANTIC, TEMPORAL, DATABASE, "worker.commands.tasks"} | OF_A_WORKER),
        ("tasks", OF_A_WORKER),
        ("list", OF_A_WORKER),
        ("record e1 use --by cm-1", OF_A_WORKER),
        ("mail", OF_A_WORKER),
        ("up --help", OF_A_WORKER),
        ("answers", OF_A_WORKER - {THE_COUNTRIES}),
        ("codec key --help", {DATABASE} | OF_A_WORKER),
        ("rules --help", {TEMPORAL, DATABASE, A_WEB_SERVER}),
        ("pathway show", {TEMPORAL, DATABASE, A_WEB_SERVER}),
    ],
)
def test_a_command_loads_nothing_that_it_has_no_use_for(typed: str, without: set[str]) -> None:
    assert without & loaded(*typed.split()) == set()


def test_the_list_of_all_commands_says_of_each_what_it_says_of_itself() -> None:
    themselves = get_group(app).commands
    assert {name: one.help for name, one in Said(COMMANDS).items()} == {
        name: themselves[name].help for name in COMMANDS
    }
