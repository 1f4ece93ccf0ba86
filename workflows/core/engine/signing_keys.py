"""The clinic's public keys: those of the beginning, and what was said of them since, in signed entries."""

from collections.abc import Mapping
from typing import ClassVar, Literal, Self

from pydantic import model_validator

from workflows.core.engine.entry import Entry, Source
from workflows.core.engine.errors import NotAllowedNow
from workflows.core.engine.record import Record, targets_of
from workflows.core.engine.signatures import KeyId, PublicKey
from workflows.core.engine.signing import KEEPERS_OF_KEYS


class SigningKey(Entry):
    """A key of the clinic with which statements are signed comes into force, or is withdrawn from it (E0).

    A new one comes before the old one goes. Whoever states it signs with a key that is in force; a record that has
    none yet takes only what is signed from then on.
    """

    kind: Literal["signing_key"]
    stated_by: ClassVar[tuple[Source, ...]] = (Source.STAFF,)
    key_id: KeyId
    """What the key is called; no two keys of a clinic are ever called the same."""
    public_key: PublicKey | None = None
    """The key, 32 bytes in base64, where it comes into force."""
    withdrawn: bool = False
    """Whether it counts no longer, as after it was lost."""

    @model_validator(mode="after")
    def _says_one_of_two(self) -> Self:
        if self.withdrawn == (self.public_key is not None):
            raise ValueError(
                "public_key: give the key that comes into force, or withdrawn: true, and not both"
            )
        return self


def keys_in_force(first: Mapping[str, PublicKey], record: Record) -> dict[str, PublicKey]:
    """The public keys with which a record believes a statement now, by id.

    Args:
        first: Those of the beginning.
        record: What was said of them since, in the order in which it was recorded.
    """
    keys = dict(first)
    for recorded in record.standing(SigningKey):
        said = recorded.entry
        if said.public_key is None:
            keys.pop(said.key_id, None)
        else:
            keys[said.key_id] = said.public_key
    return keys


def refuse_about_keys(entry: Entry, record: Record, keys: Mapping[str, PublicKey]) -> None:
    """Refuse what would leave a record without a key, or give a known name to another one.

    Args:
        entry: What is stated.
        record: What was stated before.
        keys: Those that are in force.

    Raises:
        NotAllowedNow: names the field and the remedy.
    """
    for target in targets_of(entry):
        if (known := record.get(target)) and isinstance(known.entry, SigningKey):
            raise NotAllowedNow(
                f"What was said of a key is not taken back: state a signing_key for {known.entry.key_id} as it is now."
            )
    if isinstance(entry, SigningKey):
        _refuse_key(entry, keys)


def _refuse_key(said: SigningKey, keys: Mapping[str, PublicKey]) -> None:
    signed = said.signature
    if signed and not set(signed.roles) & set(KEEPERS_OF_KEYS):
        who = " or ".join(KEEPERS_OF_KEYS).replace("_", " ")
        raise NotAllowedNow(f"by: a key of the clinic is decided by the {who}, who signs it (E0).")
    if said.withdrawn and said.key_id not in keys:
        raise NotAllowedNow(
            f"key_id: no key {said.key_id} is in force; there are {', '.join(sorted(keys)) or 'none'}."
        )
    if said.withdrawn and len(keys) == 1:
        raise NotAllowedNow(
            f"key_id: {said.key_id} is the only key in force, and without one nothing could be stated any more. Bring "
            "the new key into force first."
        )
    if said.public_key is not None and keys.get(said.key_id, said.public_key) != said.public_key:
        raise NotAllowedNow(
            f"key_id: {said.key_id} is the id of another key; give the new one an id of its own."
        )
