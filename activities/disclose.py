"""Telling an outside agency: only under a consent that stands at this very moment, once, and on record (P3-P9).

There is no other way out to an agency. The consent is looked up in the transaction that claims the sending, at every
attempt; the ledger's first line is written in it too. What then becomes of the sending is a second line.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol, cast
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncSession
from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities.agencies.book import AgenciesFileError
from activities.agencies.links import Links
from activities.agencies.notice import NOTICE, scope_of
from activities.agencies.port import AgencyChannel, Handover, Person, UnknownAgency, Way
from activities.channels.port import AccessFault, NobodyAnswers, Permanent, Transient, Uncertain
from activities.clinic_database.consents import standing_in
from activities.clinic_database.engine import ClinicDatabase
from activities.clinic_database.faults import ChannelFaults, mended
from activities.clinic_database.keys import chain_of
from activities.clinic_database.ledger import UNSETTLED, Line, append, last_said
from activities.clinic_database.outbox import row_of
from activities.clinic_database.patients import Patient, Patients
from activities.clinic_database.tables import OutboxRow
from activities.emergencies import PURPOSE
from activities.models import (
    CHANNEL_DOWN,
    CHANNEL_REFUSED,
    DISCLOSE,
    GIVE_UP,
    NO_SUCH_AGENCY,
    RECONCILE,
    Disclosure,
    DisclosureReceipt,
    Reconciliation,
)
from workflows.core.consents import COUNSELLING_NOTES, ONLY_BY_NAME, Consent, Request, covering, parts

CLAIMABLE = ("pending", "withheld")
"""What was given back, or kept back for want of a consent, may be tried again: the consent decides anew each time."""

ATTEMPTS = 6
"""So often an agency that is away is tried; then a person makes the contact."""

FIRST_PAUSE, GROWTH = timedelta(seconds=5), 3
"""The pauses between: six attempts in ten minutes."""

LONGEST_WAIT = timedelta(hours=26)
"""From when a sending was asked for, so long an agency is waited for that asks us to (Retry-After)."""

AGENCIES_FILE = "the agencies file"
"""How operators know it among what keeps sendings from leaving."""

CARRIED = parts(("referral",)) | (ONLY_BY_NAME - {COUNSELLING_NOTES})
"""Content that a channel can tell. All else is told by people."""


class Agency(Protocol):
    """What must be known of an agency to disclose to it."""

    @property
    def agency_id(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def address(self) -> str: ...
    @property
    def classes(self) -> frozenset[str]: ...
    @property
    def medical(self) -> bool: ...


class Agencies(Protocol):
    """The agencies that the clinic works with."""

    def get(self, agency_id: str) -> Agency:
        """One of them.

        Raises:
            UnknownAgency: there is none of that id.
        """

    def channel_of(self, agency: Agency) -> AgencyChannel:
        """How it is reached."""


@dataclass(frozen=True, slots=True)
class _Ours:
    """This attempt may send: on which basis."""

    basis: str
    consent: Consent | None
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
            reference = await channel.send(self._handover(wanted, patient, claimed))
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
    ) -> _Ours | DisclosureReceipt:
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
        grounds = self._grounds(consents, wanted, agency, way)
        if isinstance(grounds, str):
            row.state, row.settled_at = "withheld", datetime.now(UTC)
            return DisclosureReceipt(key=wanted.key, outcome="withheld", agency=wanted.agency, reason=grounds)
        row.state, row.attempts = "sending", row.attempts + 1
        row.consent_id = grounds.consent.consent_id if grounds.consent else None
        row.channel = way
        await append(session, await chain_of(session, wanted.episode_id), _line(wanted, agency, grounds))
        return grounds

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

    def _grounds(
        self, consents: Sequence[Consent], wanted: Disclosure, agency: Agency, way: Way
    ) -> _Ours | str:
        """On which basis something may go out now; otherwise why not, in words."""
        if beyond := sorted(parts(wanted.content) - CARRIED):
            # The ledger would say that it was told, and whoever waits for it would never get it.
            return f"no channel carries {', '.join(beyond)}: tell it by telephone"
        if wanted.emergency:
            if not agency.medical:
                return f"in an emergency only medical personnel are told, and {wanted.agency} is none"
            if way != "content":
                return f"in an emergency {wanted.agency} is not told by mail: tell it by telephone"
            return _Ours("emergency", None, way)
        request = Request(wanted.agency, agency.classes, wanted.purpose, frozenset(wanted.content))
        today = datetime.now(ZoneInfo(wanted.timezone) if wanted.timezone else self._zone).date()
        consent, objections = covering(consents, request, today)
        if consent is None:
            return f"no consent lets {wanted.agency} be told: {'; '.join(objections)}"
        return _Ours("consent", consent, way)

    def _handover(self, wanted: Disclosure, patient: Patient, ours: _Ours) -> Handover:
        now = datetime.now(UTC)
        content = parts(wanted.content)
        known = "identity" in content
        reachable = "contact" in content
        return Handover(
            key=wanted.key,
            what=wanted.what,
            referral_id=wanted.referral_id,
            service=wanted.service,
            person=Person(
                given_name=patient.given_name if known else None,
                family_name=patient.family_name if known else None,
                birth_date=patient.birth_date if known else None,
                phone=patient.phone if reachable else None,
                email=patient.email if reachable else None,
                language=patient.language if reachable else None,
            ),
            content=dict.fromkeys(sorted(content & ({"service_need"} | ONLY_BY_NAME)), wanted.service),
            consent_id=ours.consent.consent_id if ours.consent else "",
            notice=NOTICE,
            scope=scope_of(ours.consent)
            if ours.consent
            else "Disclosed in a medical emergency (42 CFR 2.51).",
            sent_at=now,
            # In an emergency there is no referral to answer.
            answer_url="" if wanted.emergency else self._links.url(wanted.referral_id, wanted.agency, now),
            revokes=wanted.revokes,
        )

    async def _given_back(
        self, wanted: Disclosure, patient: Patient, ours: _Ours, no: Transient | Permanent
    ) -> timedelta | None:
        """Note that nothing left. A fault of our own access counts for nothing.

        Returns:
            The pause until the next attempt, zero where the activity's own will do; None: there is no other attempt.
        """
        await self._settle(wanted, patient, ours, "not_sent", pending=isinstance(no, Transient))
        if not isinstance(no, Transient):
            return None
        counts = isinstance(no, NobodyAnswers) or not isinstance(no, AccessFault)
        async with self._database.transaction() as session:
            row = await session.get_one(OutboxRow, wanted.key, with_for_update=True)
            row.attempts -= not counts
            tried = row.attempts
        if not counts:
            return no.after or timedelta()
        if tried >= ATTEMPTS or (no.after and datetime.now(UTC) + no.after > _begun() + LONGEST_WAIT):
            return None
        return no.after or FIRST_PAUSE * GROWTH ** (tried - 1)

    async def _settle(
        self,
        wanted: Disclosure,
        patient: Patient,
        ours: _Ours,
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
                await mended(session, _access(wanted, ours.way))
            await append(
                session,
                await chain_of(session, wanted.episode_id),
                Line(wanted.key, what, "system", wanted.agency),
            )
        return DisclosureReceipt(
            key=wanted.key,
            outcome="sent" if what == "sent" else "to_post" if what == "to_post" else "uncertain",
            agency=wanted.agency,
            way=ours.way,
            consent_id=ours.consent.consent_id if ours.consent else None,
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


def _line(wanted: Disclosure, agency: Agency, ours: _Ours) -> Line:
    emergency = wanted.emergency
    detail = emergency.stated() if emergency else (
        ("referral", wanted.referral_id), ("way", ours.way), ("what", wanted.what),
    )  # fmt: skip
    return Line(
        key=wanted.key,
        what="sending",
        by=emergency.discloser if emergency else "system",
        recipient=wanted.agency,
        name=agency.name,
        address=agency.address,
        purpose=PURPOSE if emergency else wanted.purpose,
        content=() if ours.way == "link" else tuple(sorted(parts(wanted.content))),
        basis=ours.basis,
        consent_id=ours.consent.consent_id if ours.consent else "",
        detail=detail,
    )
