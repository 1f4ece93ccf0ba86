"""E-mail. The sender's name and address are neutral: they too could show what the clinic treats (P2).

What went wrong is told by where it went wrong. Up to MAIL the server judges us: that is a fault of our own access. With
RCPT and DATA it judges the recipient, unless it says that it is about us. Only from DATA on can anything have left.
"""

import asyncio
import email.policy
import hashlib
import re
from contextlib import suppress
from email.message import EmailMessage
from email.utils import formatdate, getaddresses, parseaddr
from urllib.parse import unquote, urlsplit

import aiosmtplib

from activities.channels.port import AccessFault, Leaving, Message, Permanent, Transient, Uncertain, at_once

LONGEST_EXCHANGE = 45.0
"""Seconds for one whole sending, however slowly the server answers; an attempt of an activity lasts longer."""

ABOUT_US = frozenset({530, 534, 535, 538})
"""Replies that ask us to sign in, or refuse how we did (RFC 4954), at whatever command they come."""

FULL_OR_SHUT = frozenset({452, 454})
"""Passing replies that name a fault of the server or of our sign-in, and no wish to be asked again later."""


class Email:
    """Sends through one SMTP server, named as `smtp://host:port` or `smtps://user:password@host:port`."""

    def __init__(self, server: str, sender: str, timeout: float = 20) -> None:
        self._server, self._sender, self._timeout = urlsplit(server), sender, timeout

    async def send(self, message: Message, leaving: Leaving = at_once) -> str:
        """Send to one recipient; where the address names several, to all of them or to none."""
        # The id follows from the key, so that a mailbox that sees a repeat can tell.
        reference = hashlib.sha256(message.key.encode()).hexdigest()[:32]
        recipients = self._recipients(message.to)
        sending = _Sending()
        try:
            async with asyncio.timeout(LONGEST_EXCHANGE):
                await self._exchange(message, reference, recipients, sending, leaving)
        except (Transient, Permanent):
            raise
        except aiosmtplib.SMTPResponseException as error:
            raise sending.meaning_of(error.code, error.message) from None
        except (aiosmtplib.SMTPException, OSError, ValueError) as error:
            if sending.handed_over:  # it may have been taken before the connection broke (P9)
                raise Uncertain(f"the mail server broke off ({type(error).__name__})") from None
            raise AccessFault(f"the mail server cannot be reached ({type(error).__name__})") from None
        return reference

    async def _exchange(
        self,
        message: Message,
        reference: str,
        recipients: list[str],
        sending: "_Sending",
        leaving: Leaving,
    ) -> None:
        client = self._client()
        try:
            await client.connect()
            if self._server.username:
                await client.login(unquote(self._server.username), unquote(self._server.password or ""))
            with suppress(aiosmtplib.SMTPHeloError):  # an old server is greeted in the old way
                await client.ehlo()
            utf8 = not "".join([self._sender, *recipients]).isascii()
            if utf8 and not client.supports_extension("smtputf8"):
                raise Permanent("the mail server takes no address with letters beyond ASCII")
            content = self._mail(message, reference, recipients, utf8=utf8)
            encoding = "utf-8" if utf8 else "ascii"
            await client.mail(self._sender, options=["SMTPUTF8"] if utf8 else [], encoding=encoding)
            sending.is_ours = False
            for recipient in recipients:
                await client.rcpt(recipient, encoding=encoding)
            await _begin_the_content(client)
            await leaving()  # the server has said that it waits for the mail: from here on it may arrive
            sending.handed_over = True
            await _hand_over(client, content)
            with suppress(aiosmtplib.SMTPException, OSError):  # a farewell changes nothing
                await client.quit(timeout=2)
        finally:
            client.close()

    def _client(self) -> aiosmtplib.SMTP:
        server, secure = self._server, self._server.scheme == "smtps"
        return aiosmtplib.SMTP(
            hostname=server.hostname or "localhost",
            port=server.port or (465 if secure else 25),
            use_tls=secure,
            start_tls=None if server.username else False,
            timeout=self._timeout,
        )

    @staticmethod
    def _recipients(to: str) -> list[str]:
        named = [] if re.search(r"[\x00-\x1f\x7f]", to) else [address for _, address in getaddresses([to])]
        if not named or not all(_may_stand_in_a_mail(one) and one in to for one in named):
            raise Permanent("the address cannot stand in a mail")  # its own words would repeat it (P1)
        return [_domain_in_ascii(address) for address in named]

    def _mail(self, message: Message, reference: str, recipients: list[str], *, utf8: bool) -> bytes:
        mail = EmailMessage()
        mail["Message-ID"] = f"<{reference}@{parseaddr(self._sender)[1].rpartition('@')[2]}>"
        mail["From"], mail["Subject"], mail["Date"] = self._sender, message.subject, formatdate()
        try:
            mail["To"] = ", ".join(recipients)
            mail.set_content(message.body, cte=None if message.body.isascii() else "base64")
            return mail.as_bytes(policy=email.policy.SMTPUTF8 if utf8 else email.policy.SMTP)
        except (ValueError, LookupError):  # their own words would repeat the address (P1)
            raise Permanent("the address cannot stand in a mail") from None


async def _begin_the_content(client: aiosmtplib.SMTP) -> None:
    """Ask the server to take the mail, and wait until it is ready to: some let everybody wait there on purpose."""
    ready = await client.execute_command(b"DATA")
    if ready.code != aiosmtplib.SMTPStatus.start_input:
        raise aiosmtplib.SMTPDataError(ready.code, ready.message)


async def _hand_over(client: aiosmtplib.SMTP, content: bytes) -> None:
    """Send the mail as RFC 5321, 4.5.2 has it: a point at the beginning of a line is doubled, one alone ends it."""
    if client.protocol is None:
        raise aiosmtplib.SMTPServerDisconnected("Connection lost")
    lines = _LINE_END.sub(b"\r\n", content).removesuffix(b"\r\n") + b"\r\n"
    client.protocol.write(_POINT.sub(b"..", lines) + b".\r\n")
    taken = await client.protocol.read_response(timeout=client.timeout)
    if taken.code != aiosmtplib.SMTPStatus.completed:
        raise aiosmtplib.SMTPDataError(taken.code, taken.message)


_LINE_END, _POINT = re.compile(rb"\r\n|\r|\n"), re.compile(rb"(?m)^\.")


class _Sending:
    """How far a sending has come."""

    is_ours = True
    """Whether the server still judges us, and no recipient."""
    handed_over = False

    def meaning_of(self, code: int, text: str) -> Transient | Permanent:
        """What a reply means that is not the one hoped for: nothing was delivered."""
        judges_us = self.is_ours and (code >= 500 or code in FULL_OR_SHUT)
        if judges_us or code in ABOUT_US or _is_about_us(code, text):
            return AccessFault(f"the mail server does not let us send: {code}")
        if code >= 500:
            return Permanent(f"the mail server refused the message with {code}")
        return Transient(f"the mail server answered {code}: try again later")


def _is_about_us(code: int, text: str) -> bool:
    """Whether a refusal is about who sends (X.7.x), the server's own state (X.3.x, RFC 3463), or relaying."""
    return code >= 500 and bool(re.match(r"5\.[37]\.\d", text) or re.search(r"\brelay", text, re.IGNORECASE))


def _may_stand_in_a_mail(address: str) -> bool:
    local, at, domain = address.rpartition("@")
    return bool(local and at and domain) and not re.search(r"[\s<>\"\x00-\x1f]", address)


def _domain_in_ascii(address: str) -> str:
    """An address whose domain alone has letters beyond ASCII needs nothing of the server but its usual form."""
    local, _, domain = address.rpartition("@")
    if not local.isascii() or domain.isascii():
        return address
    try:
        return f"{local}@{domain.encode('idna').decode('ascii')}"
    except UnicodeError:
        raise Permanent("the address cannot stand in a mail") from None
