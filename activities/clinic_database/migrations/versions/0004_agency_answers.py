"""What agencies have answered."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "agency_answer",
        sa.Column("key", sa.String(64), primary_key=True),
        sa.Column("agency", sa.String(120), nullable=False),
        sa.Column("referral_id", sa.String(120), nullable=False),
        sa.Column("statement", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("detail", sa.String(500)),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
    )


def downgrade() -> None:
    op.drop_table("agency_answer")
