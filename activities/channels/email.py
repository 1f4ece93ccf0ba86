"""E-mail. The sender's name and address are neutral: they too could show what the clinic treats (P2)."""

import hashlib
from contextlib import suppress
from email.message import EmailMessage
from email.utils import formatdate
from urllib.parse import unquote, urlsplit

import aiosmtplib

from activities.channels.port import Message, Permanent, Transient, Uncertain


class Email:
    """Sends through one SMTP server, named as `smtp://host:port` or `smtps://user:password@host:port`."""

    def __init__(self, server: str, sender: str, timeout: float = 20) -> None:
        self._server, self._sender, self._timeout = urlsplit(server), sender, timeout

    async def send(self, message: Message) -> str:
        # The id follows from the key, so that a mailbox that sees a repeat can tell.
        reference = hashlib.sha256(message.key.encode()).hexdigest()[:32]
        try:
            mail = self._mail(message, reference)
        except (ValueError, LookupError):  # their own words would repeat the address (P1)
            raise Permanent("the address cannot stand in a mail") from None
        server, secure = self._server, self._server.scheme == "smtps"
        client = aiosmtplib.SMTP(
            hostname=server.hostname or "localhost",
            port=server.port or (465 if secure else 25),
            use_tls=secure,
            start_tls=None if server.username else False,
            timeout=self._timeout,
        )
        handed_over = False
        try:
            async with client:
                if server.username:
                    await client.login(unquote(server.username), unquote(server.password or ""))
                with suppress(aiosmtplib.SMTPHeloError):  # an old server is greeted in the old way below
                    await client.ehlo()
                handed_over = True
                await client.send_message(mail)
        except aiosmtplib.SMTPRecipientsRefused as error:
            raise self._answer(max(refused.code for refused in error.recipients)) from None
        except aiosmtplib.SMTPResponseException as error:
            raise self._answer(error.code) from None
        except aiosmtplib.SMTPReadTimeoutError:
            raise Uncertain("the mail server took the message and did not answer in time") from None
        except ValueError:
            raise Permanent("the address cannot stand in a mail") from None
        except (aiosmtplib.SMTPException, OSError) as error:
            if handed_over:  # it may have been taken before the connection broke (P9)
                raise Uncertain(f"the mail server broke off ({type(error).__name__})") from None
            raise Transient(f"the mail server cannot be reached ({type(error).__name__})") from None
        return reference

    def _mail(self, message: Message, reference: str) -> EmailMessage:
        mail = EmailMessage()
        mail["Message-ID"] = f"<{reference}@{self._sender.rpartition('@')[2]}>"
        mail["From"], mail["To"], mail["Subject"] = self._sender, message.to, message.subject
        mail["Date"] = formatdate()
        mail.set_content(message.body)
        return mail

    @staticmethod
    def _answer(code: int) -> Transient | Permanent:
        if code >= 500:
            return Permanent(f"the mail server refused the message with {code}")
        return Transient(f"the mail server answered {code}: try again later")
