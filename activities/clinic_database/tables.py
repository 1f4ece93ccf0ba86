"""The tables. Times are UTC; SQLite keeps none, so they are given their zone back on reading."""

from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import Boolean, Date, DateTime, Index, Integer, String, text
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


class ContactRow(Base):
    """How a patient may be reached; without a row, or without `allowed`, no message is sent."""

    __tablename__ = "contact"

    patient_key: Mapped[str] = mapped_column(String(120), primary_key=True)
    channel: Mapped[str] = mapped_column(String(500))
    allowed: Mapped[bool] = mapped_column(Boolean, default=True)


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
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    settled_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


__all__ = ["Base", "ContactRow", "EpisodeRow", "OutboxRow"]
