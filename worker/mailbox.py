"""The local mailbox: an SMTP server that keeps what it receives in a file, for `carepath up` and for tests."""

import email
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from email import policy
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller


class Mailbox:
    """Receives every message on 127.0.0.1 and appends it to a file of JSON lines."""

    def __init__(self, file: Path, port: int) -> None:
        self.file = file
        self.port = port
        self._controller = Controller(self, hostname="127.0.0.1", port=port)

    def __enter__(self) -> "Mailbox":
        self.file.parent.mkdir(parents=True, exist_ok=True)
        self._controller.start()
        return self

    def __exit__(self, *_exc: object) -> None:
        self._controller.stop()

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:
        """Keep one message (the name is aiosmtpd's)."""
        message = email.message_from_bytes(envelope.content, policy=policy.default)
        body = message.get_body(("plain",))
        line = {
            "received_at": datetime.now(UTC).isoformat(timespec="seconds"),
            "to": ", ".join(envelope.rcpt_tos),
            "from": envelope.mail_from,
            "subject": message["Subject"],
            "body": body.get_content() if body else "",
        }
        with self.file.open("a", encoding="utf-8") as out:
            out.write(json.dumps(line) + "\n")
        return "250 kept"


def read(file: Path) -> Iterator[dict[str, str]]:
    """The messages received so far, oldest first."""
    if file.exists():
        for line in file.read_text("utf-8").splitlines():
            yield json.loads(line)
