"""What is asked: a reader or a signature, with valid inputs of it and with what it may raise."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tests.fuzz.mutating import Changing, changed_json


class Forged(Exception):
    """Something was accepted that nobody has signed or sealed; nobody may catch it."""


class Untrue(Exception):
    """A reader has answered what it must not answer, such as a secret in an error."""


_IN_MEMORY = Path("/dev/shm")


def scratch() -> TemporaryDirectory[str]:
    """A folder for a reader of files, in memory where the system has one: a million files wear out a disk."""
    return TemporaryDirectory(prefix="carepath-fuzz-", dir=_IN_MEMORY if _IN_MEMORY.is_dir() else None)


@dataclass(frozen=True)
class Prepared:
    """A target, ready in this process."""

    valid: Sequence[Any]
    """What inputs begin as."""
    tell: Callable[[Any], object]
    """Tell it one input; raises `Forged` or `Untrue` where it answers what it must not."""
    refusals: tuple[type[Exception], ...]
    """What it may raise, as its docstring says."""
    changed: Changing = changed_json


@dataclass(frozen=True)
class Target:
    """A target, before anything is loaded for it."""

    name: str
    share: int
    """Of all cases, in parts: what costs more gets less."""
    prepare: Callable[[], Prepared]
