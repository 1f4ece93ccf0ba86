"""Where one clinic keeps what is its own: one folder, found without the working directory.

`CAREPATH_HOME` names it. Without it a checkout keeps its clinic in its own `.carepath/`, and an installed package in
the person's data folder (`$XDG_DATA_HOME/carepath`, else `~/.local/share/carepath`). Only `carepath setup` and
`carepath up` make it; it and what carepath keeps in it belong to its owner alone.
"""

import os
import shutil
import stat
from collections.abc import Iterator
from contextlib import suppress
from importlib.resources import files
from pathlib import Path

from worker.errors import CannotDo

FOLDER_MODE, FILE_MODE = 0o700, 0o600

EXAMPLE = Path(str(files("worker").joinpath("example")))
"""The example clinic, as package data: the repository's `deploy/example`."""

OURS = (
    "*.db",
    "*.db-*",
    "*.jsonl",
    "*.secret",
    "*.keys",
    "*.log",
    "*.json",
    "*.yaml",
    "letters",
    "credentials",
    "directories",
    "example",
)
"""What carepath keeps in a home; whatever else lies in the folder is none of its business."""


def default_home() -> Path:
    """The clinic's home where `CAREPATH_HOME` names none."""
    above = Path(__file__).resolve().parent.parent
    if (above / "pyproject.toml").is_file():
        return above / ".carepath"
    named = os.environ.get("XDG_DATA_HOME", "")
    # The rule of XDG: a relative path there is not valid and has to be ignored.
    data = Path(named) if Path(named).is_absolute() else Path.home() / ".local" / "share"
    return data / "carepath"


def default_credentials() -> Path:
    """Where people's credentials lie where `CAREPATH_CREDENTIALS` names nothing: in the home of whoever uses this
    machine, as XDG has it."""
    named = os.environ.get("XDG_CONFIG_HOME", "")
    config = Path(named) if Path(named).is_absolute() else Path.home() / ".config"
    return config / "carepath" / "credentials"


def make_home(home: Path) -> None:
    """Make a clinic's home if there is none, and close it and what carepath keeps in it to others.

    Raises:
        CannotDo: it cannot be made.
    """
    try:
        home.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
        _close_to_others(home)
    except OSError as error:
        raise CannotDo(f"CAREPATH_HOME: {home} cannot be the clinic's home ({error.strerror}); name a folder of your "
                       "own that you may write to.") from None  # fmt: skip


def lay_out(home: Path, *names: str) -> list[Path]:
    """Copy files and folders of the example clinic into a home that has none of that name; those that were copied."""
    new = [name for name in names if not (home / name).exists()]
    for name in new:
        source, target = EXAMPLE / name, home / name
        if source.is_dir():
            shutil.copytree(source, target)
        else:
            shutil.copyfile(source, target)
    _close_to_others(home)
    return [home / name for name in new]


def not_found(home: Path) -> CannotDo:
    """What is said where no clinic is."""
    return CannotDo(
        f"There is no clinic at {home}. Set CAREPATH_HOME to the home of your clinic, or begin one there with "
        "`carepath up` (on this machine) or `carepath setup` (on a Temporal server that exists)."
    )


def _close_to_others(home: Path) -> None:
    # A folder that everybody shares, such as /tmp, is left as it is; what is in it is closed all the same.
    if not home.stat().st_mode & stat.S_ISVTX and home != Path.home():
        home.chmod(FOLDER_MODE)
    for one in _ours(home):
        # What is removed meanwhile, such as a journal of SQLite, needs no closing.
        with suppress(FileNotFoundError):
            if not one.is_symlink():
                one.chmod(FOLDER_MODE if one.is_dir() else FILE_MODE)


def _ours(home: Path) -> Iterator[Path]:
    for pattern in OURS:
        for one in home.glob(pattern):
            yield one
            if one.is_dir():
                yield from one.rglob("*")
