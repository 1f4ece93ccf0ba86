"""Directories: feeds, listings, and what became of each row."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "directory_feed",
        sa.Column("name", sa.String(60), primary_key=True),
        sa.Column("format", sa.String(40), nullable=False),
        sa.Column("origin", sa.String(20), nullable=False),
        sa.Column("max_age_days", sa.Integer(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("listings", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("warnings", sa.JSON(), nullable=False),
        sa.Column("tried_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("good_at", sa.DateTime(timezone=True)),
        sa.Column("bad_since", sa.DateTime(timezone=True)),
    )
    op.create_table(
        "directory_listing",
        sa.Column("feed", sa.String(60), primary_key=True),
        sa.Column("source_id", sa.String(120), primary_key=True),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("name", sa.String(300), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("gone_at", sa.DateTime(timezone=True)),
    )
    op.create_index("ix_directory_listing_name", "directory_listing", ["name"])
    op.create_table(
        "directory_line",
        sa.Column("feed", sa.String(60), primary_key=True),
        sa.Column("number", sa.Integer(), primary_key=True),
        sa.Column("source_id", sa.String(120), nullable=False),
        sa.Column("became", sa.String(20), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
    )


def downgrade() -> None:
    for table in ("directory_line", "directory_listing", "directory_feed"):
        op.drop_table(table)
