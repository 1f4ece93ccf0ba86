"""What workflows tell each other, sealed under a key that the clinic's workers have, and nobody else (E0).

A person signs what they state; a task that reports, or an episode that withdraws one, has no person behind it. So the
worker seals it for the one workflow that it is told to, and where statements are signed what comes without the seal is
nothing. The key is the same for the life of a clinic: whether a seal fits is no less certain when a history is read
again.
"""

import base64
import hmac
from collections.abc import Mapping
from typing import Any

from workflows.core.engine.lines import canonical


class Sealing:
    """Seals with the key of this process's worker; without one nothing is sealed, and nothing can be judged."""

    def __init__(self) -> None:
        self._key: bytes | None = None

    def begin(self, key: bytes) -> None:
        """Seal with a key from now on. To be called before a worker runs."""
        self._key = key

    def seal(self, to: str, name: str, said: Mapping[str, Any]) -> str | None:
        """The seal over what a workflow is told by a signal; None: there is no key.

        Args:
            to: Id of the workflow that is told.
            name: Of the signal.
            said: What it is told, as plain JSON.
        """
        if self._key is None:
            return None
        text = canonical({"to": to, "name": name, "said": dict(said)})
        return base64.b64encode(hmac.digest(self._key, _bytes(text), "sha256")).decode()

    def fits(self, to: str, name: str, said: Mapping[str, Any], seal: object) -> bool:
        """Whether a seal is the worker's over exactly this; where there is no key, yes."""
        right = self.seal(to, name, said)
        return right is None or (isinstance(seal, str) and hmac.compare_digest(right.encode(), _bytes(seal)))


def _bytes(text: str) -> bytes:
    """Text as bytes; half of a character, which nothing of ours sends, is no seal and stops nobody either."""
    return text.encode("utf-8", "surrogatepass")


SEALING = Sealing()
"""That of this process."""
