"""What the gateway takes at most: from one client in a minute, and in one body."""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable

from starlette.requests import Request

MOST_BYTES = 64 * 1024
"""An answer is a few hundred bytes; a FHIR Task with its extensions stays below this."""

PER_MINUTE = 60
"""Requests of one client; an agency that answers by hand sends a few in a day, one that polls a few in an hour."""

MOST_CLIENTS = 10_000
"""How many clients are remembered; beyond that the one that was quiet longest is forgotten."""


LONGEST_NAME = 45
"""Characters by which a client is told apart: an IPv6 address. A proxy may pass on whatever it was given."""

PATIENCE = 15.0
"""Seconds for a whole body: who sends it drop by drop holds a place that others need."""


class TooLarge(Exception):
    """The body is larger than any answer."""


class TooSlow(Exception):
    """The body does not come to its end."""


async def read_body(request: Request, most: int = MOST_BYTES, within: float = PATIENCE) -> bytes:
    """The body, read no further than allowed, whatever its header says.

    Raises:
        TooLarge: there is more of it.
        TooSlow: it takes too long.
    """
    body = bytearray()
    try:
        async with asyncio.timeout(within):
            async for chunk in request.stream():
                body += chunk
                if len(body) > most:
                    raise TooLarge
    except TimeoutError:
        raise TooSlow from None
    return bytes(body)


class Rate:
    """A bucket for each client: it holds a minute's worth, and fills up again as time passes."""

    def __init__(self, per_minute: int = PER_MINUTE, clock: Callable[[], float] = time.monotonic) -> None:
        self._per_minute, self._clock = per_minute, clock
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def allows(self, client: str) -> bool:
        """Whether one more request of a client is within bounds; it counts if it is."""
        client, now = client[:LONGEST_NAME], self._clock()
        left, at = self._buckets.pop(client, (float(self._per_minute), now))
        left = min(self._per_minute, left + (now - at) * self._per_minute / 60)
        allowed = left >= 1
        self._buckets[client] = (left - 1 if allowed else left, now)
        if len(self._buckets) > MOST_CLIENTS:
            self._buckets.popitem(last=False)
        return allowed
