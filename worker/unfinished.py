"""Connections on which no whole request has come yet: how long and how many of them a small server bears.

Uvicorn counts every open connection against its limit and waits for a header without end, so that two hundred silent
connections keep everybody out. Here those that say nothing are closed, the oldest first, and whoever sends a request is
served.
"""

import asyncio

from uvicorn.protocols.http.h11_impl import H11Protocol

PATIENCE = 10.0
"""Seconds for a whole header. A body has a time of its own where it is read (`worker.gateway.bounds`)."""
MOST = 100
"""Connections without a whole request, all clients together; half of what `worker.serving` bears in all."""


class Bounded(H11Protocol):
    """HTTP/1.1 in which a request that does not come makes room for one that does."""

    _since = 0.0
    _patience: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """A client has connected, and has said nothing yet."""
        super().connection_made(transport)
        self._since = self.loop.time()
        self._begin_waiting()
        waiting = [one for one in self.connections if isinstance(one, Bounded) and one.is_unfinished]
        if len(waiting) > MOST:
            min(waiting, key=lambda one: one._since).transport.close()

    def data_received(self, data: bytes) -> None:
        """Some bytes have come, perhaps the rest of a header."""
        super().data_received(data)
        if self._has_header:
            self._end_waiting()
        elif self._patience is None:
            self._begin_waiting()

    def connection_lost(self, exc: Exception | None) -> None:
        """It is gone."""
        self._end_waiting()
        super().connection_lost(exc)

    @property
    def is_unfinished(self) -> bool:
        """Whether nothing is being answered here: no request has come, or not its whole body."""
        return not self._has_header or self.cycle.more_body

    @property
    def _has_header(self) -> bool:
        return self.cycle is not None and not self.cycle.response_complete

    def _begin_waiting(self) -> None:
        self._patience = self.loop.call_later(PATIENCE, self.transport.close)

    def _end_waiting(self) -> None:
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None
