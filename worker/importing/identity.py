"""What makes two rows the same: entry ids that follow from the row, so that importing again changes nothing.

An id is made from the name of the other system, the table and the row's identity there, and never from the
patient's key: an id is visible in histories, and a key could be found again by trying (P1).
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from workflows.core.entries import parse_entry


def stem(system: str, table: str, *identity: str) -> str:
    """The id of the first version of a row; later ones get `.v2`, `.v3`."""
    said = json.dumps([system, table, *identity])
    return f"{system}-{hashlib.sha256(said.encode()).hexdigest()[:20]}"


def content(statement: Mapping[str, Any]) -> str:
    """What an entry says, without its id: equal for equal statements, however they were written.

    Raises:
        InvalidEntry: it is none; the message names the field.
    """
    return as_content(parse_entry(statement).model_dump(mode="json", by_alias=True, exclude_defaults=True))


def as_content(entry: Mapping[str, Any]) -> str:
    """The same of an entry as the journal shows it."""
    return json.dumps(
        {name: value for name, value in entry.items() if name not in ("id", "supersedes")}, sort_keys=True
    )


@dataclass(frozen=True)
class Known:
    """An entry that is in the record already."""

    content: str
    stands: bool


def versions(of: str, known: Mapping[str, Known]) -> list[str]:
    """Ids of all versions of a row in the record, oldest first."""
    found, number = ([of] if of in known else []), 2
    while (later := f"{of}.v{number}") in known:
        found.append(later)
        number += 1
    return found


def new_version(entry: Mapping[str, Any], said: str, known: Mapping[str, Known]) -> dict[str, Any] | None:
    """The entry as it must be sent; None if the record has it.

    A row that says something else than before replaces its last version (T3). A row whose entry a person has
    retracted here, and which says the same as ever, stays retracted.
    """
    chain = versions(entry["id"], known)
    if not chain:
        return dict(entry)
    standing = [key for key in chain if known[key].stands]
    if any(known[key].content == said for key in standing or chain):
        return None
    new = {**entry, "id": f"{entry['id']}.v{len(chain) + 1}"}
    return {**new, "supersedes": standing[-1]} if standing else new
