"""The HTTP service. Each request is bounded, each answer is kept before it is recorded, and no reply tells of a person.

GET  /r/{token}                   the page behind a signed link, for an agency whose systems do not sign
POST /r/{token}                   its form, or JSON {status, at?, appointment_at?}
POST /texts                       a text message that came in, signed by the clinic's own gateway for them
GET  /healthz                     whether the service runs
"""

import hashlib
import json
import logging
import secrets
from collections.abc import Awaitable, Callable, Mapping
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

from activities.agencies.answers import BadAnswer, read_answer
from activities.agencies.links import BadLink, Link, Links
from activities.channels.signing import SIGNATURE, BadSignature, check_signed
from activities.clinic_database.inbox import Inbox
from activities.clinic_database.journal_chain import Key
from activities.clinic_database.ledger import Ledger
from activities.clinic_database.patients import Patients
from activities.clinic_database.texts import LONGEST, Texts
from worker.gateway import pages
from worker.gateway.answers import Unreadable, from_form, from_word
from worker.gateway.bounds import Rate, TooLarge, TooSlow, read_body
from worker.gateway.delivery import Record, deliver
from workflows.core.episode.messages.replies import is_bare, meaning_of

_log = logging.getLogger(__name__)

HEADERS = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "X-Robots-Tag": "noindex",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'",
}


@dataclass(frozen=True)
class Gateway:
    """What the service needs. `secret_of` gives the secret of an agency whose systems sign, None for any other."""

    links: Links
    inbox: Inbox
    patients: Patients
    texts: Texts
    ledger: Ledger
    ledger_key: Key
    record: Record
    secret_of: Callable[[str], str | None]
    zone: ZoneInfo
    texts_secret: str | None = None
    rate: Rate | None = None

    def app(self) -> Starlette:
        """The service."""
        app = Starlette(
            routes=[
                Route("/r/{token}", self._page, methods=["GET"]),
                Route("/r/{token}", self._answer_by_link, methods=["POST"]),
                Route("/texts", self._text, methods=["POST"]),
                Route("/healthz", lambda _: PlainTextResponse("ok"), methods=["GET"]),
            ],
            middleware=[Middleware(BaseHTTPMiddleware, dispatch=self._bounded())],
            exception_handlers={404: _not_here, 405: _not_here},
        )
        app.router.redirect_slashes = False  # a path that is not ours is not here, and is sent nowhere else
        return app

    def _bounded(self) -> Callable[[Request, Callable[[Request], Awaitable[Response]]], Awaitable[Response]]:
        rate = self.rate or Rate()

        async def dispatch(request: Request, proceed: Callable[[Request], Awaitable[Response]]) -> Response:
            client = request.client.host if request.client else ""
            if not rate.allows(client):
                return PlainTextResponse("Too many requests.", 429, {**HEADERS, "Retry-After": "60"})
            try:
                answer = await proceed(request)
            except TooSlow:
                answer = PlainTextResponse("This takes too long.", 408)
            except TooLarge:
                answer = PlainTextResponse("This is larger than any answer.", 413)
            except Exception as error:  # the database may be away; its own words stay here (P1)
                _log.error("a request could not be answered: %s", type(error).__name__)
                answer = _later(by_hand=request.method in ("GET", "HEAD"))
            answer.headers.update(HEADERS)
            return answer

        return dispatch

    # -- links ------------------------------------------------------------------------------------------------

    async def _page(self, request: Request) -> Response:
        try:
            link = self.links.read(request.path_params["token"], datetime.now(UTC))
        except BadLink:
            return await _not_here(request, None)
        if self.secret_of(link.agency):
            return await _not_here(request, None)
        if request.method == "GET":  # who asks whether there is a page has not read it
            await self.ledger.opened(self.ledger_key, link.referral_id, link.agency)
        return HTMLResponse(pages.form(secrets.token_hex(8)))

    async def _answer_by_link(self, request: Request) -> Response:
        body = await read_body(request)
        try:
            link = self.links.read(request.path_params["token"], datetime.now(UTC))
        except BadLink:
            return await _not_here(request, None)
        by_hand = request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded")
        said: dict[str, Any] | None
        try:
            if by_hand:
                if self.secret_of(
                    link.agency
                ):  # who signs is not spared it by calling the same answer a form
                    raise BadSignature
                said, number = from_form(body, self.zone)
            else:
                said, number = self._from_system(link, request.headers, body)
        except BadSignature:
            return await _not_here(request, None)
        except (Unreadable, BadAnswer) as error:
            return _unreadable(error, by_hand)
        if said is not None and not await self._take(link.agency, link.referral_id, said, number):
            return _later(by_hand)
        return HTMLResponse(pages.thanks()) if by_hand else JSONResponse({"taken": True})

    def _from_system(
        self, link: Link, headers: Mapping[str, str], body: bytes
    ) -> tuple[dict[str, Any] | None, str]:
        """What an agency's system says, None for a Task that says nothing yet; and what names this one request."""
        if secret := self.secret_of(link.agency):
            check_signed(secret, headers, body)
        word = read_answer(body)
        number = headers.get("idempotency-key") or headers.get(SIGNATURE) or ""
        return (from_word(word) if word else None), number

    async def _take(self, agency: str, referral_id: str, statement: dict[str, Any], number: str) -> bool:
        """Keep an answer and record it; whether it is kept for good. The same one again counts once."""
        said = json.dumps([agency, referral_id, statement, number], sort_keys=True)
        key = hashlib.sha256(said.encode()).hexdigest()
        statement = {**statement, "id": f"answer-{key[:32]}", "by": f"agency:{agency}", "agency": agency}
        answer = await self.inbox.take(key, agency, referral_id, statement)
        return await deliver(answer, self.inbox, self.record)

    # -- text messages ----------------------------------------------------------------------------------------

    async def _text(self, request: Request) -> Response:
        """STOP and START are honoured, and all else is kept for staff; each gets the same reply, from whomever it comes
        (P2, P11)."""
        body = await read_body(request)
        try:
            check_signed(self.texts_secret or secrets.token_hex(), request.headers, body)
            content = json.loads(body)
        except (BadSignature, ValueError, RecursionError):
            return await _not_here(request, None)
        sender, text = (
            (content.get("from"), content.get("text")) if isinstance(content, dict) else (None, None)
        )
        if isinstance(sender, str) and isinstance(text, str):
            await self._heard(sender, text, request.headers.get(SIGNATURE) or "")
        return JSONResponse({"taken": True})

    async def _heard(self, sender: str, text: str, number: str) -> None:
        meant = meaning_of(text[:LONGEST])
        if meant not in ("stop", "start") or not is_bare(text[:LONGEST]):
            key = hashlib.sha256(json.dumps([sender, text, number]).encode()).hexdigest()
            await self.texts.keep(key, sender, text)
        if meant in ("stop", "start"):
            await self.patients.stop_phone(sender, stopped=meant == "stop")


async def _not_here(_request: Request, _error: Exception | None) -> Response:
    return HTMLResponse(pages.not_here(), 404)


def _unreadable(error: Exception, by_hand: bool) -> Response:
    return HTMLResponse(pages.wrong(str(error)), 422) if by_hand else JSONResponse({"error": str(error)}, 422)


def _later(by_hand: bool) -> Response:
    headers = {"Retry-After": "120"}
    if by_hand:
        return HTMLResponse(pages.later(), 503, headers)
    return JSONResponse({"error": "Send it again in a few minutes."}, 503, headers)
