"""The ledger only grows, its chain shows what was changed around it, and the accounting is right (P8)."""

import asyncio
import json
from importlib import import_module

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from temporalio.exceptions import ApplicationError

from activities.clinic_database import ClinicDatabase
from activities.clinic_database.journal import OtherKey
from activities.clinic_database.journal_chain import Key
from activities.clinic_database.ledger import BEGINNING, Ledger, Line, append, hash_of
from activities.clinic_database.ledger_chain import NoHead, head_of
from activities.clinic_database.ledger_tables import LedgerRow
from activities.clinic_database.ledger_verifying import Verifier
from activities.clinic_database.migrations import versions
from tests.activities.disclosure.clinic import Clinic, agency_server, wanted
from tests.databases import JOURNAL_KEY


@pytest.fixture
async def ledger(database: ClinicDatabase) -> Verifier:
    for number in range(3):
        await _write(database, f"k{number}")
    return Verifier(database, JOURNAL_KEY)


async def _write(database: ClinicDatabase, key: str, patient: str = "MRN-1", what: str = "sending") -> None:
    async with database.transaction() as session:
        line = Line(key, what, "system", "food-1", "Example Pantry", "1 Main Street", "referral", ("identity",),
                    "consent", "c1")  # fmt: skip
        await append(session, JOURNAL_KEY, patient, line)


@pytest.mark.parametrize(
    "statement", ["UPDATE disclosure_ledger SET line = '{}'", "DELETE FROM disclosure_ledger"]
)
async def test_P8_a_line_is_neither_changed_nor_deleted(
    database: ClinicDatabase, ledger: Verifier, statement: str
) -> None:
    with pytest.raises(DBAPIError, match="only grows"):
        async with database.transaction() as session:
            await session.execute(text(statement))
    assert (await ledger.verify()).problems == ()


async def _around_the_trigger(database: ClinicDatabase, *statements: str) -> None:
    """Change what is kept, as somebody could who may change the schema: the triggers are put back, too."""
    async with database.transaction() as session:
        if session.get_bind().dialect.name == "postgresql":
            for table in ("disclosure_ledger", "ledger_head"):
                await session.execute(text(f"ALTER TABLE {table} DISABLE TRIGGER USER"))
            for statement in statements:
                await session.execute(text(statement))
            for table in ("disclosure_ledger", "ledger_head"):
                await session.execute(text(f"ALTER TABLE {table} ENABLE TRIGGER USER"))
            return
        triggers = (await session.execute(text(f"{TRIGGERS} AND tbl_name LIKE '%ledger%'"))).all()
        for name, _ in triggers:
            await session.execute(text(f"DROP TRIGGER {name}"))
        for statement in statements:
            await session.execute(text(statement))
        for _, sql in triggers:
            await session.execute(text(sql))


TRIGGERS = "SELECT name, sql FROM sqlite_master WHERE type = 'trigger'"


@pytest.mark.parametrize(
    ("statement", "problem"),
    [
        (
            "UPDATE disclosure_ledger SET line = replace(line, 'food-1', 'food-2') WHERE id = 2",
            "line 1 is not what was written",
        ),
        ("DELETE FROM disclosure_ledger WHERE id = 2", "line 1 is missing"),
        ("UPDATE disclosure_ledger SET patient_key = 'MRN-2' WHERE id = 3", "line 2 is not what was written"),
    ],
)
async def test_P8_what_was_changed_around_the_trigger_is_found(
    database: ClinicDatabase, ledger: Verifier, statement: str, problem: str
) -> None:
    await _around_the_trigger(database, statement)
    assert any(problem in found for found in (await ledger.verify()).problems)


async def test_P8_a_chain_that_was_cut_off_has_another_digest(
    database: ClinicDatabase, ledger: Verifier
) -> None:
    noted = (await ledger.verify()).digest
    await _around_the_trigger(database, "DELETE FROM disclosure_ledger WHERE id = 3")
    verified = await ledger.verify()
    assert (verified.problems, verified.digest == noted) == ((), False)


async def test_P8_since_a_head_the_ledger_has_grown_or_it_is_said_what_is_gone(
    database: ClinicDatabase, ledger: Verifier
) -> None:
    head = head_of(JOURNAL_KEY, await ledger.head())
    assert (await ledger.verify(head)).grown == 0
    await _write(database, "k3")
    await _write(database, "k4")
    verified = await ledger.verify(head)
    assert (verified.problems, verified.grown, verified.heads) == ((), 2, 1)
    second = head_of(JOURNAL_KEY, await ledger.head())
    assert second.previous == head.seal
    await _around_the_trigger(database, "DELETE FROM disclosure_ledger WHERE number > 2")
    (problem,) = (await ledger.verify(second)).problems
    assert "there were 5 lines, and lines 3 to 4 are gone: the end was cut off" in problem
    # Whoever takes the head away as well leaves the one that was noted elsewhere.
    await _around_the_trigger(database, "DELETE FROM ledger_head WHERE number = 1")
    assert (await ledger.verify()).problems == ()
    found = (await ledger.verify(second)).problems
    assert "the head that was given is not among those of the database" in found
    assert any("lines 3 to 4 are gone" in one for one in found)


async def test_P8_a_ledger_that_was_written_again_from_its_middle_is_not_the_one_of_the_head(
    database: ClinicDatabase, ledger: Verifier
) -> None:
    head = head_of(JOURNAL_KEY, await ledger.head())
    await _around_the_trigger(
        database, "DELETE FROM disclosure_ledger WHERE number = 2", "DELETE FROM ledger_head"
    )
    await _write(database, "another")  # as after a backup that was too old, with the key at hand
    found = (await ledger.verify(head)).problems
    assert any("line 2 is another one now: it was replaced" in one for one in found)


async def test_P8_a_head_that_was_changed_is_none(ledger: Verifier) -> None:
    noted = json.loads(await ledger.head())
    for changed, said in (
        ({"line": noted["line"].replace('"lines": 3', '"lines": 2')}, "it was changed"),
        ({"key_id": "0" * 16}, "another key"),
        ({"line": "{}"}, "is no head"),
    ):
        with pytest.raises(NoHead, match=said):
            head_of(JOURNAL_KEY, json.dumps(noted | changed))
    with pytest.raises(NoHead, match="is no head"):
        head_of(JOURNAL_KEY, "no head")


async def test_P8_heads_are_kept_in_a_chain_of_their_own(database: ClinicDatabase, ledger: Verifier) -> None:
    await ledger.head()
    await ledger.head()
    for statement in ("UPDATE ledger_head SET line = '{}'", "DELETE FROM ledger_head"):
        with pytest.raises(DBAPIError, match="only grows"):
            async with database.transaction() as session:
                await session.execute(text(statement))
    await _around_the_trigger(database, "UPDATE ledger_head SET line = '{}' WHERE number = 0")
    assert (await ledger.verify()).problems == ("heads: line 0 is not what was written; it was changed",)


async def test_P8_whoever_has_not_the_key_can_write_no_line(
    database: ClinicDatabase, ledger: Verifier
) -> None:
    """The hash chain alone could be computed by everybody: that is what the seals are for."""
    line = json.dumps({"key": "k9", "what": "sent"})
    async with database.transaction() as session:
        last = await session.scalar(text("SELECT hash FROM disclosure_ledger WHERE id = 3"))
        values = {"line": line, "previous": last, "hash": hash_of("MRN-1", str(last), line)}
        await session.execute(
            text(
                "INSERT INTO disclosure_ledger (id, patient_key, line, previous, hash) "
                "VALUES (4, 'MRN-1', :line, :previous, :hash)"
            ),
            values,
        )
    (problem,) = (await ledger.verify()).problems
    assert problem == "the line with id 4 has no seal: it was added by somebody without the clinic's key"
    with pytest.raises(OtherKey, match=JOURNAL_KEY.id):
        async with database.transaction() as session:
            await append(session, Key(b"o" * 32), "MRN-1", Line("k9", "sent", "system"))


@pytest.mark.parametrize("number", [0, 2])
async def test_P8_a_line_is_not_replaced_by_an_insert(
    database: ClinicDatabase, ledger: Verifier, number: int
) -> None:
    """SQLite takes the old line away for INSERT OR REPLACE without a word to a trigger on DELETE."""
    if database.dialect == "postgresql":
        pytest.skip("PostgreSQL has no such statement")
    columns = "id, patient_key, line, previous, hash, number, sealed_after, seal, key_id"
    changed = columns.replace("line", "'{}'", 1)
    with pytest.raises(DBAPIError, match="only grows"):
        async with database.transaction() as session:
            await session.execute(
                text(
                    f"INSERT OR REPLACE INTO disclosure_ledger ({columns}) "
                    f"SELECT {changed} FROM disclosure_ledger WHERE number = {number}"
                )
            )
    assert (await ledger.verify()).problems == ()


ON_SQLITE = (
    "DROP TRIGGER ledger_refuses_update",
    "DROP TRIGGER ledger_replaces_nothing",
    "DROP TRIGGER heads_refuse_delete",
)
ON_POSTGRESQL = (
    "ALTER TABLE disclosure_ledger DISABLE TRIGGER ledger_keeps_its_lines",
    "DROP TRIGGER ledger_is_not_emptied ON disclosure_ledger",
    "CREATE OR REPLACE FUNCTION ledger_only_grows() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$",
)


@pytest.mark.parametrize("number", range(3))
async def test_P8_that_the_triggers_are_there_is_verified(
    database: ClinicDatabase, ledger: Verifier, number: int
) -> None:
    assert (await ledger.verify()).problems == ()
    async with database.transaction() as session:
        statements = ON_POSTGRESQL if database.dialect == "postgresql" else ON_SQLITE
        await session.execute(text(statements[number]))
    problem = (await ledger.verify()).problems[0]
    assert "the database no longer refuses to rewrite lines" in problem


async def _from_before(database: ClinicDatabase) -> None:
    """Lines as they were written before there were seals: each with the hash of the one before it."""
    async with database.transaction() as session:
        for patient in ("MRN-1", "MRN-2"):
            previous = BEGINNING
            for number in range(2):
                line = json.dumps({"key": f"{patient}-{number}", "what": "sending"})
                hash_ = hash_of(patient, previous, line)
                session.add(LedgerRow(patient_key=patient, line=line, previous=previous, hash=hash_))
                await session.flush()
                previous = hash_


async def test_P8_what_is_from_before_there_were_seals_is_sealed_once_and_says_so(
    database: ClinicDatabase,
) -> None:
    await _from_before(database)
    ledger = Verifier(database, JOURNAL_KEY)
    assert len((await ledger.verify()).problems) == 4
    assert [await ledger.carried_over() for _ in range(2)] == [4, 0]
    assert (await ledger.verify()).problems == ()
    await _write(database, "k0")
    verified = await ledger.verify()
    assert (verified.problems, verified.lines, verified.chains) == ((), 6, 2)
    assert [key for _, key in await Ledger(database).uncertain()] == [
        "MRN-1-0", "MRN-1-1", "MRN-2-0", "MRN-2-1", "k0",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("statement", "problem"),
    [
        (
            "DELETE FROM disclosure_ledger WHERE id = 4",
            "the 3 lines from before there were seals are not those",
        ),
        (
            "DELETE FROM disclosure_ledger WHERE id < 3",
            "the 2 lines from before there were seals are not those",
        ),
        (
            "UPDATE disclosure_ledger SET line = '{}' WHERE id = 2",
            "the line with id 2 is not what was written",
        ),
        ("DELETE FROM disclosure_ledger WHERE number = 0", "has no seal"),
    ],
)
async def test_P8_lines_that_were_sealed_later_are_held_too(
    database: ClinicDatabase, statement: str, problem: str
) -> None:
    await _from_before(database)
    ledger = Verifier(database, JOURNAL_KEY)
    await _write(database, "k0")  # whoever writes first seals them, if nobody has
    assert (await ledger.verify()).problems == ()
    await _around_the_trigger(database, statement)
    assert any(problem in one for one in (await ledger.verify()).problems)


@pytest.mark.parametrize("lines", [1, 2])
async def test_P8_the_end_of_a_chain_that_was_cut_off_is_missed_by_the_outbox(
    database: ClinicDatabase, lines: int
) -> None:
    with agency_server() as server:
        clinic = await Clinic(database, server).begin()
        await clinic.states()
        await clinic.discloser.disclose(wanted("first"))
        await clinic.discloser.disclose(wanted("last"))
    assert (await clinic.verifier.verify()).problems == ()
    await _around_the_trigger(database, f"DELETE FROM disclosure_ledger WHERE id > {4 - lines}")
    (problem,) = (await clinic.verifier.verify()).problems
    assert problem.startswith("sending last: the outbox has it as sent")


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE disclosure_ledger SET hash = 'x' WHERE id = 3",
        "UPDATE disclosure_ledger SET previous = 'x' WHERE id = 1",
        "UPDATE disclosure_ledger SET line = 'no json' WHERE id = 3",
        "UPDATE disclosure_ledger SET id = CASE id WHEN 2 THEN 13 ELSE id END WHERE id = 2",
        "INSERT INTO disclosure_ledger (id, patient_key, line, previous, hash) VALUES (9, 'MRN-1', '{}', 'y', 'z')",
        "UPDATE disclosure_ledger SET patient_key = 'MRN-2'",
    ],
)
async def test_P8_each_column_and_each_place_is_held_by_the_chain(
    database: ClinicDatabase, ledger: Verifier, statement: str
) -> None:
    await _around_the_trigger(database, statement)
    assert (await ledger.verify()).problems


async def test_P8_sixty_lines_at_once_make_one_chain(database: ClinicDatabase) -> None:
    await asyncio.gather(*(_write(database, f"k{number}") for number in range(60)))
    verified = await Verifier(database, JOURNAL_KEY).verify()
    assert (verified.chains, verified.lines, verified.problems) == (1, 60, ())


async def test_P8_the_accounting_names_date_recipient_what_and_why(database: ClinicDatabase) -> None:
    with agency_server(500) as server:
        clinic = await Clinic(database, server).begin()
        await clinic.states()
        for _ in range(2):
            try:
                await clinic.discloser.disclose(wanted())
            except Exception:  # the agency was away at the first attempt
                continue
    (told,) = await clinic.ledger.accounting("MRN-1")
    assert (told.recipient, told.name, told.address) == ("food-1", "Example Pantry", "1 Main Street")
    assert (told.content, told.purpose, told.state) == (
        ("contact", "identity", "service_need"),
        "referral",
        "sent",
    )
    assert await clinic.ledger.accounting("MRN-2") == []


async def test_P8_there_is_no_way_back_that_would_drop_the_ledger() -> None:
    migration = import_module(f"{versions.__name__}.0003_consent_and_ledger")
    with pytest.raises(NotImplementedError, match="to be kept"):
        migration.downgrade()


async def test_P8_a_refusal_that_was_cut_off_is_missed_too(database: ClinicDatabase) -> None:
    with agency_server(404) as server:
        clinic = await Clinic(database, server).begin()
        await clinic.states()
        with pytest.raises(ApplicationError):
            await clinic.discloser.disclose(wanted())
    assert (await clinic.verifier.verify()).problems == ()
    await _around_the_trigger(
        database, "DELETE FROM disclosure_ledger WHERE id = (SELECT max(id) FROM disclosure_ledger)"
    )
    (problem,) = (await clinic.verifier.verify()).problems
    assert "the outbox has it as refused" in problem
