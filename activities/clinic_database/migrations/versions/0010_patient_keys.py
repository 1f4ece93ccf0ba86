"""One form for each patient key, whoever spells it how (I6)."""

import unicodedata
from collections import Counter

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    table = op.create_table(
        "patient_key",
        sa.Column("form", sa.String(480), primary_key=True),
        sa.Column("patient_key", sa.String(120), nullable=False),
    )
    # Whoever has an open episode comes first: other spellings mean them.
    keys = dict.fromkeys(
        key
        for what in (
            "SELECT patient_key FROM episode WHERE closed_on IS NULL ORDER BY opened_on",
            "SELECT patient_key FROM episode ORDER BY opened_on",
            "SELECT patient_key FROM patient ORDER BY patient_key",
            "SELECT patient_key FROM contact ORDER BY patient_key",
            "SELECT from_key FROM patient_merge ORDER BY id",
        )
        for key in op.get_bind().scalars(sa.text(what))
    )
    known: dict[str, str] = {}
    for key in keys:
        known.setdefault(_form(key), key)
    spellings = Counter(map(_form, keys))
    for key in keys:  # keys that were two before go on as two, each by its own spelling
        if spellings[_form(key)] > 1:
            known[key] = key
    if known:
        op.bulk_insert(table, [{"form": form, "patient_key": key} for form, key in known.items()])


def _form(key: str) -> str:
    """As it was when this was written: a migration does not change with the code."""
    folded = unicodedata.normalize("NFC", unicodedata.normalize("NFC", key).casefold())
    seen = (sign for sign in folded if sign.isspace() or unicodedata.category(sign) not in ("Cc", "Cf", "Cs"))
    return " ".join("".join(seen).split())


def downgrade() -> None:
    op.drop_table("patient_key")
