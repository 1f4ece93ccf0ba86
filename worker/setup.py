"""What must exist before a worker runs: the search attributes, the clinic database, the nightly schedule."""

from temporalio.api.operatorservice.v1 import AddSearchAttributesRequest, ListSearchAttributesRequest
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from worker.codec.marks import settle_keys_of
from worker.database import brought_up_to_date
from worker.errors import CannotDo
from worker.home import lay_out, make_home
from worker.home_server import settle_on
from worker.journal_key import make_journal_key, seal_ledger
from worker.schedules import schedule_directory_sync
from worker.settings import Settings, links, signs
from workflows import visibility


async def missing_search_attributes(client: Client) -> dict[str, int] | None:
    """Names and types of those that the server does not know yet; None if it cannot list them.

    The time-skipping test server registers search attributes but has no way to list them.
    """
    request = ListSearchAttributesRequest(namespace=client.namespace)
    try:
        known = await client.operator_service.list_search_attributes(request)
    except RPCError as error:
        if error.status is RPCStatusCode.UNIMPLEMENTED:
            return None
        raise
    return {
        key.name: key.indexed_value_type for key in visibility.ALL if key.name not in known.custom_attributes
    }


async def set_up(client: Client, settings: Settings, *, is_new: bool = False) -> list[str]:
    """Make the clinic's home, migrate its database, and register what the server must know; what was done. Safe to run
    again.

    Args:
        client: Of the server on which the clinic's episodes run, or are to run.
        settings: The clinic's.
        is_new: Whether the clinic moves to this server from another one.

    Raises:
        CannotDo: the clinic's episodes run on another server; nothing was done there.
    """
    made = await make_clinic(settings)
    moved = await settle_on(client, settings, is_new=is_new)
    missing = await missing_search_attributes(client)
    if missing is None:
        missing = {key.name: key.indexed_value_type for key in visibility.ALL}
    for name, value_type in missing.items():
        request = AddSearchAttributesRequest(namespace=client.namespace, search_attributes={name: value_type})  # type: ignore[dict-item]
        try:
            await client.operator_service.add_search_attributes(request)
        except RPCError as error:
            if error.status is not RPCStatusCode.ALREADY_EXISTS:
                raise
    return [
        *(f"registered the search attribute {name}" for name in missing),
        *made,
        *moved,
        await schedule_directory_sync(client, settings),
    ]


async def make_clinic(settings: Settings) -> list[str]:
    """Make what a clinic keeps on its own, without a server; what was done. Safe to run again."""
    make_home(settings.home)
    await brought_up_to_date(settings)
    links(settings)
    made = [*await make_journal_key(settings), *await seal_ledger(settings), *await settle_keys_of(settings)]
    done = [f"the clinic's home is {settings.home}", "the clinic database is up to date", *made]
    if not signs(settings):
        done.append(
            "nothing is signed yet: `carepath signing key` makes the clinic's key, before episodes begin"
        )
    own_staff = settings.staff == settings.home / "staff.yaml"
    if lay_out(settings.home, *(["staff.yaml"] if own_staff else [])):
        done.append(f"laid out a staff directory with made-up people: write your own into {settings.staff}")
    return done


async def check(client: Client) -> None:
    """Refuse to run where a search attribute is missing: its first upsert would stop the episode for ever.

    Raises:
        CannotDo: with the remedy.
    """
    if missing := await missing_search_attributes(client):
        raise CannotDo(
            f"The server lacks the search attributes {', '.join(missing)}: run `carepath setup` first."
        )
