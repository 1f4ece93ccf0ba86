"""Webhooks: a signed POST with an idempotency key, for pagers and chat rooms of the clinic's own."""

import hashlib
import hmac
import json
import time

import httpx2

from activities.channels.port import Message, Permanent, Transient, Uncertain

TRY_AGAIN = frozenset({408, 425, 429, 500, 502, 503, 504})


class Webhook:
    """Posts JSON `{key, subject, text}` to the address.

    With a secret, `Carepath-Signature` is the hex HMAC-SHA256 of `<Carepath-Timestamp>.<body>`.
    """

    def __init__(self, secret: str | None = None, timeout: float = 20) -> None:
        self._secret, self._timeout = secret, timeout

    async def send(self, message: Message) -> str:
        body = json.dumps({"key": message.key, "subject": message.subject, "text": message.body}).encode()
        headers = {"Content-Type": "application/json", "Idempotency-Key": message.key}
        if self._secret:
            stamp = str(int(time.time()))
            signed = hmac.new(self._secret.encode(), stamp.encode() + b"." + body, hashlib.sha256)
            headers |= {"Carepath-Timestamp": stamp, "Carepath-Signature": signed.hexdigest()}
        try:
            async with httpx2.AsyncClient(timeout=self._timeout) as client:
                answer = await client.post(message.to, content=body, headers=headers)
        except httpx2.ReadTimeout:
            raise Uncertain("the webhook took the message and did not answer in time") from None
        except httpx2.HTTPError as error:
            raise Transient(f"the webhook cannot be reached ({type(error).__name__})") from None
        if answer.status_code in TRY_AGAIN:
            raise Transient(f"the webhook answered {answer.status_code}: try again later")
        if answer.status_code >= 300:
            raise Permanent(f"the webhook refused the message with {answer.status_code}")
        return message.key
