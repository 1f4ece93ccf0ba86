"""What a person has told an agency by hand goes into the ledger too, and is held against the consents (P3, P8).

It has happened when it comes here, so it is written down in any case; where no consent covered it, that is said.
"""

from collections.abc import Callable
from zoneinfo import ZoneInfo

from temporalio import activity

from activities.agencies.book import AgenciesFileError
from activities.agencies.port import UnknownAgency
from activities.clinic_database.consents import standing_in
from activities.clinic_database.engine import ClinicDatabase
from activities.clinic_database.journal_chain import Key
from activities.clinic_database.keys import chain_of
from activities.clinic_database.ledger import Line, append
from activities.clinic_database.outbox import row_of
from activities.handover import Agencies
from workflows.core.episode.consent.covering import Request, covering, parts
from workflows.ports.agencies import NOTE_TOLD, ToldByHand, ToldReceipt


class HandLedger:
    """Writes down what people have told. `agencies` reads the file anew for each."""

    def __init__(self, database: ClinicDatabase, agencies: Callable[[], Agencies], key: Key) -> None:
        self._database, self._agencies, self._key = database, agencies, key

    @activity.defn(name=NOTE_TOLD)
    async def note_told(self, told: ToldByHand) -> ToldReceipt:
        """Write it down once, with the consent that covered it, or that none did."""
        classes, name, address = self._agency(told)
        request = Request(told.recipient, classes, told.purpose, frozenset(told.content))
        on = told.at.astimezone(ZoneInfo(told.timezone)).date()
        async with self._database.transaction() as session:
            consent, objections = covering(await standing_in(session, told.episode_id), request, on)
            objection = None if consent else "; ".join(objections)
            row = await row_of(
                session, told.key, episode_id=told.episode_id, kind="told_by_hand", recipient=told.recipient
            )
            if row.state == "pending":
                row.state, row.settled_at = "sent", told.at
                row.consent_id = consent.consent_id if consent else None
                said = Line(
                    key=told.key,
                    what="sending",
                    by=told.by,
                    recipient=told.recipient,
                    name=name,
                    address=address,
                    purpose=told.purpose,
                    content=tuple(sorted(parts(told.content))),
                    basis="consent" if consent else "none",
                    consent_id=consent.consent_id if consent else "",
                    detail=(("referral", told.referral_id), ("told_at", told.at.isoformat())),
                )
                patient_key = await chain_of(session, told.episode_id)
                await append(session, self._key, patient_key, said)
                await append(session, self._key, patient_key, Line(told.key, "sent", told.by, told.recipient))
        return ToldReceipt(key=told.key, objection=objection)

    def _agency(self, told: ToldByHand) -> tuple[frozenset[str], str, str]:
        try:
            agency = self._agencies().get(told.recipient)
        except (UnknownAgency, AgenciesFileError):  # a place that is only ever called
            return frozenset(), told.name, ""
        return agency.classes, agency.name, agency.address
