"""Every other service (chat, pager, SMS gateways) through Apprise, one URL for each recipient.

Apprise cannot tell a refusal from a passing fault, so a failure counts as passing and is tried again within
bounds. A service that does not answer in time may still deliver, because Apprise's thread goes on: that is uncertain
and not repeated (P9). Its log holds message bodies and addresses: it is silenced.
"""

import logging

from activities.channels.port import Leaving, Message, Permanent, Transient, Uncertain, at_once


class Other:
    """Sends to any Apprise URL; `timeout` in seconds."""

    def __init__(self, timeout: float = 20) -> None:
        self._timeout = timeout

    async def send(self, message: Message, leaving: Leaving = at_once) -> str:
        import apprise  # 36 MB and 0.3 s that most clinics never need

        logging.getLogger("apprise").setLevel(logging.CRITICAL)
        service = apprise.Apprise()
        if not service.add(message.to):
            raise Permanent("the channel's URL is of no service that Apprise knows")
        await leaving()  # the last moment that Apprise shows us
        result = await service.async_notify(title=message.subject, body=message.body, timeout=self._timeout)
        if result.timeout_count:
            raise Uncertain("the service did not answer in time")
        if not result:
            raise Transient("the service did not take the message")
        return message.key
