"""What the command line does to episodes and tasks, through the public contract alone."""

import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

from pydantic import ValidationError
from temporalio.client import Client, WorkflowExecution, WorkflowQueryFailedError, WorkflowUpdateFailedError
from temporalio.common import WorkflowIDReusePolicy
from temporalio.exceptions import ApplicationError, WorkflowAlreadyStartedError
from temporalio.service import RPCError, RPCStatusCode

from activities.clinic_database import ClinicDatabase, Crosswalk, EpisodeAlreadyOpen
from worker.connection import connect
from worker.database import brought_up_to_date
from worker.errors import CannotDo
from worker.settings import Settings, load_settings
from workflows import visibility as seen
from workflows.core.entries import in_words
from workflows.core.errors import Refused
from workflows.core.policy import load_policy
from workflows.core.start import EpisodeStart
from workflows.pathways import pathway_named
from workflows.pathways.following import check_following

T = TypeVar("T")


@dataclass(frozen=True)
class Clinic:
    """A connection to the server and the clinic database."""

    client: Client
    settings: Settings
    crosswalk: Crosswalk

    async def update(self, workflow_id: str, name: str, argument: Any) -> Any:
        """Send an update and wait for its answer.

        Raises:
            CannotDo: with the reason of the refusal, or that there is nothing of that id.
        """
        handle = self.client.get_workflow_handle(workflow_id)
        return await _asked(workflow_id, lambda: handle.execute_update(name, argument))

    async def query(self, workflow_id: str, name: str, *arguments: Any) -> Any:
        """Ask a query."""
        handle = self.client.get_workflow_handle(workflow_id)
        return await _asked(workflow_id, lambda: handle.query(name, args=list(arguments)))

    async def admit(self, start: dict[str, Any], patient_key: str | None) -> str:
        """Start an episode; its id.

        Raises:
            CannotDo: the start is wrong in some field, or the patient has an open episode (I6).
        """
        start = {**start, "episode_id": start.get("episode_id") or uuid.uuid4().hex[:16]}
        begun = read_start(start)
        if patient_key:
            try:
                await self.crosswalk.open_episode(patient_key, begun.episode_id, begun.referred_on)
            except EpisodeAlreadyOpen as error:
                raise CannotDo(str(error)) from None
        await self.start_episode(start)
        return begun.episode_id

    async def start_episode(self, start: dict[str, Any]) -> None:
        """Start the workflow of an episode that the crosswalk knows."""
        try:
            await self.client.start_workflow(
                seen.CARE_EPISODE,
                start,
                id=f"episode-{start['episode_id']}",
                task_queue=seen.TASK_QUEUE,
                id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
                static_summary=f"{start.get('pathway', 'iop')} · {start['site']}",
            )
        except WorkflowAlreadyStartedError:
            raise CannotDo(f"There is an episode {start['episode_id']} already; choose another id.") from None

    async def listed(self, query: str) -> AsyncIterator[WorkflowExecution]:
        """Executions that a visibility query finds."""
        try:
            async for execution in self.client.list_workflows(query):
                yield execution
        except RPCError as error:
            raise CannotDo(f"The server cannot list them ({error.status.name.lower().replace('_', ' ')}): check "
                           "TEMPORAL_NAMESPACE, and that `carepath setup` was run there.") from None  # fmt: skip


@asynccontextmanager
async def clinic_database() -> AsyncIterator[ClinicDatabase]:
    """The clinic database alone: for what must work without a Temporal server."""
    settings = load_settings()
    await brought_up_to_date(settings)
    database = ClinicDatabase(settings.database)
    try:
        yield database
    finally:
        await database.close()


@asynccontextmanager
async def clinic() -> AsyncIterator[Clinic]:
    """Connect, and disconnect the clinic database at the end."""
    settings = load_settings()
    client = await connect(settings)
    async with clinic_database() as database:
        yield Clinic(client, settings, Crosswalk(database))


def read_start(start: dict[str, Any]) -> EpisodeStart:
    """Read a start as the workflow will.

    Raises:
        CannotDo: names the field.
    """
    try:
        begun = EpisodeStart.model_validate(start)
        load_policy(begun.policy, pathway_named(begun.pathway).defaults)
        begun.check_codes()
        check_following(begun)
    except ValidationError as error:
        raise CannotDo(f"This episode cannot begin: {in_words(error, EpisodeStart)}") from None
    except Refused as error:
        raise CannotDo(f"This episode cannot begin: {error}") from None
    return begun


def episode_id(given: str) -> str:
    """The workflow id of an episode, given with or without its prefix."""
    return given if given.startswith("episode-") else f"episode-{given}"


def bare_id(given: str) -> str:
    """The id of an episode, given with or without its prefix."""
    return given.removeprefix("episode-")


def task_id(given: str) -> str:
    """The workflow id of a task, given with or without its prefix."""
    return given if given.startswith("task-") else f"task-{given}"


async def _asked(workflow_id: str, ask: Callable[[], Awaitable[T]]) -> T:
    try:
        return await ask()
    except WorkflowUpdateFailedError as error:
        cause = error.cause
        raise CannotDo(cause.message if isinstance(cause, ApplicationError) else str(cause)) from None
    except WorkflowQueryFailedError as error:
        raise CannotDo(f"{workflow_id} does not answer: {error}.") from None
    except RPCError as error:
        if error.status is RPCStatusCode.NOT_FOUND:
            raise CannotDo(f"{workflow_id} is not there or has ended: `carepath list` and `carepath tasks` show "
                           "what is open.") from None  # fmt: skip
        raise CannotDo(f"The server did not answer for {workflow_id} ({error.status.name.lower()}); "
                       "is a worker running?") from None  # fmt: skip
