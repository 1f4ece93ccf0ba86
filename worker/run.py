"""The worker process."""

import hmac
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from temporalio.client import Client
from temporalio.common import VersioningBehavior, WorkerDeploymentVersion
from temporalio.worker import Worker, WorkerDeploymentConfig

from activities.assembled import assemble
from activities.clinic_database import ClinicDatabase
from activities.clinic_database.history_keys import HistoryKeys
from activities.clinic_database.journal import Journal
from worker.callers import Callers
from worker.codec.marks import settle_keys_of
from worker.database import check_database
from worker.deployment import DEPLOYMENT, build_id, take_over_if_first
from worker.diagnosis import until_seen
from worker.discretion import Discretion
from worker.errors import CannotDo
from worker.home_server import check_server_of
from worker.journal_key import check_journal_key, journal_cipher, load_journal_key
from worker.restoring import Restorer
from worker.settings import Settings, links
from worker.setup import check
from worker.web_ui import link
from worker.workers import working
from workflows.ports.sealing import SEALING


@asynccontextmanager
async def running_worker(client: Client, settings: Settings, *, versioned: bool) -> AsyncIterator[Worker]:
    """A worker that runs until the block ends, then finishes what it has begun.

    Raises:
        CannotDo: the set-up is missing, it is another clinic's server, or the staff directory is not there.
    """
    await check_database(settings)
    await settle_keys_of(settings)
    await check_server_of(client, settings)
    await check(client)
    if not settings.staff.is_file():
        raise CannotDo(f"CAREPATH_STAFF: there is no staff directory at {settings.staff.absolute()}; `carepath setup` "
                       "lays one out in the clinic's home to begin with.")  # fmt: skip
    key, cipher = load_journal_key(settings), journal_cipher(settings)
    SEALING.begin(hmac.digest(key.secret, b"what workflows tell each other", "sha256"))
    activities = assemble(
        database_url=settings.database,
        staff_file=settings.staff,
        smtp_url=settings.smtp,
        sender=settings.sender,
        clinic_phone=settings.clinic_phone,
        journal=lambda database: Journal(database, key, cipher),
        webhook_secret=settings.webhook_secret,
        timezone=settings.timezone,
        templates=settings.templates,
        feeds_file=settings.directories,
        agencies_file=settings.agencies,
        letters=settings.letters,
        links=links(settings),
        page=lambda workflow_id: link(settings.web_ui, workflow_id, namespace=client.namespace),
    )
    restorer = Restorer(Journal(activities.database, key, cipher))
    deployment = _as_deployed(settings) if versioned else None
    try:
        await check_journal_key(settings, activities.database)
        async with working(
            reading(client, activities.database),
            [*activities.callables, restorer.restore],
            interceptors=[Discretion(), Callers()],
            deployment=deployment,
        ) as worker:
            if versioned:
                await take_over_if_first(client, build_id(settings))
            await until_seen(client)
            yield worker
    finally:
        await activities.database.close()


def reading(client: Client, database: ClinicDatabase) -> Client:
    """The client by which a worker reads what reaches it."""
    if client.data_converter.payload_codec is None:
        return client
    from worker.codec.arriving import for_worker  # a clinic without encryption does not wait for its library

    async def is_ours(key_id: str) -> bool:
        return key_id in await HistoryKeys(database).noted()

    return for_worker(client, is_ours)


def _as_deployed(settings: Settings) -> WorkerDeploymentConfig:
    """How a worker of this installation presents itself to the server."""
    return WorkerDeploymentConfig(
        version=WorkerDeploymentVersion(deployment_name=DEPLOYMENT, build_id=build_id(settings)),
        use_worker_versioning=True,
        default_versioning_behavior=VersioningBehavior.PINNED,
    )
