"""Signing what is stated here, for whoever is known here: a person who is signed in, or a system of the clinic (E0)."""

import base64
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from pydantic import BaseModel, ValidationError

from worker.signing_key import SigningKeys
from workflows.core.engine.authorship import said_in
from workflows.core.engine.entry import Source
from workflows.core.engine.errors import Refused
from workflows.core.engine.signatures import SYSTEM, VALUE_BYTES, Signature, text_to_sign
from workflows.core.episode.entries import parse_entry
from workflows.core.referral.statements import parse_statement
from workflows.messages import Acknowledging, Completion, Reassignment

ANSWERS: Mapping[str, type[BaseModel]] = {
    "complete": Completion,
    "reassign": Reassignment,
    "acknowledge": Acknowledging,
}
"""What the updates of a task take."""

_NOTHING = base64.b64encode(bytes(VALUE_BYTES)).decode()


@dataclass(frozen=True, slots=True)
class Author:
    """Who is known where something is stated."""

    signer: str
    """Staff id, or the name of a system."""
    roles: tuple[str, ...]
    """In the staff directory, now."""


def system(source: Source) -> Author:
    """A system of the clinic that passes on what it has heard, such as the gateway what agencies say."""
    return Author(source.value, (SYSTEM,))


def source_of(statement: Mapping[str, Any]) -> Source:
    """Who speaks in a statement that is still plain JSON; a person of the staff, where it cannot be read."""
    sources = {source.value: source for source in Source}
    stated = sources.get(str(statement.get("source", Source.STAFF.value)), Source.STAFF)
    return sources.get(str(statement.get("by")).casefold(), stated) if stated is Source.STAFF else stated


def sign(keys: SigningKeys, to: str, said: Mapping[str, Any], author: Author, at: datetime) -> Signature:
    """The clinic's signature.

    Args:
        keys: The clinic's; the first one signs.
        to: Id of the workflow that it is told to.
        said: What is stated, as plain JSON without what goes without saying.
        author: Who states it.
        at: When.
    """
    empty = Signature(author.signer, author.roles, at.astimezone(UTC), keys.first, _NOTHING)
    value = keys.private[keys.first].sign(text_to_sign(to, said, empty))
    return replace(empty, value=base64.b64encode(value).decode())


def signed_statement(
    keys: SigningKeys, to: str, statement: Mapping[str, Any], author: Author, at: datetime
) -> dict[str, Any]:
    """A statement about an episode or a referral, with an id of its own and signed.

    One that cannot be read is left as it is: whoever takes it says what is wrong.
    """
    named = {**statement, "id": statement.get("id") or str(uuid.uuid4())}
    try:
        entry = parse_statement(named) if to.startswith("referral-") else parse_entry(named)
    except Refused:
        return dict(statement)
    return {**named, "signature": _plain(sign(keys, to, said_in(entry), author, at))}


def signed_answer(
    keys: SigningKeys, task_id: str, update: str, said: Mapping[str, Any], author: Author, at: datetime
) -> dict[str, Any]:
    """What an update tells a task, signed. What cannot be read is left as it is."""
    try:
        read = ANSWERS[update].model_validate(dict(said))
    except ValidationError:
        return dict(said)
    plain = read.model_dump(mode="json", exclude_none=True, exclude={"signature"})
    return {**plain, "signature": _plain(sign(keys, task_id, plain, author, at))}


def _plain(signature: Signature) -> dict[str, Any]:
    return {
        "signer": signature.signer,
        "roles": list(signature.roles),
        "at": signature.at.isoformat(),
        "key": signature.key,
        "value": signature.value,
    }
