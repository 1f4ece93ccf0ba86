"""`carepath up` ends what it has started, however it ends itself; the next start finds what was left behind (F1)."""

import asyncio
import json
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from temporalio.client import Client

from tests.servers import free_port, until_a_worker_is_heard
from tests.typed import CAREPATH, outside_any_clinic, typed
from worker.codec.codec import ENCODING
from worker.running import Process, RunningClinic, end, forget, note, running_clinic
from worker.settings import KEY_FILE, Settings, load_settings
from worker.up import _begins_encrypted

pytestmark = pytest.mark.dear


class Window:
    """A window in which somebody starts a clinic without the example."""

    def __init__(self, folder: Path) -> None:
        self.home = folder / "home"
        self.environment = outside_any_clinic(CAREPATH_HOME=str(self.home), PYTHONUNBUFFERED="1")
        self.folder = folder
        self.server = free_port()
        self.ui = free_port()
        ports = {"--port": self.server, "--ui-port": self.ui, "--mail-port": free_port(),
                 "--gateway-port": free_port(), "--codec-port": free_port()}  # fmt: skip
        self.options = [part for name, port in ports.items() for part in (name, str(port))]

    def types(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return typed(*arguments, environment=self.environment, folder=self.folder)

    @contextmanager
    def up(self) -> Iterator[tuple[subprocess.Popen[str], str]]:
        """The clinic once it runs, and what it said until then."""
        process = subprocess.Popen(
            [str(CAREPATH), "up", "--empty", *self.options], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            text=True, cwd=self.folder, env=self.environment,
        )  # fmt: skip
        assert process.stdout is not None
        told = ""
        try:
            for line in process.stdout:
                told += line
                if "The clinic is running" in line:
                    break
            assert "The clinic is running" in told, told
            yield process, told
        finally:
            if process.poll() is None:
                process.terminate()
            process.wait(90)
            process.stdout.close()


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def test_whatever_ends_it_nothing_of_it_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    window = Window(tmp_path)
    assert "There is no clinic at" in window.types("down").stderr
    with window.up() as (process, _):
        again = window.types("up", "--empty", *window.options)
        assert (again.returncode, "A clinic runs already" in again.stderr) == (1, True), again.stderr
        assert (
            window.types("list").returncode == 0
        )  # finds the server of its home by itself, wherever that listens
        # So do the links to its Web UI: every other window shows the address that this start has given it.
        monkeypatch.setenv("CAREPATH_HOME", str(window.home))
        assert load_settings().web_ui == f"http://127.0.0.1:{window.ui}"
        monkeypatch.setenv("CAREPATH_WEB_UI", "https://ui.example")
        assert load_settings().web_ui == "https://ui.example"
        process.send_signal(signal.SIGHUP)  # the window is closed
        process.wait(90)
    assert not listens(window.server)
    with window.up() as (process, _):
        asyncio.run(until_a_worker_is_heard(window.server, 1))
        process.kill()
        process.wait()
        assert listens(window.server)
        for _ in range(
            30
        ):  # a worker that has told a moment ago that it lives counts as alive for some seconds
            if "No worker runs" in (told := window.types("list").stderr):
                break
            time.sleep(0.5)
        assert "No worker runs" in told
    with window.up() as (_, told):
        assert "an earlier start had left behind" in told
        assert window.types("down").returncode == 0
    assert not listens(window.server)
    assert "Nothing runs in" in window.types("down").stdout
    assert [one.name for one in window.home.rglob("*") if one.stat().st_mode & 0o077] == []


def test_P1_a_new_clinic_encrypts_from_its_first_start_on_with_a_key_of_its_own(tmp_path: Path) -> None:
    window = Window(tmp_path)
    with window.up() as (_, told):
        assert f"Histories are encrypted with the key in {window.home / KEY_FILE}" in told.replace("\n", "")
        assert (window.home / KEY_FILE).stat().st_mode & 0o777 == 0o600
        admitted = window.types(
            "admit", "--patient-key", "MRN-1", "--site", "north", "--timezone", "America/Chicago",
            "--case-manager", "cm-1", "--therapist", "th-1", "--json",
        )  # fmt: skip
        assert admitted.returncode == 0, admitted.stderr
        (listed,) = json.loads(window.types("list", "--json").stdout)
        assert asyncio.run(first_input(window.server, listed["episode_id"])) == ENCODING
        window.environment["CAREPATH_CODEC"] = "off"
        refused = window.types("record", listed["episode_id"], "need", "service=food_bank", "--by", "cm-1")
        assert (refused.returncode, "CAREPATH_CODEC is off here, so nothing was sent" in refused.stderr) == (
            1, True,
        )  # fmt: skip
        del window.environment["CAREPATH_CODEC"]
    with window.up() as (_, told):
        assert "Histories are encrypted with" not in told  # said once
        assert window.types("progress", listed["episode_id"]).returncode == 0


async def first_input(port: int, workflow_id: str) -> bytes:
    """How what a workflow began with is encoded on the server."""
    client = await Client.connect(f"127.0.0.1:{port}")
    history = await client.get_workflow_handle(workflow_id).fetch_history()
    began = history.events[0].workflow_execution_started_event_attributes
    return began.input.payloads[0].metadata["encoding"]


def test_P1_a_clinic_that_began_without_a_key_goes_on_without_one_unless_it_is_told(tmp_path: Path) -> None:
    began = Settings(home=tmp_path)
    assert _begins_encrypted(began)
    assert not _begins_encrypted(Settings(home=tmp_path, codec="off"))
    (tmp_path / "clinic.db").touch()
    assert not _begins_encrypted(began)


def test_a_process_that_was_given_an_old_id_is_not_taken_for_the_clinic(tmp_path: Path) -> None:
    sleeper = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    try:
        real = Process.of(sleeper.pid)
        assert real.lives
        stranger = Process(sleeper.pid, "1")
        note(
            tmp_path,
            RunningClinic(stranger, stranger, "127.0.0.1:1", "smtp://127.0.0.1:1", "http://127.0.0.1:1"),
        )
        assert running_clinic(tmp_path) is None
        assert end(tmp_path) == []
        assert sleeper.poll() is None
        note(
            tmp_path, RunningClinic(stranger, real, "127.0.0.1:1", "smtp://127.0.0.1:1", "http://127.0.0.1:1")
        )
        assert running_clinic(tmp_path) is not None
        assert len(end(tmp_path)) == 1
        sleeper.wait(30)
    finally:
        sleeper.kill()
        sleeper.wait()


@pytest.mark.parametrize("kept", ["", "{}", "[]", "not json", '{"up": 1, "server": 2}'])
def test_a_note_that_cannot_be_read_is_none(tmp_path: Path, kept: str) -> None:
    (tmp_path / "running.json").write_text(kept)
    assert running_clinic(tmp_path) is None
    forget(tmp_path)


def test_a_port_that_another_program_has_is_named_with_the_option_that_moves_it(tmp_path: Path) -> None:
    window = Window(tmp_path)
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        taken = str(other.getsockname()[1])
        for option in ("--port", "--ui-port", "--mail-port", "--gateway-port", "--codec-port"):
            refused = window.types("up", "--empty", *window.options, option, taken)
            assert refused.returncode == 1
            assert f"Port {taken}" in refused.stderr
            assert option in refused.stderr
    assert not (window.home / "temporal.db").exists()


def test_a_server_that_ends_at_once_is_told_with_its_own_words(tmp_path: Path) -> None:
    window = Window(tmp_path)
    window.home.mkdir()
    (window.home / "temporal.db").write_text("this is no database" * 100)
    refused = window.types("up", "--empty", *window.options)
    assert refused.returncode == 1
    assert "The Temporal server has ended at once" in refused.stderr
    assert "temporal.log" in refused.stderr
