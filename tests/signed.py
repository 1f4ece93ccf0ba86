"""A clinic that signs: its keys, its people, and what they state, for tests."""

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from worker.signing import Author, signed_answer, signed_statement
from worker.signing_key import SigningKeys

KEYS = SigningKeys(Path("signing.secret"), {"k1": Ed25519PrivateKey.from_private_bytes(b"\x01" * 32)})
"""The clinic's."""
FORGED = SigningKeys(Path("forged.secret"), {"k1": Ed25519PrivateKey.from_private_bytes(b"\x02" * 32)})
"""Somebody else's, under the same name."""

ROLES = {
    "cm-1": "case_manager", "th-1": "therapist", "su-1": "supervisor", "di-1": "director", "nu-9": "nurse",
    "di-9": "director",
}  # fmt: skip


def author(staff_id: str) -> Author:
    """A person who is signed in."""
    return Author(staff_id, (ROLES[staff_id],))


def signed(
    statement: Mapping[str, Any],
    at: datetime,
    *,
    to: str = "episode-e1",
    by: Author | None = None,
    keys: SigningKeys = KEYS,
) -> dict[str, Any]:
    """A statement, signed by its author or by somebody else."""
    return signed_statement(keys, to, statement, by or author(statement["by"]), at)


def answered(
    task_id: str,
    update: str,
    said: Mapping[str, Any],
    at: datetime,
    *,
    by: Author | None = None,
    keys: SigningKeys = KEYS,
) -> dict[str, Any]:
    """What a person tells a task, signed."""
    return signed_answer(keys, task_id, update, said, by or author(said["by"]), at)
