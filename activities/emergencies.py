"""What medical personnel are told in an emergency by telephone or face to face, on record at once (P6).

Most emergencies are told so, and not over a channel: then nothing is sent, and the ledger is all there is to write.
What goes over an agency's channel goes through `activities.disclose`, as every disclosure.

No activity takes what stands here. That something is an emergency is said by a person at the clinic's own machine, and
never by what comes from the Temporal server.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, StringConstraints

from activities.clinic_database.engine import ClinicDatabase
from activities.clinic_database.journal_chain import Key
from activities.clinic_database.keys import chain_of
from activities.clinic_database.ledger import Line, append
from workflows.core.episode.consent.covering import parts
from workflows.core.episode.consent.grounds import EMERGENCY_PURPOSE, Profession
from workflows.ports.agencies import Disclosure

Stated = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500)]


class Emergency(BaseModel):
    """Why something is disclosed to medical personnel without a consent; all of it is recorded at once (P6)."""

    recipient: Stated
    """The person of the medical personnel."""
    profession: Profession
    facility: Stated
    discloser: Stated
    """The staff id of who discloses."""
    nature: Stated
    """The nature of the emergency."""

    def stated(self) -> tuple[tuple[str, str], ...]:
        """Names and values, for the ledger."""
        return tuple(sorted(self.model_dump().items()))


class InEmergency(Disclosure):
    """A disclosure over an agency's channel that asks no consent. What an activity is given is read as a `Disclosure`,
    and never becomes one of these."""

    emergency: Emergency


def emergency_of(wanted: Disclosure) -> Emergency | None:
    """The emergency in which something is disclosed; None: a consent must stand."""
    return wanted.emergency if isinstance(wanted, InEmergency) else None


async def told(
    database: ClinicDatabase,
    sealed_with: Key,
    episode_id: str,
    key: str,
    emergency: Emergency,
    content: Iterable[str],
    at: datetime,
) -> None:
    """Write down what somebody has been told.

    Args:
        sealed_with: The clinic's key.
        key: Of this disclosure, in the ledger.
        content: Content codes.
        at: When it was told, with its zone.
    """
    said = Line(
        key=key,
        what="sending",
        by=emergency.discloser,
        recipient=emergency.recipient,
        name=emergency.recipient,
        address=emergency.facility,
        purpose=EMERGENCY_PURPOSE,
        content=tuple(sorted(parts(content))),
        basis="emergency",
        detail=(*emergency.stated(), ("told_at", at.isoformat())),
    )
    async with database.transaction() as session:
        patient_key = await chain_of(session, episode_id)
        await append(session, sealed_with, patient_key, said)
        await append(
            session, sealed_with, patient_key, Line(key, "sent", emergency.discloser, emergency.recipient)
        )
