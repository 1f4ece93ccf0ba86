"""The clinic database under load, and a sending whose claim could not be written (F2, P9)."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from sqlalchemy import select, text

from activities.assembled import assemble
from activities.clinic_database import ClinicDatabase
from activities.clinic_database.tables import OutboxRow
from tests.databases import make_database, sealed_for_tests
from worker.settings import Settings
from workflows.ports.staff import StaffNotice

MANY = 60


async def test_F2_whoever_comes_first_to_the_clinic_database_goes_first(tmp_path: Path) -> None:
    url = f"sqlite+aiosqlite:///{tmp_path / 'clinic.db'}"
    make_database(url)
    database, turns = ClinicDatabase(url), []

    async def one(number: int) -> None:
        async with database.transaction() as session:
            await session.execute(text("DELETE FROM outbox"))
            turns.append(number)

    await asyncio.gather(*map(one, range(MANY)))
    assert turns == list(range(MANY))
    await database.close()


class MendsTheTable:
    """A mail server while whose answer the clinic database can be written again."""

    def __init__(self, database: ClinicDatabase) -> None:
        self._database, self._loop = database, asyncio.get_running_loop()

    async def handle_DATA(self, _server: Any, _session: Any, _envelope: Any) -> str:
        mending = asyncio.run_coroutine_threadsafe(renamed(self._database, "away", "outbox"), self._loop)
        await asyncio.wrap_future(mending)
        return "250 kept"


async def renamed(database: ClinicDatabase, was: str, becomes: str) -> None:
    async with database.transaction() as session:
        await session.execute(text(f"ALTER TABLE {was} RENAME TO {becomes}"))


async def test_P9_what_became_of_a_notice_is_kept_though_its_claim_could_not_be(
    clinic_settings: Settings, database: ClinicDatabase, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    staff = tmp_path / "staff.yaml"
    staff.write_text('staff:\n  cm-1: {roles: [case_manager], channels: ["mailto:cm-1@clinic.example"]}\n')
    activities = assemble(database_url=clinic_settings.database, staff_file=staff, smtp_url=clinic_settings.smtp,
                          sender="office@clinic.example", clinic_phone="555-0100",
                          journal=sealed_for_tests)  # fmt: skip
    notify = next(one for one in activities.callables if one.__name__ == "notify_staff")
    notice = StaffNotice(key="k1", episode_id="e1", role="case_manager", staff_id="cm-1", subject_code="task_screening",
                         lines=["Screen the person who was referred."])  # fmt: skip
    port = int(clinic_settings.smtp.rpartition(":")[2])
    controller = Controller(MendsTheTable(database), hostname="127.0.0.1", port=port)
    controller.start()
    try:
        await renamed(database, "outbox", "away")
        assert (await notify(notice)).outcome == "sent"
        assert (await notify(notice)).outcome == "already_sent"
    finally:
        controller.stop()
    async with database.transaction() as session:
        (row,) = await session.scalars(select(OutboxRow))
    assert (row.key, row.episode_id, row.recipient, row.state) == ("k1:cm-1", "e1", "cm-1", "sent")
    assert row.attempts == 1
    assert "cannot be kept" not in caplog.text
    await activities.database.close()
