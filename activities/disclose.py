"""Telling an outside agency: only under a consent that stands at this very moment, once, and on record (P3-P9).

There is no other way out to an agency. The consent is looked up in the transaction that claims the sending, at every
attempt; the ledger's first line is written in it too. What then becomes of the sending is a second line.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import cast
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncSession
from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities.agencies.book import AgenciesFileError
from activities.agencies.links import Links
from activities.agencies.port import AgencyChannel, Handover, UnknownAgency
from activities.channels.port import AccessFault, NobodyAnswers, Permanent, Transient, Uncertain
from activities.clinic_database.consents import standing_in
from activities.clinic_database.engine import ClinicDatabase
from activities.clinic_database.faults import ChannelFaults, mended
from activities.clinic_database.keys import chain_of
from activities.clinic_database.ledger import UNSETTLED, Line, append, last_said
from activities.clinic_database.outbox import row_of
from activities.clinic_database.patients import Patient, Patients
from activities.clinic_database.tables import OutboxRow
from activities.emergencies import emergency_of
from activities.handover import Agencies, Agency, first_line, ground_of, handover_of
from workflows.core.episode.consent.grounds import Ground, Way
from workflows.ports.agencies import (
    DISCLOSE,
    GIVE_UP,
    NO_SUCH_AGENCY,
    RECONCILE,
    Disclosure,
    DisclosureReceipt,
    Reconciliation,
)
from workflows.ports.sending import CHANNEL_DOWN, CHANNEL_REFUSED
from workflows.ports.timeouts import AGENCY_ATTEMPTS, AGENCY_PAUSE, AGENCY_PAUSE_GROWTH, AGENCY_WAIT

CLAIMABLE = ("pending", "withheld")
"""What was given back, or kept back for want of a consent, may be tried again: the consent decides anew each time."""

AGENCIES_FILE = "the agencies file"
"""How operators know it among what keeps sendings from leaving."""


@dataclass(frozen=True, slots=True)
class _Claimed:
    """This attempt may send: on which ground, and how."""

    ground: Ground
    way: Way


class Discloser:
    """Sends disclosures. `agencies` reads the file anew for each, so that a change needs no restart."""

    def __init__(
        self, database: ClinicDatabase, agencies: Callable[[], Agencies], links: Links, zone: ZoneInfo
    ) -> None:
        self._database, self._agencies, self._links, self._zone = database, agencies, links, zone
        self._patients, self._faults = Patients(database), ChannelFaults(database)

    @activity.defn(name=DISCLOSE)
    async def disclose(self, wanted: Disclosure) -> DisclosureReceipt:
        """Send one disclosure, or say why it is withheld.

        Raises:
            ApplicationError: `NoSuchAgency`, `ChannelRefused` for good; `ChannelDown` to be tried again.
        """
        try:
            book = self._agencies()
            agency = book.get(wanted.agency)
        except UnknownAgency as error:
            raise ApplicationError(str(error), type=NO_SUCH_AGENCY, non_retryable=True) from None
        except AgenciesFileError as error:  # whoever mends the file in time has lost nothing
            await self._faults.note(AGENCIES_FILE, str(error))
            raise ApplicationError(str(error), type=CHANNEL_DOWN) from None
        patient = await self._patients.of_episode(wanted.episode_id) or Patient(
            f"episode-{wanted.episode_id}"
        )
        await self._faults.mended(AGENCIES_FILE)
        channel = _channel(book, agency)
        way = "content" if isinstance(channel, Transient) else channel.way
        async with self._database.transaction() as session:
            claimed = await self._claim(session, wanted, agency, patient, way)
        if isinstance(claimed, DisclosureReceipt):
            return claimed
        try:
            if isinstance(channel, Transient):
                raise channel
            reference = await channel.send(self._handover(wanted, patient, claimed.ground))
        except Uncertain:
            return await self._settle(wanted, patient, claimed, "uncertain")
        except (Transient, Permanent) as no:
            if isinstance(no, AccessFault):
                await self._faults.note(_access(wanted, way), str(no))
            pause = await self._given_back(wanted, patient, claimed, no)
            raise ApplicationError(
                f"{wanted.agency} could not be reached: {no}",
                type=CHANNEL_DOWN if isinstance(no, Transient) else CHANNEL_REFUSED,
                non_retryable=pause is None,
                next_retry_delay=pause or None,
            ) from None
        return await self._settle(wanted, patient, claimed, "to_post" if way == "post" else "sent", reference)

    @activity.defn(name=GIVE_UP)
    async def give_up(self, wanted: Disclosure) -> DisclosureReceipt:
        """Say what became of a sending that is tried no more: its last attempt may have died on the way (P9)."""
        patient = await self._patients.of_episode(wanted.episode_id) or Patient(
            f"episode-{wanted.episode_id}"
        )
        async with self._database.transaction() as session:
            row = await row_of(
                session, wanted.key, episode_id=wanted.episode_id, kind=wanted.what, recipient=wanted.agency
            )
            if row.state in CLAIMABLE or row.state == "refused":
                row.state, row.settled_at = "withheld", datetime.now(UTC)
                row.attempts = 0  # a person who sends it again begins anew
                return DisclosureReceipt(
                    key=wanted.key, outcome="withheld", agency=wanted.agency, reason="given up"
                )
            return await self._known(session, row, wanted, patient)

    @activity.defn(name=RECONCILE)
    async def reconcile(self, found: Reconciliation) -> None:
        """Write down what a person found out about an uncertain sending (P9). Saying it twice changes nothing.

        A person may also correct what a person has said; what the channel itself knows stays.
        """
        async with self._database.transaction() as session:
            row = await session.get(OutboxRow, found.key, with_for_update=True)
            if row is None:
                return
            what = "arrived" if found.arrived else "not_arrived"
            patient_key = await chain_of(session, row.episode_id)
            last = await last_said(session, patient_key, found.key)
            if last == what or last not in (*UNSETTLED, "arrived", "not_arrived"):
                return
            row.state, row.settled_at = "sent" if found.arrived else "refused", datetime.now(UTC)
            await append(session, patient_key, Line(found.key, what, found.by, row.recipient))

    async def _claim(
        self, session: AsyncSession, wanted: Disclosure, agency: Agency, patient: Patient, way: Way
    ) -> _Claimed | DisclosureReceipt:
        # In the order in which a revocation takes its locks; the other way round the two could block each other.
        consents = await standing_in(session, wanted.episode_id)
        row = await row_of(
            session, wanted.key, episode_id=wanted.episode_id, kind=wanted.what, recipient=wanted.agency
        )
        if row.recipient != wanted.agency:  # the listing has passed to another agency since (P3)
            reason = f"this sending was begun to {row.recipient}; choose the place anew for {wanted.agency}"
            return DisclosureReceipt(key=wanted.key, outcome="withheld", agency=wanted.agency, reason=reason)
        if row.state not in CLAIMABLE:
            return await self._known(session, row, wanted, patient)
        ground = ground_of(consents, wanted, agency, way, self._now(wanted))
        if isinstance(ground, str):
            row.state, row.settled_at = "withheld", datetime.now(UTC)
            return DisclosureReceipt(key=wanted.key, outcome="withheld", agency=wanted.agency, reason=ground)
        row.state, row.attempts = "sending", row.attempts + 1
        row.consent_id = ground.consent_id
        row.channel = way
        await append(
            session, await chain_of(session, wanted.episode_id), first_line(wanted, agency, ground, way)
        )
        return _Claimed(ground, way)

    async def _known(
        self, session: AsyncSession, row: OutboxRow, wanted: Disclosure, patient: Patient
    ) -> DisclosureReceipt:
        """A sending that an earlier attempt has claimed and not given back."""
        if row.state == "sending":  # that attempt died before it could say what became of it (P9)
            row.state, row.settled_at = "uncertain", datetime.now(UTC)
            await append(
                session,
                await chain_of(session, wanted.episode_id),
                Line(wanted.key, "uncertain", "system", wanted.agency),
            )
        if row.state == "refused":
            raise ApplicationError(
                f"{wanted.agency} has refused this sending", type=CHANNEL_REFUSED, non_retryable=True
            )
        receipt = DisclosureReceipt(
            key=wanted.key, outcome="uncertain", agency=wanted.agency, consent_id=row.consent_id,
            reference=row.reference, way=cast(Way, row.channel or "content"),
        )  # fmt: skip
        outcomes = {"sent": "already_sent", "to_post": "to_post"}
        return receipt.model_copy(update={"outcome": outcomes.get(row.state, "uncertain")})

    def _now(self, wanted: Disclosure) -> datetime:
        """Now, by the program's calendar."""
        return datetime.now(ZoneInfo(wanted.timezone) if wanted.timezone else self._zone)

    def _handover(self, wanted: Disclosure, patient: Patient, ground: Ground) -> Handover:
        now = datetime.now(UTC)
        # In an emergency there is no referral to answer.
        answer_url = "" if emergency_of(wanted) else self._links.url(wanted.referral_id, wanted.agency, now)
        return handover_of(wanted, patient, ground, answer_url, now)

    async def _given_back(
        self, wanted: Disclosure, patient: Patient, claimed: _Claimed, no: Transient | Permanent
    ) -> timedelta | None:
        """Note that nothing left. A fault of our own access counts for nothing.

        Returns:
            The pause until the next attempt, zero where the activity's own will do; None: there is no other attempt.
        """
        await self._settle(wanted, patient, claimed, "not_sent", pending=isinstance(no, Transient))
        if not isinstance(no, Transient):
            return None
        counts = isinstance(no, NobodyAnswers) or not isinstance(no, AccessFault)
        async with self._database.transaction() as session:
            row = await session.get_one(OutboxRow, wanted.key, with_for_update=True)
            row.attempts -= not counts
            tried = row.attempts
        if not counts:
            return no.after or timedelta()
        if tried >= AGENCY_ATTEMPTS or (no.after and datetime.now(UTC) + no.after > _begun() + AGENCY_WAIT):
            return None
        return no.after or AGENCY_PAUSE * AGENCY_PAUSE_GROWTH ** (tried - 1)

    async def _settle(
        self,
        wanted: Disclosure,
        patient: Patient,
        claimed: _Claimed,
        what: str,
        reference: str | None = None,
        *,
        pending: bool = False,
    ) -> DisclosureReceipt:
        async with self._database.transaction() as session:
            row = await session.get(OutboxRow, wanted.key, with_for_update=True)
            assert row is not None, "a sending is claimed before it is settled"
            row.state = "pending" if pending else "refused" if what == "not_sent" else what
            row.reference, row.settled_at = reference, None if pending else datetime.now(UTC)
            if what == "sent":
                await mended(session, _access(wanted, claimed.way))
            await append(
                session,
                await chain_of(session, wanted.episode_id),
                Line(wanted.key, what, "system", wanted.agency),
            )
        return DisclosureReceipt(
            key=wanted.key,
            outcome="sent" if what == "sent" else "to_post" if what == "to_post" else "uncertain",
            agency=wanted.agency,
            way=claimed.way,
            consent_id=claimed.ground.consent_id,
            reference=reference,
        )


def _begun() -> datetime:
    """When this sending was asked for."""
    return activity.info().scheduled_time if activity.in_activity() else datetime.now(UTC)


def _access(wanted: Disclosure, way: Way) -> str:
    """How operators know the access by which an agency is told: links go out by the clinic's own mail."""
    return "e-mail" if way == "link" else f"agency {wanted.agency}"


def _channel(book: Agencies, agency: Agency) -> AgencyChannel | Transient:
    """How the agency is reached, or why not today: that is said only once the gate has let it pass."""
    try:
        return book.channel_of(agency)
    except Transient as no:
        return no
