"""Which channel serves an address, by its scheme."""

from dataclasses import dataclass

from activities.channels.email import Email
from activities.channels.other import Other
from activities.channels.port import Channel
from activities.channels.webhook import Webhook


@dataclass(frozen=True)
class Channels:
    """The clinic's channels."""

    email: Email
    webhook: Webhook
    other: Other

    def for_address(self, url: str) -> tuple[str, Channel, str]:
        """The kind of channel, the channel, and the address as it takes it."""
        if url.startswith("mailto:"):
            return "e-mail", self.email, url.removeprefix("mailto:")
        if url.startswith(("https://", "http://")):
            return "webhook", self.webhook, url
        return "service", self.other, url
