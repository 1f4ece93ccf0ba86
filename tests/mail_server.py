"""A real SMTP server whose answers a test changes while it runs: it greylists, lets nobody in, refuses one, is away."""

import asyncio
import email
from contextlib import suppress
from email import policy
from threading import Event
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult


class MailServer:
    """Keeps what it takes, with each message's id. It is there from `open()` to `close()`, any number of times."""

    def __init__(self, port: int, *, smtputf8: bool = True, **options: Any) -> None:
        self.port = port
        self.answers: dict[str, str] = {}
        """What is answered to a command: MAIL, RCPT, DATA; to RCPT also for one recipient, under its address."""
        self.lets_in = True
        """Whether it takes our name and password, where it asks for them."""
        self.taken: list[tuple[str, str, str]] = []
        """Recipient, subject and Message-ID of each message, in the order in which they came."""
        self.tried = 0
        self.goes_on = Event()
        """Cleared, a message is not answered until it is set again."""
        self.goes_on.set()
        self._options = {"enable_SMTPUTF8": smtputf8, **options}
        self._controller: Controller | None = None

    def open(self) -> None:
        self._controller = Controller(self, hostname="127.0.0.1", port=self.port, **self._options)
        self._controller.start()

    def close(self) -> None:
        if self._controller:
            with suppress(RuntimeError):
                self._controller.stop()
        self._controller = None

    def __enter__(self) -> "MailServer":
        self.open()
        return self

    def __exit__(self, *_exc: object) -> None:
        self.close()

    def subjects_of(self, recipient: str) -> list[str]:
        return [subject for to, subject, _ in self.taken if to == recipient]

    async def handle_MAIL(
        self, _server: SMTP, _session: Any, envelope: Any, address: str, options: list[str]
    ) -> str:
        self.tried += 1
        if (answer := self.answers.get("MAIL", "250 ok")).startswith("250"):
            envelope.mail_from = address
            envelope.mail_options.extend(options)
        return answer

    async def handle_RCPT(
        self, _server: SMTP, _session: Any, envelope: Any, address: str, _options: list[str]
    ) -> str:
        answer = self.answers.get(address) or self.answers.get("RCPT", "250 ok")
        if answer.startswith("250"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, _server: SMTP, _session: Any, envelope: Any) -> str:
        await asyncio.to_thread(self.goes_on.wait, 60)
        answer = self.answers.get("DATA", "250 kept")
        if answer.startswith("250"):
            mail = email.message_from_bytes(envelope.content, policy=policy.default)
            self.taken += [(to, mail["Subject"], mail["Message-ID"]) for to in envelope.rcpt_tos]
        return answer

    def authenticate(self, *_: Any) -> AuthResult:
        return AuthResult(success=self.lets_in, handled=False)


def asking_for_a_password(port: int) -> MailServer:
    """One that takes mail only from whoever signs in."""
    server = MailServer(port)
    server._options |= {
        "authenticator": server.authenticate, "auth_required": True, "auth_require_tls": False,
    }  # fmt: skip
    return server
