"""Versions of the worker: which are known, which is the current one, and how a newer one takes over.

New episodes begin on the current version. A running one stays on the version that it began on and is carried over to
the current one at a clean boundary, the next time that anything happens in it; so the old worker runs until nothing
needs it.
"""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from importlib.metadata import version
from pathlib import Path
from time import monotonic
from typing import Any, TypeVar

from temporalio.api.deployment.v1 import WorkerDeploymentInfo
from temporalio.api.enums.v1 import WorkerDeploymentVersionStatus as Status
from temporalio.api.workflowservice.v1 import (
    DescribeWorkerDeploymentRequest,
    DescribeWorkerDeploymentResponse,
    SetWorkerDeploymentCurrentVersionRequest,
    SetWorkerDeploymentRampingVersionRequest,
)
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from worker.errors import CannotDo
from worker.settings import Settings

T = TypeVar("T")

DEPLOYMENT = "carepath"

BOUND = timedelta(seconds=4)
"""How long the server may take for one answer about the deployment."""

SECONDS_TO_REGISTER = 20.0
"""How long the server may take to know a worker that has begun to poll."""

_STATES = {
    Status.WORKER_DEPLOYMENT_VERSION_STATUS_INACTIVE: "inactive",
    Status.WORKER_DEPLOYMENT_VERSION_STATUS_CURRENT: "current",
    Status.WORKER_DEPLOYMENT_VERSION_STATUS_RAMPING: "ramping",
    Status.WORKER_DEPLOYMENT_VERSION_STATUS_DRAINING: "draining",
    Status.WORKER_DEPLOYMENT_VERSION_STATUS_DRAINED: "drained",
}


@dataclass(frozen=True, slots=True)
class Version:
    """One version of the worker, as the server knows it."""

    build_id: str
    state: str
    """current, ramping, draining (episodes still need it), drained, or inactive (nothing ever ran on it)."""
    percentage: float
    """How much of what is new goes to it."""
    known_since: datetime


@dataclass(frozen=True, slots=True)
class Deployment:
    """All versions, the newest first, and the token under which they were read."""

    versions: tuple[Version, ...] = ()
    token: bytes = b""

    @property
    def current(self) -> str | None:
        """The build id of the current version."""
        return next((one.build_id for one in self.versions if one.state == "current"), None)

    def knows(self, build_id: str) -> bool:
        """Whether a worker of that version has ever polled."""
        return any(one.build_id == build_id for one in self.versions)


def build_id(settings: Settings) -> str:
    """What this installation is called: `CAREPATH_BUILD_ID`, or its version and a hash of its code."""
    return settings.build_id or f"{version('carepath')}+{_hash_of_the_code()}"


async def deployment_of(client: Client) -> Deployment:
    """What the server knows.

    Raises:
        CannotDo: the server has no worker versions, or does not answer.
    """
    request = DescribeWorkerDeploymentRequest(namespace=client.namespace, deployment_name=DEPLOYMENT)
    try:
        found = await _patiently(
            lambda: client.workflow_service.describe_worker_deployment(request, timeout=BOUND)
        )
    except RPCError as error:
        if error.status is RPCStatusCode.NOT_FOUND:
            return Deployment()
        raise _refused(error) from None
    return _read(found)


async def promote(client: Client, chosen: str) -> None:
    """Make a version the current one: what begins from now on begins there, and what runs is carried over.

    An empty build id stands for the workers without a version.

    Raises:
        CannotDo: no worker of that version polls; nothing is changed.
    """
    if chosen:
        await _must_poll(client, chosen)
    await _set_current(client, chosen, b"")


async def ramp(client: Client, chosen: str, percentage: float) -> None:
    """Let a part of what begins from now on begin on a version that is not the current one; 0 ends it.

    Raises:
        CannotDo: no worker of that version polls, or it is the current one; nothing is changed.
    """
    found = await _must_poll(client, chosen)
    if chosen == found.current:
        raise CannotDo(f"{chosen} is the current version: all that begins begins there. Ramp another one.")
    request = SetWorkerDeploymentRampingVersionRequest(
        namespace=client.namespace, deployment_name=DEPLOYMENT, build_id=chosen if percentage else "",
        percentage=percentage, identity=client.identity,
    )  # fmt: skip
    try:
        await _patiently(
            lambda: client.workflow_service.set_worker_deployment_ramping_version(request, timeout=BOUND)
        )
    except RPCError as error:
        raise _refused(error) from None


async def take_over_if_first(client: Client, own: str) -> Deployment:
    """Make a version the current one if there is none: a first worker would poll for ever and get nothing.

    A later one does not take over by itself. To be called while a worker of the version polls.

    Raises:
        CannotDo: the server does not get to know the worker.
    """
    try:
        async with asyncio.timeout(SECONDS_TO_REGISTER):
            while True:
                found = await deployment_of(client)
                if found.knows(own):
                    if found.current is not None:
                        return found
                    await _set_current(client, own, found.token, at_once=False)
                await asyncio.sleep(0.1)
    except TimeoutError:
        raise CannotDo(f"The server has not registered the version {own} of the worker within "
                       f"{SECONDS_TO_REGISTER:.0f} s: look at `carepath deployment show`. Where there are no worker "
                       "versions, start it with --unversioned.") from None  # fmt: skip


async def _set_current(client: Client, chosen: str, token: bytes, *, at_once: bool = True) -> None:
    request = SetWorkerDeploymentCurrentVersionRequest(
        namespace=client.namespace, deployment_name=DEPLOYMENT, build_id=chosen, conflict_token=token,
        identity=client.identity,
    )  # fmt: skip
    try:
        await _patiently(
            lambda: client.workflow_service.set_worker_deployment_current_version(request, timeout=BOUND)
        )
    except RPCError as error:
        # Another first worker was faster, or not all queues of this one are known yet: look again.
        if at_once or error.status not in (RPCStatusCode.FAILED_PRECONDITION, RPCStatusCode.NOT_FOUND):
            raise _refused(error) from None


async def _patiently(ask: Callable[[], Awaitable[T]]) -> T:
    """Ask the server, which takes few requests a second about one deployment: what came too soon is asked again."""
    until = monotonic() + BOUND.total_seconds()
    while True:
        try:
            return await ask()
        except RPCError as error:
            if error.status is not RPCStatusCode.RESOURCE_EXHAUSTED or monotonic() > until:
                raise
        await asyncio.sleep(0.3)


async def _must_poll(client: Client, chosen: str) -> Deployment:
    found = await deployment_of(client)
    if not found.knows(chosen):
        known = ", ".join(one.build_id for one in found.versions) or "none"
        raise CannotDo(f"No worker of the version {chosen} has ever polled here (known: {known}); nothing was changed. "
                       "Start `carepath worker` of that version first.")  # fmt: skip
    return found


def _read(found: DescribeWorkerDeploymentResponse) -> Deployment:
    info: WorkerDeploymentInfo = found.worker_deployment_info
    routing = info.routing_config
    ramped = routing.ramping_deployment_version.build_id
    shares: dict[str, float] = {routing.current_deployment_version.build_id: 100.0}
    if ramped:
        part = float(routing.ramping_version_percentage)
        shares = {routing.current_deployment_version.build_id: 100.0 - part, ramped: part}
    versions = [
        Version(
            one.deployment_version.build_id,
            _STATES.get(one.status, "inactive"),
            shares.get(one.deployment_version.build_id, 0.0),
            one.create_time.ToDatetime().astimezone(),
        )
        for one in info.version_summaries
    ]
    versions.sort(key=lambda one: one.known_since, reverse=True)
    return Deployment(tuple(versions), found.conflict_token)


def _refused(error: RPCError) -> CannotDo:
    if error.status is RPCStatusCode.UNIMPLEMENTED:
        return CannotDo("This server has no worker versions: start the worker with --unversioned.")
    if error.status is RPCStatusCode.PERMISSION_DENIED:
        return CannotDo("The server refuses access to the worker's versions: the API key or certificate of this shell "
                        "may not change them.")  # fmt: skip
    return CannotDo(
        f"The server has not changed or shown the worker's versions: {error.message.rstrip('.')}."
    )


@cache
def _hash_of_the_code() -> str:
    above = Path(__file__).resolve().parent.parent
    digest = hashlib.sha256()
    for package in ("workflows", "activities", "worker"):
        for file in sorted((above / package).rglob("*.py")):
            digest.update(str(file.relative_to(above)).encode() + b"\0" + file.read_bytes())
    for library in ("temporalio", "pydantic", "python-statemachine"):
        digest.update(f"{library} {version(library)}".encode())
    return digest.hexdigest()[:10]


def plain(found: Deployment, own: str) -> list[dict[str, Any]]:
    """For `--json`."""
    return [
        {"build_id": one.build_id, "state": one.state, "percentage": one.percentage, "known_since": one.known_since,
         "this_installation": one.build_id == own}
        for one in found.versions
    ]  # fmt: skip
