"""What the clinic database keeps of histories, encrypted with the keys that encrypt them (P1)."""

import base64
import secrets

from cryptography.exceptions import InvalidTag

from worker.codec.codec import NONCE_BYTES
from worker.codec.keys import Keys
from worker.errors import CannotDo

ABOUT = b"carepath journal:"
"""Stands beside what is encrypted, so that nothing encrypted for another purpose passes for it."""


class AtRest:
    """AES-256-GCM, as text: the id of the key, and the rest in base64."""

    def __init__(self, keys: Keys) -> None:
        self._keys = keys

    def close(self, plain: str) -> str:
        """Encrypt with the newest key."""
        key_id, nonce = self._keys.newest, secrets.token_bytes(NONCE_BYTES)
        closed = self._keys.cipher(key_id).encrypt(nonce, plain.encode(), ABOUT + key_id.encode())
        return f"{key_id}:{base64.b64encode(nonce + closed).decode()}"

    def open(self, closed: str) -> str:
        """Decrypt with the key that is named.

        Raises:
            UnknownKey: that key is not in the file.
            CannotDo: it was not encrypted with that key, or was changed since.
        """
        key_id, _, encoded = closed.partition(":")
        cipher = self._keys.cipher(key_id)
        try:
            content = base64.b64decode(encoded, validate=True)
            nonce, text = content[:NONCE_BYTES], content[NONCE_BYTES:]
            return cipher.decrypt(nonce, text, ABOUT + key_id.encode()).decode()
        except (InvalidTag, ValueError):
            raise CannotDo(
                "What the clinic database keeps was changed, or was encrypted with another key of the same id."
            ) from None
