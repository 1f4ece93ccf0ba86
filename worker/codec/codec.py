"""What workflows, activities and messages hold, encrypted before it leaves the process (P1).

The server keeps and shows ciphertext. Plain by Temporal's own design stay workflow ids, type names, task queues and
search attributes: those are opaque ids, codes and dates only.
"""

import secrets
from collections.abc import Sequence
from dataclasses import replace

from cryptography.exceptions import InvalidTag
from temporalio.api.common.v1 import Payload
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.converter import DataConverter, DefaultFailureConverterWithEncodedAttributes, PayloadCodec

from worker.codec.keys import Keys
from worker.errors import CannotDo

ENCODING = b"binary/encrypted"
KEY_ID = "encryption-key-id"
"""The names of Temporal's own samples, so that other tools know what they see."""

NONCE_BYTES = 12
"""Random for each payload. NIST SP 800-38D allows 2^32 of them under one key; a clinic needs a key a year at most."""


class Codec(PayloadCodec):
    """AES-256-GCM. What is not encrypted passes as it is, so that a running clinic can begin to encrypt."""

    def __init__(self, keys: Keys) -> None:
        self._keys = keys

    async def encode(self, payloads: Sequence[Payload]) -> list[Payload]:
        """Encrypt with the newest key, the payload's own metadata included."""
        return self.sealed(payloads)

    def sealed(self, payloads: Sequence[Payload]) -> list[Payload]:
        """The same for whoever has a thread of their own for it."""
        key_id = self._keys.newest
        cipher = self._keys.cipher(key_id)
        sealed = []
        for payload in payloads:
            nonce = secrets.token_bytes(NONCE_BYTES)
            text = cipher.encrypt(nonce, payload.SerializeToString(), key_id.encode())
            metadata = {"encoding": ENCODING, KEY_ID: key_id.encode()}
            sealed.append(Payload(metadata=metadata, data=nonce + text))
        return sealed

    async def decode(self, payloads: Sequence[Payload]) -> list[Payload]:
        """Decrypt, each payload with the key that it names.

        Raises:
            UnknownKey: that key is not in the file.
            CannotDo: what is there was not encrypted with that key, or was changed since.
        """
        return self.opened(payloads)

    def opened(self, payloads: Sequence[Payload]) -> list[Payload]:
        """The same for whoever has a thread of their own for it."""
        return [self._open(payload) for payload in payloads]

    def _open(self, payload: Payload) -> Payload:
        if payload.metadata.get("encoding") != ENCODING:
            return payload
        name = payload.metadata.get(KEY_ID, b"")
        cipher = self._keys.cipher(name.decode("utf-8", "replace"))
        nonce, text = payload.data[:NONCE_BYTES], payload.data[NONCE_BYTES:]
        try:
            return Payload.FromString(cipher.decrypt(nonce, text, name))
        except (InvalidTag, ValueError):
            raise CannotDo(
                "What the server holds was changed, or was encrypted with another key of the same id."
            ) from None


def encrypting(keys: Keys) -> DataConverter:
    """The SDK's pydantic converter with the codec around it; failure messages and stack traces are encrypted too."""
    return replace(
        pydantic_data_converter,
        payload_codec=Codec(keys),
        failure_converter_class=DefaultFailureConverterWithEncodedAttributes,
    )
