"""When a sending has leave to go (P3), and a ledger under the clinic's key, with its heads (P8)."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

LEDGER, HEADS = "disclosure_ledger", "ledger_head"


def upgrade() -> None:
    op.add_column("outbox", sa.Column("leaving_at", sa.DateTime(timezone=True)))
    # What was claimed before this was asked for may have left at any moment since.
    op.execute("UPDATE outbox SET leaving_at = created_at WHERE state = 'sending'")

    # Lines from before have no seal: the first one that is sealed says what they were.
    op.add_column(LEDGER, sa.Column("number", sa.Integer()))
    op.add_column(LEDGER, sa.Column("sealed_after", sa.String(64)))
    op.add_column(LEDGER, sa.Column("seal", sa.String(64)))
    op.add_column(LEDGER, sa.Column("key_id", sa.String(16)))
    op.create_index("one_ledger_line_under_a_number", LEDGER, ["number"], unique=True)
    op.create_table(
        HEADS,
        sa.Column("number", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("line", sa.Text(), nullable=False),
        sa.Column("previous", sa.String(64), nullable=False),
        sa.Column("seal", sa.String(64), nullable=False),
        sa.Column("key_id", sa.String(16), nullable=False),
    )
    _only_grow()


def _only_grow() -> None:
    words = "the disclosure ledger only grows: add a line instead"
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            f"CREATE TRIGGER heads_keep_their_lines BEFORE UPDATE OR DELETE ON {HEADS} "
            "FOR EACH ROW EXECUTE FUNCTION ledger_only_grows()"
        )
        op.execute(
            f"CREATE TRIGGER heads_are_not_emptied BEFORE TRUNCATE ON {HEADS} "
            "FOR EACH STATEMENT EXECUTE FUNCTION ledger_only_grows()"
        )
        return
    for what in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER heads_refuse_{what.lower()} BEFORE {what} ON {HEADS} "
            f"BEGIN SELECT RAISE(ABORT, '{words}'); END"
        )
    # INSERT OR REPLACE takes the old line away without a word to any trigger on DELETE.
    op.execute(
        f"CREATE TRIGGER ledger_replaces_nothing BEFORE INSERT ON {LEDGER} "
        f"WHEN EXISTS (SELECT 1 FROM {LEDGER} WHERE id = NEW.id OR number = NEW.number OR hash = NEW.hash "
        "OR (patient_key = NEW.patient_key AND previous = NEW.previous)) "
        f"BEGIN SELECT RAISE(ABORT, '{words}'); END"
    )
    op.execute(
        f"CREATE TRIGGER heads_replace_nothing BEFORE INSERT ON {HEADS} "
        f"WHEN EXISTS (SELECT 1 FROM {HEADS} WHERE number = NEW.number) "
        f"BEGIN SELECT RAISE(ABORT, '{words}'); END"
    )


def downgrade() -> None:
    raise NotImplementedError("this would take the seals off the disclosure ledger, which is to be kept (P8)")
