"""A real HTTP server that answers what it is told to and keeps what it was sent."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Answering:
    """Answers `statuses` in turn, then 200; 0 means that it takes the request and never answers.

    A GET is answered with what stands in `contents` under its path and query, and else with 404.
    """

    statuses: list[int] = field(default_factory=list)
    contents: dict[str, bytes] = field(default_factory=dict)
    taken: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    address: str = ""
    closing: threading.Event = field(default_factory=threading.Event)


@contextmanager
def answering(*statuses: int) -> Iterator[Answering]:
    """The server while the block runs."""
    state = Answering(list(statuses))

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            state.taken.append(({name.lower(): value for name, value in self.headers.items()}, body))
            status = state.statuses.pop(0) if state.statuses else 200
            if status == 0:
                state.closing.wait(30)
                return
            self.send_response(status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def do_GET(self) -> None:
            state.taken.append(({name.lower(): value for name, value in self.headers.items()}, b""))
            content = state.contents.get(self.path)
            status = state.statuses.pop(0) if state.statuses else 404 if content is None else 200
            self.send_response(status)
            self.send_header("Content-Length", str(len(content or b"")))
            self.end_headers()
            self.wfile.write(content or b"")

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    state.address = f"127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield state
    finally:
        state.closing.set()
        server.shutdown()
        server.server_close()
