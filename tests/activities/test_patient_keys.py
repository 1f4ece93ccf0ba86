"""One person has one key, however it is spelled (I6)."""

import asyncio
from datetime import date
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.config import Config

from activities.clinic_database import ClinicDatabase, Crosswalk, EpisodeAlreadyOpen, migrate
from activities.clinic_database.engine import MIGRATIONS
from activities.clinic_database.ledger import Ledger
from activities.clinic_database.merging import CannotMerge, Merging
from activities.clinic_database.patients import Patient, Patients
from activities.clinic_database.spelling import BadKey, form_of, written

DAY = date(2026, 1, 5)
SPELLINGS = [
    " X-\u00c41 ",
    "x-\u00e41",
    "X-A\u03081",
    "X-\u00c41\u200b",
    "\ufeffX-\u00c41",
    "X-\u00c41\x00",
    "X-\u00c41\n",
]


@pytest.mark.parametrize(
    "key", ['"X', '9"', 'X"9', '"X-1"', "X\n9", "X\r9", "X\x0b9", "X\u20289", "X\x859", "X\x009"]
)
def test_I6_half_of_a_quoted_cell_and_a_line_break_are_no_key(key: str) -> None:
    with pytest.raises(BadKey, match=r"quotation mark|nobody sees"):
        written(key)


@pytest.mark.parametrize("spelled", SPELLINGS)
async def test_I6_every_spelling_of_a_key_is_the_same_person(database: ClinicDatabase, spelled: str) -> None:
    crosswalk, patients = Crosswalk(database), Patients(database)
    await crosswalk.open_episode("X-\u00c41", "e1", DAY)
    with pytest.raises(EpisodeAlreadyOpen) as refused:
        await crosswalk.open_episode(spelled, "e2", DAY)
    assert refused.value.episode_id == "e1"
    await patients.save(Patient(spelled, given_name="Ada"))
    await crosswalk.save_contact(spelled, "mailto:a@x.example", True)
    found = await patients.of_episode("e1")
    assert found
    assert (found.patient_key, found.given_name) == ("X-\u00c41", "Ada")
    assert await crosswalk.contact_of("e1")
    assert await crosswalk.episodes_of(spelled) == ["e1"]
    assert [one.episode_id for one in await crosswalk.passages_of(spelled)] == ["e1"]
    assert await patients.knows(spelled)
    await patients.stop(spelled)
    stopped = await patients.get("X-\u00c41")
    assert stopped
    assert stopped.stopped_at
    assert await Ledger(database).accounting(spelled) == []
    with pytest.raises(CannotMerge, match="are the same"):
        await Merging(database).merge(spelled, "X-\u00c41", "cm-1")


async def test_I6_keys_that_were_merged_are_found_in_every_spelling(database: ClinicDatabase) -> None:
    crosswalk = Crosswalk(database)
    await crosswalk.open_episode("Old-1", "e1", DAY)
    await Patients(database).save(Patient("New-1"))
    await Merging(database).merge("old-1", "NEW-1", "cm-1")
    assert await crosswalk.open_episode_of(" OLD-1") == "e1"
    assert await Patients(database).keys_of("new-1") == ["New-1", "Old-1"]


@pytest.mark.parametrize(
    ("key", "words"),
    [("", "empty"), ("  ", "empty"), ("X\n9", "nobody sees"), ("X\x009", "nobody sees"), ("X\u200b9", "nobody sees"),
     ("x" * 121, "121 characters")],
)  # fmt: skip
async def test_I6_a_new_key_that_nobody_could_read_is_refused_with_a_sentence(
    database: ClinicDatabase, key: str, words: str
) -> None:
    with pytest.raises(BadKey, match=words):
        await Crosswalk(database).open_episode(key, "e1", DAY)
    with pytest.raises(BadKey, match=words):
        await Patients(database).save(Patient(key))


def test_I6_what_is_printed_otherwise_is_another_key() -> None:
    assert len({form_of(key) for key in ("X-1", "X1", "X-10", "X 1")}) == 4
    assert written(" X-1 ") == "X-1"
    assert form_of("STRA\u00dfE") == form_of("strasse")


async def test_I6_keys_of_before_go_on_each_by_its_own_spelling(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'clinic.sqlite'}"
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["url"] = url
    await asyncio.to_thread(command.upgrade, config, "0009")
    engine = sa.create_engine(url)
    with engine.begin() as connection:
        for episode, key in (("e1", "X-1"), ("e2", "x-1"), ("e3", "Y-1\x00"), ("e4", " Z-1")):
            row = {"episode": episode, "key": key}
            connection.execute(
                sa.text(
                    "INSERT INTO episode (episode_id, patient_key, opened_on) VALUES (:episode, :key, '2026-01-05')"
                ),
                row,
            )
    await asyncio.to_thread(migrate, url)
    database = ClinicDatabase(url.replace("sqlite:", "sqlite+aiosqlite:"))
    crosswalk = Crosswalk(database)
    found = {key: await crosswalk.open_episode_of(key) for key in ("X-1", "x-1", "Y-1", "z-1", "Z-1 ")}
    assert found == {"X-1": "e1", "x-1": "e2", "Y-1": "e3", "z-1": "e4", "Z-1 ": "e4"}
    await Patients(database).save(Patient("Y-1", given_name="Ada"))
    assert (await Patients(database).of_episode("e3") or Patient("")).given_name == "Ada"
    await database.close()
