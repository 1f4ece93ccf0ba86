"""Which clinic `carepath up` runs in a home: kept in a file there, so that other windows and the next start find it.

A process id alone would be a trap, since ids are given again: the moment at which the process began stands beside it.
"""

import json
import os
import signal
import subprocess
import time
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from worker.errors import CannotDo

FILE = "running.json"

SECONDS_TO_END = 20.0
"""How long a process may take to end when it is asked to; then it is ended."""


@dataclass(frozen=True, slots=True)
class Process:
    """A process of this machine, by its id and the moment at which it began (as its system counts)."""

    pid: int
    began: str

    @classmethod
    def of(cls, pid: int) -> "Process":
        """The process of an id, now."""
        return cls(pid, _began(pid) or "")

    @property
    def lives(self) -> bool:
        """Whether it still runs; another process that was given its id is not it."""
        return bool(self.began) and _began(self.pid) == self.began

    def end(self) -> None:
        """Ask it to end, and wait until it has.

        Raises:
            CannotDo: it belongs to somebody else.
        """
        for number in (signal.SIGTERM, signal.SIGKILL):
            try:
                if self.lives:
                    os.kill(self.pid, number)
            except ProcessLookupError:
                return
            except PermissionError:
                raise CannotDo(
                    f"Process {self.pid} belongs to another user of this machine, who has to end it."
                ) from None
            latest = time.monotonic() + SECONDS_TO_END
            while self.lives and time.monotonic() < latest:
                time.sleep(0.05)


@dataclass(frozen=True, slots=True)
class RunningClinic:
    """What `carepath up` has started: itself, its Temporal server, and where each part answers."""

    up: Process
    server: Process
    address: str
    smtp: str
    gateway_url: str
    web_ui: str = "http://127.0.0.1:8233"

    @property
    def lives(self) -> bool:
        """Whether any of it still runs."""
        return self.up.lives or self.server.lives


def running_clinic(home: Path) -> RunningClinic | None:
    """The clinic that runs in a home, whole or in part; None: nothing of it does."""
    with suppress(OSError, ValueError, KeyError, TypeError):
        kept = json.loads((home / FILE).read_text("utf-8"))
        found = RunningClinic(**{**kept, "up": Process(**kept["up"]), "server": Process(**kept["server"])})
        return found if found.lives else None
    return None


def note(home: Path, clinic: RunningClinic) -> None:
    """Keep what runs."""
    (home / FILE).write_text(json.dumps(asdict(clinic)), "utf-8")


def forget(home: Path) -> None:
    """Nothing runs any more."""
    (home / FILE).unlink(missing_ok=True)


def end(home: Path) -> list[str]:
    """End what runs in a home, the server last; what was ended. Nothing that is kept is lost.

    Raises:
        CannotDo: it belongs to somebody else.
    """
    found = running_clinic(home)
    ended = []
    for what, process in (("the clinic", found.up), ("its Temporal server", found.server)) if found else ():
        if process.lives and process.pid != os.getpid():
            ended.append(f"{what} (process {process.pid})")
            process.end()
    forget(home)
    return ended


def _began(pid: int) -> str | None:
    """When a process began, in whatever way this system tells it; None: there is no such process."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text("utf-8", "replace")
    except OSError:
        return None if Path("/proc/self").exists() else _began_by_ps(pid)
    # The name stands in brackets and may hold anything: the numbers are counted from behind it.
    fields = stat.rpartition(")")[2].split()
    return None if fields[0] in ("Z", "X") else fields[19]


def _began_by_ps(pid: int) -> str | None:
    found = subprocess.run(
        ["ps", "-o", "lstart=", "-p", str(pid)], capture_output=True, text=True, check=False
    )
    return found.stdout.strip() or None
