"""The port: what a channel is given, and the ways in which it can say no."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Message:
    """One message to one address. `key` is the same at every attempt, for channels that can tell repeats."""

    key: str
    to: str
    subject: str
    body: str


class Transient(Exception):
    """Not now: worth another attempt. It is certain that the message was not delivered.

    `after` is how long the other side asked us to wait, where it did (Retry-After).
    """

    def __init__(self, sentence: str, after: timedelta | None = None) -> None:
        super().__init__(sentence)
        self.after = after


class AccessFault(Transient):
    """Our own access is at fault: sign-in, TLS, DNS, a full disk, a wrong setting. It says nothing about the recipient,
    operators hear of it, and sending resumes once it is mended."""


class NobodyAnswers(AccessFault):
    """No connection came about, and it may be that the other side is away: operators hear of it, since the address may
    be wrong; but whoever counts attempts counts this one."""


class Permanent(Exception):
    """The recipient is refused at this address: another attempt would be refused again."""


class Uncertain(Exception):
    """The connection broke after the message was handed over: nobody knows whether it was delivered (P9)."""


class Withdrawn(Exception):
    """It may not leave any more: that was found out at the last moment, and nothing of it has left (P3)."""


Leaving = Callable[[], Awaitable[None]]
"""Asked by a channel directly before a body leaves, when the other side already waits for it: connections come about
slowly, and a consent that stood when the sending was begun may be revoked meanwhile. It raises `Withdrawn`."""


async def at_once() -> None:
    """For what needs nobody's leave, such as a notice to the clinic's own staff."""


class Channel(Protocol):
    """One way to send."""

    async def send(self, message: Message, leaving: Leaving = at_once) -> str:
        """Send once; a reference by which the other side knows the message.

        Raises:
            Transient, AccessFault, Permanent, Uncertain: as they say. No message holds an address or a body (P1).
            Withdrawn: `leaving` has said so.
        """
