"""What the command line says when something cannot be done: one plain sentence, exit code 1."""

import sys
import traceback
from pathlib import Path


class CannotDo(Exception):
    """Refused or impossible; the message is for the person at the keyboard."""


class Ended(CannotDo):
    """It has ended, and takes nothing any more."""


class Fault(Exception):
    """An unexpected error where it is known what was being done: the message is what `in_words` makes of it."""


def in_words(error: BaseException) -> str:
    """What any error means to the person at the keyboard. Nothing that it holds of a patient is repeated (P1)."""
    while isinstance(error, BaseExceptionGroup):  # of several things at once the first says enough
        error = error.exceptions[0]
    if isinstance(error, CannotDo | Fault):
        return str(error)
    return _of_a_library(error) or _of_the_system(error) or _of_our_own(error)


def _of_the_system(error: BaseException) -> str | None:
    if isinstance(error, MemoryError):
        return "Too much for the memory of this machine: give it in smaller parts."
    if not isinstance(error, OSError):
        return None
    what = f"{error.filename}: " if error.filename else ""
    match error:
        case FileNotFoundError():
            return f"{what}there is no such file or folder."
        case PermissionError():
            return f"{what}this user of the machine may not do that; use a file or folder of your own."
        case ConnectionError() | TimeoutError():
            return "The other side does not answer: look whether it runs and the way to it is open."
    return f"{what}{(error.strerror or 'the system refuses it').rstrip('.')}."


def _of_a_library(error: BaseException) -> str | None:
    """What the libraries say that carepath talks through; one that was never imported has raised nothing."""
    module, told = type(error).__module__, str(getattr(error, "orig", error)).lower()
    if module.startswith("sqlalchemy"):
        if "locked" in told:
            return "The clinic database is locked by another program; nothing was changed. Try again in a moment."
        if "readonly" in told or "read-only" in told:
            return "The clinic database may not be written by this user of the machine; nothing was changed."
        if "full" in told:
            return "The disk of the clinic database is full; nothing was changed."
        return ("The clinic database has not done it; nothing was changed. Look whether CAREPATH_DATABASE names the "
                "right one and it runs, and run `carepath setup`.")  # fmt: skip
    if module.startswith("temporalio"):
        return _of_temporal(error)
    return None


def _of_temporal(error: BaseException) -> str:
    status = getattr(getattr(error, "status", None), "name", "")
    if status in ("UNAVAILABLE", "DEADLINE_EXCEEDED", "CANCELLED"):
        return "The Temporal server does not answer: look whether it runs."
    if status in ("PERMISSION_DENIED", "UNAUTHENTICATED"):
        return "The Temporal server refuses this shell: look at TEMPORAL_API_KEY and TEMPORAL_NAMESPACE."
    if status == "NOT_FOUND":
        return "The Temporal server knows nothing of that name: look at TEMPORAL_NAMESPACE, and run `carepath setup`."
    kind = f" ({status.lower().replace('_', ' ')})" if status else ""
    return f"The Temporal server has refused it{kind}: look at TEMPORAL_NAMESPACE, and run `carepath setup`."


def _of_our_own(error: BaseException) -> str:
    here = Path(__file__).resolve().parent.parent
    frames = [one for one in traceback.extract_tb(error.__traceback__) if one.filename.startswith(str(here))]
    frames = [one for one in frames if "site-packages" not in one.filename.removeprefix(str(here))]
    where = f" at {Path(frames[-1].filename).relative_to(here)}:{frames[-1].lineno}" if frames else ""
    again = " ".join(sys.argv[1:2])
    return (f"carepath itself has a fault{where}, and this could not be done. Set CAREPATH_DEBUG=1 and run `carepath "
            f"{again} …` again to see it whole, for whoever mends it.")  # fmt: skip
