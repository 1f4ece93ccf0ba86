"""The key of the journal: made once, closed to others, and never made anew beside what it has sealed (T3)."""

import asyncio
import stat

import pytest

from activities.clinic_database import ClinicDatabase
from activities.clinic_database.journal import Journal
from tests.databases import make_database
from worker.errors import CannotDo
from worker.journal_key import key_file, load_journal_key, make_journal_key
from worker.settings import Settings


@pytest.fixture
def settings(clinic_settings: Settings) -> Settings:
    make_database(clinic_settings.database)
    return clinic_settings


def keep_a_line(settings: Settings) -> None:
    async def keep() -> None:
        database = ClinicDatabase(settings.database)
        await Journal(database, load_journal_key(settings)).keep("episode-e1", 0, ["{}"])
        await database.close()

    asyncio.run(keep())


def test_it_is_made_once_and_belongs_to_its_owner_alone(settings: Settings) -> None:
    said = asyncio.run(make_journal_key(settings))
    assert "keep a copy" in said[0]
    assert stat.S_IMODE(key_file(settings).stat().st_mode) == 0o600
    key = load_journal_key(settings)
    assert asyncio.run(make_journal_key(settings)) == []
    assert load_journal_key(settings) == key


def test_a_missing_key_is_not_replaced_where_a_journal_was_sealed_with_it(settings: Settings) -> None:
    asyncio.run(make_journal_key(settings))
    keep_a_line(settings)
    key_file(settings).unlink()
    with pytest.raises(CannotDo, match=r"missing.*Put it back from your backup"):
        asyncio.run(make_journal_key(settings))
    assert not key_file(settings).exists()


def test_another_key_is_refused_in_words(settings: Settings) -> None:
    asyncio.run(make_journal_key(settings))
    keep_a_line(settings)
    written = key_file(settings).read_text("utf-8")
    key_file(settings).write_text("A" + written[1:] if written[0] != "A" else "B" + written[1:], "utf-8")
    with pytest.raises(CannotDo, match="is not the key of this clinic's journal"):
        asyncio.run(make_journal_key(settings))


def test_a_key_that_is_open_to_others_is_refused(settings: Settings) -> None:
    asyncio.run(make_journal_key(settings))
    key_file(settings).chmod(0o644)
    with pytest.raises(CannotDo, match="chmod 600"):
        load_journal_key(settings)


@pytest.mark.parametrize("content", ["", "no base64 at all!", "c2hvcnQ="])
def test_what_is_no_key_is_refused_and_never_shown(settings: Settings, content: str) -> None:
    asyncio.run(make_journal_key(settings))
    key_file(settings).write_text(content, "utf-8")
    with pytest.raises(CannotDo, match=r"is no key|cannot be") as refused:
        load_journal_key(settings)
    assert not content or content not in str(refused.value)
