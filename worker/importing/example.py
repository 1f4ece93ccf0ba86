"""The example clinic of `carepath up`: written for today's date, then imported like any other export."""

from datetime import UTC, datetime
from pathlib import Path

from temporalio.client import Client

from activities.clinic_database import ClinicDatabase
from worker.episodes import clinic_with
from worker.example import generate
from worker.importing.report import Report
from worker.importing.run import import_folder
from worker.settings import Settings


async def import_example_clinic(client: Client, settings: Settings, folder: Path) -> Report:
    """Write the example for today and import it."""
    generate.write(folder, datetime.now(UTC).astimezone(generate.ZONE).date())
    database = ClinicDatabase(settings.database)
    try:
        return await import_folder(clinic_with(client, settings, database), folder)
    finally:
        await database.close()
