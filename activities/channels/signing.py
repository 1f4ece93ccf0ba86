"""Signatures on what is posted over HTTP, made and checked in one place: our webhooks, agencies, and their answers.

`Carepath-Signature` is the hex HMAC-SHA256, under the shared secret, of `<Carepath-Timestamp>.<body>`; the timestamp
is in unix seconds. The body is signed as the bytes that travel, so that no one has to agree on how JSON is written.
"""

import hashlib
import hmac
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

TIMESTAMP, SIGNATURE = "Carepath-Timestamp", "Carepath-Signature"

MAX_AGE = timedelta(minutes=5)
"""A signature older or newer than this is refused: what was overheard cannot be played again for long."""


class BadSignature(Exception):
    """Not signed, changed on its way, signed by somebody else, or too old."""


def signed(secret: str, body: bytes, now: datetime | None = None) -> dict[str, str]:
    """The two headers for a body."""
    stamp = str(int((now or datetime.now(UTC)).timestamp()))
    return {TIMESTAMP: stamp, SIGNATURE: _signature(secret, stamp, body)}


def check_signed(secret: str, headers: Mapping[str, str], body: bytes, now: datetime | None = None) -> None:
    """Let a body pass that was signed with this secret a short while ago; names of headers in any case.

    Raises:
        BadSignature: whatever is wrong; the sentence is for whoever sets up the other side.
    """
    given = {name.lower(): value for name, value in headers.items()}
    stamp, signature = given.get(TIMESTAMP.lower(), ""), given.get(SIGNATURE.lower(), "")
    if not stamp or not signature:
        raise BadSignature(f"the headers {TIMESTAMP} and {SIGNATURE} are needed")
    if not hmac.compare_digest(_signature(secret, stamp, body).encode(), signature.encode()):
        raise BadSignature(
            f"{SIGNATURE} is not the hex HMAC-SHA256 of '<{TIMESTAMP}>.<body>' under the secret"
        )
    if not stamp.isascii() or not stamp.isdigit() or len(stamp) > 12:
        raise BadSignature(f"{TIMESTAMP} is not in unix seconds")
    if abs((now or datetime.now(UTC)).timestamp() - int(stamp)) > MAX_AGE.total_seconds():
        raise BadSignature(
            f"{TIMESTAMP} is more than {MAX_AGE.seconds // 60} minutes away from the clock here"
        )


def _signature(secret: str, stamp: str, body: bytes) -> str:
    return hmac.new(secret.encode(), stamp.encode() + b"." + body, hashlib.sha256).hexdigest()
