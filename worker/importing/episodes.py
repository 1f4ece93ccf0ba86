"""Where an import sends its entries: the running episodes, through the public contract alone."""

from collections.abc import Coroutine, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from enum import Enum
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from temporalio.client import Client, WithStartWorkflowOperation, WorkflowExecutionStatus
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy
from temporalio.service import RPCError, RPCStatusCode

from worker.asking import answered
from worker.diagnosis import said
from worker.errors import CannotDo
from workflows import visibility
from workflows.core.engine.entry import Source

if TYPE_CHECKING:
    from worker.signing_key import SigningKeys

T = TypeVar("T")

DESCRIBED_WITHIN = timedelta(seconds=30)
"""How long the server may take to say what runs."""

AGAIN = "Import the folder again."
"""What is true of entries that were sent and not answered: they have ids, so that twice is once (T4)."""


class State(Enum):
    """What runs under an episode's id."""

    RUNNING = "running"
    ENDED = "ended"
    """It ran to its end: its record is complete."""
    STOPPED = "stopped"
    """It was terminated, and can go on with all that it knew."""
    GONE = "gone"
    """There is nothing that could go on."""


class Unanswered(CannotDo):
    """The server or the episode did not answer, or took nothing of what was sent."""


class Episodes(Protocol):
    """The episodes of a clinic, as an import needs them."""

    async def state_of(self, episode_id: str) -> State:
        """What runs under an id."""

    async def begin(
        self, start: Mapping[str, Any], entries: Sequence[Mapping[str, Any]]
    ) -> list[dict[str, Any]]:
        """Begin an episode together with entries, so that nothing is judged before they are there (T7). One that runs
        already takes the entries."""

    async def record(self, episode_id: str, entries: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
        """Record entries; the answer to each.

        Raises:
            Unanswered: it does not answer.
        """

    async def closed_on(self, episode_id: str) -> date | None:
        """The day on which an episode that runs was closed."""


class RunningEpisodes:
    """Those of a Temporal server."""

    def __init__(self, client: Client, keys: "SigningKeys | None" = None) -> None:
        self._client, self._keys = client, keys

    async def state_of(self, episode_id: str) -> State:
        """What runs under an id."""
        handle = self._client.get_workflow_handle(f"episode-{episode_id}")
        try:
            described = await handle.describe(rpc_timeout=DESCRIBED_WITHIN)
        except RPCError as error:
            if error.status is RPCStatusCode.NOT_FOUND:
                return State.GONE
            raise Unanswered(f"{said(error, self._client)} {AGAIN}") from None
        except ValueError:  # a status that this version of the SDK does not know, such as paused: it is there
            return State.RUNNING
        match described.status:
            case WorkflowExecutionStatus.RUNNING | None:
                return State.RUNNING
            case WorkflowExecutionStatus.COMPLETED:
                return State.ENDED
            case WorkflowExecutionStatus.FAILED:  # it never began
                return State.GONE
            case _:
                return State.STOPPED

    async def begin(
        self, start: Mapping[str, Any], entries: Sequence[Mapping[str, Any]]
    ) -> list[dict[str, Any]]:
        """Begin an episode together with entries."""
        episode_id = start["episode_id"]
        if self._keys:
            start = {**start, "signing_keys": self._keys.public}
        entries = self._signed(episode_id, entries)

        async def beginning() -> list[dict[str, Any]]:
            operation: WithStartWorkflowOperation[Any, Any] = WithStartWorkflowOperation(
                visibility.CARE_EPISODE,
                dict(start),
                id=f"episode-{episode_id}",
                task_queue=visibility.TASK_QUEUE,
                id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
                # Whether it may run again was decided by the clinic database: there it is open.
                id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
                static_summary=f"{start.get('pathway', 'iop')} · {start['site']}",
            )
            answers: list[dict[str, Any]] = await self._client.execute_update_with_start_workflow(
                "record_many", list(entries), start_workflow_operation=operation
            )
            return answers

        return await self._answered(episode_id, beginning())

    async def record(self, episode_id: str, entries: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
        """Record entries."""
        handle, said = (
            self._client.get_workflow_handle(f"episode-{episode_id}"),
            self._signed(episode_id, entries),
        )
        return await self._answered(episode_id, handle.execute_update("record_many", list(said)))

    async def closed_on(self, episode_id: str) -> date | None:
        """The day on which an episode was closed."""
        handle = self._client.get_workflow_handle(f"episode-{episode_id}")
        progress = await self._answered(episode_id, handle.query("progress"))
        return date.fromisoformat(progress["exit"]["on"]) if progress.get("exit") else None

    def _signed(self, episode_id: str, entries: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
        """What another system has handed over, signed as that by the clinic."""
        if not self._keys:
            return list(entries)
        from worker.signing import signed_statement, system

        author, now = system(Source.IMPORT), datetime.now(UTC)
        workflow_id = f"episode-{episode_id}"
        return [signed_statement(self._keys, workflow_id, entry, author, now) for entry in entries]

    async def _answered(self, episode_id: str, asked: Coroutine[Any, Any, T]) -> T:
        try:
            return await answered(self._client, f"episode-{episode_id}", asked, AGAIN)
        except CannotDo as error:
            raise Unanswered(str(error)) from None
