"""Sending once: the outbox around a channel, and the words for what went wrong."""

from collections.abc import Sequence
from typing import Literal

from temporalio.exceptions import ApplicationError

from activities.channels.chosen import Channels
from activities.channels.port import Message, Permanent, Transient, Uncertain
from activities.clinic_database import Outbox
from activities.models import CHANNEL_DOWN, CHANNEL_REFUSED, Receipt

Outcome = Literal["sent", "already_sent", "stale", "suppressed", "uncertain"]


class Sender:
    """The one door through which every message leaves."""

    def __init__(self, outbox: Outbox, channels: Channels) -> None:
        self._outbox, self._channels = outbox, channels

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
    ) -> Receipt:
        """Send over the first channel that takes it.

        Raises:
            ApplicationError: `ChannelDown` to be tried again, `ChannelRefused` for good; the reason names the
                staff id and the kind of channel, never an address.
        """
        claim = await self._outbox.claim(key, episode_id=episode_id, kind=kind, recipient=recipient)
        if not claim.ours:
            known: dict[str, Outcome] = {"sent": "already_sent", "stale": "stale", "suppressed": "suppressed"}
            if claim.state == "refused":
                raise ApplicationError(
                    f"{recipient} was refused before", type=CHANNEL_REFUSED, non_retryable=True
                )
            return Receipt(
                key=key, outcome=known.get(claim.state, "uncertain"), channel=claim.channel, to=recipient
            )
        reasons, may_recover = [], False
        for url in addresses:
            kind_of_channel, channel, address = self._channels.for_address(url)
            try:
                reference = await channel.send(Message(key, address, subject, body))
            except Uncertain:
                await self._outbox.settle(key, "uncertain", kind_of_channel)
                return Receipt(key=key, outcome="uncertain", channel=kind_of_channel, to=recipient)
            except (Transient, Permanent) as no:
                reasons.append(f"{kind_of_channel}: {no}")
                may_recover |= isinstance(no, Transient)
            else:
                await self._outbox.settle(key, "sent", kind_of_channel, reference)
                return Receipt(key=key, outcome="sent", channel=kind_of_channel, to=recipient)
        await self._outbox.settle(key, "pending" if may_recover else "refused")
        reason = f"{recipient} could not be reached ({'; '.join(reasons)})"
        raise ApplicationError(
            reason, type=CHANNEL_DOWN if may_recover else CHANNEL_REFUSED, non_retryable=not may_recover
        )

    async def note(
        self, key: str, outcome: Literal["stale", "suppressed"], *, episode_id: str, kind: str
    ) -> Receipt:
        """Note a message that is not sent at all."""
        claim = await self._outbox.claim(key, episode_id=episode_id, kind=kind, recipient="patient")
        if claim.ours:
            await self._outbox.settle(key, outcome)
        return Receipt(key=key, outcome=outcome, channel="none", to="patient")
