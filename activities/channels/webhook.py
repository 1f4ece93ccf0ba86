"""Webhooks: a signed POST with an idempotency key, for pagers and chat rooms of the clinic's own."""

import json

from activities.channels.http import exchange
from activities.channels.port import Leaving, Message, at_once
from activities.channels.signing import signed


class Webhook:
    """Posts JSON `{key, subject, text}` to the address; with a secret the body is signed."""

    def __init__(self, secret: str | None = None, timeout: float = 20) -> None:
        self._secret, self._timeout = secret, timeout

    async def send(self, message: Message, leaving: Leaving = at_once) -> str:
        body = json.dumps({"key": message.key, "subject": message.subject, "text": message.body}).encode()
        headers = {"Content-Type": "application/json", "Idempotency-Key": message.key}
        if self._secret:
            headers |= signed(self._secret, body)
        await exchange(
            "the webhook", "POST", message.to, content=body, headers=headers, within=self._timeout,
            own_network=True, leaving=leaving,
        )  # fmt: skip
        return message.key
