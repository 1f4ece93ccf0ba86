"""A sample agency with a webhook: it checks the signature, knows a repeat, and answers at the address it was given."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from activities.channels.signing import BadSignature, check_signed, signed
from worker.sample_agencies.fhir_server import post
from worker.sample_agencies.pace import Pace


class WebhookAgency:
    """The agency: its receiver (`app`), and what it was sent, by idempotency key."""

    def __init__(self, pace: Pace, secret: str) -> None:
        self.taken: dict[str, dict[str, Any]] = {}
        self._pace, self._secret = pace, secret
        self._at_work: dict[str, asyncio.Task[None]] = {}
        self.app = Starlette(
            routes=[
                Route("/referrals", self._listed, methods=["GET"]),
                Route("/referrals", self._take, methods=["POST"]),
            ],
            lifespan=self._open,
        )

    @asynccontextmanager
    async def _open(self, _app: Starlette) -> AsyncIterator[None]:
        yield
        for work in self._at_work.values():
            work.cancel()

    async def _listed(self, _request: Request) -> Response:
        """What was taken, without a word about anybody."""
        return JSONResponse(
            [{"referral": one["referral"], "what": one["what"]} for one in self.taken.values()]
        )

    async def _take(self, request: Request) -> Response:
        body = await request.body()
        try:
            check_signed(self._secret, request.headers, body)
        except BadSignature as error:
            return JSONResponse({"error": str(error)}, 401)
        try:
            sent = json.loads(body)
            key, what, referral = sent["key"], sent["what"], sent["referral"]
        except (ValueError, RecursionError, TypeError, KeyError):
            return JSONResponse({"error": "key, what and referral are needed, in a JSON object"}, 400)
        if key != request.headers.get("idempotency-key"):
            return JSONResponse({"error": "Idempotency-Key is another than the key in the body"}, 400)
        reference = f"here-{referral}"
        if key not in self.taken:
            self.taken[key] = sent
            if what == "cancellation" and (work := self._at_work.pop(referral, None)):
                work.cancel()
            go = self._cancel(sent) if what == "cancellation" else self._go_about(sent)
            self._at_work[referral] = asyncio.create_task(go)
        return JSONResponse({"reference": reference}, 202)

    async def _go_about(self, sent: dict[str, Any]) -> None:
        step = self._pace.step.total_seconds()
        await asyncio.sleep(step)
        await self._answer(sent, "accepted")
        await asyncio.sleep(step)
        appointment = self._pace.appointment().isoformat()
        await self._answer(sent, "scheduled", appointment_at=appointment)
        await asyncio.sleep(self._pace.visit_after_booking.total_seconds())
        await self._answer(sent, "visited", appointment_at=appointment)

    async def _cancel(self, sent: dict[str, Any]) -> None:
        await asyncio.sleep(self._pace.step.total_seconds())
        await self._answer(sent, "cancelled")

    async def _answer(self, sent: dict[str, Any], status: str, **more: str) -> None:
        if url := sent.get("answer_url"):
            now = datetime.now(UTC).isoformat(timespec="seconds")
            body = json.dumps({"status": status, "at": now, **more}).encode()
            await post(url, body, {"Content-Type": "application/json", **signed(self._secret, body)})
