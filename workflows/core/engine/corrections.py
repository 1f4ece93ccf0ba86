"""Corrections in words: what takes an entry out of force, and why (T3).

A retraction always has its reason. An entry that supersedes another one should have one too; where a person gives none
it is taken all the same, because the right date matters more than the form, and the answer says that it is missing.
"""

from collections.abc import Iterable

from workflows.core.engine.entry import Entry, Source
from workflows.core.engine.record import Record
from workflows.core.engine.statements import Retraction


def reason_of(correction: Entry) -> str | None:
    """Why an entry retracts or supersedes another one, as far as that was said."""
    return correction.reason if isinstance(correction, Retraction) else correction.supersedes_reason


def told_of_corrections(entries: Iterable[Entry], record: Record) -> list[str]:
    """A sentence for each entry that the entries just recorded take out of force."""
    return [sentence for entry in entries for sentence in _told(entry, record)]


def _told(entry: Entry, record: Record) -> list[str]:
    told = []
    if isinstance(entry, Retraction):
        told.append(f"Entry {entry.entry_id} is retracted: {entry.reason.rstrip('.')}.")
    if entry.supersedes:
        if entry.supersedes_reason:
            said = f": {entry.supersedes_reason.rstrip('.')}"
        elif entry.source in (Source.STAFF, Source.PATIENT):
            said = "; no reason was given, state it in supersedes_reason (T3)"
        else:  # a feed amends its own statements, and the amendment is the reason
            said = ""
        told.append(f"Entry {entry.supersedes} is superseded by {entry.key}{said}.")
        rivals = [one.key for one in record.successors(entry.supersedes) if one.key != entry.key]
        if rivals:
            told.append(
                f"Entry {entry.supersedes} was superseded by {', '.join(rivals)} already: all of them stand until a "
                "person retracts what is wrong."
            )
    return told
