"""The clinic database keeps the journal: in its order, once, and for ever (T2, T3)."""

import asyncio
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from temporalio.exceptions import ApplicationError

from activities.clinic_database import ClinicDatabase
from activities.clinic_database.journal import Contradiction, Journal, OtherKey
from activities.clinic_database.journal_chain import Key
from activities.keep_journal import JournalKeeper
from tests.databases import JOURNAL_KEY
from worker.codec.at_rest import AtRest
from worker.codec.keys import add_key, load_keys
from worker.errors import CannotDo
from workflows.core.engine.lines import canonical
from workflows.ports.journal import CONTRADICTION, JournalLines

OF = "episode-e1"
LINES = [canonical({"acts": [{"act": "asked_anew", "task_id": f"task-{n}", "é": "ü"}]}) for n in range(5)]


@pytest.fixture
def journal(database: ClinicDatabase) -> Journal:
    return Journal(database, JOURNAL_KEY)


async def change(database: ClinicDatabase, *statements: str) -> None:
    """Change what is kept, as somebody could who may write the database: its triggers are put aside first."""
    async with database.transaction() as session:
        if database.dialect == "postgresql":
            await session.execute(text("ALTER TABLE journal_line DISABLE TRIGGER ALL"))
        else:
            for name in ("refuses_update", "refuses_delete", "replaces_nothing"):
                await session.execute(text(f"DROP TRIGGER journal_{name}"))
        for statement in statements:
            await session.execute(text(statement))


async def test_T3_lines_are_kept_in_their_order_and_read_as_they_were(journal: Journal) -> None:
    assert await journal.keep(OF, 0, LINES[:2]) == 2
    assert await journal.keep(OF, 2, LINES[2:]) == 5
    assert [canonical(line) for line in await journal.lines(OF)] == LINES
    assert (await journal.verify()).problems == ()
    assert await journal.lines("episode-e2") == []


async def test_T4_what_is_kept_twice_is_kept_once(journal: Journal) -> None:
    await journal.keep(OF, 0, LINES[:3])
    assert await journal.keep(OF, 0, LINES[:3]) == 3
    assert await journal.keep(OF, 1, LINES[1:5]) == 5, "half of it was there, as after a crash"
    assert await journal.keep(OF, 2, LINES[2:3]) == 5
    assert await journal.count(OF) == 5


async def test_T3_another_content_under_a_number_is_refused_and_nothing_is_kept(journal: Journal) -> None:
    await journal.keep(OF, 0, LINES[:2])
    with pytest.raises(Contradiction, match=r"line 1 of episode-e1 .* says something else"):
        await journal.keep(OF, 1, [LINES[3], LINES[2]])
    with pytest.raises(Contradiction, match="has 2 lines of episode-e1, and those between are missing"):
        await journal.keep(OF, 4, LINES[4:])
    assert await journal.count(OF) == 2


async def test_T3_many_writers_make_one_chain(journal: Journal) -> None:
    await asyncio.gather(*(journal.keep(OF, 0, LINES[: n + 1]) for n in (0, 4, 2, 4, 1)))
    assert await journal.count(OF) == 5
    assert (await journal.verify()).problems == ()


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE journal_line SET line = 'x' WHERE number = 1",
        "DELETE FROM journal_line WHERE number = 1",
        "INSERT OR REPLACE INTO journal_line SELECT id, workflow_id, number, 'x', is_encrypted, previous, seal, "
        "key_id, kept_at FROM journal_line WHERE number = 1",
        "TRUNCATE journal_line",
    ],
)
async def test_T3_the_database_itself_refuses_to_change_a_line(
    statement: str, database: ClinicDatabase, journal: Journal
) -> None:
    is_postgresql = database.dialect == "postgresql"
    if ("REPLACE" in statement and is_postgresql) or ("TRUNCATE" in statement and not is_postgresql):
        pytest.skip("this database does not know it")
    await journal.keep(OF, 0, LINES)
    with pytest.raises(DBAPIError, match="the journal only grows"):
        async with database.transaction() as session:
            await session.execute(text(statement))
    assert [canonical(line) for line in await journal.lines(OF)] == LINES


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        (
            "UPDATE journal_line SET line = '{}' WHERE number = 1",
            "episode-e1: line 1 is not what was written",
        ),
        ("DELETE FROM journal_line WHERE number = 1", "episode-e1: line 1 is missing"),
        ("DELETE FROM journal_line WHERE number < 2", "episode-e1: lines 0 to 1 are missing"),
        (
            "UPDATE journal_line SET workflow_id = 'episode-e1', number = 5 WHERE workflow_id = 'episode-e2' "
            "AND number = 0",
            "episode-e1: line 5 is not what was written",
        ),
    ],
)
async def test_T3_what_went_around_that_is_seen(
    statement: str, said: str, database: ClinicDatabase, journal: Journal
) -> None:
    await journal.keep(OF, 0, LINES)
    await journal.keep("episode-e2", 0, LINES[:2])
    await change(database, statement)
    assert any(one.startswith(said) for one in (await journal.verify()).problems)


async def test_T3_an_end_that_was_cut_off_changes_what_was_noted(
    database: ClinicDatabase, journal: Journal
) -> None:
    await journal.keep(OF, 0, LINES)
    before = await journal.verify(OF)
    await change(database, "DELETE FROM journal_line WHERE number = 4")
    after = await journal.verify(OF)
    assert (after.problems, after.lines) == ((), 4)
    assert before.digest != after.digest


async def test_another_key_is_told_and_nothing_is_written_under_it(
    database: ClinicDatabase, journal: Journal
) -> None:
    await journal.keep(OF, 0, LINES[:1])
    other = Journal(database, Key(b"another key of the tests, of 32."))
    with pytest.raises(OtherKey, match=JOURNAL_KEY.id):
        await other.check_key()
    with pytest.raises(OtherKey):
        await other.keep(OF, 1, LINES[1:])
    assert await journal.count(OF) == 1
    await journal.check_key()


async def test_P1_where_the_clinic_encrypts_the_journal_is_encrypted(
    database: ClinicDatabase, tmp_path: Path
) -> None:
    file = tmp_path / "codec.keys"
    add_key(file, "2026")
    closed = Journal(database, JOURNAL_KEY, AtRest(load_keys(file)))
    await closed.keep(OF, 0, LINES[:2])
    await closed.keep(OF, 0, LINES[:3])
    async with database.transaction() as session:
        kept = list(await session.scalars(text("SELECT line FROM journal_line")))
    assert all(one.startswith("2026:") and "asked_anew" not in one for one in kept)
    assert [canonical(line) for line in await closed.lines(OF)] == LINES[:3]
    assert (await closed.verify()).problems == ()
    with pytest.raises(OtherKey, match="CAREPATH_CODEC"):
        await Journal(database, JOURNAL_KEY).lines(OF)
    await change(database, "UPDATE journal_line SET line = '2026:AAAA' WHERE number = 0")
    with pytest.raises(CannotDo, match="was changed"):
        await closed.lines(OF)


async def test_a_journal_that_was_plain_goes_on_encrypted(database: ClinicDatabase, tmp_path: Path) -> None:
    file = tmp_path / "codec.keys"
    add_key(file, "2026")
    await Journal(database, JOURNAL_KEY).keep(OF, 0, LINES[:2])
    closed = Journal(database, JOURNAL_KEY, AtRest(load_keys(file)))
    assert await closed.keep(OF, 0, LINES) == 5
    assert [canonical(line) for line in await closed.lines(OF)] == LINES
    assert (await closed.verify()).problems == ()


async def test_the_activity_says_in_words_why_it_keeps_nothing(journal: Journal) -> None:
    keeper = JournalKeeper(journal)
    assert (await keeper.keep_journal(JournalLines(workflow_id=OF, first=0, lines=LINES[:1]))).lines == 1
    with pytest.raises(ApplicationError, match="says something else") as refused:
        await keeper.keep_journal(JournalLines(workflow_id=OF, first=0, lines=LINES[1:2]))
    assert (refused.value.type, refused.value.non_retryable) == (CONTRADICTION, True)
