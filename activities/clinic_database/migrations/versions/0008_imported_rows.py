"""What imports have brought."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "imported_row",
        sa.Column("episode_id", sa.String(64), primary_key=True),
        sa.Column("entry_id", sa.String(120), primary_key=True),
        sa.Column("identity", sa.String(40), nullable=False),
        sa.Column("content", sa.String(20), nullable=False),
        sa.Column("stands", sa.Boolean(), nullable=False),
        sa.Column("imported_at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_index("ix_imported_row_identity", "imported_row", ["identity"])


def downgrade() -> None:
    op.drop_table("imported_row")
