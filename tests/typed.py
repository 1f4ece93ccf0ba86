"""Commands as somebody types them, each in a process of its own with its own arguments, environment and folder.

An interpreter that starts and imports all of carepath takes a second; the suite types hundreds of commands. So a fork
server imports carepath once, and each command is a fork of it. What starts differently from a fork (the installed
program itself, the wheel) has tests that start it.
"""

import multiprocessing
import os
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from subprocess import CompletedProcess, TimeoutExpired
from tempfile import TemporaryDirectory

from worker.cli import COMMANDS, main
from worker.settings import Settings

CAREPATH = Path(sys.executable).parent / "carepath"
"""The installed program, for what must be started as a shell starts it."""

# pytest loads readline, which writes its own idea of the window into the environment behind Python's back; the server
# would be started with it, and every table be 80 columns wide.
for _size in ("COLUMNS", "LINES"):
    os.unsetenv(_size)

_FORKS = multiprocessing.get_context("forkserver")
_FORKS.set_forkserver_preload(
    [
        *sorted({f"worker.commands.{place.partition('.')[0]}" for place in COMMANDS.values()}),
        "aiosqlite", "sqlalchemy.dialects.sqlite.aiosqlite", "workflows.pathways", "workflows.pathways.following",
        "temporalio.bridge.temporal_sdk_bridge", "rich.table", "typer.rich_utils",
        "tests.warm",  # the last: it prepares what the others have loaded
    ]
)  # fmt: skip


def outside_any_clinic(**more: str) -> dict[str, str]:
    """The environment of somebody who has named no clinic and no server, in a window wide enough to be read."""
    kept = {
        name: value for name, value in os.environ.items() if not name.startswith(("CAREPATH", "TEMPORAL"))
    }
    return {**kept, "COLUMNS": "300", **more}


def carepath(
    *arguments: str, settings: Settings | None = None, address: str = "127.0.0.1:1"
) -> CompletedProcess[str]:
    """Type one command in the clinic of a test, which may run on a server."""
    environment = {**os.environ, "TEMPORAL_ADDRESS": address, "COLUMNS": "200"}
    if settings:
        given = settings.model_dump(mode="json", exclude_none=True)
        environment |= {f"CAREPATH_{name.upper()}": str(value) for name, value in given.items()}
    return typed(*arguments, environment=environment)


def typed(
    *arguments: str, environment: Mapping[str, str], folder: Path | None = None, patience: float = 120
) -> CompletedProcess[str]:
    """Type one command in an environment and a folder; its exit code and what it wrote.

    Raises:
        TimeoutExpired: it has not ended within `patience` seconds; it is killed.
    """
    with TemporaryDirectory() as written:
        out, err = Path(written) / "out", Path(written) / "err"
        command = _FORKS.Process(
            target=_type, args=(arguments, dict(environment), str(folder or Path.cwd()), str(out), str(err))
        )
        command.start()
        command.join(patience)
        if command.exitcode is None:
            command.kill()
            command.join()
            raise TimeoutExpired(arguments, patience, out.read_bytes(), err.read_bytes())
        return CompletedProcess(arguments, command.exitcode, out.read_text("utf-8"), err.read_text("utf-8"))


def _type(arguments: tuple[str, ...], environment: dict[str, str], folder: str, out: str, err: str) -> None:
    for stream, file in ((1, out), (2, err)):
        os.dup2(os.open(file, os.O_CREAT | os.O_WRONLY | os.O_APPEND, 0o600), stream)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    time.tzset()
    sys.argv = ["carepath", *arguments]
    main()
