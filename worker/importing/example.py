"""The example clinic of `carepath up`: written for today's date, then imported like any other export."""

import importlib.util
import shutil
from datetime import UTC, datetime
from pathlib import Path

from temporalio.client import Client

from activities.clinic_database import ClinicDatabase, Crosswalk
from worker.episodes import Clinic
from worker.errors import CannotDo
from worker.importing.report import Report
from worker.importing.run import import_folder
from worker.settings import Settings

GENERATOR = Path("deploy/example/generate.py")
DIRECTORIES = Path("deploy/example/directories")


def lay_out_example_directories(folder: Path) -> None:
    """Put the invented directories where a clinic without a setting looks for its own, unless there are some.

    Only the example does this: nobody is ever sent to an invented place by a default.
    """
    if not folder.exists() and DIRECTORIES.is_dir():
        shutil.copytree(DIRECTORIES, folder)


async def import_example_clinic(client: Client, settings: Settings, folder: Path) -> Report:
    """Write the example for today and import it."""
    if not GENERATOR.is_file():
        raise CannotDo("There is no example clinic here; start with `carepath up --empty`.")
    spec = importlib.util.spec_from_file_location("example_clinic", GENERATOR)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    module.write(folder, datetime.now(UTC).astimezone(module.ZONE).date())
    database = ClinicDatabase(settings.database)
    try:
        return await import_folder(Clinic(client, settings, Crosswalk(database)), folder)
    finally:
        await database.close()
