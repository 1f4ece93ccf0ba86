"""A clinic is started as the README says, by its own commands in processes of their own (F1)."""

import asyncio
import json
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.servers import binary, free_port, until_a_worker_is_heard
from tests.typed import CAREPATH, outside_any_clinic, typed
from worker.database import check_database
from worker.database_url import usable_url
from worker.errors import CannotDo
from worker.settings import load_settings

pytestmark = pytest.mark.dear

ADMISSION = (
    "--site",
    "north",
    "--timezone",
    "America/Chicago",
    "--case-manager",
    "cm-1",
    "--therapist",
    "th-1",
)
CALL = ("contact", "at=2026-03-02T08:00:00-06:00", "channel=phone", "outcome=reached", "--by", "cm-1")


@dataclass
class Operator:
    """Types commands in some folder, for the clinic of one home and one server."""

    home: Path
    folder: Path
    port: int
    more: dict[str, str] = field(default_factory=dict)

    @property
    def environment(self) -> dict[str, str]:
        return outside_any_clinic(
            CAREPATH_HOME=str(self.home), TEMPORAL_ADDRESS=f"127.0.0.1:{self.port}", **self.more
        )

    def types(self, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
        return typed(*arguments, environment={**self.environment, **more}, folder=self.folder)

    def does(self, *arguments: str, **more: str) -> str:
        """What must succeed; its output."""
        done = self.types(*arguments, **more)
        assert done.returncode == 0, (arguments, done.stdout, done.stderr)
        return done.stdout

    def is_refused(self, *arguments: str, **more: str) -> str:
        """What must be refused in words; the words."""
        done = self.types(*arguments, **more)
        assert done.returncode == 1, (arguments, done.stdout, done.stderr)
        assert "Traceback" not in done.stderr
        return done.stderr

    @contextmanager
    def worker(self, **more: str) -> Iterator[subprocess.Popen[str]]:
        """`carepath worker`, once it says that it runs."""
        process = subprocess.Popen(
            [CAREPATH, "worker"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, cwd=self.folder,
            env={**self.environment, **more, "PYTHONUNBUFFERED": "1"},
        )  # fmt: skip
        assert process.stdout is not None
        try:
            assert "The worker is running" in process.stdout.readline()
            yield process
        finally:
            process.terminate()
            process.wait(60)
            process.stdout.close()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """`temporal server start-dev` and nothing else, as its own documentation starts it."""
    port = free_port()
    log = (tmp_path_factory.mktemp("server") / "log").open("w")
    process = subprocess.Popen(
        [binary("temporal"), "server", "start-dev", "--ip", "127.0.0.1", "--port", str(port), "--headless"],
        stdout=log, stderr=log,
    )  # fmt: skip
    try:
        for _ in range(600):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.1)
        yield port
    finally:
        process.terminate()
        process.wait(30)
        log.close()


@pytest.fixture
def operator(server: int, tmp_path: Path) -> Operator:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    return Operator(tmp_path / "home", elsewhere, server)


def test_a_clinic_starts_lives_and_is_handed_on_to_the_next_version_of_the_worker(operator: Operator) -> None:
    # What has no clinic yet says so, and makes nothing.
    for command in (("list",), ("record", "e1", *CALL), ("worker",), ("mail",)):
        assert f"There is no clinic at {operator.home}" in operator.is_refused(*command)
    assert not operator.home.exists()

    operator.does("setup")
    private(operator.home)
    assert "No worker runs" in operator.is_refused("admit", "--patient-key", "MRN-1", *ADMISSION)

    with operator.worker(CAREPATH_BUILD_ID="v1"):
        admitted = operator.does("admit", "--patient-key", "MRN-1", *ADMISSION, "--json")
        episode = json.loads(admitted)["episode_id"]
        assert "Recorded" in operator.does("record", episode, *CALL)
        assert json.loads(operator.does("progress", episode, "--json"))["stage"] == "intake"
        shown = json.loads(operator.does("deployment", "show", "--json"))
        assert (shown["current"], shown["problem"]) == ("v1", None)
        assert "is the current version" in operator.is_refused("deployment", "ramp", "20", "v1")
        assert "has ever polled" in operator.is_refused("deployment", "promote", "v7")

        with operator.worker(CAREPATH_BUILD_ID="v2") as newer:
            operator.does("deployment", "ramp", "20", "v2")
            shown = json.loads(operator.does("deployment", "show", "--json"))
            assert shown["current"] == "v1"  # the newer one does not take over by itself
            shares = {one["build_id"]: one["percentage"] for one in shown["versions"]}
            assert shares == {"v1": 80.0, "v2": 20.0}
            operator.does("deployment", "promote", "v2")
            operator.does("record", episode, *CALL)
            is_carried_over(operator, episode)
            newer.send_signal(signal.SIGKILL)
            newer.wait()
            told = operator.is_refused("record", episode, *CALL)
            assert "carepath worker" in told or "carepath deployment promote" in told, told
    # Whoever is no longer there is not waited for.
    answered = operator.types("progress", episode)
    assert (answered.returncode, "No worker runs" in answered.stderr) == (0, True)
    assert "This is from its journal" in answered.stderr
    assert "No worker runs" in operator.is_refused("progress", "nobody")
    assert "No worker runs" in operator.types("list").stderr

    with operator.worker(CAREPATH_BUILD_ID="v3"):
        told = operator.is_refused("record", episode, *CALL)
        assert "The current version of the worker is v2, and no worker of it runs" in told
        assert "carepath deployment promote v3" in told


@pytest.mark.parametrize("heartbeats", [0, 1, 3])
def test_F1_a_worker_that_was_killed_is_not_waited_for(operator: Operator, heartbeats: int) -> None:
    operator.does("setup")
    build = f"of {heartbeats} heartbeats"
    with operator.worker(CAREPATH_BUILD_ID=build) as short_lived:
        asyncio.run(until_a_worker_is_heard(operator.port, heartbeats, build))
        short_lived.send_signal(signal.SIGKILL)
        short_lived.wait()
    for _ in range(30):  # its poll is listed for another minute and more
        told = operator.is_refused("progress", "e9")
        if "No worker runs" in told or "no worker of it runs" in told:
            return
        time.sleep(1)
    raise AssertionError(told)


def is_carried_over(operator: Operator, episode: str) -> None:
    """Wait until an episode runs on the second version."""
    describe = [binary("temporal"), "workflow", "describe", "--address", f"127.0.0.1:{operator.port}", "-w",
                f"episode-{episode}", "--output", "json"]  # fmt: skip
    for _ in range(60):
        told = subprocess.run(describe, capture_output=True, text=True, check=True, timeout=30).stdout
        info = json.loads(told)["workflowExecutionInfo"]["versioningInfo"]
        if info["deploymentVersion"]["buildId"] == "v2":
            return
        time.sleep(0.5)
    raise AssertionError(info)


def private(home: Path) -> None:
    """A clinic's home, and what is in it, belong to its owner alone."""
    assert home.stat().st_mode & 0o077 == 0
    files = [one for one in home.rglob("*") if one.is_file()]
    assert {"clinic.db", "gateway.secret", "staff.yaml"} <= {one.name for one in files}
    assert [one.name for one in files if one.stat().st_mode & 0o077] == []


def test_from_another_folder_the_same_clinic_is_found_and_from_another_home_none_is_made(
    operator: Operator, tmp_path: Path
) -> None:
    operator.more["CAREPATH_DATABASE"] = "sqlite:///own.db"  # a plain address is a file of the home
    operator.does("setup")
    assert (operator.home / "own.db").is_file()
    operator.does("patient", "save", "MRN-1", "--phone", "555-0101")
    other = Operator(operator.home, tmp_path, operator.port, operator.more)
    assert "No disclosure" in other.does("accounting", "MRN-1")
    lost = Operator(tmp_path / "nowhere", operator.folder, operator.port)
    for command in (("accounting", "MRN-1"), ("ledger", "verify"), ("directory", "feeds"), ("gateway",),
                    ("admit", "--patient-key", "MRN-1", *ADMISSION)):  # fmt: skip
        told = lost.is_refused(*command)
        assert str(lost.home) in told, (command, told)
    assert not lost.home.exists()
    assert list(operator.folder.iterdir()) == []


@pytest.mark.parametrize(
    ("url", "read"),
    [
        ("sqlite:///own.db", "sqlite+aiosqlite:////home/own.db"),
        ("sqlite+pysqlite:///own.db", "sqlite+aiosqlite:////home/own.db"),
        ("sqlite+aiosqlite:////else/own.db?timeout=5", "sqlite+aiosqlite:////else/own.db?timeout=5"),
        ("postgresql://a:b@host/clinic", "postgresql+psycopg://a:b@host/clinic"),
        ("postgres://a:b@host/clinic", "postgresql+psycopg://a:b@host/clinic"),
        ("postgresql+asyncpg://a:b@host/clinic", "postgresql+psycopg://a:b@host/clinic"),
    ],
)
def test_an_address_of_a_database_is_understood_however_it_names_its_driver(url: str, read: str) -> None:
    assert usable_url(url, Path("/home")) == read


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("sqlite://", "a file that outlives the command"),
        ("sqlite:///:memory:", "a file that outlives the command"),
        ("mysql://someone:secret@host/clinic", "SQLite or PostgreSQL, not in mysql"),
        ("clinic.db", "no address of a database"),
        ("postgresql://", "names no server"),
        ("postgresql://someone:secret@127.0.0.1:1/clinic", "no server listens there"),
        ("postgresql://someone:secret@127.0.0.1:http/clinic", "cannot be opened"),
    ],
)
async def test_an_address_of_no_database_is_refused_at_once_without_its_password(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, url: str, words: str
) -> None:
    monkeypatch.setenv("CAREPATH_HOME", str(tmp_path))
    monkeypatch.setenv("CAREPATH_DATABASE", url)
    with pytest.raises(CannotDo, match=words) as refused:
        await check_database(load_settings())
    assert str(refused.value).startswith("CAREPATH_DATABASE: ")
    assert "secret" not in str(refused.value)
