"""Signed links by which an agency reads on and answers. A link names nobody: an opaque referral and an agency (P1)."""

import base64
import hashlib
import hmac
import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

LIFETIME = timedelta(days=60)
"""A link serves for so long; a referral that lasts longer is asked about by staff."""


class BadLink(Exception):
    """Not a link of ours, changed, or out of date. Which of them is told to nobody outside (P11)."""


@dataclass(frozen=True, slots=True)
class Link:
    """What a link is for."""

    referral_id: str
    agency: str
    expires_at: datetime


class Links:
    """Makes and reads signed links.

    The token is `<base64url of [referral, agency, expiry in unix seconds]>.<hex HMAC-SHA256>`.
    """

    def __init__(self, secret: str, base_url: str) -> None:
        self._secret, self._base = secret.encode(), base_url.rstrip("/")

    def url(self, referral_id: str, agency: str, now: datetime) -> str:
        """A link for one agency to one referral."""
        body = json.dumps([referral_id, agency, int((now + LIFETIME).timestamp())], separators=(",", ":"))
        packed = base64.urlsafe_b64encode(body.encode()).decode().rstrip("=")
        return f"{self._base}/r/{packed}.{self._signature(packed)}"

    def read(self, token: str, now: datetime) -> Link:
        """What a token is for.

        Raises:
            BadLink: whatever is wrong with it.
        """
        packed, _, signature = token.partition(".")
        try:
            if not hmac.compare_digest(self._signature(packed).encode(), signature.encode()):
                raise BadLink
            body = base64.urlsafe_b64decode(packed + "=" * (-len(packed) % 4))
            referral_id, agency, expires = json.loads(body)
            link = Link(str(referral_id), str(agency), datetime.fromtimestamp(int(expires), UTC))
        except (ValueError, TypeError, OverflowError, OSError):
            raise BadLink from None
        if link.expires_at <= now:
            raise BadLink
        return link

    def _signature(self, packed: str) -> str:
        return hmac.new(self._secret, packed.encode(), hashlib.sha256).hexdigest()
