"""A small web server inside this process, for as long as a block runs."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

import uvicorn
from starlette.types import ASGIApp

from worker.errors import CannotDo
from worker.unfinished import Bounded


class _Inside(uvicorn.Server):
    """Leaves the signals to whoever runs the process."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@asynccontextmanager
async def serving(app: ASGIApp, port: int, host: str = "127.0.0.1") -> AsyncIterator[None]:
    """Serve an application.

    Raises:
        CannotDo: the port is taken.
    """
    # No access log: a path may hold a signed link.
    config = uvicorn.Config(
        app, host=host, port=port, log_level="critical", access_log=False, server_header=False, limit_concurrency=200,
        timeout_keep_alive=10, h11_max_incomplete_event_size=16 * 1024, http=Bounded,
    )  # fmt: skip
    server = _Inside(config)
    running = asyncio.create_task(_until_stopped(server, port))
    while not server.started:
        if running.done():
            await running
        await asyncio.sleep(0.01)
    try:
        yield
    finally:
        server.should_exit = True
        await running


async def _until_stopped(server: uvicorn.Server, port: int) -> None:
    try:
        await server.serve()
    except SystemExit:  # uvicorn's way to say that it could not listen
        raise CannotDo(f"Port {port} is taken: stop what listens there, or choose another.") from None
