"""All activities with what they need, for the worker."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from activities.agencies.chosen import Agencies, Reach
from activities.agencies.links import Links
from activities.ask_agency import AgencyAsker
from activities.channels.chosen import Channels
from activities.channels.email import Email
from activities.channels.other import Other
from activities.channels.webhook import Webhook
from activities.clinic_database import ClinicDatabase, Crosswalk, Outbox
from activities.clinic_database.absences import Absences
from activities.clinic_database.consents import Consents
from activities.clinic_database.faults import ChannelFaults
from activities.clinic_database.journal import Journal
from activities.clinic_database.patients import Patients
from activities.clinic_database.texts import Texts
from activities.clinic_notes import ClinicNotes
from activities.directory.current import Current
from activities.directory.store import DirectoryStore
from activities.disclose import Discloser
from activities.episode_known import EpisodeKnower
from activities.find_candidates import CandidateFinder
from activities.keep_consents import ConsentKeeper
from activities.keep_journal import JournalKeeper
from activities.messages.files import TEMPLATES, Templates
from activities.messages.message_patient import PatientMessenger
from activities.notify import StaffNotifier
from activities.sending import Sender
from activities.staff_known import StaffKnower
from activities.sync_directories import DirectorySync
from activities.told_by_hand import HandLedger


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
    journal: Callable[[ClinicDatabase], Journal],
    webhook_secret: str | None = None,
    timezone: str = "America/Chicago",
    templates: Path | None = None,
    feeds_file: Path = Path("feeds.yaml"),
    agencies_file: Path = Path("agencies.yaml"),
    letters: Path = Path("letters"),
    links: Links | None = None,
    page: Callable[[str], str] | None = None,
) -> Activities:
    """Build the activities on a migrated clinic database.

    Without `links` agencies are sent links that nobody can use: a worker without a gateway.
    """
    database = ClinicDatabase(database_url)
    reach = Reach(smtp_url, sender, letters)

    def agencies() -> Agencies:
        return Agencies.of_file(agencies_file, reach)

    zone = ZoneInfo(timezone)
    kept = journal(database)
    nowhere = Links(secrets.token_hex(), "https://invalid")
    discloser = Discloser(database, agencies, links or nowhere, zone, kept.key)
    crosswalk = Crosswalk(database)
    faults = ChannelFaults(database)
    door = _door(database, faults, smtp_url, sender, webhook_secret)
    messenger = PatientMessenger(
        door, crosswalk, Patients(database), Texts(database), Templates(templates or TEMPLATES), clinic_phone, zone
    )  # fmt: skip
    store = DirectoryStore(database)
    directories = DirectorySync(feeds_file, store)
    return Activities(
        [
            StaffNotifier(door, staff_file, faults, Absences(database), zone, page).notify_staff,
            messenger.message_patient,
            StaffKnower(staff_file).who_is,
            EpisodeKnower(crosswalk, staff_file).what_is_known,
            ConsentKeeper(Consents(database)).keep_consents,
            JournalKeeper(kept).keep_journal,
            ClinicNotes(crosswalk).note_episode,
            CandidateFinder(Patients(database), Current(store), timezone).find_candidates,
            discloser.disclose,
            discloser.give_up,
            discloser.reconcile,
            HandLedger(database, agencies, kept.key).note_told,
            AgencyAsker(agencies, faults).ask_agency,
            directories.list_directory_feeds,
            directories.take_directory_feed,
            directories.directory_alarms,
        ],
        database,
    )


def staff_notifier(
    database: ClinicDatabase,
    *,
    staff_file: Path,
    smtp_url: str,
    sender: str,
    webhook_secret: str | None,
    timezone: str,
) -> StaffNotifier:
    """What tells the staff, for a process that is no worker."""
    faults = ChannelFaults(database)
    door = _door(database, faults, smtp_url, sender, webhook_secret)
    return StaffNotifier(door, staff_file, faults, Absences(database), ZoneInfo(timezone))


def staff_door(database: ClinicDatabase, *, smtp_url: str, sender: str, webhook_secret: str | None) -> Sender:
    """The way to one person of the staff and nobody in their place, for a process that is no worker."""
    return _door(database, ChannelFaults(database), smtp_url, sender, webhook_secret)


def _door(
    database: ClinicDatabase, faults: ChannelFaults, smtp_url: str, sender: str, webhook_secret: str | None
) -> Sender:
    channels = Channels(Email(smtp_url, sender), Webhook(webhook_secret), Other())
    return Sender(Outbox(database), channels, faults)
