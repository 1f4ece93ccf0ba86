"""All activities with what they need, for the worker."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from activities.channels.chosen import Channels
from activities.channels.email import Email
from activities.channels.other import Other
from activities.channels.webhook import Webhook
from activities.clinic_database import ClinicDatabase, Crosswalk, Outbox
from activities.clinic_database.consents import Consents
from activities.clinic_database.patients import Patients
from activities.clinic_notes import ClinicNotes
from activities.directory.current import Current
from activities.directory.store import DirectoryStore
from activities.find_candidates import CandidateFinder
from activities.keep_consents import ConsentKeeper
from activities.messages.files import TEMPLATES, Templates
from activities.messages.message_patient import PatientMessenger
from activities.notify import StaffNotifier
from activities.sending import Sender
from activities.sync_directories import DirectorySync


@dataclass(frozen=True)
class Activities:
    """The callables to register, and the database to close at the end."""

    callables: list[Callable[..., Any]]
    database: ClinicDatabase


def assemble(
    *,
    database_url: str,
    staff_file: Path,
    smtp_url: str,
    sender: str,
    clinic_phone: str,
    webhook_secret: str | None = None,
    timezone: str = "America/Chicago",
    templates: Path | None = None,
    feeds_file: Path = Path("feeds.yaml"),
) -> Activities:
    """Build the activities on a migrated clinic database."""
    database = ClinicDatabase(database_url)
    crosswalk = Crosswalk(database)
    door = Sender(Outbox(database), Channels(Email(smtp_url, sender), Webhook(webhook_secret), Other()))
    store = DirectoryStore(database)
    directories = DirectorySync(feeds_file, store)
    return Activities(
        [
            StaffNotifier(door, staff_file).notify_staff,
            PatientMessenger(
                door,
                crosswalk,
                Patients(database),
                Templates(templates or TEMPLATES),
                clinic_phone,
                ZoneInfo(timezone),
            ).message_patient,
            ConsentKeeper(Consents(database)).keep_consents,
            ClinicNotes(crosswalk).note_episode,
            CandidateFinder(Patients(database), Current(store)).find_candidates,
            directories.list_directory_feeds,
            directories.take_directory_feed,
            directories.directory_alarms,
        ],
        database,
    )
