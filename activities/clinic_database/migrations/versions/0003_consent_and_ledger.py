"""Patients, consents with their history, and the disclosure ledger, which only grows."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

LEDGER = "disclosure_ledger"


def upgrade() -> None:
    op.create_table(
        "patient",
        sa.Column("patient_key", sa.String(120), primary_key=True),
        *(
            sa.Column(name, sa.String(length))
            for name, length in (
                ("given_name", 120), ("family_name", 120), ("phone", 40), ("email", 320), ("language", 20),
                ("timezone", 60),
            )
        ),
        sa.Column("birth_date", sa.Date()),
        sa.Column("quiet_from", sa.Time()),
        sa.Column("quiet_until", sa.Time()),
        sa.Column("stopped_at", sa.DateTime(timezone=True)),
        sa.Column("latitude", sa.Float()),
        sa.Column("longitude", sa.Float()),
    )  # fmt: skip
    op.create_table(
        "consent",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("episode_id", sa.String(64), nullable=False),
        sa.Column("entry_id", sa.String(120), nullable=False),
        sa.Column("consent_id", sa.String(120), nullable=False),
        sa.Column("type", sa.String(40), nullable=False),
        sa.Column("discloser", sa.String(120), nullable=False),
        sa.Column("recipient", sa.String(120), nullable=False),
        sa.Column("purpose", sa.String(120), nullable=False),
        sa.Column("content", sa.JSON(), nullable=False),
        sa.Column("signed_on", sa.Date(), nullable=False),
        sa.Column("signed_by", sa.String(40), nullable=False),
        sa.Column("authority", sa.String(120)),
        sa.Column("expires_on", sa.Date()),
        sa.Column("expires_event", sa.String(120)),
        sa.Column("recorded_by", sa.String(120), nullable=False),
        sa.Column("stands", sa.Boolean(), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True)),
        sa.Column("revoked_by", sa.String(120)),
        sa.Column("revocation_entry", sa.String(120)),
        sa.Column("version", sa.Integer(), nullable=False),
    )
    op.create_index("one_row_per_consent_entry", "consent", ["episode_id", "entry_id"], unique=True)
    op.create_table(
        "consent_event",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("episode_id", sa.String(64), nullable=False),
        sa.Column("entry_id", sa.String(120), nullable=False),
        sa.Column("what", sa.String(40), nullable=False),
        sa.Column("by", sa.String(120), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_index("ix_consent_event_episode_id", "consent_event", ["episode_id"])
    op.create_table(
        LEDGER,
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("patient_key", sa.String(120), nullable=False),
        sa.Column("line", sa.Text(), nullable=False),
        sa.Column("previous", sa.String(64), nullable=False),
        sa.Column("hash", sa.String(64), nullable=False, unique=True),
    )
    op.create_index("a_chain_does_not_fork", LEDGER, ["patient_key", "previous"], unique=True)
    op.add_column("outbox", sa.Column("consent_id", sa.String(120)))
    _only_grows()


def _only_grows() -> None:
    words = "the disclosure ledger only grows: add a line instead"
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            "CREATE FUNCTION ledger_only_grows() RETURNS trigger LANGUAGE plpgsql AS "
            f"$$ BEGIN RAISE EXCEPTION '{words}'; END $$"
        )
        op.execute(
            f"CREATE TRIGGER ledger_keeps_its_lines BEFORE UPDATE OR DELETE ON {LEDGER} "
            "FOR EACH ROW EXECUTE FUNCTION ledger_only_grows()"
        )
        op.execute(
            f"CREATE TRIGGER ledger_is_not_emptied BEFORE TRUNCATE ON {LEDGER} "
            "FOR EACH STATEMENT EXECUTE FUNCTION ledger_only_grows()"
        )
        return
    for what in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER ledger_refuses_{what.lower()} BEFORE {what} ON {LEDGER} "
            f"BEGIN SELECT RAISE(ABORT, '{words}'); END"
        )


def downgrade() -> None:
    raise NotImplementedError("this would delete the disclosure ledger, which is to be kept (P8)")
