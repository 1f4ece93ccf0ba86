"""The tables. Times are UTC; SQLite keeps none, so they are given their zone back on reading."""

from datetime import UTC, date, datetime, time
from typing import Any

from sqlalchemy import JSON, Boolean, Date, DateTime, Float, Index, Integer, String, Text, Time, text
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.types import TypeDecorator


class UtcDateTime(TypeDecorator[datetime]):
    """An instant, always aware."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        return value.astimezone(UTC) if value else None

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return value.replace(tzinfo=UTC) if value and value.tzinfo is None else value


class Base(DeclarativeBase):
    """The schema that the migrations build."""


class EpisodeRow(Base):
    """Which patient of the clinic an opaque episode id stands for; at most one open episode each (I6)."""

    __tablename__ = "episode"
    __table_args__ = (
        Index("one_open_episode_per_patient", "patient_key", unique=True,
              sqlite_where=text("closed_on IS NULL"), postgresql_where=text("closed_on IS NULL")),
    )  # fmt: skip

    episode_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    patient_key: Mapped[str] = mapped_column(String(120), index=True)
    opened_on: Mapped[date] = mapped_column(Date)
    closed_on: Mapped[date | None] = mapped_column(Date)
    ledger_key: Mapped[str | None] = mapped_column(String(120))
    """The chain of the ledger in which its lines stand, where its patient got another key since."""


class KeyRow(Base):
    """How the key of a person is spelled here, for each form in which others may spell it (I6)."""

    __tablename__ = "patient_key"

    form: Mapped[str] = mapped_column(String(480), primary_key=True)
    patient_key: Mapped[str] = mapped_column(String(120))


class MergeRow(Base):
    """Two patient keys that were found to be one person; undone, the row stays as what was."""

    __tablename__ = "patient_merge"
    __table_args__ = (
        Index("one_standing_merge_of_a_key", "from_key", unique=True,
              sqlite_where=text("undone_at IS NULL"), postgresql_where=text("undone_at IS NULL")),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    from_key: Mapped[str] = mapped_column(String(120))
    into_key: Mapped[str] = mapped_column(String(120), index=True)
    by: Mapped[str] = mapped_column(String(120))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    before: Mapped[dict[str, Any]] = mapped_column(JSON)
    """What was on file under the key that goes on."""
    after: Mapped[dict[str, Any]] = mapped_column(JSON)
    """What the merge has put in its place."""
    episodes: Mapped[list[str]] = mapped_column(JSON)
    """The episodes that have moved."""
    undone_by: Mapped[str | None] = mapped_column(String(120))
    undone_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class AbsenceRow(Base):
    """Who is away, or has left for good, and to whom their tasks and notices go meanwhile."""

    __tablename__ = "absence"

    absence_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    staff_id: Mapped[str] = mapped_column(String(64), index=True)
    substitute: Mapped[str] = mapped_column(String(64))
    from_on: Mapped[date] = mapped_column(Date)
    until_on: Mapped[date | None] = mapped_column(Date)
    for_good: Mapped[bool] = mapped_column(Boolean)
    recorded_by: Mapped[str] = mapped_column(String(120))
    recorded_at: Mapped[datetime] = mapped_column(UtcDateTime)
    version: Mapped[int] = mapped_column(Integer)
    """Grows when its days change: the entries of each version replace those of the one before."""
    taken_back: Mapped[bool] = mapped_column(Boolean)


class ClosureRow(Base):
    """A day on which a site, or the whole clinic, is closed."""

    __tablename__ = "program_closure"

    closure_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    site: Mapped[str | None] = mapped_column(String(64))
    on: Mapped[date] = mapped_column(Date, index=True)
    reason: Mapped[str] = mapped_column(String(500))
    recorded_by: Mapped[str] = mapped_column(String(120))
    recorded_at: Mapped[datetime] = mapped_column(UtcDateTime)
    taken_back_by: Mapped[str | None] = mapped_column(String(120))
    taken_back_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class ImportedRow(Base):
    """An entry that an import has brought, and by which row: codes alone, and for ever (T4)."""

    __tablename__ = "imported_row"

    episode_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    entry_id: Mapped[str] = mapped_column(String(120), primary_key=True)
    identity: Mapped[str] = mapped_column(String(40), index=True)
    content: Mapped[str] = mapped_column(String(20))
    stands: Mapped[bool] = mapped_column(Boolean)
    imported_at: Mapped[datetime] = mapped_column(UtcDateTime)


class TemporalServerRow(Base):
    """On which Temporal server the episodes run: one row, of one namespace."""

    __tablename__ = "temporal_server"

    only: Mapped[int] = mapped_column(Integer, primary_key=True)
    namespace_id: Mapped[str] = mapped_column(String(64))
    noted_at: Mapped[datetime] = mapped_column(UtcDateTime)


class HistoryKeyRow(Base):
    """A key with which the clinic encrypts its histories: its id and its fingerprint, and not the key."""

    __tablename__ = "history_key"

    key_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    fingerprint: Mapped[str] = mapped_column(String(64))
    noted_at: Mapped[datetime] = mapped_column(UtcDateTime)


class ContactRow(Base):
    """How a patient may be reached; without a row, or without `allowed`, no message is sent."""

    __tablename__ = "contact"

    patient_key: Mapped[str] = mapped_column(String(120), primary_key=True)
    channel: Mapped[str] = mapped_column(String(500))
    allowed: Mapped[bool] = mapped_column(Boolean, default=True)


class PatientRow(Base):
    """Who a patient is and how they want to be reached."""

    __tablename__ = "patient"

    patient_key: Mapped[str] = mapped_column(String(120), primary_key=True)
    given_name: Mapped[str | None] = mapped_column(String(120))
    family_name: Mapped[str | None] = mapped_column(String(120))
    birth_date: Mapped[date | None] = mapped_column(Date)
    phone: Mapped[str | None] = mapped_column(String(40))
    email: Mapped[str | None] = mapped_column(String(320))
    language: Mapped[str | None] = mapped_column(String(20))
    timezone: Mapped[str | None] = mapped_column(String(60))
    quiet_from: Mapped[time | None] = mapped_column(Time)
    quiet_until: Mapped[time | None] = mapped_column(Time)
    stopped_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    latitude: Mapped[float | None] = mapped_column(Float)
    longitude: Mapped[float | None] = mapped_column(Float)


class ConsentRow(Base):
    """A consent as it stands now, one row for each consent entry of an episode."""

    __tablename__ = "consent"
    __table_args__ = (Index("one_row_per_consent_entry", "episode_id", "entry_id", unique=True),)

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    episode_id: Mapped[str] = mapped_column(String(64))
    entry_id: Mapped[str] = mapped_column(String(120))
    consent_id: Mapped[str] = mapped_column(String(120))
    type: Mapped[str] = mapped_column(String(40))
    discloser: Mapped[str] = mapped_column(String(120))
    recipient: Mapped[str] = mapped_column(String(120))
    purpose: Mapped[str] = mapped_column(String(120))
    content: Mapped[list[str]] = mapped_column(JSON)
    signed_on: Mapped[date] = mapped_column(Date)
    signed_by: Mapped[str] = mapped_column(String(40))
    authority: Mapped[str | None] = mapped_column(String(120))
    expires_on: Mapped[date | None] = mapped_column(Date)
    expires_event: Mapped[str | None] = mapped_column(String(120))
    recorded_by: Mapped[str] = mapped_column(String(120))
    stands: Mapped[bool] = mapped_column(Boolean)
    revoked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    revoked_by: Mapped[str | None] = mapped_column(String(120))
    revocation_entry: Mapped[str | None] = mapped_column(String(120))
    version: Mapped[int] = mapped_column(Integer)
    """Of the episode's record, when this row was last taken over from it."""


class ConsentEventRow(Base):
    """One thing that happened to a consent; rows are only added."""

    __tablename__ = "consent_event"

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    episode_id: Mapped[str] = mapped_column(String(64), index=True)
    entry_id: Mapped[str] = mapped_column(String(120))
    what: Mapped[str] = mapped_column(String(40))
    by: Mapped[str] = mapped_column(String(120))
    at: Mapped[datetime] = mapped_column(UtcDateTime)


class JournalRow(Base):
    """One line of the journal of an episode or a referral. Rows are only ever added."""

    __tablename__ = "journal_line"
    __table_args__ = (Index("one_line_under_a_number", "workflow_id", "number", unique=True),)

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    workflow_id: Mapped[str] = mapped_column(String(120))
    number: Mapped[int] = mapped_column(Integer)
    line: Mapped[str] = mapped_column(Text)
    is_encrypted: Mapped[bool] = mapped_column(Boolean)
    previous: Mapped[str] = mapped_column(String(64))
    seal: Mapped[str] = mapped_column(String(64))
    key_id: Mapped[str] = mapped_column(String(16))
    kept_at: Mapped[datetime] = mapped_column(UtcDateTime)


class CredentialRow(Base):
    """That somebody of the staff is signed in somewhere; of the secret only what it is known by."""

    __tablename__ = "staff_credential"

    credential_id: Mapped[str] = mapped_column(String(32), primary_key=True)
    staff_id: Mapped[str] = mapped_column(String(64), index=True)
    digest: Mapped[str] = mapped_column(String(64))
    issued_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    revoked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class CodeRow(Base):
    """The code that was sent to somebody of the staff last, to sign in with; it works once."""

    __tablename__ = "staff_code"

    staff_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    salt: Mapped[str] = mapped_column(String(32))
    digest: Mapped[str] = mapped_column(String(64))
    sent_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    tries: Mapped[int] = mapped_column(Integer)


class AnswerRow(Base):
    """One answer of an agency, kept before it is recorded anywhere else."""

    __tablename__ = "agency_answer"

    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    agency: Mapped[str] = mapped_column(String(120))
    referral_id: Mapped[str] = mapped_column(String(120))
    statement: Mapped[dict[str, Any]] = mapped_column(JSON)
    state: Mapped[str] = mapped_column(String(20))
    detail: Mapped[str | None] = mapped_column(String(500))
    received_at: Mapped[datetime] = mapped_column(UtcDateTime)


class TextRow(Base):
    """A text message that came in and was not understood; a person of the staff sees to it."""

    __tablename__ = "incoming_text"

    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    sender: Mapped[str] = mapped_column(String(40))
    text: Mapped[str] = mapped_column(Text)
    received_at: Mapped[datetime] = mapped_column(UtcDateTime)
    seen_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    seen_by: Mapped[str | None] = mapped_column(String(120))


class OutboxRow(Base):
    """One row for each sending, whatever the number of attempts."""

    __tablename__ = "outbox"

    key: Mapped[str] = mapped_column(String(300), primary_key=True)
    episode_id: Mapped[str] = mapped_column(String(64), index=True)
    kind: Mapped[str] = mapped_column(String(80))
    recipient: Mapped[str] = mapped_column(String(120))
    state: Mapped[str] = mapped_column(String(20))
    attempts: Mapped[int] = mapped_column(Integer, default=0)
    channel: Mapped[str | None] = mapped_column(String(40))
    reference: Mapped[str | None] = mapped_column(String(300))
    consent_id: Mapped[str | None] = mapped_column(String(120))
    unclear: Mapped[int] = mapped_column(Integer, default=0)
    """How often it left, and nobody knows whether it arrived."""
    leaving_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """When the last attempt had leave to let the body go; before that, nothing of it has left."""
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    settled_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class ChannelFaultRow(Base):
    """A channel over which nothing can be sent, until a sending works again."""

    __tablename__ = "channel_fault"

    channel: Mapped[str] = mapped_column(String(120), primary_key=True)
    reason: Mapped[str] = mapped_column(String(500))
    since: Mapped[datetime] = mapped_column(UtcDateTime)
    last_at: Mapped[datetime] = mapped_column(UtcDateTime)
    attempts: Mapped[int] = mapped_column(Integer)


__all__ = [
    "AbsenceRow", "AnswerRow", "Base", "ChannelFaultRow", "ClosureRow", "ConsentEventRow", "ConsentRow", "ContactRow",
    "EpisodeRow", "HistoryKeyRow", "ImportedRow", "JournalRow", "MergeRow", "OutboxRow", "PatientRow",
    "TemporalServerRow", "TextRow",
]  # fmt: skip
