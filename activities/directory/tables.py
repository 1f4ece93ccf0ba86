"""The tables of the directories."""

from datetime import datetime

from sqlalchemy import JSON, Index, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from activities.clinic_database.tables import Base, UtcDateTime


class FeedRow(Base):
    """One feed: what is in force of it, and how its last reading went."""

    __tablename__ = "directory_feed"

    name: Mapped[str] = mapped_column(String(60), primary_key=True)
    format: Mapped[str] = mapped_column(String(40))
    origin: Mapped[str] = mapped_column(String(20))
    """`feeds_file`, or `by_hand` for what is in no feeds file."""
    max_age_days: Mapped[int] = mapped_column(Integer)
    revision: Mapped[int] = mapped_column(Integer, default=0)
    """Grows whenever a listing of it changes, so that others can tell that they hold an old one."""
    listings: Mapped[int] = mapped_column(Integer, default=0)
    state: Mapped[str] = mapped_column(String(20))
    """`good`; `kept` when the last reading could not be used; `retired` when it has left the feeds file."""
    reason: Mapped[str] = mapped_column(Text, default="")
    warnings: Mapped[list[str]] = mapped_column(JSON, default=list)
    tried_at: Mapped[datetime] = mapped_column(UtcDateTime)
    good_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    bad_since: Mapped[datetime | None] = mapped_column(UtcDateTime)


class ListingRow(Base):
    """One listing as JSON. One that has left its feed stays, so that an old referral can still say where it went."""

    __tablename__ = "directory_listing"
    __table_args__ = (Index("ix_directory_listing_name", "name"),)

    feed: Mapped[str] = mapped_column(String(60), primary_key=True)
    source_id: Mapped[str] = mapped_column(String(120), primary_key=True)
    kind: Mapped[str] = mapped_column(String(20))
    name: Mapped[str] = mapped_column(String(300))
    digest: Mapped[str] = mapped_column(String(64))
    content: Mapped[str] = mapped_column(Text)
    gone_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class LineRow(Base):
    """One row of a feed's last reading of which there is something to say."""

    __tablename__ = "directory_line"

    feed: Mapped[str] = mapped_column(String(60), primary_key=True)
    number: Mapped[int] = mapped_column(Integer, primary_key=True)
    source_id: Mapped[str] = mapped_column(String(120))
    became: Mapped[str] = mapped_column(String(20))
    reason: Mapped[str] = mapped_column(Text)
