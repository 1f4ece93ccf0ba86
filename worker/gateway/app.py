"""The HTTP service. Each request is bounded, each answer is kept before it is recorded, and no reply tells of a person.

GET  /r/{token}                   the page behind a signed link
POST /r/{token}                   its form, or JSON {status, at?, appointment_at?}
POST /agencies/{agency}/answers   signed JSON {referral_id, status, at?, appointment_at?}, or a FHIR Task
POST /texts                       a text message that came in, signed by the clinic's own gateway for them
GET  /healthz                     whether the service runs
"""

import hashlib
import json
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from activities.agencies.links import BadLink, Links
from activities.clinic_database.inbox import Inbox
from activities.clinic_database.patients import Patients
from worker.gateway import pages
from worker.gateway.answers import NotSigned, Unreadable, check_signature, from_form, from_json, stated
from worker.gateway.bounds import Rate, TooLarge, read_body

HEADERS = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "X-Robots-Tag": "noindex",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'",
}
STOP_WORDS = frozenset({"stop", "stopall", "unsubscribe", "cancel", "end", "quit", "alto", "parar"})
"""What a person writes to get no further messages; the first of them are those of CTIA's guidelines."""


class Refused(Exception):
    """The referral's rules do not allow the statement; the message says why, to staff only."""


class Closed(Exception):
    """The referral is over, or there is none of that id."""


class Unavailable(Exception):
    """Nobody can record anything at this moment."""


Record = Callable[[str, dict[str, Any]], Awaitable[None]]
"""Records a statement in a referral. Raises Refused, Closed, Unavailable."""


@dataclass(frozen=True)
class Gateway:
    """What the service needs. `secret_of` gives the secret of an agency that signs, `read_task` reads its FHIR Task
    to the fields of an answer with the referral's id."""

    links: Links
    inbox: Inbox
    patients: Patients
    record: Record
    secret_of: Callable[[str], str | None]
    read_task: Callable[[dict[str, Any]], dict[str, Any]]
    zone: ZoneInfo
    texts_secret: str | None = None
    rate: Rate | None = None

    def app(self) -> Starlette:
        """The service."""
        return Starlette(
            routes=[
                Route("/r/{token}", self._page, methods=["GET"]),
                Route("/r/{token}", self._answer_by_link, methods=["POST"]),
                Route("/agencies/{agency}/answers", self._answer_signed, methods=["POST", "PUT"]),
                Route("/texts", self._text, methods=["POST"]),
                Route("/healthz", lambda _: PlainTextResponse("ok"), methods=["GET"]),
            ],
            middleware=[Middleware(BaseHTTPMiddleware, dispatch=self._bounded())],
            exception_handlers={404: _not_here, 405: _not_here},
        )

    def _bounded(self) -> Callable[[Request, Callable[[Request], Awaitable[Response]]], Awaitable[Response]]:
        rate = self.rate or Rate()

        async def dispatch(request: Request, proceed: Callable[[Request], Awaitable[Response]]) -> Response:
            client = request.client.host if request.client else ""
            if not rate.allows(client):
                return PlainTextResponse("Too many requests.", 429, {**HEADERS, "Retry-After": "60"})
            try:
                answer = await proceed(request)
            except TooLarge:
                answer = PlainTextResponse("This is larger than any answer.", 413)
            answer.headers.update(HEADERS)
            return answer

        return dispatch

    # -- links ------------------------------------------------------------------------------------------------

    async def _page(self, request: Request) -> Response:
        try:
            self.links.read(request.path_params["token"], datetime.now(UTC))
        except BadLink:
            return await _not_here(request, None)
        return HTMLResponse(pages.form(secrets.token_hex(8)))

    async def _answer_by_link(self, request: Request) -> Response:
        body = await read_body(request)
        try:
            link = self.links.read(request.path_params["token"], datetime.now(UTC))
        except BadLink:
            return await _not_here(request, None)
        as_json = request.headers.get("content-type", "").startswith("application/json")
        try:
            if as_json:
                statement, number = stated(from_json(body)), request.headers.get("idempotency-key", "")
            else:
                statement, number = from_form(body, self.zone)
        except Unreadable as error:
            return _unreadable(error, as_json)
        taken = await self._take(link.agency, link.referral_id, statement, number)
        if as_json:
            return JSONResponse({"taken": True}) if taken else _later(True)
        return HTMLResponse(pages.thanks()) if taken else _later(False)

    # -- signed answers ---------------------------------------------------------------------------------------

    async def _answer_signed(self, request: Request) -> Response:
        body = await read_body(request)
        agency = request.path_params["agency"]
        try:
            signature = check_signature(request.headers, body, self.secret_of(agency), datetime.now(UTC))
        except NotSigned:
            return await _not_here(request, None)
        try:
            content = from_json(body)
            if content.get("resourceType"):
                content = self.read_task(content)
            referral_id = content.get("referral_id")
            if not isinstance(referral_id, str) or not referral_id:
                raise Unreadable("referral_id: say which referral it is about.")
            statement = stated(content)
        except Unreadable as error:
            return _unreadable(error, True)
        taken = await self._take(agency, referral_id, statement, signature)
        return JSONResponse({"taken": True}) if taken else _later(True)

    async def _take(self, agency: str, referral_id: str, statement: dict[str, Any], number: str) -> bool:
        """Keep an answer and record it; whether it is kept for good. The same one again counts once."""
        said = json.dumps([agency, referral_id, statement, number], sort_keys=True)
        key = hashlib.sha256(said.encode()).hexdigest()
        statement = {**statement, "id": f"answer-{key[:32]}", "by": f"agency:{agency}", "agency": agency}
        answer = await self.inbox.take(key, agency, referral_id, statement)
        if answer.state != "received":
            return True
        try:
            await self.record(referral_id, statement)
        except Refused as refused:
            await self.inbox.settle(key, "refused", str(refused)[:500])
        except Closed:
            await self.inbox.settle(key, "closed")
        except Unavailable:
            return False
        else:
            await self.inbox.settle(key, "recorded")
        return True

    # -- text messages ----------------------------------------------------------------------------------------

    async def _text(self, request: Request) -> Response:
        """STOP is honoured; whatever else comes gets the same reply, from whomever it comes (P2, P11)."""
        body = await read_body(request)
        try:
            check_signature(request.headers, body, self.texts_secret, datetime.now(UTC))
            content = from_json(body)
        except (NotSigned, Unreadable):
            return await _not_here(request, None)
        sender, text = content.get("from"), content.get("text")
        if (
            isinstance(sender, str)
            and isinstance(text, str)
            and text.strip().lower().strip(".!") in STOP_WORDS
        ):
            await self.patients.stop_phone(sender)
        return JSONResponse({"taken": True})


async def _not_here(_request: Request, _error: Exception | None) -> Response:
    return HTMLResponse(pages.not_here(), 404)


def _unreadable(error: Unreadable, as_json: bool) -> Response:
    return JSONResponse({"error": str(error)}, 422) if as_json else HTMLResponse(pages.wrong(str(error)), 422)


def _later(as_json: bool) -> Response:
    headers = {"Retry-After": "120"}
    if as_json:
        return JSONResponse({"error": "Send it again in a few minutes."}, 503, headers)
    return HTMLResponse(pages.later(), 503, headers)
