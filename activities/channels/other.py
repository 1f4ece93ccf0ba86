"""Every other service (chat, pager, SMS gateways) through Apprise, one URL for each recipient.

Apprise cannot tell a refusal from a passing fault, so a failure counts as passing and is tried again within
bounds. Its DEBUG log holds message bodies: it is silenced below WARNING.
"""

import logging

from activities.channels.port import Message, Permanent, Transient


class Other:
    """Sends to any Apprise URL."""

    async def send(self, message: Message) -> str:
        import apprise  # 36 MB and 0.3 s that most clinics never need

        logging.getLogger("apprise").setLevel(logging.WARNING)
        service = apprise.Apprise()
        if not service.add(message.to):
            raise Permanent("the channel's URL is of no service that Apprise knows")
        if not await service.async_notify(title=message.subject, body=message.body):
            raise Transient("the service did not take the message")
        return message.key
