"""The tables of the disclosure ledger: its lines, and how it ended at some times."""

from sqlalchemy import Index, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from activities.clinic_database.tables import Base


class LedgerRow(Base):
    """One line of the disclosure ledger; a trigger refuses to change or delete one (P8).

    The pair of patient and previous hash is unique: a chain cannot fork, whatever a process does.
    """

    __tablename__ = "disclosure_ledger"
    __table_args__ = (Index("a_chain_does_not_fork", "patient_key", "previous", unique=True),)

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    patient_key: Mapped[str] = mapped_column(String(120))
    line: Mapped[str] = mapped_column(Text)
    """What is hashed: the line as canonical JSON."""
    previous: Mapped[str] = mapped_column(String(64))
    hash: Mapped[str] = mapped_column(String(64), unique=True)
    number: Mapped[int | None] = mapped_column(Integer, unique=True)
    """Its place among all sealed lines; None, as for the other three, where it is from before there were seals."""
    sealed_after: Mapped[str | None] = mapped_column(String(64))
    seal: Mapped[str | None] = mapped_column(String(64))
    key_id: Mapped[str | None] = mapped_column(String(16))


class HeadRow(Base):
    """How the ledger ended at some time, in a chain of its own; a trigger refuses to change or delete one (P8)."""

    __tablename__ = "ledger_head"

    number: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    line: Mapped[str] = mapped_column(Text)
    previous: Mapped[str] = mapped_column(String(64))
    seal: Mapped[str] = mapped_column(String(64))
    key_id: Mapped[str] = mapped_column(String(16))
