"""Commands on patients: they need no server, and keep nothing that could not be used."""

import json

import pytest

from tests.databases import make_database
from tests.typed import carepath
from worker.settings import Settings


@pytest.fixture(autouse=True)
def _there_is_a_clinic(clinic_settings: Settings) -> None:
    make_database(clinic_settings.database)


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


def test_a_key_that_was_merged_is_shown_with_the_key_under_which_the_person_goes_on(
    clinic_settings: Settings,
) -> None:
    def said(*arguments: str) -> str:
        done = carepath(*arguments, settings=clinic_settings)
        assert done.returncode == 0, done.stderr
        return done.stdout

    for key, phone in (("MRN-1", "555-0101"), ("MRN-2", "555-0102")):
        said("patient", "save", key, "--phone", phone)
    said("patient", "merge", "MRN-1", "MRN-2", "--by", "su-1")
    shown = said("patient", "show", "MRN-1")
    assert "MRN-1 was merged into MRN-2" in shown
    assert json.loads(said("patient", "show", "MRN-1", "--json"))["merged_into"] == "MRN-2"
    assert json.loads(said("patient", "show", "MRN-2", "--json"))["merged_from"] == ["MRN-1"]
    assert "Kept under MRN-2, into which MRN-1 was merged." in said(
        "patient", "save", "MRN-1", "--phone", "555-0103"
    )
    said("patient", "unmerge", "MRN-1", "--by", "su-1")
    assert "merged" not in said("patient", "show", "MRN-1")
