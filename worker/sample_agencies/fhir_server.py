"""A sample agency with a FHIR R4 server: it takes referrals by transaction, and its desk goes about them by itself."""

import asyncio
import hmac
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import httpx2
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from activities.agencies.fhir.codes import BUSINESS_STATUS, INPUT, TASK_CODE, BusinessStatus, TaskStatus
from activities.channels.trust import trusted
from worker.sample_agencies.fhir_store import KINDS, Refused, Resource, Store
from worker.sample_agencies.pace import Pace

CLOSED = ("rejected", "cancelled", "failed", "completed", "entered-in-error")


class FhirAgency:
    """The agency: its server (`app`), what it keeps, and its desk."""

    def __init__(self, pace: Pace, token: str | None = None) -> None:
        self.store = Store()
        self._pace, self._token = pace, token
        self._at_work: dict[str, asyncio.Task[None]] = {}
        self.app = Starlette(
            routes=[
                Route("/fhir/metadata", self._metadata),
                Route("/fhir", self._base, methods=["POST"]),
                Route("/fhir/", self._base, methods=["POST"]),
                Route("/fhir/{kind}", self._kind, methods=["GET", "POST"]),
                Route("/fhir/{kind}/{id}", self._one, methods=["GET", "PUT"]),
            ],
            exception_handlers={Refused: _refused},
            lifespan=self._open,
        )

    @asynccontextmanager
    async def _open(self, _app: Starlette) -> AsyncIterator[None]:
        yield
        for work in self._at_work.values():
            work.cancel()

    # The server

    async def _metadata(self, _request: Request) -> Response:
        kinds = [
            {"type": kind, "conditionalCreate": True, "versioning": "versioned-update"} for kind in KINDS
        ]
        return _fhir({
            "resourceType": "CapabilityStatement", "status": "active", "date": "2026-01-01", "kind": "instance",
            "fhirVersion": "4.0.1", "format": ["json"],
            "rest": [{"mode": "server", "resource": kinds, "interaction": [{"code": "transaction"}]}],
        })  # fmt: skip

    async def _base(self, request: Request) -> Response:
        self._check(request)
        answer = self.store.transaction(await _content(request))
        self._look_at_tasks()
        return _fhir(answer)

    async def _kind(self, request: Request) -> Response:
        self._check(request)
        kind = request.path_params["kind"]
        if request.method == "GET":
            found = self.store.search(kind, request.url.query)
            entries = [{"fullUrl": f"{request.url.path}/{one['id']}", "resource": one} for one in found]
            return _fhir(
                {"resourceType": "Bundle", "type": "searchset", "total": len(found), "entry": entries}
            )
        new, kept = self.store.create(kind, await _content(request), request.headers.get("if-none-exist"))
        self._look_at_tasks()
        return _fhir(kept, 201 if new else 200)

    async def _one(self, request: Request) -> Response:
        self._check(request)
        kind, id_ = request.path_params["kind"], request.path_params["id"]
        if request.method == "GET":
            return _fhir(self.store.read(kind, id_))
        kept = self.store.update(kind, id_, await _content(request), request.headers.get("if-match"))
        self._look_at_tasks()
        return _fhir(kept)

    def _check(self, request: Request) -> None:
        given = request.headers.get("authorization", "")
        if self._token and not hmac.compare_digest(given.encode(), f"Bearer {self._token}".encode()):
            raise Refused(401, "login", "a bearer token is needed")

    # The desk

    def _look_at_tasks(self) -> None:
        """Begin with each task that is new."""
        for task in self.store.search("Task", ""):
            if task["id"] not in self._at_work:
                self._at_work[task["id"]] = asyncio.create_task(self._go_about(task["id"]))

    async def _go_about(self, id_: str) -> None:
        step = self._pace.step.total_seconds()
        if not await self._wait(id_, step):
            return
        await self._say(id_, TaskStatus.ACCEPTED, BusinessStatus.ACCEPTED)
        if not await self._wait(id_, step):
            return
        appointment = {
            "type": {"coding": [{"system": TASK_CODE, "code": "fulfill"}], "text": "Appointment"},
            "valueDateTime": self._pace.appointment().isoformat().replace("+00:00", "Z"),
        }
        await self._say(id_, TaskStatus.IN_PROGRESS, BusinessStatus.SCHEDULED, output=[appointment])
        if not await self._wait(id_, self._pace.visit_after_booking.total_seconds()):
            return
        await self._say(id_, TaskStatus.IN_PROGRESS, BusinessStatus.EVENT_DONE)

    async def _wait(self, id_: str, seconds: float) -> bool:
        """Let time pass, and confirm a cancellation that was asked for meanwhile; whether to go on."""
        ends = asyncio.get_running_loop().time() + seconds
        while asyncio.get_running_loop().time() < ends:
            await asyncio.sleep(seconds / 4)
            task = self.store.read("Task", id_)
            if task["status"] in CLOSED:
                return False
            if _business(task) == BusinessStatus.CANCELLATION_REQUESTED:
                await self._say(id_, TaskStatus.CANCELLED, BusinessStatus.CANCELLED)
                return False
        return True

    async def _say(self, id_: str, status: TaskStatus, business: BusinessStatus, **more: Any) -> None:
        task = self.store.read("Task", id_)
        changed = {
            **task,
            **more,
            "status": status.value,
            "businessStatus": {"coding": [{"system": BUSINESS_STATUS, "code": business.value}]},
            "lastModified": datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
        }
        kept = self.store.update("Task", id_, changed, f'W/"{task["meta"]["versionId"]}"')
        if url := _answer_url(kept):
            await post(url, json.dumps(kept).encode(), {"Content-Type": "application/fhir+json"})


async def post(url: str, body: bytes, headers: Mapping[str, str]) -> bool:
    """Tell the clinic; whether it took it. A sample agency does not insist: the clinic may ask."""
    try:
        async with httpx2.AsyncClient(timeout=5, verify=trusted()) as client:
            return (await client.post(url, content=body, headers=dict(headers))).is_success
    except (httpx2.HTTPError, httpx2.InvalidURL):
        return False


def _answer_url(task: Resource) -> str | None:
    for given in task.get("input", []):
        if any(one.get("system") == INPUT for one in given.get("type", {}).get("coding", [])):
            url: str | None = given.get("valueUrl")
            return url
    return None


def _business(task: Resource) -> str | None:
    for coding in task.get("businessStatus", {}).get("coding", []):
        code: str | None = coding.get("code")
        return code
    return None


async def _content(request: Request) -> Any:
    try:
        return json.loads(await request.body())
    except (ValueError, RecursionError):
        raise Refused(400, "structure", "the body is not JSON") from None


def _fhir(resource: Resource, status: int = 200) -> Response:
    version = resource.get("meta", {}).get("versionId")
    headers = {"ETag": f'W/"{version}"'} if version else {}
    return JSONResponse(resource, status, headers, media_type="application/fhir+json")


async def _refused(_request: Request, error: Exception) -> Response:
    assert isinstance(error, Refused)
    return _fhir(error.outcome(), error.status)
