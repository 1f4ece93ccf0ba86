"""Why nobody answers: what is wrong with the server's queue, the workers behind it, or one workflow, in words.

One place for all commands and for `carepath doctor`. It only looks, and never waits longer than `BOUND` for an answer.
"""

import asyncio
from collections.abc import Awaitable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from google.protobuf.timestamp_pb2 import Timestamp
from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.enums.v1 import (
    EventType,
    TaskQueueType,
    VersioningBehavior,
    WorkerStatus,
    WorkerVersioningMode,
)
from temporalio.api.enums.v1 import WorkflowExecutionStatus as Status
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflowservice.v1 import (
    DescribeTaskQueueRequest,
    DescribeTaskQueueResponse,
    DescribeWorkflowExecutionRequest,
    DescribeWorkflowExecutionResponse,
    GetWorkflowExecutionHistoryRequest,
    GetWorkflowExecutionHistoryReverseRequest,
    ListWorkersRequest,
    ListWorkersResponse,
)
from temporalio.client import Client
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError, RPCStatusCode

from worker.connection import HEARTBEAT
from worker.deployment import DEPLOYMENT
from worker.errors import CannotDo
from workflows.ports.timeouts import AT_ONCE
from workflows.visibility import TASK_QUEUE

T = TypeVar("T")

BOUND = timedelta(seconds=1.5)
"""How long the server may take for one answer."""

USUAL_HEARTBEAT = timedelta(seconds=60)
"""How often a worker that is not ours tells the server that it lives."""

HEARTBEATS_MISSED = 2.5
"""A worker whose heartbeats have been away for so many of its intervals has ended."""

LONG_POLL = timedelta(seconds=75)
"""A worker asks again for work after a minute at the latest."""

LONGEST_START = timedelta(seconds=10)
"""How long a worker that has begun may take until the server sees it."""

BROKEN_ATTEMPTS = 2
"""A workflow's step that is tried for the second time has failed once: the first may have been a worker that ended."""


@dataclass(frozen=True, slots=True)
class Worker:
    """A worker that is alive as far as the server knows."""

    build_id: str | None
    """Its version; None: it runs without one."""
    heard_at: datetime | None
    """Its last heartbeat; None: it sends none, and was seen asking for work."""
    beats_every: timedelta = USUAL_HEARTBEAT

    def should_have_been_heard(self, since: datetime) -> bool:
        """Whether it tells so often that it lives that it would have done so since an instant, and has not."""
        return (
            self.heard_at is not None
            and self.heard_at < since
            and since + self.beats_every < datetime.now(UTC)
        )


@dataclass(frozen=True, slots=True)
class Queue:
    """The clinic's task queue, and who works for it."""

    address: str
    namespace: str
    workers: tuple[Worker, ...]
    current: str | None
    """The build id of the version that gets what begins."""
    held: Mapping[str, str] = field(default_factory=dict)
    """Queues whose rate of activities somebody has set to zero, with the reason."""
    is_known: bool = True
    """False where the server cannot tell, as the time-skipping test server."""

    @property
    def problem(self) -> str | None:
        """What keeps everything of the clinic from being answered, with the remedy; None: nothing that can be seen."""
        if not self.is_known:
            return None
        versions = sorted({one.build_id or "without a version" for one in self.workers})
        if not self.workers:
            return (f"No worker runs: nobody at {self.address} (namespace {self.namespace}) takes what the task queue "
                    f"{TASK_QUEUE} holds. Start `carepath worker`, or `carepath up` on this machine.")  # fmt: skip
        if self.current is None and all(one.build_id for one in self.workers):
            return (f"A worker runs ({', '.join(versions)}), but no version of it is the current one, so it is given "
                    f"nothing to do: `carepath deployment promote {versions[0]}` makes it so.")  # fmt: skip
        if self.current is not None and self.current not in versions:
            promote = "--unversioned" if versions[0] == "without a version" else versions[0]
            return (f"The current version of the worker is {self.current}, and no worker of it runs (running: "
                    f"{', '.join(versions)}). Start that one, or let another take over: "
                    f"`carepath deployment promote {promote}`.")  # fmt: skip
        return None

    @property
    def remark(self) -> str | None:
        """What keeps something else from being done while statements are answered; None: nothing that can be seen."""
        what = {
            TASK_QUEUE: "Nothing is sent, to staff, patients or agencies, but what a person in danger waits for",
            AT_ONCE: "What a person in danger waits for is not sent, and consents are not kept",
        }
        said = [f"{what[name]}: the task queue {name} is held at zero a second{why}. `temporal task-queue config set "
                f"--task-queue {name} --task-queue-type activity --queue-rps-limit default` lets it go on; nothing is "
                "lost." for name, why in self.held.items()]  # fmt: skip
        return " ".join(said) or None


async def queue(client: Client) -> Queue:
    """Look at the clinic's task queue.

    Raises:
        CannotDo: the server does not answer, or has no such namespace.
    """
    name = TaskQueue(name=TASK_QUEUE)
    statements = DescribeTaskQueueRequest(
        namespace=client.namespace, task_queue=name, task_queue_type=TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW
    )
    workers = ListWorkersRequest(namespace=client.namespace, page_size=100, query=f'TaskQueue="{TASK_QUEUE}"')
    address = str(client.service_client.config.target_host)
    try:
        found, listed, *sendings = await asyncio.gather(
            client.workflow_service.describe_task_queue(statements, timeout=BOUND),
            _if_it_can(client.workflow_service.list_workers(workers, timeout=BOUND)),
            _sendings(client, TASK_QUEUE),
            _sendings(client, AT_ONCE),
        )
    except RPCError as error:
        if error.status in (RPCStatusCode.UNIMPLEMENTED, RPCStatusCode.PERMISSION_DENIED):
            return Queue(address, client.namespace, (), None, is_known=False)
        raise said(error, client) from None
    return Queue(
        address, client.namespace, _workers(found, listed),
        found.versioning_info.current_deployment_version.build_id or None,
        {name: why for name, sent in zip((TASK_QUEUE, AT_ONCE), sendings, strict=True)
         if (why := _held(sent)) is not None},
    )  # fmt: skip


async def until_seen(client: Client) -> None:
    """Wait until the server has seen this process ask for work: before, whoever asks is told that no worker runs.

    It takes a moment after a start; after `LONGEST_START`, or where the server cannot tell, nobody waits any more.
    """
    own, request = client.service_client.config.identity, DescribeTaskQueueRequest(
        namespace=client.namespace, task_queue=TaskQueue(name=TASK_QUEUE),
        task_queue_type=TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW,
    )  # fmt: skip
    with suppress(TimeoutError):
        async with asyncio.timeout(LONGEST_START.total_seconds()):
            while found := await _if_it_can(
                client.workflow_service.describe_task_queue(request, timeout=BOUND)
            ):
                if any(poller.identity == own for poller in found.pollers):
                    return
                await asyncio.sleep(0.1)


async def workflow_problem(client: Client, workflow_id: str, workers: Sequence[Worker] = ()) -> str | None:
    """What keeps one workflow from answering, with the remedy; None: nothing that can be seen, or it is not there."""
    request = DescribeWorkflowExecutionRequest(
        namespace=client.namespace, execution=WorkflowExecution(workflow_id=workflow_id)
    )
    found = await _if_it_can(client.workflow_service.describe_workflow_execution(request, timeout=BOUND))
    if found is None:
        return None
    if found.workflow_execution_info.status == Status.WORKFLOW_EXECUTION_STATUS_PAUSED:
        pause = found.workflow_extended_info.pause_info
        why = f" by {pause.identity}" if pause.identity else ""
        return (f"{workflow_id} is paused{why}: it takes nothing and no deadline of it fires. "
                f"`temporal workflow unpause --workflow-id {workflow_id}` lets it go on.")  # fmt: skip
    if (attempt := found.pending_workflow_task.attempt) > BROKEN_ATTEMPTS:
        why = (
            await _undeciphered(client, workflow_id)
            or await _began_plain(client, workflow_id)
            or "The worker's log says why."
        )
        return (f"{workflow_id} cannot go on: its next step fails in the worker (tried {attempt} times). {why} "
                "Nothing is lost, and it goes on by itself once the worker is mended.")  # fmt: skip
    pinned = _pinned(found)
    if workers and pinned is not None and pinned not in {one.build_id for one in workers}:
        return (f"{workflow_id} runs on the version {pinned} of the worker, and no worker of it runs. Start that one: "
                "it is carried over to the current version with the next thing that happens in it.")  # fmt: skip
    return None


async def _undeciphered(client: Client, workflow_id: str) -> str | None:
    """Whether a workflow's step fails because the worker has other keys than those who speak to it; in words."""
    request = GetWorkflowExecutionHistoryReverseRequest(
        namespace=client.namespace, execution=WorkflowExecution(workflow_id=workflow_id), maximum_page_size=20
    )
    ask = client.workflow_service.get_workflow_execution_history_reverse
    page = await _if_it_can(ask(request, timeout=BOUND))
    for event in page.history.events if page else ():
        if event.event_type == EventType.EVENT_TYPE_WORKFLOW_TASK_FAILED:
            failure = event.workflow_task_failed_event_attributes.failure
            try:
                error = await client.data_converter.decode_failure(failure)
            except CannotDo as unreadable:  # what the worker has written is strange to this shell
                return f"The worker encrypts with other keys than this shell: mend CAREPATH_CODEC of one. {unreadable}"
            is_of_keys = isinstance(error, ApplicationError) and error.type in ("CannotDo", "UnknownKey")
            return f"The worker cannot decrypt it: mend its CAREPATH_CODEC. {error}" if is_of_keys else None
    return None


async def _began_plain(client: Client, workflow_id: str) -> str | None:
    """Whether a workflow began without a key, where nothing plain is taken any more; in words."""
    if (codec := client.data_converter.payload_codec) is None:
        return None
    from worker.codec.codec import Plain  # a clinic without encryption does not wait for its library

    request = GetWorkflowExecutionHistoryRequest(
        namespace=client.namespace, execution=WorkflowExecution(workflow_id=workflow_id), maximum_page_size=1
    )
    page = await _if_it_can(client.workflow_service.get_workflow_execution_history(request, timeout=BOUND))
    try:
        for event in page.history.events if page else ():
            await codec.decode(event.workflow_execution_started_event_attributes.input.payloads)
    except Plain:
        return ("Its history began without a key: set CAREPATH_CODEC_MODE=lenient for every worker and every command "
                "until it has gone on in a new run or has ended.")  # fmt: skip
    except CannotDo:
        return None
    return None


async def is_being_worked_on(client: Client, workflow_id: str) -> bool:
    """Whether a worker has a step of a workflow in its hands at this moment."""
    request = DescribeWorkflowExecutionRequest(
        namespace=client.namespace, execution=WorkflowExecution(workflow_id=workflow_id)
    )
    found = await _if_it_can(client.workflow_service.describe_workflow_execution(request, timeout=BOUND))
    return found is not None and found.pending_workflow_task.HasField("started_time")


async def version_of(client: Client, workflow_id: str) -> str | None:
    """The version of the worker on which a workflow stays; None: on none, or it cannot be seen."""
    request = DescribeWorkflowExecutionRequest(
        namespace=client.namespace, execution=WorkflowExecution(workflow_id=workflow_id)
    )
    found = await _if_it_can(client.workflow_service.describe_workflow_execution(request, timeout=BOUND))
    return _pinned(found) if found else None


def said(error: RPCError, client: Client) -> CannotDo:
    """What the server's refusal means, in words; it repeats nothing of the request (P1)."""
    address = client.service_client.config.target_host
    where = f"the Temporal server at {address}"
    match error.status:
        case RPCStatusCode.NOT_FOUND if "amespace" in error.message:
            return CannotDo(f"There is no namespace {client.namespace} on {where}: set TEMPORAL_NAMESPACE to one that "
                            "is there, and run `carepath setup` for it.")  # fmt: skip
        case RPCStatusCode.UNAVAILABLE | RPCStatusCode.DEADLINE_EXCEEDED | RPCStatusCode.CANCELLED:
            return CannotDo(f"{where[0].upper()}{where[1:]} does not answer: look whether it runs.")
        case RPCStatusCode.PERMISSION_DENIED | RPCStatusCode.UNAUTHENTICATED:
            return CannotDo(f"{where[0].upper()}{where[1:]} refuses this shell: look at TEMPORAL_API_KEY and "
                            "TEMPORAL_NAMESPACE.")  # fmt: skip
        case RPCStatusCode.RESOURCE_EXHAUSTED:
            return CannotDo(f"{where[0].upper()}{where[1:]} has too much to do at this moment: try again.")
        case _:
            kind = error.status.name.lower().replace("_", " ")
            return CannotDo(f"{where[0].upper()}{where[1:]} refuses it ({kind}): check TEMPORAL_NAMESPACE, and that "
                            "`carepath setup` was run there.")  # fmt: skip


def _pinned(found: DescribeWorkflowExecutionResponse) -> str | None:
    versioning = found.workflow_execution_info.versioning_info
    is_pinned = versioning.behavior == VersioningBehavior.VERSIONING_BEHAVIOR_PINNED
    return versioning.deployment_version.build_id if is_pinned else None


async def _if_it_can(asked: Awaitable[T]) -> T | None:
    with suppress(RPCError):
        return await asked
    return None


def _workers(found: DescribeTaskQueueResponse, listed: ListWorkersResponse | None) -> tuple[Worker, ...]:
    """Who is alive: by heartbeats where there are any, since a poller that has ended stays listed for minutes."""
    now, alive = datetime.now(UTC), []
    silent_from: dict[str, datetime] = {}
    for one in listed.workers_info if listed else ():
        beat = one.worker_heartbeat
        # The first one follows no other, so it cannot tell of its interval: what works for this queue is ours.
        every = min(beat.elapsed_since_last_heartbeat.ToTimedelta() or HEARTBEAT, USUAL_HEARTBEAT)
        at = _instant(beat.heartbeat_time)
        runs = beat.status == WorkerStatus.WORKER_STATUS_RUNNING
        until = at + every * HEARTBEATS_MISSED if runs else at
        if runs and now <= until:
            # Without versions a worker tells a hash of the SDK's own making, and no deployment.
            version = beat.deployment_version
            alive.append(Worker(version.build_id if version.deployment_name else None, at, every))
        silent_from[beat.worker_identity] = max(until, silent_from.get(beat.worker_identity, until))
    for poller in found.pollers:
        options = poller.deployment_options
        versioned = options.worker_versioning_mode == WorkerVersioningMode.WORKER_VERSIONING_MODE_VERSIONED
        # One of ours that has not told of itself since it first asked has ended before it could, as in a crash loop.
        is_ours = listed is not None and versioned and options.deployment_name == DEPLOYMENT
        unheard = now - (HEARTBEAT * HEARTBEATS_MISSED if is_ours else LONG_POLL)
        if _instant(poller.last_access_time) > silent_from.get(poller.identity, unheard):
            alive.append(Worker(options.build_id if versioned else None, None))
    return tuple(alive)


async def _sendings(client: Client, name: str) -> DescribeTaskQueueResponse | None:
    request = DescribeTaskQueueRequest(
        namespace=client.namespace, task_queue=TaskQueue(name=name), report_config=True,
        task_queue_type=TaskQueueType.TASK_QUEUE_TYPE_ACTIVITY,
    )  # fmt: skip
    return await _if_it_can(client.workflow_service.describe_task_queue(request, timeout=BOUND))


def _held(found: DescribeTaskQueueResponse | None) -> str | None:
    limit: Any = found.config.queue_rate_limit if found else None
    if limit is None or not limit.HasField("rate_limit") or limit.rate_limit.requests_per_second > 0:
        return None
    return f" ({limit.metadata.reason})" if limit.metadata.reason else ""


def _instant(stamp: Timestamp) -> datetime:
    return stamp.ToDatetime(UTC)
