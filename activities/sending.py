"""Sending once: the outbox around a channel, and the words for what went wrong."""

import asyncio
import hashlib
import logging
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Literal
from weakref import WeakValueDictionary

from sqlalchemy.exc import SQLAlchemyError
from temporalio.exceptions import ApplicationError

from activities.channels.chosen import Channels
from activities.channels.port import (
    AccessFault,
    Leaving,
    Message,
    Permanent,
    Transient,
    Uncertain,
    Withdrawn,
    at_once,
)
from activities.clinic_database import Outbox
from activities.clinic_database.faults import ChannelFaults
from activities.clinic_database.outbox import Claim, State
from workflows.ports.sending import CHANNEL_DOWN, CHANNEL_REFUSED, Receipt

log = logging.getLogger("carepath.channels")

Outcome = Literal["sent", "already_sent", "stale", "suppressed", "uncertain"]

MOST_REPEATS = 5
"""How often a notice to staff is sent of which nobody knows whether it arrived: some services deliver each one."""


@dataclass
class _Tried:
    """What the channels have said of one sending."""

    reasons: list[str] = field(default_factory=list)
    channel: str = ""
    reference: str = ""
    is_sent: bool = False
    is_unclear: bool = False
    may_recover: bool = False
    works: list[str] = field(default_factory=list)
    """The access that has worked, as operators know it."""

    def state(self) -> State:
        """What the outbox keeps of it."""
        if self.is_sent:
            return "sent"
        if self.is_unclear:
            return "uncertain"
        return "pending" if self.may_recover else "refused"


@dataclass(frozen=True)
class _Notice:
    """What the outbox keeps of a notice to staff, whatever becomes of it."""

    key: str
    episode_id: str
    kind: str
    recipient: str


class Sender:
    """The one door through which every message leaves."""

    def __init__(self, outbox: Outbox, channels: Channels, faults: ChannelFaults) -> None:
        self._outbox, self._channels, self._faults = outbox, channels, faults
        self._one_at_a_time: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def send_once(
        self,
        key: str,
        *,
        episode_id: str,
        kind: str,
        recipient: str,
        addresses: Sequence[str],
        subject: str,
        body: str,
        leaving: Leaving,
    ) -> Receipt:
        """Send what leaves the clinic, over the first channel that takes it. What may have left is not sent again (P9).

        Where `leaving` says at the last moment that it may not, it is suppressed, and nothing has left (P2).

        Raises:
            ApplicationError: `ChannelDown` to be tried again, `ChannelRefused` for good; the reason names the
                staff id and the kind of channel, never an address.
        """
        claim = await self._outbox.claim(key, episode_id=episode_id, kind=kind, recipient=recipient)
        if not claim.ours:
            return _known(key, recipient, claim)
        try:
            tried = await self._over_first_channel(
                key, addresses, subject, body, repeats_are_safe=False, leaving=leaving
            )
        except Withdrawn:
            await self._outbox.settle(
                key, "suppressed", episode_id=episode_id, kind=kind, recipient=recipient
            )
            return Receipt(key=key, outcome="suppressed", channel="none", to=recipient)
        await self._outbox.settle(
            key, tried.state(), tried.channel, tried.reference, tried.works,
            episode_id=episode_id, kind=kind, recipient=recipient,
        )  # fmt: skip
        return _receipt(key, recipient, tried)

    async def tell_staff(
        self,
        key: str,
        *,
        episode_id: str,
        kind: str,
        recipient: str,
        addresses: Sequence[str],
        subject: str,
        body: str,
    ) -> Receipt:
        """Send a notice to staff: again where nobody knows whether it left, with the same message id (P9).

        An address that has refused it is asked again only when it has changed in the directory. Where the clinic
        database cannot be written, as on a full disk, the notice goes out all the same: twice is harmless, never not.

        Raises:
            ApplicationError: as for `send_once`.
        """
        lock = self._one_at_a_time.setdefault(key, asyncio.Lock())
        async with lock:
            notice = _Notice(key, episode_id, kind, recipient)
            claim = await self._claim_notice(notice)
            now_at = hashlib.sha256("\n".join(addresses).encode()).hexdigest()[:32]
            if not claim.ours or (claim.state == "refused" and claim.reference == now_at):
                if claim.ours:
                    await self._settle_notice(notice, "refused", claim.channel, now_at)
                    claim = Claim(False, "refused", claim.channel)
                return _known(key, recipient, claim)
            if claim.unclear >= MOST_REPEATS:
                await self._settle_notice(notice, "uncertain", claim.channel, claim.reference)
                raise ApplicationError(
                    f"{recipient} was sent it {claim.unclear} times, and it is not certain that any has arrived",
                    type=CHANNEL_REFUSED, non_retryable=True,
                )  # fmt: skip
            tried = await self._over_first_channel(key, addresses, subject, body, repeats_are_safe=True)
            reference = now_at if tried.state() == "refused" else tried.reference
            await self._settle_notice(notice, tried.state(), tried.channel, reference, tried.works)
            return _receipt(key, recipient, tried, uncertain_is_an_answer=False)

    async def _over_first_channel(
        self,
        key: str,
        addresses: Sequence[str],
        subject: str,
        body: str,
        *,
        repeats_are_safe: bool,
        leaving: Leaving = at_once,
    ) -> _Tried:
        """Try one address after the other; one that names several people is sent to each of them."""
        tried = _Tried()
        for url in addresses:
            several = self._channels.each(url)
            for number, single in enumerate(several, 1):
                whose = f" (address {number} of {len(several)})" if len(several) > 1 else ""
                await self._try(Message(key, single, subject, body), whose, tried, leaving)
            if tried.is_sent or (tried.is_unclear and not repeats_are_safe):
                break
        return tried

    async def _try(self, message: Message, whose: str, tried: _Tried, leaving: Leaving) -> None:
        kind, channel, address = self._channels.for_address(message.to)
        name = self._channels.name_of(message.to)
        try:
            tried.reference = await channel.send(replace(message, to=address), leaving)
        except Withdrawn:
            if not (tried.is_sent or tried.is_unclear):  # to one of several it has left before
                raise
        except Uncertain as unclear:
            tried.is_unclear, tried.channel = True, tried.channel or kind
            tried.reasons.append(f"{kind}{whose}: {unclear}")
        except (Transient, Permanent) as no:
            tried.reasons.append(f"{kind}{whose}: {no}")
            tried.may_recover |= isinstance(no, Transient)
            if isinstance(no, AccessFault):
                await self._faults.note(name, str(no))
        else:
            tried.is_sent, tried.channel = True, kind
            tried.works.append(name)

    async def _claim_notice(self, notice: "_Notice") -> Claim:
        try:
            return await self._outbox.claim(**asdict(notice), again=("sending", "uncertain", "refused"))
        except (SQLAlchemyError, OSError) as error:
            log.error("The outbox cannot be read (%s); a notice is sent without.", type(error).__name__)
            return Claim(True, "pending", "")

    async def _settle_notice(
        self, notice: "_Notice", state: State, channel: str, reference: str, works: Sequence[str] = ()
    ) -> None:
        try:
            await self._outbox.settle(
                **asdict(notice), state=state, channel=channel, reference=reference, works=works
            )
        except (SQLAlchemyError, OSError) as error:
            log.error("What became of a notice cannot be kept (%s).", type(error).__name__)

    async def note(
        self, key: str, outcome: Literal["stale", "suppressed"], *, episode_id: str, kind: str
    ) -> Receipt:
        """Note a message that is not sent at all."""
        claim = await self._outbox.claim(key, episode_id=episode_id, kind=kind, recipient="patient")
        if claim.ours:
            await self._outbox.settle(key, outcome, episode_id=episode_id, kind=kind, recipient="patient")
        return Receipt(key=key, outcome=outcome, channel="none", to="patient")


def _known(key: str, recipient: str, claim: Claim) -> Receipt:
    """What an earlier attempt has left."""
    known: dict[str, Outcome] = {"sent": "already_sent", "stale": "stale", "suppressed": "suppressed"}
    if claim.state == "refused":
        raise ApplicationError(f"{recipient} was refused before", type=CHANNEL_REFUSED, non_retryable=True)
    return Receipt(key=key, outcome=known.get(claim.state, "uncertain"), channel=claim.channel, to=recipient)


def _receipt(key: str, recipient: str, tried: _Tried, *, uncertain_is_an_answer: bool = True) -> Receipt:
    if tried.is_sent or (tried.is_unclear and uncertain_is_an_answer):
        missed = [f"{recipient} was not reached by {reason}" for reason in tried.reasons]
        outcome: Outcome = "sent" if tried.is_sent else "uncertain"
        return Receipt(key=key, outcome=outcome, channel=tried.channel, to=recipient, missed=missed)
    may_recover = tried.may_recover or tried.is_unclear
    raise ApplicationError(
        f"{recipient} could not be reached ({'; '.join(tried.reasons)})",
        type=CHANNEL_DOWN if may_recover else CHANNEL_REFUSED,
        non_retryable=not may_recover,
    )
