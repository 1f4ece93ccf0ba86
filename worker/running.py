"""Which clinic `carepath up` runs in a home: kept in a file there, so that other windows and the next start find it.

A process id alone would be a trap, since ids are given again: the moment at which the process began stands beside it.
"""

import json
import os
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

FILE = "running.json"


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


@dataclass(frozen=True, slots=True)
class RunningClinic:
    """What `carepath up` has started: itself, its Temporal server, and where that answers."""

    up: Process
    server: Process
    address: str

    @property
    def lives(self) -> bool:
        """Whether any of it still runs."""
        return self.up.lives or self.server.lives


def running_clinic(home: Path) -> RunningClinic | None:
    """The clinic that runs in a home, whole or in part; None: nothing of it does."""
    with suppress(OSError, ValueError, KeyError, TypeError):
        kept = json.loads((home / FILE).read_text("utf-8"))
        found = RunningClinic(Process(**kept["up"]), Process(**kept["server"]), kept["address"])
        return found if found.lives else None
    return None


def note(home: Path, clinic: RunningClinic) -> None:
    """Keep what runs."""
    (home / FILE).write_text(json.dumps(asdict(clinic)), "utf-8")


def forget(home: Path) -> None:
    """Nothing runs any more."""
    (home / FILE).unlink(missing_ok=True)


def _began(pid: int) -> str | None:
    """When a process began, in whatever way this system tells it; None: there is no such process."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text("utf-8", "replace")
    except FileNotFoundError:
        return None if Path("/proc/self").exists() else _began_by_ps(pid)
    except OSError:
        return None
    # The name stands in brackets and may hold anything: the numbers are counted from behind it.
    fields = stat.rpartition(")")[2].split()
    return None if fields[0] in ("Z", "X") else fields[19]


def _began_by_ps(pid: int) -> str | None:
    import subprocess

    found = subprocess.run(
        ["ps", "-o", "lstart=", "-p", str(pid)], capture_output=True, text=True, check=False
    )
    return found.stdout.strip() or None


def own() -> Process:
    """This process."""
    return Process.of(os.getpid())
