"""Telling an outside agency: only under a consent that stands at this very moment, once, and on record (P3-P9).

There is no other way out to an agency. The consent is looked up in the transaction that claims the sending, at every
attempt; the ledger's first line is written in it too. It is asked for once more when the other side has opened,
directly before the body leaves: a connection may take half a minute to come about. What becomes of it is a second line.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession
from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities.agencies.book import AgenciesFileError
from activities.agencies.links import Links
from activities.agencies.port import AgencyChannel, Handover, UnknownAgency
from activities.channels.port import (
    AccessFault,
    Leaving,
    NobodyAnswers,
    Permanent,
    Transient,
    Uncertain,
    Withdrawn,
)
from activities.clinic_database.consents import standing_in
from activities.clinic_database.engine import ClinicDatabase
from activities.clinic_database.faults import ChannelFaults, mended
from activities.clinic_database.journal_chain import Key
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
    attempt: int
    """Whoever claims it after this one died or was late has another."""


class _Overtaken(Withdrawn):
    """Another attempt has claimed the sending meanwhile, or it was given up."""


class Discloser:
    """Sends disclosures. `agencies` reads the file anew for each, so that a change needs no restart."""

    def __init__(
        self,
        database: ClinicDatabase,
        agencies: Callable[[], Agencies],
        links: Links,
        zone: ZoneInfo,
        key: Key,
    ) -> None:
        self._database, self._agencies, self._links, self._zone = database, agencies, links, zone
        self._key = key
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
        way: Way = "content" if isinstance(channel, Transient) else channel.way
        to = "" if isinstance(channel, Transient) else channel.to
        async with self._database.transaction() as session:
            claimed = await self._claim(session, wanted, agency, way, to)
        if isinstance(claimed, DisclosureReceipt):
            return claimed
        try:
            if isinstance(channel, Transient):
                raise channel
            handover = self._handover(wanted, patient, claimed.ground)
            reference = await channel.send(handover, self._last_question(wanted, agency, claimed))
        except _Overtaken:
            async with self._database.transaction() as session:
                return _receipt(await session.get_one(OutboxRow, wanted.key), wanted)
        except Withdrawn as no:
            return await self._kept_back(wanted, str(no))
        except Uncertain:
            return await self._settle(wanted, claimed, "uncertain")
        except (Transient, Permanent) as no:
            if isinstance(no, AccessFault):
                await self._faults.note(_access(wanted, way), str(no))
            pause = await self._given_back(wanted, claimed, no)
            raise ApplicationError(
                f"{wanted.agency} could not be reached: {no}",
                type=CHANNEL_DOWN if isinstance(no, Transient) else CHANNEL_REFUSED,
                non_retryable=pause is None,
                next_retry_delay=pause or None,
            ) from None
        return await self._settle(wanted, claimed, "to_post" if way == "post" else "sent", reference)

    @activity.defn(name=GIVE_UP)
    async def give_up(self, wanted: Disclosure) -> DisclosureReceipt:
        """Say what became of a sending that is tried no more: its last attempt may have died on the way (P9)."""
        async with self._database.transaction() as session:
            row = await row_of(
                session, wanted.key, episode_id=wanted.episode_id, kind=wanted.what, recipient=wanted.agency
            )
            await self._not_left(session, row, wanted)
            if row.state in CLAIMABLE or row.state == "refused":
                row.state, row.settled_at = "withheld", datetime.now(UTC)
                row.attempts = 0  # a person who sends it again begins anew
                return DisclosureReceipt(
                    key=wanted.key, outcome="withheld", agency=wanted.agency, reason="given up"
                )
            return await self._known(session, row, wanted)

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
            await append(session, self._key, patient_key, Line(found.key, what, found.by, row.recipient))

    async def _claim(
        self, session: AsyncSession, wanted: Disclosure, agency: Agency, way: Way, to: str
    ) -> _Claimed | DisclosureReceipt:
        # In the order in which a revocation takes its locks; the other way round the two could block each other.
        consents = await standing_in(session, wanted.episode_id)
        row = await row_of(
            session, wanted.key, episode_id=wanted.episode_id, kind=wanted.what, recipient=wanted.agency
        )
        if row.recipient != wanted.agency:  # the listing has passed to another agency since (P3)
            reason = f"this sending was begun to {row.recipient}; choose the place anew for {wanted.agency}"
            return DisclosureReceipt(key=wanted.key, outcome="withheld", agency=wanted.agency, reason=reason)
        await self._not_left(session, row, wanted)
        if row.state not in CLAIMABLE:
            return await self._known(session, row, wanted)
        ground = ground_of(consents, wanted, agency, way, self._now(wanted))
        if isinstance(ground, str):
            row.state, row.settled_at = "withheld", datetime.now(UTC)
            return DisclosureReceipt(key=wanted.key, outcome="withheld", agency=wanted.agency, reason=ground)
        row.state, row.attempts = "sending", row.attempts + 1
        row.consent_id = ground.consent_id
        row.channel, row.leaving_at = way, None
        said = first_line(wanted, agency, ground, way, to)
        await append(session, self._key, await chain_of(session, wanted.episode_id), said)
        return _Claimed(ground, way, row.attempts)

    async def _not_left(self, session: AsyncSession, row: OutboxRow, wanted: Disclosure) -> None:
        """Give back what an attempt claimed that died, or hangs, before it had leave to let anything go (P9)."""
        if row.state == "sending" and row.leaving_at is None:
            row.state = "pending"
            await self._say(session, wanted, "not_sent")

    async def _say(self, session: AsyncSession, wanted: Disclosure, what: str) -> None:
        """Add to the ledger what became of a sending."""
        said = Line(wanted.key, what, "system", wanted.agency)
        await append(session, self._key, await chain_of(session, wanted.episode_id), said)

    def _last_question(self, wanted: Disclosure, agency: Agency, claimed: _Claimed) -> Leaving:
        """What is asked directly before the body leaves (P3). That it leaves stands in the outbox before it does: so
        a revocation which comes after can say it (P4)."""

        async def ask() -> None:
            try:
                async with self._database.transaction() as session:
                    consents = await standing_in(session, wanted.episode_id)
                    row = await session.get_one(OutboxRow, wanted.key, with_for_update=True)
                    if (row.state, row.attempts) != ("sending", claimed.attempt):
                        raise _Overtaken
                    ground = ground_of(consents, wanted, agency, claimed.way, self._now(wanted))
                    if isinstance(ground, str):
                        raise Withdrawn(ground)
                    if ground.consent_id != claimed.ground.consent_id:  # the ledger would name the wrong one
                        raise Transient("its consent ended while it was about to leave, and another stands")
                    row.leaving_at = datetime.now(UTC)
            except SQLAlchemyError:
                raise Transient(
                    "the clinic database could not be asked whether the consent still stands"
                ) from None

        return ask

    async def _kept_back(self, wanted: Disclosure, why: str) -> DisclosureReceipt:
        """Note that nothing left, because its consent ended after it was claimed."""
        async with self._database.transaction() as session:
            row = await session.get_one(OutboxRow, wanted.key, with_for_update=True)
            await self._not_left(session, row, wanted)
            if row.state == "pending":
                row.state, row.settled_at = "withheld", datetime.now(UTC)
        return DisclosureReceipt(key=wanted.key, outcome="withheld", agency=wanted.agency, reason=why)

    async def _known(self, session: AsyncSession, row: OutboxRow, wanted: Disclosure) -> DisclosureReceipt:
        """A sending that an earlier attempt has claimed and not given back."""
        if row.state == "sending":  # that attempt died before it could say what became of it (P9)
            row.state, row.settled_at = "uncertain", datetime.now(UTC)
            await self._say(session, wanted, "uncertain")
        if row.state == "refused":
            raise ApplicationError(
                f"{wanted.agency} has refused this sending", type=CHANNEL_REFUSED, non_retryable=True
            )
        return _receipt(row, wanted)

    def _now(self, wanted: Disclosure) -> datetime:
        """Now, by the program's calendar."""
        return datetime.now(ZoneInfo(wanted.timezone) if wanted.timezone else self._zone)

    def _handover(self, wanted: Disclosure, patient: Patient, ground: Ground) -> Handover:
        now = datetime.now(UTC)
        # In an emergency there is no referral to answer.
        answer_url = "" if emergency_of(wanted) else self._links.url(wanted.referral_id, wanted.agency, now)
        return handover_of(wanted, patient, ground, answer_url, now)

    async def _given_back(
        self, wanted: Disclosure, claimed: _Claimed, no: Transient | Permanent
    ) -> timedelta | None:
        """Note that nothing left. A fault of our own access counts for nothing.

        Returns:
            The pause until the next attempt, zero where the activity's own will do; None: there is no other attempt.
        """
        await self._settle(wanted, claimed, "not_sent", pending=isinstance(no, Transient))
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
            await self._say(session, wanted, what)
        return DisclosureReceipt(
            key=wanted.key,
            outcome="sent" if what == "sent" else "to_post" if what == "to_post" else "uncertain",
            agency=wanted.agency,
            way=claimed.way,
            consent_id=claimed.ground.consent_id,
            reference=reference,
        )


def _receipt(row: OutboxRow, wanted: Disclosure) -> DisclosureReceipt:
    """What the outbox has of a sending."""
    outcomes = {"sent": "already_sent", "to_post": "to_post"}
    return DisclosureReceipt.model_validate({
        "key": wanted.key, "outcome": outcomes.get(row.state, "uncertain"), "agency": wanted.agency,
        "consent_id": row.consent_id, "reference": row.reference, "way": row.channel or "content",
    })  # fmt: skip


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
