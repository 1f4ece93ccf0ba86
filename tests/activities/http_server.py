"""A real HTTP server that answers what it is told to and keeps what it was sent."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Answering:
    """Answers `statuses` in turn, then 200; with a body where one is given.

    0 means that it takes the request and never answers, -1 that it takes it and breaks off. Where there are
    `contents`, a GET is answered with what stands there under its path and query, and else with 404.
    """

    statuses: list[int | tuple[int, bytes]] = field(default_factory=list)
    contents: dict[str, bytes] = field(default_factory=dict)
    taken: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    """Method and path of each request."""
    headers: dict[str, str] = field(default_factory=dict)
    """Sent with each answer."""
    address: str = ""
    closing: threading.Event = field(default_factory=threading.Event)


@contextmanager
def answering(*statuses: int | tuple[int, bytes]) -> Iterator[Answering]:
    """The server while the block runs."""
    state = Answering(list(statuses))

    class Handler(BaseHTTPRequestHandler):
        def kept(self) -> int | tuple[int, bytes]:
            if self.command != "GET" or not state.contents:
                return 200
            content = state.contents.get(self.path)
            return 404 if content is None else (200, content)

        def do_POST(self) -> None:
            length = int(self.headers.get("Content-Length", 0))
            body = self.rfile.read(length)
            if len(body) < length:
                return  # whoever sent it has broken off
            state.taken.append(({name.lower(): value for name, value in self.headers.items()}, body))
            state.asked.append(f"{self.command} {self.path}")
            answer = state.statuses.pop(0) if state.statuses else self.kept()
            status, content = answer if isinstance(answer, tuple) else (answer, b"")
            if status == 0:
                state.closing.wait(30)
                return
            if status == -1:
                return
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            for name, value in state.headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_PUT = do_POST

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    state.address = f"127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield state
    finally:
        state.closing.set()
        server.shutdown()
        server.server_close()
