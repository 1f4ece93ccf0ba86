"""The same id once more: a repeat, another statement under a used id, or what was taken back and is said anew (T4)."""

from collections.abc import Collection

from workflows.core.engine.entry import Entry
from workflows.core.engine.errors import InvalidEntry
from workflows.core.engine.record import Record
from workflows.core.engine.shown import Changed
from workflows.core.engine.statements import Retraction

_SAYS_NOTHING = ("id", "signature")
"""Fields in which entries that say the same may differ: who repeats something signs it anew."""


def repeated(
    entry: Entry, record: Record, stage: str, but: Collection[str] = ()
) -> Changed | InvalidEntry | None:
    """What becomes of an entry whose id is in the record: nothing, where it says the same; None if it is new.

    `but` names fields in which a repeat may differ.

    The same id with another content is no repeat. It is refused, because one of the two would be lost without a word.
    """
    known = record.get(entry.key)
    if known is None:
        return None
    if other := [name for name in _differences(known.entry, entry) if name not in but]:
        return InvalidEntry(
            f"id: {entry.key} is the id of another {known.entry.kind} entry, which says something else "
            f"({', '.join(other)}). Give this one an id of its own; if it corrects that entry, name it in supersedes."
        )
    undone = record.undone_by(entry.key)
    told = (
        [f"Entry {entry.key} is known, and no longer stands: {undone.key} has taken its place."]
        if undone
        else []
    )
    return Changed(entry_id=entry.key, duplicate=True, stage=stage, changes=told)


def said_anew(entry: Entry, record: Record) -> Entry:
    """An entry that a person states again after it was retracted, under an id of its own; any other as it is.

    What a feed sends once more stays taken back: it does not know what people have decided since. So does what is
    signed: it may have been copied, and whoever states it anew signs it under another id.
    """
    again = entry
    number = 1
    may_be_copied = entry.source.arrives_out_of_order or entry.signature is not None
    while not may_be_copied and _was_retracted(again, record):
        number += 1
        again = entry.model_copy(update={"id": f"{entry.key}~{number}"})
    return again


def told_of_repeats(entries: list[Entry]) -> list[str]:
    """A sentence for each entry that is said anew."""
    return [
        f"Entry {entry.key.partition('~')[0]} was retracted before; this states it anew, as {entry.key}."
        for entry in entries
        if "~" in entry.key
    ]


def _was_retracted(entry: Entry, record: Record) -> bool:
    known = record.get(entry.key)
    undone = record.undone_by(entry.key) if known else None
    if known is None or undone is None or not isinstance(undone.entry, Retraction):
        return False
    return undone.entry.entry_id == entry.key and not _differences(known.entry, entry)


def _differences(known: Entry, entry: Entry) -> list[str]:
    """Names of the fields in which two entries differ, their ids and signatures aside."""
    if type(known) is not type(entry):
        return ["kind"]
    fields = type(entry).model_fields
    # A repeat that was recorded under an id of ours says the same under the one it was given.
    return [
        field.alias or name
        for name, field in fields.items()
        if name not in _SAYS_NOTHING and getattr(known, name) != getattr(entry, name)
    ]
