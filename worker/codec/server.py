"""A codec server: the Web UI in a browser reads and writes through it what the Temporal server holds encrypted.

It gives plain text to whoever reaches it. So it listens on this machine only, unless it is told otherwise; before
it on any other address belongs a proxy that asks who somebody is.
"""

import asyncio
import base64
import json
from collections.abc import Awaitable, Callable, Sequence
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from temporalio.api.common.v1 import Payload

from worker.codec.codec import Codec, Plain
from worker.errors import CannotDo
from worker.gateway.bounds import TooLarge, TooSlow, read_body

MOST_BYTES = 8 * 1024 * 1024
"""A page of a history is at most 4 MB (the server's own limit), and a third more in base64."""
MOST_PAYLOADS = 10_000
"""The Web UI asks for the payloads of one event or message at a time; a whole page has a few thousand."""

SEARCH_ATTRIBUTE = "type"
"""What the payload of a search attribute has: it is plain by design, and the Web UI (2.54) asks about it too."""


def _from_base64(value: object) -> bytes:
    if not isinstance(value, str):
        raise ValueError("base64 is text")
    return base64.b64decode(value, validate=True)


Base64 = Annotated[bytes, BeforeValidator(_from_base64)]


def codec_server(codec: Codec, origins: Sequence[str]) -> Starlette:
    """The application, for Web UIs at some origins, such as `http://127.0.0.1:8233`; any other one is refused."""

    def answering(
        work: Callable[[Sequence[Payload]], list[Payload]],
    ) -> Callable[[Request], Awaitable[Response]]:
        async def answer(request: Request) -> Response:
            # A browser always says which site asks. What is no browser, such as the Temporal command line, does not.
            if request.headers.get("origin", origins[0]) not in origins:
                return _refused(403, "This site may not read here: name it with --ui.")
            # A page of another site can send any other type without asking first.
            if request.headers.get("content-type", "").partition(";")[0].strip() != "application/json":
                return _refused(415, "Send application/json.")
            try:
                body = await read_body(request, MOST_BYTES)
                # In a thread: worker and gateway of a small clinic run in this process, and must not wait for it.
                return await asyncio.to_thread(lambda: JSONResponse(_in_json(work(_payloads(body)))))
            except TooLarge:
                return _refused(413, f"At most {MOST_BYTES} bytes.")
            except TooSlow:
                return _refused(408, "The body did not come to its end.")
            except TooMany:
                return _refused(413, f"At most {MOST_PAYLOADS} payloads.")
            except (ValidationError, ValueError, RecursionError):
                return _refused(400, 'Send {"payloads": [...]} as Temporal writes it in JSON.')
            except CannotDo as error:
                return _refused(422, str(error))

        return answer

    return Starlette(
        routes=[
            Route("/encode", answering(codec.sealed), methods=["POST"]),
            Route(
                "/decode",
                answering(lambda payloads: [_shown(codec, one) for one in payloads]),
                methods=["POST"],
            ),
        ],
        middleware=[
            Middleware(
                CORSMiddleware,
                allow_origins=list(origins),
                allow_methods=["POST"],
                allow_headers=["authorization", "content-type", "x-namespace"],
                allow_credentials=True,
            )
        ],
    )


class TooMany(Exception):
    """More payloads than any page of a history has."""


class _Payload(BaseModel):
    """A payload in Temporal's JSON. What it may hold beside these we could not keep, so it is refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    metadata: dict[str, Base64] = Field(default_factory=dict)
    data: Base64 = b""


class _Payloads(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    payloads: list[_Payload]


def _payloads(body: bytes) -> list[Payload]:
    """What was sent. Protobuf's own reader of JSON takes half a minute for the largest body, this one a moment."""
    read = json.loads(body)
    if (
        isinstance(read, dict)
        and isinstance(read.get("payloads"), list)
        and len(read["payloads"]) > MOST_PAYLOADS
    ):
        raise TooMany
    return [Payload(metadata=one.metadata, data=one.data) for one in _Payloads.model_validate(read).payloads]


def _shown(codec: Codec, payload: Payload) -> Payload:
    """A payload for a person's eyes: one that workers refuse is shown as that, and hides none beside it."""
    if SEARCH_ATTRIBUTE in payload.metadata:
        return payload
    try:
        return codec.open_one(payload)
    except Plain as error:
        says: dict[str, object] = {"refused": str(error), "it says": _content(payload)}
    except CannotDo as error:
        says = {"refused": str(error)}
    return Payload(metadata={"encoding": b"json/plain"}, data=json.dumps(says).encode())


def _content(payload: Payload) -> object:
    text = payload.data.decode("utf-8", "replace")
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def _in_json(payloads: Sequence[Payload]) -> dict[str, object]:
    """Payloads as protobuf writes them in JSON, without what is empty."""
    return {
        "payloads": [
            {
                name: value
                for name, value in (
                    ("metadata", {key: _text(of) for key, of in payload.metadata.items()}),
                    ("data", _text(payload.data)),
                )
                if value
            }
            for payload in payloads
        ]
    }


def _text(value: bytes) -> str:
    return base64.b64encode(value).decode()


def _refused(status: int, why: str) -> JSONResponse:
    return JSONResponse({"message": why}, status)
