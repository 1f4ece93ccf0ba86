"""Whether the server that a command speaks to is the clinic's own: on another one all open episodes look gone (F3)."""

from datetime import timedelta

from temporalio.api.workflowservice.v1 import DescribeNamespaceRequest
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from activities.clinic_database import ClinicDatabase, Crosswalk, HomeServer
from worker.diagnosis import said
from worker.errors import CannotDo
from worker.executions import all_described
from worker.settings import Settings

WITHIN = timedelta(seconds=10)
"""How long the server may take to say who it is."""

ASKED_FOR = 20
"""So many open episodes are looked for on a server, where no setup has noted yet which one is the clinic's."""


async def check_server(client: Client, database: ClinicDatabase) -> None:
    """Refuse to speak to a server on which the clinic's episodes do not run.

    Raises:
        CannotDo: with the remedy; nothing was changed.
    """
    known = await HomeServer(database).namespace_id()
    if known is not None and await _namespace_id(client) not in (known, None):
        raise _another(client)


async def check_server_of(client: Client, settings: Settings) -> None:
    """As `check_server`, for what opens the clinic database later.

    Raises:
        CannotDo: with the remedy; nothing was changed.
    """
    database = ClinicDatabase(settings.database)
    try:
        await check_server(client, database)
    finally:
        await database.close()


async def settle_on(client: Client, settings: Settings, *, is_new: bool) -> list[str]:
    """Note that the clinic's episodes run on this server; what was done.

    Args:
        client: Of the server.
        settings: The clinic's, whose database is up to date.
        is_new: Whether it may be another one than before.

    Raises:
        CannotDo: it is another one, and may not be; nothing was changed.
    """
    if (here := await _namespace_id(client)) is None:
        return []
    database = ClinicDatabase(settings.database)
    try:
        home = HomeServer(database)
        known = await home.namespace_id()
        if known == here:
            return []
        if not is_new and (known or not await _may_be_the_one(client, database)):
            raise _another(client)
        await home.note(here)
    finally:
        await database.close()
    return [f"the clinic's episodes run on {_where(client)} from now on"]


async def _may_be_the_one(client: Client, database: ClinicDatabase) -> bool:
    """Whether a clinic of which no server was noted may have run here: one of its open episodes is known, or it has
    none."""
    still_open = [f"episode-{one}" for one in (await Crosswalk(database).all_open())[:ASKED_FOR]]
    return not still_open or any((await all_described(client, still_open)).values())


async def _namespace_id(client: Client) -> str | None:
    """What the server calls the namespace for itself; None: it does not tell."""
    request = DescribeNamespaceRequest(namespace=client.namespace)
    try:
        found = await client.workflow_service.describe_namespace(request, timeout=WITHIN)
    except RPCError as error:
        if error.status in (RPCStatusCode.UNIMPLEMENTED, RPCStatusCode.PERMISSION_DENIED):
            return None
        raise said(error, client) from None
    return found.namespace_info.id or None


def _another(client: Client) -> CannotDo:
    return CannotDo(
        f"The clinic's episodes do not run on {_where(client)}, and nothing was changed: set TEMPORAL_ADDRESS and "
        "TEMPORAL_NAMESPACE to the server for which `carepath setup` was run; if the clinic is to go on without what "
        "runs there, give `carepath setup` (or `carepath up`) the option --new-server, and import it anew."
    )


def _where(client: Client) -> str:
    return f"the namespace {client.namespace} of {client.service_client.config.target_host}"
