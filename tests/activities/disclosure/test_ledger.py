"""The ledger only grows, its chain shows what was changed around it, and the accounting is right (P8)."""

import asyncio
from importlib import import_module

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from temporalio.exceptions import ApplicationError

from activities.clinic_database import ClinicDatabase
from activities.clinic_database.ledger import Ledger, Line, append
from activities.clinic_database.migrations import versions
from tests.activities.disclosure.clinic import Clinic, agency_server, wanted


@pytest.fixture
async def ledger(database: ClinicDatabase) -> Ledger:
    for number in range(3):
        await _write(database, f"k{number}")
    return Ledger(database)


async def _write(database: ClinicDatabase, key: str, patient: str = "MRN-1", what: str = "sending") -> None:
    async with database.transaction() as session:
        await append(session, patient, Line(key, what, "system", "food-1", "Example Pantry", "1 Main Street",
                                            "referral", ("identity",), "consent", "c1"))  # fmt: skip


@pytest.mark.parametrize(
    "statement", ["UPDATE disclosure_ledger SET line = '{}'", "DELETE FROM disclosure_ledger"]
)
async def test_P8_a_line_is_neither_changed_nor_deleted(
    database: ClinicDatabase, ledger: Ledger, statement: str
) -> None:
    with pytest.raises(DBAPIError, match="only grows"):
        async with database.transaction() as session:
            await session.execute(text(statement))
    assert (await ledger.verify()).problems == ()


async def _around_the_trigger(database: ClinicDatabase, statement: str) -> None:
    async with database.transaction() as session:
        if session.get_bind().dialect.name == "postgresql":
            await session.execute(text("ALTER TABLE disclosure_ledger DISABLE TRIGGER USER"))
        else:
            for name in ("update", "delete"):
                await session.execute(text(f"DROP TRIGGER ledger_refuses_{name}"))
        await session.execute(text(statement))


@pytest.mark.parametrize(
    ("statement", "problem"),
    [
        (
            "UPDATE disclosure_ledger SET line = replace(line, 'food-1', 'food-2') WHERE id = 2",
            "line 2: is not",
        ),
        ("DELETE FROM disclosure_ledger WHERE id = 2", "line 3: does not follow"),
        ("UPDATE disclosure_ledger SET patient_key = 'MRN-2' WHERE id = 3", "line 3: does not follow"),
    ],
)
async def test_P8_what_was_changed_around_the_trigger_is_found(
    database: ClinicDatabase, ledger: Ledger, statement: str, problem: str
) -> None:
    await _around_the_trigger(database, statement)
    assert any(problem in found for found in (await ledger.verify()).problems)


async def test_P8_a_chain_that_was_cut_off_has_another_digest(
    database: ClinicDatabase, ledger: Ledger
) -> None:
    noted = (await ledger.verify()).digest
    await _around_the_trigger(database, "DELETE FROM disclosure_ledger WHERE id = 3")
    verified = await ledger.verify()
    assert (verified.problems, verified.digest == noted) == ((), False)


@pytest.mark.parametrize("lines", [1, 2])
async def test_P8_the_end_of_a_chain_that_was_cut_off_is_missed_by_the_outbox(
    database: ClinicDatabase, lines: int
) -> None:
    with agency_server() as server:
        clinic = await Clinic(database, server).begin()
        await clinic.states()
        await clinic.discloser.disclose(wanted("first"))
        await clinic.discloser.disclose(wanted("last"))
    assert (await clinic.ledger.verify()).problems == ()
    await _around_the_trigger(database, f"DELETE FROM disclosure_ledger WHERE id > {4 - lines}")
    (problem,) = (await clinic.ledger.verify()).problems
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
    database: ClinicDatabase, ledger: Ledger, statement: str
) -> None:
    await _around_the_trigger(database, statement)
    assert (await ledger.verify()).problems


async def test_P8_sixty_lines_at_once_make_one_chain(database: ClinicDatabase) -> None:
    await asyncio.gather(*(_write(database, f"k{number}") for number in range(60)))
    verified = await Ledger(database).verify()
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
    assert (await clinic.ledger.verify()).problems == ()
    await _around_the_trigger(
        database, "DELETE FROM disclosure_ledger WHERE id = (SELECT max(id) FROM disclosure_ledger)"
    )
    (problem,) = (await clinic.ledger.verify()).problems
    assert "the outbox has it as refused" in problem
