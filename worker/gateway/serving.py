"""Running an HTTP service inside this process, for as long as a block lasts."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import uvicorn
from starlette.applications import Starlette

from worker.errors import CannotDo


@asynccontextmanager
async def serving(app: Starlette, host: str, port: int) -> AsyncIterator[None]:
    """The service, listening from the beginning of the block to its end.

    Raises:
        CannotDo: it could not begin to listen.
    """
    config = uvicorn.Config(
        app, host=host, port=port, log_level="error", access_log=False, lifespan="off", server_header=False,
        limit_concurrency=200, timeout_keep_alive=10, h11_max_incomplete_event_size=16 * 1024,
    )  # fmt: skip
    server = uvicorn.Server(config)
    server.install_signal_handlers = lambda: None  # type: ignore[attr-defined]  # whoever runs us listens for them
    task = asyncio.create_task(server.serve())
    try:
        while not server.started:
            if task.done():
                raise CannotDo(f"Nothing can listen on {host}:{port}; choose another port.")
            await asyncio.sleep(0.02)
        yield
    finally:
        server.should_exit = True
        await asyncio.gather(task, return_exceptions=True)
