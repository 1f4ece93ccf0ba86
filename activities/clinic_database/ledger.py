"""The disclosure ledger: append-only, one hash chain for each patient, written with the sending (P8).

A sending leaves several lines under one key: `sending` in the transaction that claims it, then what became of it. So
a crash in between is itself on record (P9), and nothing is ever changed afterwards. A trigger refuses changes; the
chain shows those that went around it; and the digest over all heads, noted elsewhere, shows a chain that was cut off.
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
from activities.clinic_database.keys import all_keys, chain_of
from activities.clinic_database.tables import LedgerRow, OutboxRow

BEGINNING = "0" * 64
"""What stands for the previous hash in the first line of a chain."""

UNSETTLED = ("sending", "uncertain", "to_post")
"""After these nobody knows whether it left; a letter to post leaves when a person says so."""

DISCLOSURES = ("referral", "cancellation", "completion", "told_by_hand")
"""Kinds of rows in the outbox that have lines here."""

LINES_OF = {
    "sending": ("sending",), "sent": ("sent", "arrived"), "uncertain": ("uncertain",), "to_post": ("to_post",),
    "refused": ("not_sent", "not_arrived"),
}  # fmt: skip
"""For each state of the outbox, the lines of which one must stand here."""


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


@dataclass(frozen=True, slots=True)
class Verified:
    """What a verification found; `digest` is over the head of each chain, to be noted elsewhere and compared."""

    chains: int
    lines: int
    problems: tuple[str, ...]
    digest: str


async def append(session: AsyncSession, patient_key: str, line: Line) -> None:
    """Add a line to a patient's chain, inside the caller's transaction."""
    if session.get_bind().dialect.name == "postgresql":
        # Two writers would read the same head; SQLite's transactions already wait for each other.
        await session.execute(
            text("SELECT pg_advisory_xact_lock(hashtextextended(:key, 0))"), {"key": patient_key}
        )
    newest = select(LedgerRow.hash).where(LedgerRow.patient_key == patient_key)
    previous = await session.scalar(newest.order_by(LedgerRow.id.desc()).limit(1)) or BEGINNING
    written = _canonical(line, datetime.now(UTC))
    session.add(
        LedgerRow(
            patient_key=patient_key,
            line=written,
            previous=previous,
            hash=hash_of(patient_key, previous, written),
        )
    )
    await session.flush()


async def last_said(session: AsyncSession, patient_key: str, key: str) -> str | None:
    """What the last line of a sending says; None where it has none."""
    newest = select(LedgerRow.line).where(LedgerRow.patient_key == patient_key).order_by(LedgerRow.id.desc())
    said = map(_said, await session.scalars(newest))
    return next((what for of, what in said if of == key), None)


def hash_of(patient_key: str, previous: str, line: str) -> str:
    """The hash of a line: SHA-256 over its patient, the hash before it, and itself."""
    return hashlib.sha256(json.dumps([patient_key, previous, line]).encode()).hexdigest()


class Ledger:
    """Reading the ledger. Lines are written by `append`, with what they are about."""

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

    async def opened(self, referral_id: str, agency: str) -> None:
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
                    await append(session, patient_key, Line(row.key, "opened", f"agency:{agency}", agency))

    async def uncertain(self) -> list[tuple[str, str]]:
        """Patient key and key of every sending of which nobody knows whether it left (P9)."""
        state: dict[tuple[str, str], str] = {}
        async with self._database.transaction() as session:
            rows = await session.execute(select(LedgerRow.patient_key, LedgerRow.line).order_by(LedgerRow.id))
            for patient_key, written in rows:
                line = json.loads(written)
                state[patient_key, line["key"]] = line["what"]
        return [place for place, what in state.items() if what in UNSETTLED]

    async def verify(self) -> Verified:
        """Read every chain from its beginning; hold each line against its hash, and the outbox against the lines.

        A chain whose end was cut off is whole by itself: what the outbox knows of it shows that something is missing.
        """
        async with self._database.transaction() as session:
            # The outbox first: what is written meanwhile makes the ledger longer and nothing wrong.
            owed = {
                row.key: row.state
                for row in await session.scalars(select(OutboxRow).where(OutboxRow.kind.in_(DISCLOSURES)))
            }
            said: set[tuple[str, str]] = set()
            rows = await session.stream_scalars(
                select(LedgerRow).order_by(LedgerRow.patient_key, LedgerRow.id)
            )
            heads: dict[str, str] = {}
            problems: list[str] = []
            lines = 0
            async for row in rows:
                lines += 1
                if row.previous != heads.get(row.patient_key, BEGINNING):
                    problems.append(f"line {row.id}: does not follow the line before it; one was taken out")
                if row.hash != hash_of(row.patient_key, row.previous, row.line):
                    problems.append(f"line {row.id}: is not what was written; it was changed")
                heads[row.patient_key] = row.hash
                said.add(_said(row.line))
        for key, state in owed.items():
            if (lines_of := LINES_OF.get(state)) and not any((key, what) in said for what in lines_of):
                problems.append(
                    f"sending {key}: the outbox has it as {state}, and the ledger does not; a line is gone"
                )
        digest = hashlib.sha256("".join(sorted(heads.values())).encode()).hexdigest()
        return Verified(len(heads), lines, tuple(problems), digest)


def _said(written: str) -> tuple[str, str]:
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
