"""What medical personnel are told in an emergency by telephone or face to face, on record at once (P6).

Most emergencies are told so, and not over a channel: then nothing is sent, and the ledger is all there is to write.
What goes over an agency's channel goes through `activities.disclose`, as every disclosure.
"""

from collections.abc import Iterable
from datetime import datetime

from activities.clinic_database.engine import ClinicDatabase
from activities.clinic_database.keys import chain_of
from activities.clinic_database.ledger import Line, append
from workflows.core.episode.consent.covering import parts
from workflows.core.episode.consent.grounds import EMERGENCY_PURPOSE
from workflows.ports.agencies import Emergency


async def told(
    database: ClinicDatabase,
    episode_id: str,
    key: str,
    emergency: Emergency,
    content: Iterable[str],
    at: datetime,
) -> None:
    """Write down what somebody has been told.

    Args:
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
        await append(session, patient_key, said)
        await append(session, patient_key, Line(key, "sent", emergency.discloser, emergency.recipient))
