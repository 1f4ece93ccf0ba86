"""The journal of every episode and referral, which only grows (T2, T3)."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

JOURNAL = "journal_line"


def upgrade() -> None:
    op.create_table(
        JOURNAL,
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("workflow_id", sa.String(120), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("line", sa.Text(), nullable=False),
        sa.Column("is_encrypted", sa.Boolean(), nullable=False),
        sa.Column("previous", sa.String(64), nullable=False),
        sa.Column("seal", sa.String(64), nullable=False),
        sa.Column("key_id", sa.String(16), nullable=False),
        sa.Column("kept_at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_index("one_line_under_a_number", JOURNAL, ["workflow_id", "number"], unique=True)
    _only_grows()


def _only_grows() -> None:
    words = "the journal only grows: add a line instead"
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            "CREATE FUNCTION journal_only_grows() RETURNS trigger LANGUAGE plpgsql AS "
            f"$$ BEGIN RAISE EXCEPTION '{words}'; END $$"
        )
        op.execute(
            f"CREATE TRIGGER journal_keeps_its_lines BEFORE UPDATE OR DELETE ON {JOURNAL} "
            "FOR EACH ROW EXECUTE FUNCTION journal_only_grows()"
        )
        op.execute(
            f"CREATE TRIGGER journal_is_not_emptied BEFORE TRUNCATE ON {JOURNAL} "
            "FOR EACH STATEMENT EXECUTE FUNCTION journal_only_grows()"
        )
        return
    for what in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER journal_refuses_{what.lower()} BEFORE {what} ON {JOURNAL} "
            f"BEGIN SELECT RAISE(ABORT, '{words}'); END"
        )
    # INSERT OR REPLACE takes the old line away without a word to any trigger on DELETE.
    op.execute(
        f"CREATE TRIGGER journal_replaces_nothing BEFORE INSERT ON {JOURNAL} "
        f"WHEN EXISTS (SELECT 1 FROM {JOURNAL} WHERE id = NEW.id "
        "OR (workflow_id = NEW.workflow_id AND number = NEW.number)) "
        f"BEGIN SELECT RAISE(ABORT, '{words}'); END"
    )


def downgrade() -> None:
    raise NotImplementedError("this would delete the journal, which is to be kept (T3)")
