"""People and places change: patients under two keys, who is away, and days on which the program is closed."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("episode", sa.Column("ledger_key", sa.String(120)))
    op.create_table(
        "patient_merge",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("from_key", sa.String(120), nullable=False),
        sa.Column("into_key", sa.String(120), nullable=False, index=True),
        sa.Column("by", sa.String(120), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("before", sa.JSON(), nullable=False),
        sa.Column("after", sa.JSON(), nullable=False),
        sa.Column("episodes", sa.JSON(), nullable=False),
        sa.Column("undone_by", sa.String(120)),
        sa.Column("undone_at", sa.DateTime(timezone=True)),
    )
    op.create_index(
        "one_standing_merge_of_a_key",
        "patient_merge",
        ["from_key"],
        unique=True,
        sqlite_where=sa.text("undone_at IS NULL"),
        postgresql_where=sa.text("undone_at IS NULL"),
    )
    op.create_table(
        "absence",
        sa.Column("absence_id", sa.String(40), primary_key=True),
        sa.Column("staff_id", sa.String(64), nullable=False, index=True),
        sa.Column("substitute", sa.String(64), nullable=False),
        sa.Column("from_on", sa.Date(), nullable=False),
        sa.Column("until_on", sa.Date()),
        sa.Column("for_good", sa.Boolean(), nullable=False),
        sa.Column("recorded_by", sa.String(120), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("taken_back", sa.Boolean(), nullable=False),
    )
    op.create_table(
        "program_closure",
        sa.Column("closure_id", sa.String(40), primary_key=True),
        sa.Column("site", sa.String(64)),
        sa.Column("on", sa.Date(), nullable=False, index=True),
        sa.Column("reason", sa.String(500), nullable=False),
        sa.Column("recorded_by", sa.String(120), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("taken_back_by", sa.String(120)),
        sa.Column("taken_back_at", sa.DateTime(timezone=True)),
    )


def downgrade() -> None:
    for table in ("program_closure", "absence", "patient_merge"):
        op.drop_table(table)
    op.drop_column("episode", "ledger_key")
