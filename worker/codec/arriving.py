"""What reaches a worker, decrypted; what cannot be is marked, and harms the one call that brought it.

Left to the SDK, one payload that the codec refuses fails the whole workflow task, and every good update and signal of
that task with it, for as long as the history holds it.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import Any

from temporalio.api.common.v1 import Payload
from temporalio.client import Client
from temporalio.contrib.pydantic import PydanticPayloadConverter
from temporalio.converter import EncodingPayloadConverter

from worker.codec.codec import Codec, key_id_of
from worker.codec.keys import Keys
from worker.errors import CannotDo
from workflows.ports.unreadable import ENCODING, Unreadable

IsOurs = Callable[[str], Awaitable[bool]]
"""Whether a clinic's own histories were encrypted with a key of that id."""


class Arriving(Codec):
    """Marks what it cannot open.

    Args:
        keys: The clinic's.
        strict: Whether plain payloads are refused.
        is_ours: Tells a key that this worker merely lacks. What was encrypted with it is not marked: the workflow waits
            at that step until the key's line is back in the file, and nothing is lost.
    """

    def __init__(self, keys: Keys, *, strict: bool, is_ours: IsOurs) -> None:
        super().__init__(keys, strict=strict)
        self._is_ours = is_ours

    async def decode(self, payloads: Sequence[Payload]) -> list[Payload]:
        """Decrypt, or mark.

        Raises:
            UnknownKey: it was encrypted with a key of the clinic that this worker does not have.
        """
        return [await self._opened_or_marked(payload) for payload in payloads]

    async def _opened_or_marked(self, payload: Payload) -> Payload:
        try:
            return self.open_one(payload)
        except CannotDo as error:
            key_id = key_id_of(payload)
            if key_id is not None and key_id not in self.keys.ciphers and await self._is_ours(key_id):
                raise
            return Payload(metadata={"encoding": ENCODING}, data=str(error).encode())


class _OfMarks(EncodingPayloadConverter):
    @property
    def encoding(self) -> str:
        return ENCODING.decode()

    def to_payload(self, value: Any) -> Payload | None:
        return None

    def from_payload(self, payload: Payload, type_hint: type | None = None) -> Any:
        return Unreadable(payload.data.decode("utf-8", "replace"))


class Reading(PydanticPayloadConverter):
    """The SDK's pydantic converter, for which a mark is a value like any other, whatever was to stand there."""

    def __init__(self) -> None:
        super().__init__()
        marks = _OfMarks()
        self.converters = {**self.converters, marks.encoding.encode(): marks}


def for_worker(client: Client, is_ours: IsOurs) -> Client:
    """The same client, by which a worker reads. Without encryption nothing is different."""
    config = client.config()
    converter = config["data_converter"]
    codec = converter.payload_codec
    if not isinstance(codec, Codec):
        return client
    arriving = Arriving(codec.keys, strict=codec.is_strict, is_ours=is_ours)
    config["data_converter"] = replace(converter, payload_converter_class=Reading, payload_codec=arriving)
    return Client(**config)
