"""A FHIR R4 server of an agency's: a referral goes there as one transaction, and its Task is asked how it stands.

Nothing is created twice: before each attempt the server is asked for the sending, and the transaction itself creates
only what is not there. A change over there is made against the version that was read (`If-Match`).
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from pydantic import ValidationError

from activities.agencies.book import Agency, Office
from activities.agencies.fhir import codes
from activities.agencies.fhir.building import Builder, by_identifier, created, instant
from activities.agencies.fhir.reading import ENDED, Unreadable, business_status, read, word_of
from activities.agencies.fhir.resources import (
    CodeableConcept,
    Coding,
    Entry,
    Identifier,
    Reference,
    Request,
    SearchSet,
    Task,
    Transaction,
    TransactionResponse,
)
from activities.agencies.port import AgencyWord, Handover
from activities.channels.http import HttpAnswer, exchange, unclear, without_secrets
from activities.channels.port import Leaving, Permanent, Transient, Uncertain, at_once
from workflows.core.episode.consent.grounds import Way

ATTEMPTS_AT_A_CHANGE = 3
"""So often a task is read again that the agency changed while we were about to."""

CONFLICT = frozenset({409, 412})
"""The version that we read is no longer the newest."""

_TASK = re.compile(r"(?:^|/)(Task/[A-Za-z0-9\-.]{1,64})(?:/_history/[^/]*)?$")
_REQUEST = re.compile(r"(?:^|/)(ServiceRequest/[A-Za-z0-9\-.]{1,64})(?:/_history/[^/]*)?$")


@dataclass(frozen=True, slots=True)
class _Read:
    """A resource as it came, and its version."""

    content: dict[str, Any]
    version: str


class Fhir:
    """One agency's FHIR server. The reference of a referral is its task's address there, as `Task/12`."""

    way: Way = "content"

    def __init__(
        self,
        agency: Agency,
        office: Office,
        url: str,
        token: str | None = None,
        *,
        knows_repeats: bool = False,
        own_network: bool = False,
        within: float = 20,
    ) -> None:
        self._who, self._url, self._token = agency.agency_id, url, token
        self._repeats_are_safe, self._own_network, self._within = knows_repeats, own_network, within
        self._builder = Builder(agency, office)

    @property
    def to(self) -> str:
        """Its server."""
        return without_secrets(self._url)

    async def send(self, handover: Handover, leaving: Leaving = at_once) -> str:
        """Send once; the task's address over there."""
        if handover.what == "cancellation":
            return await self._ask_to_cancel(handover, leaving)
        if handover.what == "completion":
            return await self._close_the_order(handover, leaving)
        if known := await self._find(codes.SENDING, handover.key):
            return known
        try:
            answer = await self._call(
                "POST",
                "",
                self._builder.referral(handover).as_json(),
                repeats_are_safe=self._repeats_are_safe,
                leaving=leaving,
            )
            if reference := _reference_in(answer):
                return reference
            raise unclear(f"{self._who} took the referral and answered nothing that can be read",
                          self._repeats_are_safe)  # fmt: skip
        except Uncertain:
            # Whether it arrived is a question that this agency can answer, if it answers at all.
            if known := await self._find_if_it_answers(handover.key):
                return known
            raise

    async def ask(self, reference: str) -> AgencyWord | None:
        """What the task says now."""
        if not _TASK.fullmatch(reference):
            raise Permanent(f"the reference at {self._who} is not of a task on a FHIR server")
        try:
            return word_of(self._task(reference, await self._read(reference)))
        except Unreadable as error:
            raise Transient(f"{self._who} answered what cannot be read: {error}") from None

    async def _ask_to_cancel(self, handover: Handover, leaving: Leaving) -> str:
        """The first of two phases: the order is withdrawn, and the task says so. The second is theirs."""
        reference = handover.revokes or await self._find(codes.REFERRAL, handover.referral_id)
        if reference is None:
            raise Permanent(f"{self._who} has no such referral: there is nothing to cancel")
        if not _TASK.fullmatch(reference):
            raise Permanent(f"the reference at {self._who} is not of a task on a FHIR server")
        try:
            for _ in range(ATTEMPTS_AT_A_CHANGE):
                found = await self._read(reference)
                task = self._task(reference, found)
                if task.status in ENDED or _cancellation_is_asked(task):
                    return reference
                change = await self._withdrawal(handover, reference, task, found)
                # A repeat would meet a newer version and change nothing.
                answer = await self._call(
                    "POST", "", change.as_json(), repeats_are_safe=True, let_pass=CONFLICT, leaving=leaving
                )
                if answer.status not in CONFLICT:
                    return reference
        except Unreadable as error:
            raise Transient(f"{self._who} answered what cannot be read: {error}") from None
        raise Transient(f"{self._who} changes the referral faster than it can be cancelled: try again later")

    async def _close_the_order(self, handover: Handover, leaving: Leaving) -> str:
        """Our order is completed once their task is: the order is ours to close (Gravity, BSeR)."""
        reference = handover.revokes or ""
        if not _TASK.fullmatch(reference):
            raise Permanent(f"the reference at {self._who} is not of a task on a FHIR server")
        try:
            for _ in range(ATTEMPTS_AT_A_CHANGE):
                task = self._task(reference, await self._read(reference))
                request = _REQUEST.search((task.focus.reference if task.focus else None) or "")
                if request is None or task.status is not codes.TaskStatus.COMPLETED:
                    return reference
                order = await self._read(request[1])
                if order.content.get("status") != "active":
                    return reference
                notice = self._builder.notice(handover, about=Reference(reference=request[1]))
                closed = _changed(request[1], order, {"status": "completed"})
                change = Transaction(entry=(closed, created(notice)))
                # A repeat would meet a newer version and change nothing.
                answer = await self._call(
                    "POST", "", change.as_json(), repeats_are_safe=True, let_pass=CONFLICT, leaving=leaving
                )
                if answer.status not in CONFLICT:
                    return reference
        except Unreadable as error:
            raise Transient(f"{self._who} answered what cannot be read: {error}") from None
        raise Transient(f"{self._who} changes the referral faster than it can be closed: try again later")

    async def _withdrawal(self, handover: Handover, reference: str, task: Task, found: _Read) -> Transaction:
        asked = CodeableConcept(
            coding=(
                Coding(
                    system=codes.BUSINESS_STATUS,
                    code=codes.BusinessStatus.CANCELLATION_REQUESTED.value,
                    display="Service Request Cancellation Requested",
                ),
            )
        )
        change = {"businessStatus": asked.as_json(), "lastModified": instant(handover.sent_at)}
        if business_status(task):
            # BSeR moves the task to in-progress with the request; in Gravity's guide its status is the agency's alone.
            change["status"] = codes.TaskStatus.IN_PROGRESS.value
        entries = [_changed(reference, found, change)]
        if request := _REQUEST.search((task.focus.reference if task.focus else None) or ""):
            order = await self._read(request[1])
            entries.append(_changed(request[1], order, {"status": "revoked"}))
        notice = self._builder.notice(handover, about=Reference(reference=request[1]) if request else None)
        return Transaction(entry=(*entries, created(notice)))

    def _task(self, reference: str, found: _Read) -> Task:
        task = read(found.content)
        if task.id is not None and task.id != reference.partition("/")[2]:
            raise Unreadable("Task.id is of another task than the one that was asked for")
        return task

    async def _read(self, reference: str) -> _Read:
        answer = await self._call("GET", f"/{reference}", repeats_are_safe=True)
        content = _json(answer.body)
        if not isinstance(content, dict) or content.get("resourceType") != reference.partition("/")[0]:
            raise Unreadable(f"{reference.partition('/')[0]} was asked for and something else came")
        meta = content.get("meta")
        version = meta.get("versionId") if isinstance(meta, dict) else None
        tag = f'W/"{version}"' if isinstance(version, str) else answer.headers.get("etag", "")
        return _Read(content, tag)

    async def _find(self, system: str, value: str) -> str | None:
        """The task with an identifier; of several the newest that is still open."""
        query = by_identifier(Identifier(system=system, value=value))
        answer = await self._call("GET", f"/Task?{query}", repeats_are_safe=True)
        try:
            found = SearchSet.model_validate(_json(answer.body))
            tasks = [read(entry.resource) for entry in found.entry if _is_task(entry.resource)]
        except (ValidationError, Unreadable):
            raise Transient(f"{self._who} answered a search with what cannot be read") from None
        # A server that knows no such search may answer with everything that it has.
        wanted = Identifier(system=system, value=value)
        ours = [task for task in tasks if task.id and wanted in (task.identifier or ())]
        ours.sort(key=lambda task: (task.status not in ENDED, (task.meta and task.meta.last_updated) or ""))
        return f"Task/{ours[-1].id}" if ours else None

    async def _find_if_it_answers(self, key: str) -> str | None:
        try:
            return await self._find(codes.SENDING, key)
        except (Transient, Permanent):
            return None

    async def _call(
        self,
        method: str,
        path: str,
        content: Mapping[str, Any] | None = None,
        *,
        repeats_are_safe: bool,
        let_pass: frozenset[int] = frozenset(),
        leaving: Leaving = at_once,
    ) -> HttpAnswer:
        """One request. What only asks names no person, and needs no leave."""
        headers = {"Accept": "application/fhir+json"}
        if self._token:
            headers["Authorization"] = f"Bearer {self._token}"
        body = None
        if content is not None:
            headers["Content-Type"] = "application/fhir+json"
            body = json.dumps(content).encode()
        return await exchange(
            self._who, method, self._url + quote(path, safe="/?=&%.-_|"), content=body, headers=headers,
            within=self._within, repeats_are_safe=repeats_are_safe, let_pass=let_pass,
            own_network=self._own_network, leaving=leaving,
        )  # fmt: skip


def _changed(reference: str, found: _Read, change: Mapping[str, Any]) -> Entry:
    if not found.version:
        raise Unreadable("meta.versionId is missing, and without it nothing there is changed")
    return Entry(
        resource={**found.content, **change},
        request=Request(method="PUT", url=reference, if_match=found.version),
    )


def _cancellation_is_asked(task: Task) -> bool:
    return business_status(task) is codes.BusinessStatus.CANCELLATION_REQUESTED


def _reference_in(answer: HttpAnswer) -> str | None:
    """The task's address in the answer to a transaction; its entry is the first."""
    try:
        response = TransactionResponse.model_validate(_json(answer.body))
    except (ValidationError, Unreadable):
        return None
    for entry in response.entry[:1]:
        if found := _TASK.search(entry.response.location or ""):
            return found[1]
        resource = entry.resource or {}
        if _is_task(resource) and _TASK.fullmatch(f"Task/{resource.get('id')}"):
            return f"Task/{resource['id']}"
    return None


def _is_task(resource: Mapping[str, Any]) -> bool:
    return resource.get("resourceType") == "Task"


def _json(body: bytes) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        raise Unreadable("the answer is not JSON") from None
