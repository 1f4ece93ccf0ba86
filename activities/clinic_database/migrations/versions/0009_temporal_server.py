"""On which Temporal server the clinic's episodes run."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "temporal_server",
        sa.Column("only", sa.Integer(), primary_key=True),
        sa.Column("namespace_id", sa.String(64), nullable=False),
        sa.Column("noted_at", sa.DateTime(timezone=True), nullable=False),
    )


def downgrade() -> None:
    op.drop_table("temporal_server")
