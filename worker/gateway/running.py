"""The gateway with everything it needs, for as long as a block lasts."""

import asyncio
import logging
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from zoneinfo import ZoneInfo

from temporalio.client import Client

from activities.agencies.book import MissingSecret, load
from activities.agencies.port import UnknownAgency
from activities.assembled import staff_notifier
from activities.clinic_database import ClinicDatabase, Crosswalk
from activities.clinic_database.inbox import Inbox
from activities.clinic_database.ledger import Ledger
from activities.clinic_database.patients import Patients
from activities.clinic_database.texts import Texts
from worker.errors import CannotDo
from worker.executions import described
from worker.gateway.app import Gateway
from worker.gateway.delivery import Record, deliver_the_rest, recorder
from worker.gateway.unread import Unread
from worker.journal_key import load_journal_key
from worker.serving import serving
from worker.settings import GATEWAY_PORT, Settings, links
from worker.signing_key import load_signing_keys

_log = logging.getLogger(__name__)

SECONDS_BETWEEN_TRIES = 60.0
"""How often an answer that could not be recorded is tried again, and the staff is told of texts to read."""


@asynccontextmanager
async def gateway(
    client: Client, settings: Settings, port: int = GATEWAY_PORT, host: str = "127.0.0.1"
) -> AsyncIterator[None]:
    """Listen for agencies until the block ends, and record what could not be recorded at once.

    Raises:
        worker.errors.CannotDo: the port is taken.
        activities.agencies.book.AgenciesFileError: the agencies file cannot be used.
    """
    load(settings.agencies)  # said now and not with the first answer
    database = ClinicDatabase(settings.database)
    inbox, record = Inbox(database), recorder(client, load_signing_keys(settings))

    def secret_of(agency: str) -> str | None:
        try:
            return load(settings.agencies).get(agency).signing_secret()
        except UnknownAgency:
            return None  # a link of ours from before it was taken off the file: the link itself is proof
        except MissingSecret:
            return secrets.token_hex()  # it signs, and we cannot check: nothing of it is taken

    service = Gateway(
        links=links(settings),
        inbox=inbox,
        patients=Patients(database, settings.region),
        texts=Texts(database),
        ledger=Ledger(database),
        ledger_key=load_journal_key(settings),
        record=record,
        secret_of=secret_of,
        zone=ZoneInfo(settings.timezone),
        texts_secret=settings.webhook_secret,
    )
    notifier = staff_notifier(
        database, staff_file=settings.staff, smtp_url=settings.smtp, sender=settings.sender,
        webhook_secret=settings.webhook_secret, timezone=settings.timezone,
    )  # fmt: skip

    async def owner_of(episode: str) -> str | None:
        with suppress(CannotDo):
            found = await described(client, f"episode-{episode}")
            return found.attributes.get("owner") if found else None
        return None

    unread = Unread(
        Texts(database),
        Patients(database, settings.region),
        Crosswalk(database),
        owner_of,
        notifier.notify_staff,
    )
    trying = asyncio.create_task(_try_again(inbox, record, unread))
    try:
        async with serving(service.app(), port, host):
            yield
    finally:
        trying.cancel()
        with suppress(asyncio.CancelledError):
            await trying
        await database.close()


async def _try_again(inbox: Inbox, record: Record, unread: Unread) -> None:
    while True:
        try:
            await deliver_the_rest(inbox, record)
        except Exception as error:  # such as a database that is away: the next round comes whatever it was
            _log.error("answers of agencies could not be delivered: %s", type(error).__name__)
        try:
            await unread.tell_all()
        except Exception as error:
            _log.error("text messages could not be told to the staff: %s", type(error).__name__)
        await asyncio.sleep(SECONDS_BETWEEN_TRIES)
