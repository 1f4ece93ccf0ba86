"""Running until somebody says stop."""

import asyncio
import signal


async def until_stopped() -> None:
    """Wait for Ctrl-C, a request to end, or the end of the terminal."""
    stopped = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    await stopped.wait()
