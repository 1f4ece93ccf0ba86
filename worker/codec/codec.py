"""What workflows, activities and messages hold, encrypted before it leaves the process (P1).

The server keeps and shows ciphertext. Plain by Temporal's own design stay workflow ids, type names, task queues and
search attributes: those are opaque ids, codes and dates only.
"""

import secrets
from collections.abc import Sequence
from dataclasses import replace

from cryptography.exceptions import InvalidTag
from google.protobuf.message import DecodeError
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


class Plain(CannotDo):
    """A payload is not encrypted, where everything must be."""


class Codec(PayloadCodec):
    """AES-256-GCM.

    Args:
        keys: The clinic's.
        strict: Whether what is not encrypted is refused: anybody could have written it. Otherwise it passes as it is,
            for a clinic whose histories began without a key.
    """

    def __init__(self, keys: Keys, *, strict: bool = True) -> None:
        self.keys, self.is_strict = keys, strict

    async def encode(self, payloads: Sequence[Payload]) -> list[Payload]:
        """Encrypt with the newest key, the payload's own metadata included."""
        return self.sealed(payloads)

    def sealed(self, payloads: Sequence[Payload]) -> list[Payload]:
        """The same for whoever has a thread of their own for it."""
        key_id = self.keys.newest
        cipher = self.keys.cipher(key_id)
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
            Plain: it is not encrypted, and has to be.
            CannotDo: what is there was not encrypted with that key, or was changed since.
        """
        return self.opened(payloads)

    def opened(self, payloads: Sequence[Payload]) -> list[Payload]:
        """The same for whoever has a thread of their own for it."""
        return [self.open_one(payload) for payload in payloads]

    def open_one(self, payload: Payload) -> Payload:
        """One payload; raises as `decode` does."""
        key_id = key_id_of(payload)
        if key_id is None:
            if self.is_strict:
                raise Plain(
                    "It is not encrypted, and this clinic takes nothing else: send it with CAREPATH_CODEC set to the "
                    "clinic's key file, or through its codec server."
                )
            return payload
        name = payload.metadata.get(KEY_ID, b"")
        nonce, text = payload.data[:NONCE_BYTES], payload.data[NONCE_BYTES:]
        try:
            return Payload.FromString(self.keys.cipher(key_id).decrypt(nonce, text, name))
        except (InvalidTag, ValueError, DecodeError):
            raise CannotDo(
                "What the server holds was changed, or was encrypted with another key of the same id."
            ) from None


def key_id_of(payload: Payload) -> str | None:
    """The id of the key that a payload says it was encrypted with; None: it is not encrypted."""
    if payload.metadata.get("encoding") != ENCODING:
        return None
    return payload.metadata.get(KEY_ID, b"").decode("utf-8", "replace")


def encrypting(keys: Keys, *, strict: bool = True) -> DataConverter:
    """The SDK's pydantic converter with the codec around it; failure messages and stack traces are encrypted too."""
    return replace(
        pydantic_data_converter,
        payload_codec=Codec(keys, strict=strict),
        failure_converter_class=DefaultFailureConverterWithEncodedAttributes,
    )
