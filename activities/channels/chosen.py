"""Which channel serves an address, by its scheme, and whom an address names."""

import re
from dataclasses import dataclass
from email.utils import getaddresses
from urllib.parse import parse_qsl, unquote, urlsplit

from activities.channels.email import Email
from activities.channels.other import Other
from activities.channels.port import Channel
from activities.channels.webhook import Webhook

_NEXT_SERVICE = re.compile(r"[\s,]+(?=[a-zA-Z0-9+.-]+://)")


@dataclass(frozen=True)
class Channels:
    """The clinic's channels."""

    email: Email
    webhook: Webhook
    other: Other

    def for_address(self, url: str) -> tuple[str, Channel, str]:
        """The kind of channel, the channel, and the address as it takes it."""
        if url.startswith("mailto:"):
            return "e-mail", self.email, unquote(url.removeprefix("mailto:"))
        if url.startswith(("https://", "http://")):
            return "webhook", self.webhook, url
        return "service", self.other, url

    @staticmethod
    def each(url: str) -> list[str]:
        """One address for each recipient that an address names, so that what becomes of each is known (RFC 6068)."""
        if not url.startswith("mailto:"):
            return [one for one in _NEXT_SERVICE.split(url.strip()) if one] or [url]
        to, _, more = url.removeprefix("mailto:").partition("?")
        named = [unquote(to), *(value for name, value in parse_qsl(more) if name.lower() in _FIELDS)]
        found = [address for _, address in getaddresses(named)]
        readable = found and all(address and any(address in one for one in named) for address in found)
        readable = readable and not any(re.search(r"[\x00-\x1f\x7f]", one) for one in named)
        return [f"mailto:{address}" for address in found] if readable else [url]

    @staticmethod
    def name_of(url: str) -> str:
        """How operators know the access that an address needs: never the address itself (P1)."""
        if url.startswith("mailto:"):
            return "e-mail"
        try:
            parts = urlsplit(url)
        except ValueError:
            return "webhook"
        return f"webhook {parts.hostname}" if parts.scheme in ("http", "https") else f"service {parts.scheme}"


_FIELDS = frozenset({"to", "cc", "bcc"})
