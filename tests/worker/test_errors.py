"""Whatever goes wrong, the person at the keyboard reads a sentence, and no name of a class (F1)."""

import sqlite3
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy.exc
from temporalio.client import RPCError
from temporalio.service import RPCStatusCode

from worker import cli
from worker.errors import CannotDo, in_words


def raised(error: BaseException) -> BaseException:
    """An error as it is when it has been raised."""
    try:
        raise error
    except BaseException as caught:
        return caught


def locked() -> Exception:
    return sqlalchemy.exc.OperationalError(
        "SELECT Ada", {"name": "Ada"}, sqlite3.OperationalError("database is locked")
    )


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (
            PermissionError(13, "Permission denied", "/srv/x"),
            "/srv/x: this user of the machine may not do that",
        ),
        (FileNotFoundError(2, "No such file or directory", "x.csv"), "x.csv: there is no such file"),
        (ProcessLookupError(3, "No such process"), "No such process"),
        (OSError(28, "No space left on device", "x"), "x: No space left on device"),
        (ConnectionRefusedError(), "does not answer"),
        (TimeoutError(), "does not answer"),
        (MemoryError(), "smaller parts"),
        (
            ExceptionGroup("several", [ExceptionGroup("more", [CannotDo("The row is wrong.")])]),
            "The row is wrong.",
        ),
        (ExceptionGroup("several", [locked()]), "locked by another program"),
        (locked(), "locked by another program"),
        (
            sqlalchemy.exc.ProgrammingError("SELECT Ada", {}, Exception("no such table")),
            "run `carepath setup`",
        ),
        (RPCError("x", RPCStatusCode.UNAVAILABLE, b""), "does not answer"),
        (RPCError("x", RPCStatusCode.PERMISSION_DENIED, b""), "TEMPORAL_API_KEY"),
        (RPCError("x", RPCStatusCode.NOT_FOUND, b""), "TEMPORAL_NAMESPACE"),
        (RPCError("x", RPCStatusCode.INTERNAL, b""), "(internal)"),
        (KeyError("Ada"), "carepath itself has a fault"),
        (RecursionError(), "carepath itself has a fault"),
    ],
)
def test_an_error_is_a_sentence_that_names_no_class_and_no_patient(error: BaseException, words: str) -> None:
    told = in_words(raised(error))
    assert words in told
    assert type(error).__name__ not in told
    assert "Ada" not in told
    assert told.endswith(".")


def test_a_fault_of_our_own_says_where_it_is() -> None:
    with pytest.raises(KeyError) as caught:
        cli.COMMANDS["nothing"]
    assert "carepath itself has a fault" in in_words(caught.value)


def test_the_command_line_says_it_and_ends_with_one(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    def breaks(error: BaseException) -> Any:
        def app() -> None:
            raise error

        return app

    monkeypatch.delenv("CAREPATH_DEBUG", raising=False)
    for error in (KeyboardInterrupt(), KeyError("x"), ExceptionGroup("x", [ValueError("y")]), locked()):
        monkeypatch.setattr(cli, "app", breaks(error))
        assert cli._run() == 1
        told = capsys.readouterr().err
        assert type(error).__name__ not in told
        assert told.strip().endswith(".")
