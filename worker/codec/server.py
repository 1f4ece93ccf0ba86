"""A codec server: the Web UI in a browser reads and writes through it what the Temporal server holds encrypted.

It gives plain text to whoever reaches it. So it listens on this machine only, unless it is told otherwise; before
it on any other address belongs a proxy that asks who somebody is.
"""

import json
from collections.abc import Awaitable, Callable, Sequence

from google.protobuf.json_format import MessageToDict, ParseDict, ParseError
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from temporalio.api.common.v1 import Payload, Payloads

from worker.codec.codec import Codec
from worker.errors import CannotDo
from worker.gateway.bounds import TooLarge, TooSlow, read_body

PORT = 8234
MOST_BYTES = 8 * 1024 * 1024
"""A page of a history is at most 4 MB (the server's own limit), and a third more in base64."""


def codec_server(codec: Codec, origins: Sequence[str]) -> Starlette:
    """The application, for Web UIs at some origins, such as `http://127.0.0.1:8233`; any other one is refused."""

    def answering(
        work: Callable[[Sequence[Payload]], Awaitable[list[Payload]]],
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
                payloads = ParseDict(_object(body), Payloads()).payloads
                return JSONResponse(MessageToDict(Payloads(payloads=await work(payloads))))
            except TooLarge:
                return _refused(413, f"At most {MOST_BYTES} bytes.")
            except TooSlow:
                return _refused(408, "The body did not come to its end.")
            except (ParseError, ValueError, RecursionError):
                return _refused(400, 'Send {"payloads": [...]} as Temporal writes it in JSON.')
            except CannotDo as error:
                return _refused(422, str(error))

        return answer

    return Starlette(
        routes=[
            Route("/encode", answering(codec.encode), methods=["POST"]),
            Route("/decode", answering(codec.decode), methods=["POST"]),
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


def _object(body: bytes) -> dict[str, object]:
    read = json.loads(body)
    if not isinstance(read, dict):
        raise ValueError
    return read


def _refused(status: int, why: str) -> JSONResponse:
    return JSONResponse({"message": why}, status)
