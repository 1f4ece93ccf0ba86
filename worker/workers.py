"""The two workers of a process: one for everything, and one for what waits for nothing else (F2).

A place is taken before it is known for what, so places of one queue cannot be kept free for a crisis; those of a queue
of its own are. Were all places taken by notices to a mail server that hangs, a crisis would wait as long as they do.
"""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any

from temporalio.client import Client
from temporalio.worker import Interceptor, Worker, WorkerDeploymentConfig

from worker.sandbox import WORKFLOWS, sandbox
from workflows.ports.timeouts import AT_ONCE
from workflows.visibility import TASK_QUEUE

AT_THE_SAME_TIME = 10
"""Activities that may wait. Each stands in line for the clinic database, and whoever may not wait stands behind them:
more of them are no faster."""


@asynccontextmanager
async def working(
    client: Client,
    activities: Sequence[Callable[..., Any]],
    *,
    interceptors: Sequence[Interceptor] = (),
    deployment: WorkerDeploymentConfig | None = None,
) -> AsyncIterator[Worker]:
    """Both workers, until the block ends; it is given the one that runs the workflows."""
    at_once = Worker(
        client,
        task_queue=AT_ONCE,
        activities=activities,
        interceptors=interceptors,
        deployment_config=deployment,
    )
    worker = Worker(
        client,
        task_queue=TASK_QUEUE,
        workflows=WORKFLOWS,
        activities=activities,
        workflow_runner=sandbox(),
        interceptors=interceptors,
        deployment_config=deployment,
        max_concurrent_activities=AT_THE_SAME_TIME,
    )
    async with at_once, worker:
        yield worker
