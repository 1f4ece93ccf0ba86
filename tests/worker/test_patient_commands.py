"""Commands on patients: they need no server, and keep nothing that could not be used."""

import pytest

from activities.clinic_database import migrate
from tests.typed import carepath
from worker.settings import Settings


@pytest.fixture(autouse=True)
def _there_is_a_clinic(clinic_settings: Settings) -> None:
    migrate(clinic_settings.database)


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("--phone", "call me"),
        ("--email", "ada"),
        ("--language", "spanish"),
        ("--channel", "my brother"),
        ("--channel", "http://anywhere.example/inbox"),
        ("--channel", "json://anywhere.example"),
        ("--channel", "https://169.254.169.254/latest"),
        ("--channel", "https://192.168.0.7/"),
        ("--birth-date", "yesterday"),
        ("--birth-date", "2999-01-01"),
        ("--birth-date", "0188-04-02"),
        ("--timezone", "Mars/Base"),
        ("--quiet", "25:00-07:00"),
        ("--near", "here"),
    ],
)
def test_what_could_not_be_used_is_refused_and_nothing_is_kept(
    clinic_settings: Settings, option: str, value: str
) -> None:
    saved = carepath(
        "patient", "save", "MRN-1", "--given-name", "Ada", option, value, settings=clinic_settings
    )
    assert (saved.returncode, saved.stderr.startswith(option), "Traceback" in saved.stderr) == (
        1,
        True,
        False,
    )
    assert carepath("patient", "show", "MRN-1", settings=clinic_settings).returncode == 1


def test_a_mistyped_key_is_nobody(clinic_settings: Settings) -> None:
    kept = carepath("patient", "save", "MRN-1", "--phone", "555-0101", settings=clinic_settings)
    assert kept.returncode == 0, kept.stderr
    assert carepath("patient", "stop", "MRN-1", settings=clinic_settings).returncode == 0
    assert "No disclosure" in carepath("accounting", "MRN-1", settings=clinic_settings).stdout
    for command in (("patient", "stop"), ("accounting",)):
        wrong = carepath(*command, "MRN-l", settings=clinic_settings)
        assert (wrong.returncode, "Nothing is on file for MRN-l" in wrong.stderr) == (1, True)


def test_nothing_is_kept_of_nobody_and_nothing_of_nothing(clinic_settings: Settings) -> None:
    for arguments, words in ((("", "--given-name", "Ada"), "key is empty"), (("MRN-1",), "nothing to keep")):
        refused = carepath("patient", "save", *arguments, settings=clinic_settings)
        assert (refused.returncode, words in refused.stderr) == (1, True)


@pytest.mark.parametrize(
    "url", ["nonsense", "postgresql+asyncpg://x:secret@127.0.0.1:1/x", "sqlite+aiosqlite:////proc/x/y.db"]
)
def test_a_database_that_cannot_be_opened_is_said_without_its_password(
    clinic_settings: Settings, url: str
) -> None:
    away = clinic_settings.model_copy(update={"database": url})
    refused = carepath("accounting", "MRN-1", settings=away)
    assert (refused.returncode, "CAREPATH_DATABASE: " in refused.stderr) == (1, True), refused
    assert "secret" not in refused.stderr
