"""Ed25519 (RFC 8032), by the library that does it; apart, since it is loaded only where something was signed."""

import base64
from functools import lru_cache

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey


@lru_cache(maxsize=1_000)
def is_signed(text: bytes, value: str, public: str) -> bool:
    """Whether a signature is over a text, by a public key; both are in base64.

    It is asked twice for each update, by its validator and when it is taken, and worked out once.
    """
    try:
        Ed25519PublicKey.from_public_bytes(base64.b64decode(public)).verify(base64.b64decode(value), text)
    except InvalidSignature:
        return False
    return True
