"""Telling medical personnel in an emergency, as whoever is on call does it: no server, on record at once (P6)."""

import asyncio
import json
import sqlite3
import subprocess
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from activities.clinic_database import ClinicDatabase, Crosswalk
from activities.clinic_database.ledger import Ledger, Line, append
from activities.clinic_database.outbox import row_of
from tests.activities.http_server import Answering, answering
from tests.databases import make_database
from tests.typed import carepath
from worker.database_url import sqlite_file
from worker.journal_key import load_journal_key, make_journal_key
from worker.settings import Settings

SAID = {
    "--recipient": "Dr. B. Example",
    "--profession": "physician",
    "--facility": "Example General Hospital",
    "--nature": "overdose",
    "--content": "identity",
    "--by": "nu-1",
}


@pytest.fixture
def hospital() -> Iterator[Answering]:
    with answering() as server:
        yield server


@pytest.fixture
def settings(
    clinic_settings: Settings, hospital: Answering, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Settings:
    book = tmp_path / "agencies.yaml"
    channel = {"type": "webhook", "url": f"http://{hospital.address}/", "secret_env": "HOSPITAL_SECRET"}
    office = {"name": "Office of Care Coordination", "address": "100 Main Street", "phone": "555-0100"}
    agencies: list[dict[str, object]] = [
        {"id": "hospital-1", "name": "Example Hospital", "address": "1 Hill Street", "medical": True},
        {"id": "pantry-1", "name": "Example Pantry", "address": "1 Main Street"},
    ]
    book.write_text(
        json.dumps({"office": office, "agencies": [{**one, "channel": channel} for one in agencies]})
    )
    monkeypatch.setenv("HOSPITAL_SECRET", "secret")
    make_database(clinic_settings.database)

    async def begin() -> None:
        await make_journal_key(clinic_settings)
        database = ClinicDatabase(clinic_settings.database)
        await Crosswalk(database).open_episode("MRN-1", "e1", date(2026, 1, 5))
        await database.close()

    asyncio.run(begin())
    return clinic_settings.model_copy(update={"agencies": book})


def tells(settings: Settings, *more: str, **changed: str) -> subprocess.CompletedProcess[str]:
    said = SAID | {f"--{name}": value for name, value in changed.items()}
    options = [part for pair in said.items() for part in pair]
    return carepath("emergency", "e1", *options, *more, settings=settings)


def accounting(settings: Settings) -> str:
    return carepath("accounting", "MRN-1", settings=settings).stdout


def test_P6_what_was_told_by_telephone_is_on_record_with_its_four_fields(settings: Settings) -> None:
    told = tells(settings, "--at", "2026-03-31T18:05", content="referral")
    assert (told.returncode, told.stdout) == (0, "It is on record.\n")
    (line,) = json.loads(carepath("accounting", "MRN-1", "--json", settings=settings).stdout)
    assert (line["basis"], line["state"], line["purpose"]) == ("emergency", "sent", "medical emergency")
    assert line["content"] == ["contact", "identity", "service_need"]
    assert line["at"].startswith("2026-03-31T18:05")
    for words in ("Dr. B. Example", "physician", "Example General Hospital", "overdose", "nu-1"):
        assert words in line["detail"].values()
    assert "physician" in accounting(settings)


def test_P6_what_is_sent_goes_over_the_agencys_channel_once(settings: Settings, hospital: Answering) -> None:
    told = tells(settings, "--agency", "hospital-1")
    assert (told.returncode, "Sent to hospital-1" in told.stdout) == (0, True), told.stderr
    assert len(hospital.taken) == 1
    assert "overdose" in accounting(settings)


@pytest.mark.parametrize(
    ("more", "changed", "words"),
    [
        ((), {"profession": "police"}, "police"),
        (("--agency", "pantry-1"), {}, "only medical personnel are told, and pantry-1 is none"),
        (("--agency", "nobody-1"), {}, "nobody-1"),
        ((), {"nature": " "}, "nature"),
        ((), {"by": "nobody"}, "staff id nobody"),
        (("--at", "tomorrow"), {}, "is no time"),
        (("--at", "2999-01-01T00:00"), {}, "lies ahead"),
        (("--at", "2026-01-01T00:00", "--agency", "hospital-1"), {}, "--at"),
    ],
)
def test_P6_what_may_not_be_told_so_is_refused_and_nothing_is_written(
    settings: Settings, hospital: Answering, more: tuple[str, ...], changed: dict[str, str], words: str
) -> None:
    told = tells(settings, *more, **changed)
    assert told.returncode != 0
    assert words in told.stderr
    assert "Traceback" not in told.stderr
    assert hospital.taken == []
    assert "No disclosure" in accounting(settings)


def test_an_unknown_episode_is_no_patient(settings: Settings) -> None:
    said = [part for pair in SAID.items() for part in pair]
    told = carepath("emergency", "e9", *said, settings=settings)
    assert (told.returncode, "knows no such episode" in told.stderr) == (1, True)


def test_P9_a_person_states_whether_an_uncertain_one_has_arrived(
    settings: Settings, hospital: Answering
) -> None:
    hospital.statuses[:] = [502]
    told = tells(settings, "--agency", "hospital-1")
    assert (told.returncode, "Nobody knows whether it arrived" in told.stdout) == (0, True), told.stderr
    ((patient, key),) = _uncertain(settings)
    assert patient == "MRN-1"
    for _ in range(2):
        done = carepath("ledger", "reconcile", key, "--not-arrived", "--by", "nu-1", settings=settings)
        assert "Traceback" not in done.stderr
    assert (done.returncode, "no sending of that key is uncertain" in done.stderr) == (1, True)
    assert _uncertain(settings) == []
    assert "No disclosure" in accounting(settings)
    assert "--arrived" in carepath("ledger", "reconcile", "--help", settings=settings).stdout


@pytest.mark.parametrize(("key", "code"), [("r1:t1:1", 1), ("r1:t1:1:cancellation", 0)])
def test_P9_what_a_referral_does_not_wait_for_is_reconciled_here(
    settings: Settings, hospital: Answering, key: str, code: int
) -> None:
    async def begin() -> None:
        database = ClinicDatabase(settings.database)
        async with database.transaction() as session:
            row = await row_of(session, key, episode_id="e1", kind="cancellation", recipient="pantry-1")
            row.state = "uncertain"
            await append(
                session, load_journal_key(settings), "MRN-1", Line(key, "uncertain", "system", "pantry-1")
            )
        await database.close()

    asyncio.run(begin())
    done = carepath("ledger", "reconcile", key, "--arrived", "--by", "nu-1", settings=settings)
    assert done.returncode == code, done.stderr
    assert _uncertain(settings) == ([("MRN-1", key)] if code else [])


def test_P8_a_head_is_written_and_the_ledger_held_against_it_by_commands(
    settings: Settings, tmp_path: Path
) -> None:
    tells(settings, "--at", "2026-03-31T18:05", content="referral")
    head = tmp_path / "head.json"
    assert carepath("ledger", "head", "--out", str(head), settings=settings).returncode == 0
    tells(settings, "--at", "2026-03-31T18:10", content="referral")
    found = carepath("ledger", "verify", "--since", str(head), settings=settings)
    assert (found.returncode, "It has grown by 2 lines since the head of" in found.stdout) == (0, True), found
    assert "the triggers that refuse it are there" in found.stdout
    assert json.loads(
        carepath("ledger", "verify", "--since", str(head), "--json", settings=settings).stdout
    )["grown"] == 2  # fmt: skip
    with sqlite3.connect(sqlite_file(settings.database) or "") as database:
        database.execute("DROP TRIGGER ledger_refuses_delete")
        database.execute("DELETE FROM disclosure_ledger")
    refused = carepath("ledger", "verify", "--since", str(head), settings=settings)
    assert refused.returncode == 1
    assert "the trigger ledger_refuses_delete is gone" in refused.stderr
    assert "lines 0 to 1 are gone" in " ".join(refused.stderr.split())
    refused = carepath("ledger", "head", settings=settings)
    assert (refused.returncode, "No head is written" in refused.stderr) == (1, True)
    head.write_text("no head")
    refused = carepath("ledger", "verify", "--since", str(head), settings=settings)
    assert (refused.returncode, "is no head of a ledger" in refused.stderr) == (1, True)


def _uncertain(settings: Settings) -> list[tuple[str, str]]:
    async def read() -> list[tuple[str, str]]:
        database = ClinicDatabase(settings.database)
        try:
            return await Ledger(database).uncertain()
        finally:
            await database.close()

    return asyncio.run(read())
