"""The disclosure ledger: append-only, sealed under the clinic's key, written with the sending (P8).

A sending leaves several lines under one key: `sending` in the transaction that claims it, then what became of it. So
a crash in between is itself on record (P9), and nothing is ever changed afterwards. Triggers refuse changes; the chain
under the clinic's key (`ledger_chain.py`) shows those that go around them. Within it each patient's lines are a hash
chain of their own. Whether all that holds, `ledger_verifying.py` looks.
"""

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from activities.clinic_database.engine import ClinicDatabase
from activities.clinic_database.journal import OtherKey
from activities.clinic_database.journal_chain import Key, Link, continued
from activities.clinic_database.keys import all_keys, chain_of
from activities.clinic_database.ledger_chain import LINES, sealed_text
from activities.clinic_database.ledger_tables import LedgerRow
from activities.clinic_database.tables import OutboxRow

BEGINNING = "0" * 64
"""What stands for the previous hash in the first line of a chain."""

UNSETTLED = ("sending", "uncertain", "to_post")
"""After these nobody knows whether it left; a letter to post leaves when a person says so."""

CARRIED_OVER, NOBODY = "carried_over", ""
"""What the line says that seals those from before there were seals, and in whose chain it stands."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line.

    `what` is sending, sent, not_sent, uncertain, to_post, arrived, not_arrived or opened. That it
    arrived or not is said by a person; it is opened when the agency first looks at the page behind its link.
    """

    key: str
    what: str
    by: str
    recipient: str = ""
    name: str = ""
    address: str = ""
    purpose: str = ""
    content: tuple[str, ...] = ()
    basis: str = ""
    """`consent`, `emergency` (P6), or `none` where a person has told it without one."""
    consent_id: str = ""
    detail: tuple[tuple[str, str], ...] = ()
    """Names and values, such as the facility in an emergency."""


@dataclass(frozen=True, slots=True)
class Accounted:
    """One disclosure as a patient's accounting lists it: date, recipient, what, why (45 CFR 164.528(b)(2))."""

    at: datetime
    key: str
    recipient: str
    name: str
    address: str
    purpose: str
    content: tuple[str, ...]
    basis: str
    consent_id: str
    detail: dict[str, str]
    state: str
    """`sent`, or `uncertain` where nobody knows whether it left."""


async def append(session: AsyncSession, key: Key, patient_key: str, line: Line) -> None:
    """Add a line to a patient's chain and seal it, inside the caller's transaction, whose last lock it is.

    Raises:
        OtherKey: the ledger is sealed with another key.
    """
    await in_line(session)
    await carry_over(session, key)
    await _add(session, key, patient_key, line)


async def carry_over(session: AsyncSession, key: Key) -> int:
    """Seal the lines from before there were seals, once, by a line that says how many and which; how many."""
    if await end_of(session) is not None:
        return 0
    rows = await session.scalars(select(LedgerRow).where(LedgerRow.seal.is_(None)).order_by(LedgerRow.id))
    count, digest = digest_of(rows)
    if count:
        said = (("lines", str(count)), ("digest", digest))
        await _add(session, key, NOBODY, Line("ledger", CARRIED_OVER, "system", detail=said))
    return count


async def in_line(session: AsyncSession) -> None:
    """Wait until nobody else writes the ledger: two writers would read the same end."""
    if session.get_bind().dialect.name == "postgresql":  # SQLite's transactions already wait for each other
        await session.execute(text("SELECT pg_advisory_xact_lock(hashtextextended(:key, 2))"), {"key": LINES})


async def end_of(session: AsyncSession) -> Link | None:
    """The last sealed line, as the next one follows it; what it says is not read."""
    sealed = select(LedgerRow).where(LedgerRow.number.is_not(None))
    row = await session.scalar(sealed.order_by(LedgerRow.number.desc()).limit(1))
    return link_of(row) if row else None


def link_of(row: LedgerRow) -> Link:
    """A sealed line as the chain reads it."""
    said = sealed_text(row.patient_key, row.previous, row.line, row.hash)
    return Link(row.number or 0, said, row.sealed_after or "", row.seal or "", row.key_id or "")


def digest_of(rows: Iterable[LedgerRow]) -> tuple[int, str]:
    """How many lines, and what they are, in their order."""
    count, digest = 0, hashlib.sha256()
    for row in rows:
        count += 1
        digest.update(
            json.dumps([row.id, row.patient_key, row.previous, row.line, row.hash]).encode() + b"\n"
        )
    return count, digest.hexdigest()


async def _add(session: AsyncSession, key: Key, patient_key: str, line: Line) -> None:
    newest = select(LedgerRow.hash).where(LedgerRow.patient_key == patient_key)
    previous = await session.scalar(newest.order_by(LedgerRow.id.desc()).limit(1)) or BEGINNING
    written = _canonical(line, datetime.now(UTC))
    hash_ = hash_of(patient_key, previous, written)
    end = await end_of(session)
    must_be_ours(key, end)
    said = sealed_text(patient_key, previous, written, hash_)
    [link] = continued(key, LINES, [end] if end else [], [said])
    session.add(
        LedgerRow(
            patient_key=patient_key, line=written, previous=previous, hash=hash_,
            number=link.number, sealed_after=link.previous, seal=link.seal, key_id=link.key_id,
        )
    )  # fmt: skip
    await session.flush()


def must_be_ours(key: Key, end: Link | None) -> None:
    """Refuse a key that is not the one of the ledger.

    Raises:
        OtherKey: it is another one.
    """
    if end and end.key_id != key.id:
        raise OtherKey(f"the ledger is sealed with key {end.key_id}, and this is key {key.id}")


async def last_said(session: AsyncSession, patient_key: str, key: str) -> str | None:
    """What the last line of a sending says; None where it has none."""
    newest = select(LedgerRow.line).where(LedgerRow.patient_key == patient_key).order_by(LedgerRow.id.desc())
    said = map(said_in, await session.scalars(newest))
    return next((what for of, what in said if of == key), None)


def hash_of(patient_key: str, previous: str, line: str) -> str:
    """The hash of a line: SHA-256 over its patient, the hash before it, and itself."""
    return hashlib.sha256(json.dumps([patient_key, previous, line]).encode()).hexdigest()


class Ledger:
    """Reading the ledger. Lines are written by `append`, with what they are about; few need a key here."""

    def __init__(self, database: ClinicDatabase) -> None:
        self._database = database

    async def accounting(self, patient_key: str, since: datetime | None = None) -> list[Accounted]:
        """Every disclosure about a patient that left, or may have left, the oldest first (P8)."""
        async with self._database.transaction() as session:
            # No chain is ever rewritten: of a person who had two keys, both are read.
            found = select(LedgerRow.line).where(
                LedgerRow.patient_key.in_(await all_keys(session, patient_key))
            )
            lines = [json.loads(line) for line in await session.scalars(found.order_by(LedgerRow.id))]
        by_key: dict[str, list[dict[str, Any]]] = {}
        for line in lines:
            by_key.setdefault(line["key"], []).append(line)
        accounted = [one for story in by_key.values() if (one := _accounted(story))]
        return [one for one in accounted if since is None or one.at >= since]

    async def opened(self, key: Key, referral_id: str, agency: str) -> None:
        """Note that an agency has looked at the page behind its link, the first time that it does."""
        async with self._database.transaction() as session:
            sent = select(OutboxRow).where(
                OutboxRow.key.startswith(f"{referral_id}:", autoescape=True), OutboxRow.recipient == agency,
                OutboxRow.channel == "link", OutboxRow.state.in_(("sent", "uncertain")),
            )  # fmt: skip
            for row in await session.scalars(sent.order_by(OutboxRow.created_at).with_for_update()):
                patient_key = await chain_of(session, row.episode_id)
                lines = await session.scalars(
                    select(LedgerRow.line).where(LedgerRow.patient_key == patient_key)
                )
                known = {(line["key"], line["what"]) for line in map(json.loads, lines)}
                if (row.key, "opened") not in known:
                    await append(
                        session, key, patient_key, Line(row.key, "opened", f"agency:{agency}", agency)
                    )

    async def uncertain(self) -> list[tuple[str, str]]:
        """Patient key and key of every sending of which nobody knows whether it left (P9)."""
        state: dict[tuple[str, str], str] = {}
        async with self._database.transaction() as session:
            rows = await session.execute(select(LedgerRow.patient_key, LedgerRow.line).order_by(LedgerRow.id))
            for patient_key, written in rows:
                line = json.loads(written)
                if patient_key != NOBODY:
                    state[patient_key, line["key"]] = line["what"]
        return [place for place, what in state.items() if what in UNSETTLED]


def said_in(written: str) -> tuple[str, str]:
    """Of which sending a line is, and what it says."""
    try:
        line = json.loads(written)
        return str(line["key"]), str(line["what"])
    except (ValueError, TypeError, KeyError):  # its hash has shown already that it is not what was written
        return "", ""


def _accounted(story: Sequence[dict[str, Any]]) -> Accounted | None:
    """A sending that is known not to have left is no disclosure, and does not stand in the accounting."""
    # Attempts that are known not to have left come before the one that counts.
    last = max((n for n, line in enumerate(story) if line["what"] == "sending"), default=0)
    begun, ended = story[last], story[-1]["what"]
    if ended in ("not_sent", "not_arrived"):
        return None
    detail = dict(begun["detail"])
    if opened := next((line for line in story if line["what"] == "opened"), None):
        detail["opened_at"] = opened["at"]
    return Accounted(
        at=datetime.fromisoformat(detail.get("told_at", begun["at"])),
        key=begun["key"],
        recipient=begun["recipient"],
        name=begun["name"],
        address=begun["address"],
        purpose=begun["purpose"],
        content=tuple(begun["content"]),
        basis=begun["basis"],
        consent_id=begun["consent_id"],
        detail=detail,
        state="uncertain" if ended in UNSETTLED else "sent",
    )


def _canonical(line: Line, at: datetime) -> str:
    content: dict[str, Any] = {name: getattr(line, name) for name in Line.__slots__}
    content["detail"] = _pairs(line.detail)
    return json.dumps(
        {**content, "at": at.isoformat(timespec="microseconds")}, sort_keys=True, separators=(",", ":")
    )


def _pairs(detail: Iterable[tuple[str, str]]) -> list[list[str]]:
    return [[name, value] for name, value in detail]
