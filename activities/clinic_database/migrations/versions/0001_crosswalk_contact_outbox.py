"""Crosswalk, contact data, outbox."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "episode",
        sa.Column("episode_id", sa.String(64), primary_key=True),
        sa.Column("patient_key", sa.String(120), nullable=False),
        sa.Column("opened_on", sa.Date(), nullable=False),
        sa.Column("closed_on", sa.Date()),
    )
    op.create_index("ix_episode_patient_key", "episode", ["patient_key"])
    op.create_index(
        "one_open_episode_per_patient",
        "episode",
        ["patient_key"],
        unique=True,
        sqlite_where=sa.text("closed_on IS NULL"),
        postgresql_where=sa.text("closed_on IS NULL"),
    )
    op.create_table(
        "contact",
        sa.Column("patient_key", sa.String(120), primary_key=True),
        sa.Column("channel", sa.String(500), nullable=False),
        sa.Column("allowed", sa.Boolean(), nullable=False),
    )
    op.create_table(
        "outbox",
        sa.Column("key", sa.String(300), primary_key=True),
        sa.Column("episode_id", sa.String(64), nullable=False),
        sa.Column("kind", sa.String(80), nullable=False),
        sa.Column("recipient", sa.String(120), nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("channel", sa.String(40)),
        sa.Column("reference", sa.String(300)),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("settled_at", sa.DateTime(timezone=True)),
    )
    op.create_index("ix_outbox_episode_id", "outbox", ["episode_id"])


def downgrade() -> None:
    for table in ("outbox", "contact", "episode"):
        op.drop_table(table)
