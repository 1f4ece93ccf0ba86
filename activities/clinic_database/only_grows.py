"""Whether the triggers that refuse to change, remove and replace lines are there, and are what was put there (P8).

They stop a slip of the hand and a careless program. Whoever may change the schema can take them away: so it is looked.
"""

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

_ABORT = "BEGIN SELECT RAISE(ABORT, 'the disclosure ledger only grows: add a line instead'); END"
_ON_SQLITE = {
    "ledger_refuses_update": ("BEFORE UPDATE ON disclosure_ledger", _ABORT),
    "ledger_refuses_delete": ("BEFORE DELETE ON disclosure_ledger", _ABORT),
    "ledger_replaces_nothing": (
        "BEFORE INSERT ON disclosure_ledger WHEN EXISTS (SELECT 1 FROM disclosure_ledger WHERE id = NEW.id OR number = "
        "NEW.number OR hash = NEW.hash OR (patient_key = NEW.patient_key AND previous = NEW.previous))",
        _ABORT,
    ),
    "heads_refuse_update": ("BEFORE UPDATE ON ledger_head", _ABORT),
    "heads_refuse_delete": ("BEFORE DELETE ON ledger_head", _ABORT),
    "heads_replace_nothing": (
        "BEFORE INSERT ON ledger_head WHEN EXISTS (SELECT 1 FROM ledger_head WHERE number = NEW.number)", _ABORT,
    ),
}  # fmt: skip
"""When each of them acts, and what it does."""

_ON_POSTGRESQL = (
    "ledger_keeps_its_lines", "ledger_is_not_emptied", "heads_keep_their_lines", "heads_are_not_emptied",
)  # fmt: skip


async def triggers_missing(session: AsyncSession) -> list[str]:
    """In words, each that is gone, switched off, or does something else."""
    if session.get_bind().dialect.name == "postgresql":
        return [_missing(name) for name in _ON_POSTGRESQL if name not in await _acting(session)]
    rows = await session.execute(text("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'"))
    there = {row.name: row.sql for row in rows}
    return [
        _missing(name)
        for name, (when, what) in _ON_SQLITE.items()
        if there.get(name) != f"CREATE TRIGGER {name} {when} {what}"
    ]


async def _acting(session: AsyncSession) -> set[str]:
    found = text(
        "SELECT tgname FROM pg_trigger JOIN pg_proc ON pg_proc.oid = tgfoid "
        "WHERE tgenabled IN ('O', 'A') AND tgqual IS NULL AND tgrelid IN (to_regclass('disclosure_ledger'), "
        "to_regclass('ledger_head')) AND btrim(prosrc) LIKE 'BEGIN RAISE EXCEPTION %'"
    )
    return set(await session.scalars(found))


def _missing(name: str) -> str:
    return f"the trigger {name} is gone, switched off or changed: the database no longer refuses to rewrite lines"
