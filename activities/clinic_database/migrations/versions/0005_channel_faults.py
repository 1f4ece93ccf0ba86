"""Faults of our own access to a channel, and how often a sending stayed uncertain."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "channel_fault",
        sa.Column("channel", sa.String(120), primary_key=True),
        sa.Column("reason", sa.String(500), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
    )
    op.add_column("outbox", sa.Column("unclear", sa.Integer(), nullable=False, server_default="0"))


def downgrade() -> None:
    op.drop_column("outbox", "unclear")
    op.drop_table("channel_fault")
