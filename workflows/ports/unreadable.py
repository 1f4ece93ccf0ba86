"""What has come and cannot be read: it stands in the place of a value, so that it harms the one call that brought it.

An error in its place would stop the workflow to which it was sent, and all else that waits there with it.
"""

from dataclasses import dataclass

ENCODING = b"carepath/unreadable"
"""How such a payload is marked, once a worker has tried to read it; its data say why, in words."""

UNREADABLE = "UnreadableResult"
"""The type of the error with which an activity fails whose result cannot be read: somebody has answered for it."""


@dataclass(frozen=True)
class Unreadable:
    """A value that came and cannot be read."""

    why: str
    """In words, for whoever sent it."""
